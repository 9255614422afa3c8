# SPDX-License-Identifier: EUPL-1.2
"""All households of a measure through the rules: how many a second, on what CPU, in how much memory."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.cpu import seconds, tree
from bench.figures import Figure
from bench.memory import held
from bench.world import TODAY, World
from hub.casework.runs import record
from hub.casework.runs.everybody import Asked, assess_everybody
from hub.casework.runs.workers import connected
from hub.measures.measure import Measure

MEASURES = (Measure.ADI, Measure.SFL)
AIM = 2_500
"""Households a second and core, everything counted: reading, assessing, writing, and PostgreSQL's share of the cores."""
FLAT = 2.0
"""MiB that a worker may grow by from a quarter of a run to its end."""


@dataclass
class Watched:
    """What is seen of a run while it goes: the largest resident memory of a worker, in KB, by how many households were done."""

    looks: list[tuple[int, int]] = field(default_factory=list)

    def look(self, done: int, total: int) -> None:
        """Called with each look at the progress."""
        workers = tree(os.getpid()) - {os.getpid()}
        if done and total:
            self.looks.append((done, max((held(worker, "VmRSS") for worker in workers), default=0)))

    @property
    def growth(self) -> float:
        """MiB from the first look after a quarter to the largest after it; 0 where there were too few."""
        last = self.looks[-1][0] if self.looks else 0
        seen = [memory for done, memory in self.looks if done >= last / 4 and memory]
        return (max(seen) - seen[0]) / 1024 if seen else 0.0

    @property
    def largest(self) -> float:
        """MiB of the largest worker."""
        return max((memory for _, memory in self.looks), default=0) / 1024


def population(world: World, rounds: int) -> tuple[list[Figure], Mapping[str, Any]]:
    """The median of so many runs over all households of each measure in force, on all cores."""
    cores = len(os.sched_getaffinity(0))
    told = list[Figure]()
    for measure in MEASURES:
        found = sorted(
            (asyncio.run(_run(world, measure, cores)) for _ in range(rounds)),
            key=lambda one: one[f"{_name(measure)}.core.rate"].value,
        )
        told += found[len(found) // 2].values()
    return told, {"workers": cores}


def _name(measure: Measure) -> str:
    return f"population.{measure.value.lower()}"


async def _run(world: World, measure: Measure, workers: int) -> dict[str, Figure]:
    watched, own, before = Watched(), os.getpid(), seconds(world.postmaster)
    cpu, began = seconds(own), time.perf_counter()
    asked, name = Asked(measure, TODAY, again=True), _name(measure)
    run, _ = await assess_everybody(world.url, asked, processes=workers, progress=watched.look)
    took = time.perf_counter() - began
    workers_cpu, postgres_cpu = seconds(own) - cpu, seconds(world.postmaster) - before
    async with connected(world.url) as connection:
        await record.forget(connection, run.id)
    households = run.households
    figures = (
        Figure(f"{name}.households", households, "households", None, "higher"),
        Figure(f"{name}.rate", round(households / took), "households/s", None, "higher"),
        Figure(f"{name}.core.rate", round(households / took / workers), "households/s/core", AIM, "higher"),
        Figure(f"{name}.cpu", round(workers_cpu / households * 1e3, 4), "ms", None, "lower"),
        Figure(f"{name}.postgres_cpu", round(postgres_cpu / households * 1e3, 4), "ms", None, "lower"),
        Figure(f"{name}.memory", round(watched.largest, 1), "MiB", None, "lower"),
        Figure(f"{name}.memory.growth", round(watched.growth, 1), "MiB", FLAT, "lower"),
    )  # fmt: skip
    return {figure.name: figure for figure in figures}
