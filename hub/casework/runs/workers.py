# SPDX-License-Identifier: EUPL-1.2
"""The processes that do a run's work: each its own interpreter and connections, and nothing shared but the table of chunks.

No work is handed out: a process takes the next chunk that nobody has. So one that dies loses its chunk alone, which is free again at once;
and one that is told to stop, or whose parent died, ends after its chunk.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection as Line
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from hub.casework.runs.chunks import assess_next
from hub.errors import DatabaseError, SnodoError
from hub.measures.measure import Measure
from hub.store.engine import connection_arguments
from hub.store.statement import Connection

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

LOOK = 0.25
"""Seconds between two looks at how far the workers are."""
PATIENCE = 30.0
"""Seconds in which a worker that was told to stop ends; after that it is ended."""
SESSION = {
    "jit": "off",
    "max_parallel_workers_per_gather": "0",  # the cores are the workers'
    "random_page_cost": "1.1",
    # A chunk and its mark are lost together, if at all, and done again; the end of the run is waited for.
    "synchronous_commit": "off",
}
"""Settings of a worker's sessions."""

_spawn = multiprocessing.get_context("spawn")


class WorkerEnded(DatabaseError):
    """A worker ended before the run did; the same command continues where it stopped."""


@dataclass(frozen=True, slots=True)
class Job:
    """A run, as a worker is told of it. `snapshot`: the facts it sees, as PostgreSQL names them."""

    url: str = field(repr=False)
    run_id: UUID
    measure: Measure
    on: date
    snapshot: str


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection as the user of the URL, the owner of the tables.

    Raises:
        DatabaseError: the server cannot be reached.

    """
    try:
        opened = await asyncpg.connect(**connection_arguments(url), server_settings=SESSION)
    except (OSError, asyncpg.PostgresError) as error:
        raise DatabaseError(f"The database cannot be reached: {type(error).__name__}.") from error
    try:
        yield opened
    finally:
        await opened.close()


async def see_facts_of(connection: Connection, snapshot: str) -> None:
    """Have a transaction, at its beginning, see what the one that exported the snapshot sees."""
    # NOTE no parameter may stand here. The name is PostgreSQL's own: hexadecimal digits and dashes.
    if not all(part.isalnum() for part in snapshot.split("-")):
        raise DatabaseError("That is no name of a snapshot.")
    await connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")


async def work(job: Job, processes: int, look: Callable[[], Awaitable[None]]) -> None:
    """Have so many processes work until nothing is left, and `look` now and then; cancelled, they end after their chunks.

    Raises:
        WorkerEnded: one of them could not; the message says what it said.

    """
    crew = [_started(job) for _ in range(processes)]
    try:
        while any(worker.is_alive() for worker, _ in crew) and not any(worker.exitcode for worker, _ in crew):
            await asyncio.sleep(LOOK)
            await look()
    finally:
        await asyncio.to_thread(_stop, crew)
    if told := [_last_words(worker, line) for worker, line in crew if worker.exitcode]:
        raise WorkerEnded(f"A worker ended: {told[0]} The same command continues where the run stopped.")


def _started(job: Job) -> tuple[SpawnProcess, Line]:
    ours, theirs = _spawn.Pipe()
    worker = _spawn.Process(target=_work, args=(job, theirs), name="snodo measures run", daemon=True)
    with _without_ctrl_c():
        worker.start()
    theirs.close()
    return worker, ours


@contextlib.contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Processes started inside never get Ctrl-C, which reaches every process of a terminal: who began the run says when to stop.

    The mask is theirs from their first instruction: one that were to ignore the signal itself could be hit while it still imports.
    """
    resource_tracker.ensure_running()  # the first start would run it, and unblock what is blocked here
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)  # what came meanwhile comes now


def _stop(crew: Sequence[tuple[SpawnProcess, Line]]) -> None:
    for _, line in crew:
        with contextlib.suppress(OSError):  # it has ended by itself
            line.send_bytes(b"stop")
    for worker, _ in crew:
        worker.join(PATIENCE)
        if worker.is_alive():
            worker.kill()
            worker.join()


def _last_words(worker: SpawnProcess, line: Line) -> str:
    with contextlib.suppress(OSError, EOFError):
        if line.poll():
            return line.recv_bytes().decode()
    return f"signal {-(worker.exitcode or 0)}."


def _work(job: Job, line: Line) -> None:
    """What a worker's process does."""
    try:
        asyncio.run(_assess(job, line))
        return
    except SnodoError as error:
        told = error.message
    except Exception as error:  # its own message may quote a row: only the class is named
        told = f"{type(error).__name__}."
    with contextlib.suppress(OSError):
        line.send_bytes(told.encode())
    sys.exit(1)


async def _assess(job: Job, line: Line) -> None:
    async with (
        connected(job.url) as reading,
        connected(job.url) as writing,
        reading.transaction(isolation="repeatable_read", readonly=True),
    ):
        await see_facts_of(reading, job.snapshot)
        # There is something to read when it is told to stop, and when nobody is there any more to tell it.
        while not line.poll():
            if await assess_next(reading, writing, job.run_id, job.measure, job.on) is None:
                return
