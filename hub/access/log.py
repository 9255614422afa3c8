# SPDX-License-Identifier: EUPL-1.2
"""The access log is written before the answer leaves: whoever has an answer finds its line there, whatever happens next.

A request hands in its line and waits until it is durable. A line that comes while the connection is free goes at once, alone; those
that come while it is busy go together, as one statement and one commit. So a lone request waits for nobody, and the busier
the hub, the fewer commits an answer costs. When the line cannot be written, the answer is not given.

- *Bounded*: as many lines wait as `MOST_WAITING`; one more is refused at once.
- *In time*: a line that is not durable within `LONGEST` is given up, and its connection with it.
- *Apart*: when PostgreSQL refuses a statement of several lines, each goes again on its own, and meets its own end.

A line may be there whose answer was never given, because the process ended in between, or nobody waited any more. The other way
round it cannot be.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, ClassVar, TypeAlias

import asyncpg
import structlog
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert as pg_insert

from hub.access.line import COLUMNS, Look, Selection, lines
from hub.errors import ClientError
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import AccessSelection
from hub.store.vocabulary import AccessOutcome

log = structlog.get_logger()

CONNECTIONS = 1
"""One: with two, fewer lines go together. Measured at 32 clients: requests/s 0.52 of those without a log; with one, 0.94."""
MOST_TOGETHER = 256
"""Lines of one statement."""
MOST_WAITING = 4_096
LONGEST = 3.0
"""Seconds a statement may take; and to connect anew."""
MOST_REMEMBERED = 10_000
"""Selections a process remembers to have written."""
RETRY_AFTER = 1
"""Seconds after which it is worth asking again."""

Connect: TypeAlias = "Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]]"
Line: TypeAlias = "tuple[Any, ...]"


class AccessLogUnavailable(ClientError):
    """Who looked at whom cannot be written down now, and so nothing is shown; ask again in a moment."""

    code = "ACCESS_LOG_UNAVAILABLE"
    status: ClassVar[int] = 503

    def __init__(self) -> None:
        super().__init__(retryAfter=RETRY_AFTER)


class _Waiting:
    """A line, what it selected, and a future for whoever waits until it is durable."""

    __slots__ = ("line", "selection", "written")

    def __init__(self, line: Line, selection: Selection, written: asyncio.Future[None]) -> None:
        self.line, self.selection, self.written = line, selection, written

    def end(self, error: Exception | None = None) -> None:
        if self.written.done():
            return
        if error is None:
            self.written.set_result(None)
        else:
            self.written.set_exception(error)


class AccessLog:
    """The log, as one process writes it."""

    def __init__(self, connect: Connect, clock: Callable[[], float]) -> None:
        """Take how to connect under the hub's role, and a clock in seconds that only grows."""
        self._connect = connect
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._connections: list[asyncpg.Connection[asyncpg.Record] | None] = [None] * CONNECTIONS
        self._idle = list(range(CONNECTIONS))
        self._tasks: set[asyncio.Task[None]] = set()
        self._selections: dict[bytes, None] = {}
        self.lines = 0
        """Lines that are durable."""
        self.statements = 0
        """Statements they were written by: fewer, where lines went together."""
        self.refused = 0
        """Lines that could not be written: as many answers were not given."""
        self.waited = 0.0
        """Seconds answers waited for their lines, all together."""

    async def write(
        self, look: Look, outcome: AccessOutcome, subjects: str = "{}", positions: str | None = None
    ) -> None:
        """Return once the line is durable.

        Raises:
            AccessLogUnavailable: it is not known to be, and the answer must not be given.

        """
        began = self._clock()
        if len(self._waiting) >= MOST_WAITING:
            self.refused += 1
            raise AccessLogUnavailable
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(
            _Waiting(look.line(outcome, subjects, positions), look.operation.selection, written)
        )
        if self._idle:
            self._start(self._idle.pop())
        await written
        self.waited += self._clock() - began

    async def write_within(
        self,
        connection: Connection,
        look: Look,
        subjects: str = "{}",
        outcome: AccessOutcome = AccessOutcome.ANSWERED,
    ) -> None:
        """Write the line in the open transaction of `connection`: it is there if what the transaction does is."""
        if look.operation.selection.hash not in self._selections:
            await _store(connection, look.operation.selection)
        await _send(connection, [look.line(outcome, subjects)])

    async def know(self, connection: Connection, selection: Selection) -> None:
        """Have the selection stored, as a line will name it: on a connection without a transaction, so that it is durable."""
        if selection.hash in self._selections:
            return
        await _store(connection, selection)
        if len(self._selections) >= MOST_REMEMBERED:
            self._selections.clear()
        self._selections[selection.hash] = None

    async def close(self) -> None:
        """Write what waits, and give up the connections. For when nothing is asked any more."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in self._connections:
            if connection is not None:
                connection.terminate()

    def _start(self, place: int) -> None:
        task = asyncio.create_task(self._work(place), name="access log")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, place: int) -> None:
        """Write what waits, on one connection, until nothing does."""
        try:
            while self._waiting:
                together = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
                await self._write(place, [one for one in together if not one.written.done()])
        finally:
            self._idle.append(place)

    async def _write(self, place: int, together: list[_Waiting]) -> None:
        if not together:
            return
        try:
            await self._send(place, together)
        except asyncpg.PostgresError as error:
            if len(together) > 1 and not isinstance(error, asyncpg.PostgresConnectionError):
                for one in together:  # whose fault it was is not known
                    await self._write(place, [one])
                return
            self._fail(place, together, error)
        except (asyncpg.InterfaceError, OSError, TimeoutError) as error:
            self._fail(place, together, error)
        except BaseException as error:
            self._fail(place, together, error)
            raise
        else:
            self.statements += 1
            self.lines += len(together)
            for one in together:
                one.end()

    async def _send(self, place: int, together: list[_Waiting]) -> None:
        connection = self._connections[place]
        if connection is None or connection.is_closed():
            connection = await asyncio.wait_for(self._connect(), LONGEST)
            self._connections[place] = connection
        for one in together:
            await self.know(connection, one.selection)
        await _send(connection, [one.line for one in together], LONGEST)

    def _fail(self, place: int, together: list[_Waiting], error: BaseException) -> None:
        # NOTE its message may quote a line: only its class and code are logged.
        log.error(
            "access_log.failed",
            error=type(error).__name__,
            sqlstate=getattr(error, "sqlstate", None),
            lines=len(together),
        )
        connection, self._connections[place] = self._connections[place], None
        if connection is not None:
            connection.terminate()
        self.refused += len(together)
        for one in together:
            one.end(AccessLogUnavailable())


async def _send(connection: Connection, written: list[Line], within: float | None = None) -> None:
    statement = lines()
    values = dict(zip(COLUMNS, zip(*written, strict=True), strict=True))
    await connection.execute(statement.text, *statement.arguments(values), timeout=within)


async def _store(connection: Connection, selection: Selection) -> None:
    await _selection().execute(
        connection, selection_hash=selection.hash, coordinates=list(selection.coordinates)
    )


@cache
def _selection() -> Statement:
    table = table_of(AccessSelection)
    return Statement(
        pg_insert(table)
        .values({name: bindparam(name) for name in ("selection_hash", "coordinates")})
        .on_conflict_do_nothing()
    )
