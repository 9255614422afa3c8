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
    """The median of so many runs over all households of the ADI, on all cores."""
    cores = len(os.sched_getaffinity(0))
    found = sorted(
        (asyncio.run(_run(world, cores)) for _ in range(rounds)),
        key=lambda one: one["population.core.rate"].value,
    )
    return list(found[len(found) // 2].values()), {"workers": cores}


async def _run(world: World, workers: int) -> dict[str, Figure]:
    watched, own, before = Watched(), os.getpid(), seconds(world.postmaster)
    cpu, began = seconds(own), time.perf_counter()
    asked = Asked(Measure.ADI, TODAY, again=True)
    run, _ = await assess_everybody(world.url, asked, processes=workers, progress=watched.look)
    took = time.perf_counter() - began
    workers_cpu, postgres_cpu = seconds(own) - cpu, seconds(world.postmaster) - before
    async with connected(world.url) as connection:
        await record.forget(connection, run.id)
    households = run.households
    figures = (
        Figure("population.households", households, "households", None, "higher"),
        Figure("population.rate", round(households / took), "households/s", None, "higher"),
        Figure("population.core.rate", round(households / took / workers), "households/s/core", AIM, "higher"),
        Figure("population.cpu", round(workers_cpu / households * 1e3, 4), "ms", None, "lower"),
        Figure("population.postgres_cpu", round(postgres_cpu / households * 1e3, 4), "ms", None, "lower"),
        Figure("population.memory", round(watched.largest, 1), "MiB", None, "lower"),
        Figure("population.memory.growth", round(watched.growth, 1), "MiB", FLAT, "lower"),
    )  # fmt: skip
    return {figure.name: figure for figure in figures}
