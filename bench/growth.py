# SPDX-License-Identifier: EUPL-1.2
"""Growth: the same questions of ever larger databases, all served at once and asked in turn."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.conditions import conditions
from bench.cursors import cursors
from bench.figures import Figure
from bench.measure import Measured, measure
from bench.questions import LIST, Question, questions
from bench.served import HUB, Served, served
from bench.world import open_world, read_people

SIZES = (20_000, 200_000, 2_000_000)
"""Beneficiaries."""
ASKED = ("person_page", LIST)
SLOWER = 1.2
"""p50 of a larger database, at most so many times the smallest's."""
BYTES_EACH, BYTES_MORE = 14_000, 6_000_000_000
"""Disk a database takes for each beneficiary, and besides, while it is seeded."""


def growth(
    data: Path, sizes: Sequence[int], *, rounds: int, duration: int, connections: Sequence[int]
) -> tuple[list[int], dict[str, Any], list[Measured]]:
    """The sizes measured, what on, and the rounds of each question over all sizes; a contestant is named by its size.

    A size for which there is no room is left out, and said. Each is kept: it is made once.
    """
    with ExitStack() as opened:
        hubs: list[Served] = []
        known: dict[str, Any] = {}
        asked: dict[str, dict[str, Question]] = {}
        for size in sorted(sizes):
            if not fits(data / str(size), size):
                continue
            world = opened.enter_context(open_world(data / str(size), size))
            codes, positions = asyncio.run(read_people(world.url))
            first = questions(codes, [""], positions)[0]
            hub = opened.enter_context(served(replace(HUB, name=str(size)), world, first))
            if not hubs:
                known = conditions(world, {}, {})
            hubs.append(hub)
            asked[hub.name] = {one.name: one for one in questions(codes, cursors(hub), positions)}
        if len(hubs) < 2:
            raise SystemExit("Growth is measured over two sizes at least.")
        found = []
        for name in ASKED:
            bodies = {hub: several[name].bodies() for hub, several in asked.items()}
            found += [
                measure(
                    hubs,
                    asked[hubs[0].name][name],
                    connections=count,
                    rounds=rounds,
                    duration=duration,
                    bodies=bodies,
                )
                for count in connections
            ]
        return [int(hub.name) for hub in hubs], known, found


def fits(folder: Path, size: int) -> bool:
    """Whether a database of this size is kept there already, or there is room to make it."""
    if (folder / "postgres").exists():
        return True
    folder.parent.mkdir(parents=True, exist_ok=True)
    free, wanted = shutil.disk_usage(folder.parent).free, size * BYTES_EACH + BYTES_MORE
    if free < wanted:
        print(
            f"{size:,} beneficiaries are left out: they need {wanted / 1e9:.0f} GB of disk, {free / 1e9:.0f} GB are free."
        )
    return free >= wanted


def told(measured: Measured) -> Iterable[Figure]:
    """p50 of each size, and over the smallest's, round by round."""
    base = f"growth.{measured.question.name}" + (".alone" if measured.connections == 1 else "")
    smallest = next(iter(measured.rounds))
    for size in measured.rounds:
        yield Figure(f"{base}.{size}.p50", round(measured.middle(size).p50, 3), "ms", None, "lower")
        if size != smallest:
            ratio = measured.ratio(size, smallest, lambda one: one.p50)
            yield Figure(f"{base}.{size}.p50_ratio", round(ratio.middle, 3), "ratio", SLOWER, "lower")
            yield Figure(f"{base}.{size}.p50_ratio.spread", round(ratio.spread, 3), "ratio", None, "lower")
