# SPDX-License-Identifier: EUPL-1.2
"""The access log is written before the answer leaves: whoever has an answer finds its line there, whatever happens next.

A request hands in its line and waits until it is durable. All lines go over one connection: one that comes while it is free goes at
once, alone; those that come while it is busy go together, as one statement and one commit. So a lone request waits for nobody, and
the busier the hub, the fewer commits an answer costs. When the line cannot be written, the answer is not given.

One connection, not several: with two, fewer lines go together. Measured when it was built, at 32 clients: some half as many requests
per second as with one. What the log costs now: docs/explanation/performance.md.

- *Bounded*: as many lines wait as `MOST_WAITING`; one more is refused at once.
- *In time*: lines that are not durable within `LONGEST` of their turn are given up, and the connection with them.
- *Apart*: when PostgreSQL refuses a statement of several lines, each goes again on its own, and meets its own end.

A line may be there whose answer was never given, because the process ended in between, or nobody waited any more. The other way
round it cannot be.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from typing import ClassVar, TypeAlias

import asyncpg
import structlog
from sqlalchemy import LargeBinary, Text, bindparam, column, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert

from hub.access.line import Look, Selection, lines
from hub.errors import ClientError
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import AccessSelection
from hub.store.vocabulary import AccessOutcome

log = structlog.get_logger()

MOST_TOGETHER = 256
"""Lines of one statement."""
MOST_WAITING = 4_096
LONGEST = 3.0
"""Seconds that lines may take from their turn on: to connect anew, to store what they select, and themselves."""
MOST_REMEMBERED = 10_000
"""Selections a process remembers to have written."""
RETRY_AFTER = 1
"""Seconds after which it is worth asking again."""

Connect: TypeAlias = "Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]]"


class AccessLogUnavailable(ClientError):
    """Who looked at whom cannot be written down now, and so nothing is shown; ask again in a moment."""

    code = "ACCESS_LOG_UNAVAILABLE"
    status: ClassVar[int] = 503

    def __init__(self) -> None:
        super().__init__(retryAfter=RETRY_AFTER)


class _Waiting:
    """A line, what it selected, and a future for whoever waits until it is durable."""

    __slots__ = ("line", "selection", "written")

    def __init__(self, line: bytes, selection: Selection, written: asyncio.Future[None]) -> None:
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
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._writing: asyncio.Task[None] | None = None
        """Writes what waits, while anything does."""
        self._selections: dict[bytes, None] = {}
        self.longest = LONGEST
        """As `LONGEST`, of this log."""
        self.lines = 0
        """Lines that are durable."""
        self.statements = 0
        """Statements they were written by: fewer, where lines went together."""
        self.refused = 0
        """Lines that could not be written: as many answers were not given."""
        self.waited = 0.0
        """Seconds answers waited for their lines, all together."""

    async def write(
        self,
        look: Look,
        outcome: AccessOutcome,
        subjects: str = "{}",
        positions: str | None = None,
        reached: int | None = None,
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
            _Waiting(look.line(outcome, subjects, positions, reached), look.operation.selection, written)
        )
        if self._writing is None:
            self._writing = asyncio.create_task(self._work(), name="access log")
        await written
        self.waited += self._clock() - began

    async def write_within(
        self,
        connection: Connection,
        look: Look,
        subjects: str = "{}",
        outcome: AccessOutcome = AccessOutcome.ANSWERED,
    ) -> None:
        """Write the line in the open transaction of `connection`: it is there if what the transaction does is.

        Its selection is known before (`know`): stored here, it would hold up every line of another hub that names it.
        """
        await _insert(connection, [look.line(outcome, subjects)])

    def knows(self, selection: Selection) -> bool:
        """Whether this process has had the selection stored."""
        return selection.hash in self._selections

    async def know(self, connection: Connection, selections: Iterable[Selection]) -> None:
        """Have selections stored, as lines will name them: on a connection without a transaction, so that they are durable."""
        new = {one.hash: one for one in selections if one.hash not in self._selections}
        if not new:
            return
        # NOTE in one order in every process: two statements that each wait for a hash the other has just written would wait for ever.
        await _selections().execute(
            connection,
            hashes=sorted(new),
            coordinates=["\n".join(new[one].coordinates) for one in sorted(new)],
        )
        if len(self._selections) + len(new) > MOST_REMEMBERED:
            self._selections.clear()
        self._selections.update(dict.fromkeys(new))

    async def close(self) -> None:
        """Write what waits, and give up the connection. For when nothing is asked any more."""
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)
        if self._connection is not None:
            self._connection.terminate()

    async def _work(self) -> None:
        """Write what waits, until nothing does."""
        try:
            while self._waiting:
                await self._write(
                    [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
                )
        finally:
            self._writing = None

    async def _write(self, together: list[_Waiting]) -> None:
        together = [one for one in together if not one.written.done()]
        if not together:
            return
        try:
            async with asyncio.timeout(self.longest):
                await self._send(together)
        except asyncpg.PostgresError as error:
            if len(together) > 1 and not isinstance(error, asyncpg.PostgresConnectionError):
                for one in together:  # whose fault it was is not known
                    await self._write([one])
                return
            self._fail(together, error)
        except (asyncpg.InterfaceError, OSError, TimeoutError) as error:
            self._fail(together, error)
        except BaseException as error:
            self._fail(together, error)
            raise
        else:
            self.statements += 1
            self.lines += len(together)
            for one in together:
                one.end()

    async def _send(self, together: list[_Waiting]) -> None:
        connection = self._connection
        if connection is None or connection.is_closed():
            connection = self._connection = await self._connect()
        await self.know(connection, (one.selection for one in together))
        await _insert(connection, [one.line for one in together])

    def _fail(self, together: list[_Waiting], error: BaseException) -> None:
        # NOTE its message may quote a line: only its class and code are logged.
        log.error(
            "access_log.failed",
            error=type(error).__name__,
            sqlstate=getattr(error, "sqlstate", None),
            lines=len(together),
        )
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
        self.refused += len(together)
        for one in together:
            one.end(AccessLogUnavailable())


async def _insert(connection: Connection, written: list[bytes]) -> None:
    await lines().execute(connection, lines=f"[{b','.join(written).decode()}]")


@cache
def _selections() -> Statement:
    """The statement that stores any number of selections, each as its hash and its coordinates, one a line."""
    given = (
        func.unnest(
            bindparam("hashes", type_=ARRAY(LargeBinary)), bindparam("coordinates", type_=ARRAY(Text))
        )
        .table_valued(column("hash", LargeBinary), column("coordinates", Text), name="selection")
        .render_derived()
    )
    each = func.string_to_array(given.c.coordinates, literal_column("E'\\n'"))
    return Statement(
        pg_insert(table_of(AccessSelection))
        .from_select(["selection_hash", "coordinates"], select(given.c.hash, each), include_defaults=False)
        .on_conflict_do_nothing()
    )
