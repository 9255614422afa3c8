# SPDX-License-Identifier: EUPL-1.2
"""Spans of plans and their statements: by hash, never by text, and never with a value.

plan         one run of a plan, from when it was asked for to its answer; waiting for a lane is the time before
└─ SELECT    the statement, on its connection; of runs that went together the first one's, linked to the others
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import asyncpg

from hub.access.caller import Caller
from hub.access.seen import Seen
from hub.plan.arguments import Variables
from hub.plan.plan import Plan
from hub.plan.runner import Lane, Runner, WaitingRun
from hub.spans import SPANS, Kind, Value, span
from hub.store.engine import Pool

DIGITS = 12
"""Of a statement's SHA-256, in hexadecimal. NOTE fewer than the sixteen of a fiscal code: one of sixteen may look like one, and did."""


@lru_cache(maxsize=1_024)
def statement_hash(text: str) -> str:
    """The same for the same SQL, in every process: values are bound, and no part of it."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


class TracedRun(WaitingRun):
    """A run that knows whose span it is part of."""

    __slots__ = ("place", "spans")

    def __init__(self, values: list[Any], turn: asyncio.Future[Lane | bytes]) -> None:
        super().__init__(values, turn)
        self.spans = SPANS.get()
        self.place = self.spans.place()


class TracedLane(Lane):
    """One connection, each of whose statements is a span."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.together: Sequence[TracedRun] = ()
        """The runs the next statement is for, where it is not their task that sends it."""

    async def fetch(
        self, statement: str, values: Sequence[Any], within: float | None = None
    ) -> list[asyncpg.Record]:
        """Run a statement, as `Lane.fetch` does."""
        runs, self.together = self.together, ()
        spans = runs[0].spans if runs else SPANS.get()
        about: dict[str, Value] = {
            "db.system.name": "postgresql",
            "db.operation.name": "SELECT",
            "snodo.statement.hash": statement_hash(statement),
            "snodo.statement.runs": max(1, len(runs)),
        }
        under = [run.place for run in runs if run.place is not None]
        with spans.begin("SELECT", Kind.CLIENT, about, under=under) as noted:
            rows = await super().fetch(statement, values, within)
            noted.note({"db.response.returned_rows": len(rows)})
            return rows


class TracedRunner(Runner):
    """Runs the plans of one process, each run a span."""

    lane = TracedLane
    waiting_run = TracedRun

    async def run(self, plan: Plan, variables: Variables, caller: Caller, seen: Seen) -> bytes:
        """The JSON of the root field, as `Runner.run` gives it."""
        about = {"snodo.statement.hash": statement_hash(plan.statement.text)}
        with span("plan", attributes=about) as noted:
            text = await super().run(plan, variables, caller, seen)
            noted.note({"snodo.answer.bytes": len(text)})
            return text

    async def _together(self, lane: Lane, plan: Plan, runs: list[WaitingRun]) -> None:
        # NOTE its task was begun by whoever freed the lane, in that one's context: these runs say themselves whose they are.
        if isinstance(lane, TracedLane):
            lane.together = [run for run in runs if isinstance(run, TracedRun)]
        await super()._together(lane, plan, runs)
