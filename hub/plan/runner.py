# SPDX-License-Identifier: EUPL-1.2
"""Where plans are run: on a few connections, alone while one is free, together when they have had to wait.

Runs that come in one turn of the event loop are gathered, and go at its end if a connection is free: each alone, as its plan's
plain statement, or together with those of the same plan as one (`hub.plan.joined`). When all connections are busy they wait, and whatever
waits for the same plan when one becomes free goes together. So the busier the hub, the fewer round trips a run costs; and nobody
waits for company: what ends together (a joined statement, a commit of the access log) begins together again.

- *Fair*: plans take turns, whatever the number of runs that wait for each, and the runs of one plan go in the order they came.
- *Adaptive*: a statement is given as many runs as should take `SLICE`, going by the plan's own pace, so that a page of the feed
  never holds up the next person's page by more than that.
- *Apart*: when a joined statement fails, each of its runs goes again on its own, and meets its own end.
- *Never held up*: when no lane has become free for `PATIENCE` while someone waits, slow statements hold them all, and another
  connection is taken until things flow again.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from hub.access.caller import Caller
from hub.access.seen import Seen
from hub.plan.arguments import Variables
from hub.plan.cursor import AHEAD, CursorAhead
from hub.plan.plan import Plan
from hub.store.engine import LONGEST_OPENING, Pool

MOST_TOGETHER = 32
"""Runs of one statement."""
SLICE = 0.010
"""Seconds a joined statement should take at most."""
STEADY = min(8, max(2, os.cpu_count() or 2))
"""Lanes while statements are quick, one for each core: more would share the same cores, and each would carry less."""
LONGEST_TOGETHER = 1.0
"""Seconds after which a joined statement is given up: something is in the way of one of its runs, and the others need not wait."""
PATIENCE = 0.020
"""Seconds without a free lane after which whoever waits is given one more."""
STEADINESS = 0.8
"""How much of a plan's pace stays when another run was timed."""


class WaitingRun:
    """One run that waits: its statement's values, and a future of what it waits for: a lane to go alone, or its answer."""

    __slots__ = ("turn", "values")

    def __init__(self, values: list[Any], turn: asyncio.Future[Lane | bytes]) -> None:
        self.values = values
        self.turn = turn

    def give(self, what: Lane | bytes) -> None:
        """Let it go on, unless it has left."""
        if not self.turn.done():
            self.turn.set_result(what)


class _Queue:
    """The runs of one plan that wait, first come first."""

    __slots__ = ("most", "plan", "runs")

    def __init__(self, plan: Plan, runs: Iterable[WaitingRun] = (), *, most: int = MOST_TOGETHER) -> None:
        self.plan = plan
        self.runs = deque(runs)
        self.most = most

    def take(self) -> list[WaitingRun]:
        """Those that go next. Who has left meanwhile (its client is gone, or its time is up) is left out."""
        pace = self.plan.pace
        most = min(self.most, max(1, int(SLICE / pace))) if pace else 1  # a plan never timed goes alone first
        taken: list[WaitingRun] = []
        while self.runs and len(taken) < most:
            run = self.runs.popleft()
            if not run.turn.done():
                taken.append(run)
        return taken


class Lane:
    """One connection, kept for as long as it lives."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: PoolConnectionProxy[asyncpg.Record] | None = None

    async def fetch(
        self, statement: str, values: Sequence[Any], within: float | None = None
    ) -> list[asyncpg.Record]:
        """Run a statement, `within` so many seconds; on another connection than last time when that one has ended."""
        if self._connection is None or _has_ended(self._connection):
            await self.close()
            self._connection = await self._pool.acquire(timeout=LONGEST_OPENING)
        return await self._connection.fetch(statement, *values, timeout=within)

    async def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._pool.release(connection)


def _has_ended(connection: PoolConnectionProxy[asyncpg.Record]) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # the pool has taken it back, because it ended
        return True


class Runner:
    """Runs the plans of one process. Cancelling a run cancels its statement, unless others have joined it."""

    lane: type[Lane] = Lane
    waiting_run: type[WaitingRun] = WaitingRun

    def __init__(self, pool: Pool, most: int, clock: Callable[[], float] = time.perf_counter) -> None:
        """Take the pool, of which at most so many connections are used, and the clock that times statements, in seconds."""
        self._pool = pool
        self._most = most
        self._clock = clock
        self._lanes = {self.lane(pool) for _ in range(min(STEADY, most))}
        self._idle = [*self._lanes]
        self._freed = 0.0
        self._waiting: OrderedDict[object, _Queue] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._relief: asyncio.TimerHandle | None = None
        self._closed = False
        self._is_gathering = False
        self.statements = 0
        """Statements sent so far."""
        self.runs = 0
        """Runs they were sent for: more than statements, where runs were joined."""

    async def run(self, plan: Plan, variables: Variables, caller: Caller, seen: Seen) -> bytes:
        """The JSON of the root field, as PostgreSQL wrote it; whom it is about is told to `seen`.

        Raises:
            InvalidInput: a value cannot be bound, or the database takes it for none of its cursors.
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: what the database, or the way to it, refused.

        """
        try:
            text = await self._text(plan, variables, caller)
        except asyncpg.PostgresError as error:
            if error.sqlstate == AHEAD:
                raise CursorAhead from None
            raise
        return seen.take(text) if plan.is_personal else text

    async def _text(self, plan: Plan, variables: Variables, caller: Caller) -> bytes:
        values = plan.arguments(variables, caller)
        loop = asyncio.get_running_loop()
        if not self._is_gathering:
            self._is_gathering = True
            loop.call_soon(self._gathered)
        run = self.waiting_run(values, loop.create_future())
        company = plan.company(values)
        queue = self._waiting.get(company)
        if queue is None:
            queue = self._waiting[company] = _Queue(plan)
        queue.runs.append(run)
        try:
            turn = await run.turn
        except asyncio.CancelledError:
            if run.turn.done() and not run.turn.cancelled() and isinstance(lane := run.turn.result(), Lane):
                self._go_on(lane)  # it was given at the moment its taker left
            raise
        return await self._alone(turn, plan, values) if isinstance(turn, Lane) else turn

    async def close(self) -> None:
        """End what waits, and give the connections back. For when nothing is asked any more."""
        self._closed = True
        for queue in self._waiting.values():
            for run in queue.runs:
                run.turn.cancel()
        self._waiting.clear()
        if self._relief is not None:
            self._relief.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for lane in self._lanes:
            await lane.close()

    async def _alone(self, lane: Lane, plan: Plan, values: list[Any]) -> bytes:
        self.statements += 1
        self.runs += 1
        began = self._clock()
        try:
            rows = await lane.fetch(plan.statement.text, values)
            _keep_pace(plan, self._clock() - began)
        finally:
            self._go_on(lane)
        return rows[0][0] if rows and rows[0][0] is not None else b"null"

    def _gathered(self) -> None:
        """All that came in this turn of the event loop waits: what lanes are idle go to them."""
        self._is_gathering = False
        while self._idle and self._waiting:
            self._go_on(self._idle.pop())
        if self._waiting and self._relief is None:
            self._relief = asyncio.get_running_loop().call_later(PATIENCE, self._relieve)

    def _go_on(self, lane: Lane) -> None:
        """A lane is free: it goes to those who have waited longest of the plan whose turn it is, or is idle."""
        if self._closed:
            return
        before, self._freed = self._freed, self._clock()
        if len(self._lanes) > STEADY and self._freed - before < PATIENCE:
            self._lanes.discard(lane)  # things flow: the lane that was taken for relief is given back
            self._start(lane.close())
            return
        while self._waiting:
            company, queue = self._waiting.popitem(last=False)
            taken = queue.take()
            if queue.runs:
                self._waiting[company] = queue  # at the end: the other plans come first
            if len(taken) == 1:
                taken[0].give(lane)
                return
            if taken:
                self._start(self._together(lane, queue.plan, taken))
                return
        self._idle.append(lane)

    def _relieve(self) -> None:
        """Look, after a while, whether those who wait are held up."""
        self._relief = None
        if not self._waiting:
            return
        if self._clock() - self._freed >= PATIENCE and len(self._lanes) < self._most:
            lane = self.lane(self._pool)
            self._lanes.add(lane)
            self._go_on(lane)
        self._relief = asyncio.get_running_loop().call_later(PATIENCE, self._relieve)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="lane")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _together(self, lane: Lane, plan: Plan, runs: list[WaitingRun]) -> None:
        self.statements += 1
        self.runs += len(runs)
        began = self._clock()
        try:
            joined = plan.joined()
            values = joined.arguments([run.values for run in runs])
            rows = await lane.fetch(joined.text, values, LONGEST_TOGETHER)
        except asyncio.CancelledError:
            for run in runs:
                run.turn.cancel()
            raise
        except Exception:
            # NOTE whose fault it was is not known: each goes again alone, in turn with the other plans, and meets its own end.
            for run in runs:
                self._waiting[run] = _Queue(plan, [run], most=1)
        else:
            _keep_pace(plan, (self._clock() - began) / len(runs))
            for place, answer in rows:
                runs[place - 1].give(b"null" if answer is None else answer)
        finally:
            self._go_on(lane)


def _keep_pace(plan: Plan, seconds: float) -> None:
    plan.pace = seconds if not plan.pace else STEADINESS * plan.pace + (1 - STEADINESS) * seconds
