# SPDX-License-Identifier: EUPL-1.2
"""The run itself: begun with its chunks, found again, ended, forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    Select,
    Uuid,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from hub.errors import InvalidInput
from hub.measures.measure import Measure
from hub.store.base import table_of
from hub.store.identifiers import decode_id, encode_id
from hub.store.statement import Connection, Statement
from hub.store.tables import AssessmentChunk, AssessmentRun, Household

PREFIX = "run"

_run = table_of(AssessmentRun)
_chunk = table_of(AssessmentChunk)
_household = table_of(Household)


class UnknownRun(InvalidInput):
    """No run has this id: `snodo measures list` names those there are."""

    code = "UNKNOWN_RUN"


@dataclass(frozen=True, slots=True)
class Key:
    """What a run is of: two of one key come out alike. `edition`, `facts`: SHA-256 of the rules and of the stored facts."""

    measure: Measure
    on: date
    edition: bytes
    facts: bytes
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is kept, and how far it is: `assessed` of its `households`."""

    id: UUID
    key: Key
    law: str
    started_at: datetime
    ended_at: datetime | None
    households: int
    assessed: int

    @property
    def name(self) -> str:
        """Its id as people see it."""
        return encode_id(PREFIX, self.id)


async def begin(connection: Connection, key: Key, law: str, *, chunk: int) -> Run:
    """A new run, its households divided into chunks of so many; in a transaction that sees the facts of the key."""
    run_id = await _begun().fetchval(
        connection,
        measure=key.measure,
        assessed_on=key.on,
        law=law,
        edition=key.edition,
        facts=key.facts,
        households_at_most=key.at_most,
    )
    await _divided().execute(
        connection, run_id=run_id, of_measure=key.measure, at_most=key.at_most, chunk=chunk
    )
    return await run_of(connection, run_id)


async def run_of(connection: Connection, run_id: UUID) -> Run:
    """A run by its key.

    Raises:
        UnknownRun: there is none.

    """
    row = await _one().fetchrow(connection, run_id=run_id)
    if row is None:
        raise UnknownRun
    return _read(row)


async def run_named(connection: Connection, name: str) -> Run:
    """A run by the id people see.

    Raises:
        InvalidId: it is no id of a run.
        UnknownRun: there is none.

    """
    return await run_of(connection, decode_id(name, PREFIX)[1])


async def runs(connection: Connection, measure: Measure | None = None) -> list[Run]:
    """The runs there are, or those of a measure, newest first."""
    rows = await _all().fetch(connection)
    found = [_read(row) for row in rows]
    return [run for run in found if measure in (None, run.key.measure)]


async def found_again(connection: Connection, key: Key) -> Run | None:
    """The newest run of a key, ended or not."""
    return next((run for run in await runs(connection, key.measure) if run.key == key), None)


async def last_before(connection: Connection, run: Run) -> Run | None:
    """The run a run is compared with: the newest of its measure that was whole, and ended before this one began."""
    return next(
        (
            other
            for other in await runs(connection, run.key.measure)
            if other.ended_at is not None
            and other.key.at_most is None
            and other.id != run.id
            and other.started_at < run.started_at
        ),
        None,
    )


async def last_whole(connection: Connection, measure: Measure | None = None) -> Run:
    """The newest run that has ended.

    Raises:
        UnknownRun: there is none.

    """
    for run in await runs(connection, measure):
        if run.ended_at is not None:
            return run
    raise UnknownRun("No run has ended yet: `snodo measures run` makes one.")


async def end(connection: Connection, run_id: UUID) -> None:
    """Say that a run has ended; the table refuses it where a chunk is left."""
    await _ended().execute(connection, run_id=run_id)


async def forget(connection: Connection, run_id: UUID) -> None:
    """Delete a run and all it said."""
    await _forgotten().execute(connection, run_id=run_id)


async def forget_unended(connection: Connection, key: Key) -> None:
    """Delete what was begun of a measure, day and number, and cannot be continued: its rules or its facts are no longer those."""
    await _unended_forgotten().execute(
        connection, measure=key.measure, assessed_on=key.on, at_most=key.at_most or 0
    )


def _read(row: asyncpg.Record) -> Run:
    key = Key(
        Measure(row["measure"]), row["assessed_on"], row["edition"], row["facts"], row["households_at_most"]
    )
    return Run(
        row["id"], key, row["law"], row["started_at"], row["ended_at"], row["households"], row["assessed"]
    )


@cache
def _begun() -> Statement:
    given = ("measure", "assessed_on", "law", "edition", "facts", "households_at_most")
    return Statement(insert(_run).values({name: bindparam(name) for name in given}).returning(_run.c.id))


@cache
def _divided() -> Statement:
    among = (
        select(_household.c.id)
        .where(_household.c.measure == bindparam("of_measure", type_=_household.c.measure.type))
        .order_by(_household.c.id)
        .limit(bindparam("at_most", type_=BigInteger))
        .subquery("among")
    )
    ordinal = (func.row_number().over(order_by=among.c.id) - 1) // bindparam("chunk", type_=BigInteger)
    numbered = select(among.c.id, cast(ordinal, Integer).label("ordinal")).subquery("numbered")
    ids = func.array_agg(aggregate_order_by(numbered.c.id, numbered.c.id), type_=ARRAY(Uuid))
    chunks = select(
        bindparam("run_id", type_=Uuid),
        numbered.c.ordinal,
        ids[1],
        ids[func.count()],
        func.count(),
    ).group_by(numbered.c.ordinal)
    return Statement(
        insert(_chunk).from_select(
            ["run_id", "ordinal", "first_household_id", "last_household_id", "households"],
            chunks,
            include_defaults=False,
        )
    )


def _with_chunks() -> Select[Any]:
    assessed = func.sum(_chunk.c.households).filter(_chunk.c.assessed_at.is_not(None))
    return (
        select(
            _run,
            func.coalesce(func.sum(_chunk.c.households), 0).label("households"),
            func.coalesce(assessed, 0).label("assessed"),
        )
        .join_from(_run, _chunk, _chunk.c.run_id == _run.c.id, isouter=True)
        .group_by(_run.c.id)
    )


@cache
def _one() -> Statement:
    return Statement(_with_chunks().where(_run.c.id == bindparam("run_id", type_=Uuid)))


@cache
def _all() -> Statement:
    return Statement(_with_chunks().order_by(_run.c.started_at.desc(), _run.c.id.desc()))


@cache
def _ended() -> Statement:
    # The clock's time: the transaction may have begun before the last chunk was assessed.
    ended = update(_run).where(_run.c.id == bindparam("run_id", type_=Uuid))
    return Statement(ended.values(ended_at=func.clock_timestamp()))


@cache
def _forgotten() -> Statement:
    return Statement(delete(_run).where(_run.c.id == bindparam("run_id", type_=Uuid)))


@cache
def _unended_forgotten() -> Statement:
    return Statement(
        delete(_run)
        .where(_run.c.measure == bindparam("measure", type_=_run.c.measure.type))
        .where(_run.c.assessed_on == bindparam("assessed_on", type_=Date))
        .where(func.coalesce(_run.c.households_at_most, 0) == bindparam("at_most", type_=Integer))
        .where(_run.c.ended_at.is_(None))
    )
