# SPDX-License-Identifier: EUPL-1.2
"""All households of a measure through the rules: begun, continued, or done before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial

from sqlalchemy import Integer, bindparam, func, select

from hub.casework.runs import record
from hub.casework.runs.chunks import AT_ONCE
from hub.casework.runs.facts import facts_digest
from hub.casework.runs.record import Key, Run
from hub.casework.runs.workers import Job, connected, see_facts_of, work
from hub.errors import OperatorError
from hub.measures.edition import edition
from hub.measures.measure import Measure
from hub.measures.parameters import parameters
from hub.store.statement import Connection, Statement

LOCK = 7_203_014
"""The advisory lock's first number, of this database; the second is the measure's and the day's."""

Progress = Callable[[int, int], None]
"""Called with how many households are assessed, and how many there are."""


class RunGoingOn(OperatorError):
    """This measure is being run for this day by somebody else now: wait for that run, or see `snodo measures list`."""


class Begun(StrEnum):
    """How a run came to be."""

    NEW = "NEW"
    CONTINUED = "CONTINUED"
    DONE_BEFORE = "DONE_BEFORE"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be run: a measure by the law of a day, for its first `at_most` households or all; `again`: whatever was done before."""

    measure: Measure
    on: date
    at_most: int | None = None
    again: bool = False


async def assess_everybody(
    url: str, asked: Asked, *, processes: int, progress: Progress, chunk: int = AT_ONCE
) -> tuple[Run, Begun]:
    """Assess each household by so many processes, on one state of the facts; the run when it has ended.

    Cancelled, it leaves what was assessed; asked again for the same, on the same facts and by the same rules, it continues there.

    Raises:
        BeforeTheLaw, AfterTheLaw: the measure was not in force on that day.
        RunGoingOn: it is being run now.
        WorkerEnded: a process could not go on.

    """
    law = parameters(asked.measure, asked.on).law
    async with (
        connected(url) as connection,
        _alone(connection, asked),
        connected(url) as reading,
        reading.transaction(isolation="repeatable_read", readonly=True),
    ):
        snapshot: str = await reading.fetchval("SELECT pg_export_snapshot()")
        facts = await facts_digest(reading, asked.measure)
        key = Key(asked.measure, asked.on, edition(), facts, asked.at_most)
        run = None if asked.again else await record.found_again(connection, key)
        if run is not None and run.ended_at is not None:
            return run, Begun.DONE_BEFORE
        begun = Begun.NEW if run is None else Begun.CONTINUED
        if run is None:
            await record.forget_unended(connection, key)
            async with connection.transaction(isolation="repeatable_read"):
                await see_facts_of(connection, snapshot)
                run = await record.begin(connection, key, law, chunk=chunk)
        job = Job(url, run.id, asked.measure, asked.on, snapshot)
        await work(job, processes, partial(_look, connection, run, progress))
        await connection.execute("SET synchronous_commit = on")
        await record.end(connection, run.id)
        return await record.run_of(connection, run.id), begun


async def _look(connection: Connection, run: Run, progress: Progress) -> None:
    found = await record.run_of(connection, run.id)
    progress(found.assessed, found.households)


@asynccontextmanager
async def _alone(connection: Connection, asked: Asked) -> AsyncIterator[None]:
    """Hold the lock of a measure and a day; who loses the connection loses it too."""
    place = asked.on.toordinal() * len(Measure) + list(Measure).index(asked.measure)
    if not await _locked().fetchval(connection, lock=LOCK, place=place):
        raise RunGoingOn
    yield


def _locked() -> Statement:
    return Statement(
        select(func.pg_try_advisory_lock(bindparam("lock", type_=Integer), bindparam("place", type_=Integer)))
    )
