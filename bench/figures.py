# SPDX-License-Identifier: EUPL-1.2
"""What the rounds come to: figures with a name, a unit and, where there is one, an aim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import orjson

from bench.measure import Measured, Round

RESULTS = Path(__file__).parent / "results"
LATEST = "latest.json"
APART = ("growth", "memory", "ledger", "measures", "population", "connectors", "inbound", "agencies")
"""Parts that are measured by themselves; their figures' names begin with theirs."""
LIMIT = "bare"
UNLOGGED = "unlogged"
LOGGED_RATE = 0.8
"""Requests/s with the access log, at least so many times those without it."""
LOG_CPU = 0.15
"""Milliseconds of the server's CPU that the log may add to a request."""
TOTAL_CPU = 1.0
"""CPU per request of the hub and PostgreSQL together, at most so many times that of a peer and PostgreSQL."""


@dataclass(frozen=True)
class Figure:
    """One figure; `aim` None where it is only told."""

    name: str
    value: float
    unit: str
    aim: float | None
    better: Literal["higher", "lower"]

    @property
    def meets(self) -> bool:
        """Whether the aim is met; where there is none, it is."""
        if self.aim is None:
            return True
        return self.value <= self.aim if self.better == "lower" else self.value >= self.aim


def figures(measured: Measured) -> Iterable[Figure]:
    """What a question's rounds come to.

    One connection's are named `<question>.alone.…`, and have no aim. A ratio is the hub's figure over the other's; its
    `.spread` is half the distance between the quartiles of its rounds.
    """
    alone = measured.connections == 1
    base = f"{measured.question.name}.alone" if alone else measured.question.name
    for contestant in measured.rounds:
        name, one = f"{base}.{contestant}", measured.middle(contestant)
        yield Figure(f"{name}.rate", round(one.rate, 1), "requests/s", None, "higher")
        yield Figure(f"{name}.p50", round(one.p50, 3), "ms", None, "lower")
        yield Figure(f"{name}.p99", round(one.p99, 3), "ms", None, "lower")
        yield Figure(f"{name}.server_cpu", round(one.server_cpu, 4), "ms/request", None, "lower")
        yield Figure(f"{name}.postgres_cpu", round(one.postgres_cpu, 4), "ms/request", None, "lower")
    for figure in (
        *_beside_limit(measured, base),
        *_beside_unlogged(measured, base),
        *_beside_peers(measured, base),
        *_unlogged_beside_all(measured, base),
    ):
        yield Figure(figure.name, figure.value, figure.unit, None if alone else figure.aim, figure.better)


def _server_cpu(one: Round) -> float:
    return one.server_cpu


def _all_cpu(one: Round) -> float:
    return one.cpu


def _beside_limit(measured: Measured, base: str) -> Iterable[Figure]:
    aims = measured.question.aims
    cpu = measured.ratio("hub", LIMIT, lambda one: one.server_cpu)
    yield Figure(f"{base}.cpu_ratio", round(cpu.middle, 3), "ratio", aims.cpu, "lower")
    yield Figure(f"{base}.cpu_ratio.spread", round(cpu.spread, 3), "ratio", None, "lower")
    rate = measured.ratio("hub", LIMIT, lambda one: one.rate)
    yield Figure(f"{base}.rate_ratio", round(rate.middle, 3), "ratio", aims.rate, "higher")
    yield Figure(f"{base}.rate_ratio.spread", round(rate.spread, 3), "ratio", None, "lower")


def _beside_unlogged(measured: Measured, base: str) -> Iterable[Figure]:
    if UNLOGGED not in measured.rounds:
        return
    rate = measured.ratio("hub", UNLOGGED, lambda one: one.rate)
    yield Figure(f"{base}.{UNLOGGED}.rate_ratio", round(rate.middle, 3), "ratio", LOGGED_RATE, "higher")
    yield Figure(f"{base}.{UNLOGGED}.rate_ratio.spread", round(rate.spread, 3), "ratio", None, "lower")
    cpu = measured.ratio("hub", UNLOGGED, lambda one: one.cpu)
    yield Figure(f"{base}.{UNLOGGED}.total_cpu_ratio", round(cpu.middle, 3), "ratio", None, "lower")
    yield Figure(f"{base}.{UNLOGGED}.total_cpu_ratio.spread", round(cpu.spread, 3), "ratio", None, "lower")
    added = measured.middle("hub").server_cpu - measured.middle(UNLOGGED).server_cpu
    yield Figure(f"{base}.{UNLOGGED}.added_cpu", round(added, 4), "ms/request", LOG_CPU, "lower")


def _beside_peers(measured: Measured, base: str) -> Iterable[Figure]:
    for peer in measured.rounds:
        if peer in ("hub", LIMIT, UNLOGGED):
            continue
        rate = measured.ratio("hub", peer, lambda one: one.rate)
        yield Figure(
            f"{base}.{peer}.rate_ratio",
            round(rate.middle, 3),
            "ratio",
            measured.question.aims.peers,
            "higher",
        )
        yield Figure(f"{base}.{peer}.rate_ratio.spread", round(rate.spread, 3), "ratio", None, "lower")
        cpu = measured.ratio("hub", peer, lambda one: one.cpu)
        yield Figure(f"{base}.{peer}.total_cpu_ratio", round(cpu.middle, 3), "ratio", TOTAL_CPU, "lower")
        yield Figure(f"{base}.{peer}.total_cpu_ratio.spread", round(cpu.spread, 3), "ratio", None, "lower")


def _unlogged_beside_all(measured: Measured, base: str) -> Iterable[Figure]:
    """What is left when nothing is written down of whom an answer shows, as none of the others does. Told, without an aim."""
    if UNLOGGED not in measured.rounds:
        return
    for other in measured.rounds:
        if other in ("hub", UNLOGGED):
            continue
        name = f"{base}.{UNLOGGED}.over.{other}"
        ratios = {
            "rate_ratio": measured.ratio(UNLOGGED, other, lambda one: one.rate),
            "cpu_ratio": measured.ratio(UNLOGGED, other, _server_cpu if other == LIMIT else _all_cpu),
        }
        for what, ratio in ratios.items():
            better: Literal["higher", "lower"] = "higher" if what == "rate_ratio" else "lower"
            yield Figure(f"{name}.{what}", round(ratio.middle, 3), "ratio", None, better)
            yield Figure(f"{name}.{what}.spread", round(ratio.spread, 3), "ratio", None, "lower")


def part_of(name: str) -> str:
    """The part of the bench that makes a figure."""
    first = name.partition(".")[0]
    return first if first in APART else "questions"


def write(found: Sequence[Figure], part: str, folder: Path = RESULTS) -> None:
    """Write the figures as the design says; those of other parts stay as they were last measured."""
    path = folder / LATEST
    kept = orjson.loads(path.read_bytes()) if path.exists() else []
    folder.mkdir(parents=True, exist_ok=True)
    figures = [*(one for one in kept if part_of(one["name"]) != part), *map(asdict, found)]
    path.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")
