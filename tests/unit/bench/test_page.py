# SPDX-License-Identifier: EUPL-1.2
"""The page shows what was measured, and marks what missed its aim."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bench.figures import Figure, figures
from bench.growth import told as growth_told
from bench.measure import Measured, Round
from bench.memory import Look
from bench.memory import told as memory_told
from bench.page import PAGE, PARTS, read_conditions, read_figures, rendered
from bench.questions import LIST, questions

KNOWN: dict[str, Any] = {
    "at": "2026-11-21T22:00:00+00:00", "cpu": "a processor", "cores": 2, "memory_gib": 23.5,
    "load_before": [0.1, 0, 0], "load_after": [2.0, 0, 0], "versions": {"python": "3.11.7"},
    "beneficiaries": 20_000, "rounds": 5, "seconds": 1,
}  # fmt: skip
EMPTY = "".join(f"<!-- {name}: python -m bench.page -->\n<!-- end of {name} -->\n" for name in PARTS)
ASKED = questions(["RSSMRA80A01H501U"], ["cursor"], ["0"])


def round_of(rate: float, cpu: float) -> Round:
    return Round(rate=rate, p50=1.0, p99=20.0, server_cpu=cpu, postgres_cpu=0.1)


def by_name(found: Iterable[Figure]) -> dict[str, Figure]:
    return {one.name: one for one in found}


def test_the_page_is_what_was_last_measured() -> None:
    text = PAGE.read_text()
    assert rendered(text, read_figures(), read_conditions()) == text


def test_a_part_that_was_not_measured_says_so() -> None:
    assert rendered(EMPTY, {}, {}).count("Not measured yet.") == len(PARTS)


def test_how_fast_the_disk_was_stands_with_the_load() -> None:
    known = {**KNOWN, "fdatasync_ms": {"p50": 0.25, "p99": 4.0}}
    measured = Measured(ASKED[0], 32, {"hub": [round_of(1000, 0.2)], "bare": [round_of(1200, 0.1)]})
    text = rendered(EMPTY, by_name(figures(measured)), {"questions": known})
    assert "to 2.0. A small write was durable after 0.25 ms (p99 4). python 3.11.7." in text


def test_the_hub_without_its_log_stands_beside_the_others() -> None:
    rounds = {
        "hub": [round_of(900, 0.2)],
        "bare": [round_of(1000, 0.1)],
        "unlogged": [round_of(1500, 0.15)],
        "mercurius": [round_of(500, 0.4)],
    }
    found = by_name(one for asked in ASKED for one in figures(Measured(asked, 32, rounds)))
    text = rendered(EMPTY, found, {"questions": KNOWN})
    assert "| question | over bare: requests/s | CPU | over Mercurius: requests/s | CPU |" in text
    assert "| one person, 6 fields | 1.50 ± 0.00 | 1.50 ± 0.00 | 3.00 ± 0.00 | 0.50 ± 0.00 |" in text


def test_an_aim_that_is_missed_stands_out() -> None:
    measured = Measured(
        ASKED[0],
        32,
        {
            "hub": [round_of(1000, 0.2)],
            "bare": [round_of(1200, 0.1)],
            "mercurius": [round_of(500, 0.9)],
        },
    )
    text = rendered(EMPTY, by_name(figures(measured)), {"questions": KNOWN})
    assert "| one person, 6 fields | 32 | hub | 1,000 | 1.00 · 20 | 0.200 | 0.100 |  |  |" in text
    assert (
        "bare | 1,200 | 1.00 · 20 | 0.100 | 0.100 | **0.83** (≥ 1.2) ± 0.00 | **2.00** (≤ 1.5) ± 0.00 |"
        in text
    )
    assert "Mercurius | 500 | 1.00 · 20 | 0.900 | 0.100 | 2.00 (≥ 1) ± 0.00 | 0.30 (≤ 1) ± 0.00 |" in text
    assert "load average 0.1 to 2.0. python 3.11.7." in text


def test_growth_is_told_beside_the_smallest() -> None:
    [question] = [one for one in ASKED if one.name == LIST]
    rounds = {"20000": [Round(1, 2.0, 3, 1, 1)], "200000": [Round(1, 3.0, 3, 1, 1)]}
    text = rendered(
        EMPTY,
        by_name(growth_told(Measured(question, 32, rounds))),
        {"growth": {**KNOWN, "sizes": [20_000, 200_000]}},
    )
    assert "| question | conn. | 20,000 | 200,000 |" in text
    assert "| list of 50, nested lists | 32 | 2.00 | 3.00, **1.50** (≤ 1.2) ± 0.00 |" in text


def test_memory_is_told_with_its_slope() -> None:
    looks = [Look(number * 1_000, 102_400 + number, {1: 51_200}) for number in range(6)]
    told = [*memory_told("requests", looks, 0.5), *memory_told("flood", looks, 10.0)]
    text = rendered(EMPTY, by_name(told), {"memory": KNOWN})
    assert "| one person and the page, in turn | 5,000 | 100 | **1.00** (≤ 0.5) | 50 | 0.00 (≤ 0.5) |" in text
    assert "| distinct documents and shapes | 5,000 | 100 | 1.00 (≤ 10) | 50 | 0.00 (≤ 10) |" in text
