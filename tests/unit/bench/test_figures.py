# SPDX-License-Identifier: EUPL-1.2
"""What `make bench` writes and reckons; the measuring itself is run by hand."""

from __future__ import annotations

import os
import time
from pathlib import Path

import orjson
import pytest

from bench.cpu import seconds, tree
from bench.figures import Figure, figures, write
from bench.measure import Measured, Round, long_enough
from bench.questions import questions

ASKED = questions(["RSSMRA80A01H501U"], ["cursor"], ["0"])


def rounds(*cpu: float, rate: float = 100.0) -> list[Round]:
    return [Round(rate=rate, p50=1.0, p99=2.0, server_cpu=one, postgres_cpu=0.5) for one in cpu]


def found(measured: Measured) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(measured)}


def test_the_ratio_is_of_rounds_side_by_side() -> None:
    measured = Measured(ASKED[0], 32, {"hub": rounds(0.3, 0.1, 0.2), "bare": rounds(0.1, 0.1, 0.1)})
    ratio = measured.ratio("hub", "bare", lambda one: one.server_cpu)
    assert (round(ratio.middle, 6), round(ratio.spread, 6)) == (2.0, 0.5)
    told = found(measured)["one_person.cpu_ratio"]
    assert (told.value, told.aim, told.meets) == (2.0, 1.5, False)
    assert found(measured)["one_person.hub.rate"].aim is None


def test_a_single_round_has_no_spread() -> None:
    ratio = Measured(ASKED[0], 32, {"hub": rounds(0.3), "bare": rounds(0.1)}).ratio(
        "hub", "bare", lambda one: one.server_cpu
    )
    assert ratio.spread == 0.0


def test_beside_a_peer_the_whole_cpu_counts() -> None:
    measured = Measured(
        ASKED[1],
        32,
        {"hub": rounds(0.3, rate=300.0), "bare": rounds(0.3), "other": rounds(1.1, rate=100.0)},
    )
    told = found(measured)
    assert told["person_page.other.rate_ratio"].value == 3.0
    assert told["person_page.other.rate_ratio"].aim == 2.0
    assert told["person_page.other.total_cpu_ratio"].value == 0.5  # (0.3 + 0.5) / (1.1 + 0.5)
    assert told["person_page.other.total_cpu_ratio"].aim == 1.0
    assert not any(name.startswith("person_page.bare.total") for name in told)


def test_the_aims_are_the_issues() -> None:
    aims = {question.name: question.aims for question in ASKED}
    assert {name: (one.cpu, one.rate, one.peers) for name, one in aims.items()} == {
        "one_person": (1.5, 1.2, 1.0),
        "person_page": (1.25, 1.2, 2.0),
        "list_50": (1.25, None, 2.0),
        "feed_1000": (1.25, None, 2.0),
        "insert_event": (1.25, None, 1.0),
    }


def test_one_connection_has_names_of_its_own_and_no_aim() -> None:
    told = found(Measured(ASKED[0], 1, {"hub": rounds(0.2), "bare": rounds(0.1), "other": rounds(0.1)}))
    assert {figure.aim for figure in told.values()} == {None}
    assert {"one_person.alone.cpu_ratio", "one_person.alone.other.total_cpu_ratio"} <= told.keys()


def test_the_file_has_the_form_of_the_design(tmp_path: Path) -> None:
    write([Figure("one_person.cpu_ratio", 1.2, "ratio", 1.5, "lower")], "questions", tmp_path)
    assert orjson.loads((tmp_path / "latest.json").read_bytes()) == [
        {"name": "one_person.cpu_ratio", "value": 1.2, "unit": "ratio", "aim": 1.5, "better": "lower"}
    ]


def test_a_part_replaces_its_own_figures_only(tmp_path: Path) -> None:
    def figure(name: str, value: float) -> Figure:
        return Figure(name, value, "ratio", None, "lower")

    write([figure("one_person.cpu_ratio", 1.0), figure("gone.cpu_ratio", 1.0)], "questions", tmp_path)
    write([figure("growth.list_50.200000.p50", 2.0)], "growth", tmp_path)
    write([figure("one_person.cpu_ratio", 3.0)], "questions", tmp_path)
    assert {one["name"]: one["value"] for one in orjson.loads((tmp_path / "latest.json").read_bytes())} == {
        "growth.list_50.200000.p50": 2.0,
        "one_person.cpu_ratio": 3.0,
    }


@pytest.mark.parametrize(
    ("duration", "connections", "rate", "expected"),
    [
        (1, 32, 5_000.0, 1),
        (1, 32, 20.0, 5),
        (1, 32, 1.0, 12),
        (1, 32, 0.0, 12),
        (20, 32, 1.0, 20),
        (1, 1, 36.0, 1),
    ],
)
def test_a_round_lasts_until_each_connection_had_its_turns(
    duration: int, connections: int, rate: float, expected: int
) -> None:
    assert long_enough(duration, connections, rate) == expected


def test_cpu_is_counted_for_a_process_and_below() -> None:
    before, until = seconds(os.getpid()), time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert seconds(os.getpid()) - before >= 0.05
    assert os.getpid() in tree(os.getppid())
