# SPDX-License-Identifier: EUPL-1.2
"""Samples as they are drawn, kept, and found again.

NOTE: one seed for what one run said, unless another is given: who draws again, for another size or by another plan, gets no other numbers
to choose from, and a larger sample holds the smaller. Every draw stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import Uuid, bindparam, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from hub.casework.inspections.listing import Listed, read_list
from hub.casework.inspections.plan import Plan
from hub.casework.inspections.told import HOUSEHOLD_PREFIX, Told
from hub.casework.runs.record import Run
from hub.errors import InvalidInput
from hub.measures.controls import Signal
from hub.measures.measure import Measure
from hub.measures.sampling import (
    ALGORITHM,
    Chosen,
    InvalidSample,
    Unit,
    Why,
    allocate,
    digest_of,
    draw_strata,
    number_of,
)
from hub.store.base import table_of
from hub.store.identifiers import decode_id, encode_id
from hub.store.statement import Connection, Statement
from hub.store.tables import InspectionSample, SampledHousehold

PREFIX = "smp"
COLUMNS = ("sample_id", "rank", "household_id", "stratum", "weight", "why", "signals")

_sample = table_of(InspectionSample)
_sampled = table_of(SampledHousehold)


class UnknownSample(InvalidInput):
    """No sample has this id: `snodo measures sample list` names those there are."""

    code = "UNKNOWN_SAMPLE"


class NotEverybody(InvalidInput):
    """A sample is drawn from a run of everybody that has ended: this one is a trial, or has households left."""

    code = "NOT_EVERYBODY"


class ListChanged(InvalidInput):
    """What is stored of the households is not what it was when the sample was drawn: its list can be written no more."""

    code = "LIST_CHANGED"


class Drawn(StrEnum):
    """How a sample came to be."""

    NEW = "NEW"
    DRAWN_BEFORE = "DRAWN_BEFORE"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be drawn. `size` None: what the plan's sizes come to. `seed` None: that of the run's last draw, else a new one."""

    run: Run
    size: int | None
    plan: Plan
    told: Told
    seed: str | None
    by: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample as it is kept, without its households."""

    id: UUID
    run_id: UUID
    measure: Measure
    on: date
    size: int
    algorithm: str
    seed: str
    seed_drawn: bool
    plan: dict[str, Any]
    listed: int
    list_digest: str
    unverified: bool
    drawn_by: str
    drawn_at: datetime

    @property
    def name(self) -> str:
        """Its id as people see it."""
        return encode_id(PREFIX, self.id)


@dataclass(frozen=True, slots=True)
class Sampled:
    """A household of a sample, at its place; `household` None once the hub keeps it no more. `number`: its u of the algorithm, while it does."""

    rank: int
    household: UUID | None
    unit: Unit
    why: Why
    signals: tuple[Signal, ...]
    number: int | None


async def draw_sample(
    connection: Connection, asked: Asked, make_seed: Callable[[], str]
) -> tuple[Sample, Drawn]:
    """Draw, and keep what was drawn; or tell the sample that was drawn so before. In a transaction.

    Raises:
        NotEverybody: the run is a trial, or has not ended.
        InvalidSample: no such sample can be drawn.
        NotListed: something is told of a household that is not in the list.

    """
    run = asked.run
    if run.ended_at is None or run.key.at_most is not None:
        raise NotEverybody
    size = _size(asked)
    digest = _asked(asked, size)
    # Of two that draw at once the second sees what the first drew.
    await connection.execute("LOCK TABLE inspection_sample IN SHARE ROW EXCLUSIVE MODE")
    before = await _before(connection, run)
    for one, what in before:
        if what == digest and asked.seed in (None, one.seed):
            return one, Drawn.DRAWN_BEFORE
    seeds = [one.seed for one, _ in before if one.seed_drawn]
    seed = asked.seed or (seeds[0] if seeds else make_seed())
    listed = await read_list(connection, run, asked.plan, asked.told)
    drawn = _drawn(listed, size, asked.plan, seed)
    units = [one.unit for one in listed]
    sample_id: UUID = await _kept().fetchval(
        connection,
        run_id=run.id,
        measure=run.key.measure,
        assessed_on=run.key.on,
        edition=run.key.edition,
        facts=run.key.facts,
        size=size,
        algorithm=ALGORITHM,
        seed=seed,
        seed_drawn=asked.seed is None,
        asked=digest,
        plan=asked.plan.as_json(),
        listed=len(units),
        list_digest=bytes.fromhex(digest_of(units)),
        unverified=asked.plan.unverified,
        drawn_by=asked.by,
    )
    await connection.copy_records_to_table(
        "sampled_household", columns=COLUMNS, records=_rows(sample_id, listed, drawn)
    )
    return await sample_of(connection, sample_id), Drawn.NEW


async def read_list_of(connection: Connection, sample: Sample, asked: Asked) -> list[Unit]:
    """The units a sample was drawn from, by their ids: with the digest they can be drawn from again by anybody. In a transaction.

    Raises:
        ListChanged: they are not what they were.

    """
    units = [one.unit for one in await read_list(connection, asked.run, asked.plan, asked.told)]
    if digest_of(units) != sample.list_digest:
        raise ListChanged
    return units


async def samples(connection: Connection, measure: Measure | None = None) -> list[Sample]:
    """The samples there are, or those of a measure, newest first."""
    found = [_read(row) for row in await _all().fetch(connection)]
    return [one for one in found if measure in (None, one.measure)]


async def sample_of(connection: Connection, sample_id: UUID) -> Sample:
    """A sample by its key.

    Raises:
        UnknownSample: there is none.

    """
    row = await _one().fetchrow(connection, sample_id=sample_id)
    if row is None:
        raise UnknownSample
    return _read(row)


async def sample_named(connection: Connection, name: str | None) -> Sample:
    """A sample by the id people see, or the last one.

    Raises:
        InvalidId: it is no id of a sample.
        UnknownSample: there is none.

    """
    if name is not None:
        return await sample_of(connection, decode_id(name, PREFIX)[1])
    for one in await samples(connection):
        return one
    raise UnknownSample("No sample was drawn yet: `snodo measures sample draw` does.")


async def sampled(connection: Connection, sample: Sample) -> list[Sampled]:
    """Its households, place by place."""
    return [_sampled_of(row, sample.seed) for row in await _households().fetch(connection, sample=sample.id)]


def _size(asked: Asked) -> int:
    sizes = asked.plan.sizes
    if sizes is None:
        if asked.size is None:
            raise InvalidSample("A sample has a size: give it, or the strata's in the plan.", path=["size"])
        return asked.size
    if asked.size not in (None, sum(sizes.values())):
        raise InvalidSample("The size is not what the plan's strata come to: leave it out.", path=["size"])
    return sum(sizes.values())


def _asked(asked: Asked, size: int) -> bytes:
    """What tells one draw of a run from another, beside the seed."""
    told = {"plan": asked.plan.as_json(), "size": size, "told": asked.told.digest()}
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).digest()


def _drawn(listed: Sequence[Listed], size: int, plan: Plan, seed: str) -> tuple[Chosen, ...]:
    units = [one.unit for one in listed]
    if size < 1:
        raise InvalidSample("A sample is of one household at least.", path=["size"])
    sizes = plan.sizes if plan.sizes is not None else allocate(units, size)
    return draw_strata(units, sizes, seed).chosen


def _rows(sample_id: UUID, listed: Sequence[Listed], drawn: Sequence[Chosen]) -> list[tuple[Any, ...]]:
    by_id = {one.unit.id: one for one in listed}
    return [
        (
            sample_id,
            rank,
            by_id[chosen.unit.id].key,
            chosen.unit.stratum,
            chosen.unit.weight,
            chosen.why.value,
            [signal.value for signal in by_id[chosen.unit.id].signals],
        )
        for rank, chosen in enumerate(drawn, start=1)
    ]


async def _before(connection: Connection, run: Run) -> list[tuple[Sample, bytes]]:
    """What was drawn from what this run said, or one that says the same; newest first."""
    key = run.key
    rows = await _alike().fetch(
        connection, measure=key.measure, on=key.on, edition=key.edition, facts=key.facts
    )
    return [(_read(row), row["asked"]) for row in rows]


def _read(row: asyncpg.Record) -> Sample:
    return Sample(
        id=row["id"],
        run_id=row["run_id"],
        measure=Measure(row["measure"]),
        on=row["assessed_on"],
        size=row["size"],
        algorithm=row["algorithm"],
        seed=row["seed"],
        seed_drawn=row["seed_drawn"],
        plan=orjson.loads(row["plan"]),
        listed=row["listed"],
        list_digest=row["list_digest"].hex(),
        unverified=row["unverified"],
        drawn_by=row["drawn_by"],
        drawn_at=row["drawn_at"],
    )


def _sampled_of(row: asyncpg.Record, seed: str) -> Sampled:
    key, why = row["household_id"], Why(row["why"])
    # NOTE of who is gone the id is no longer known, and with it the number.
    name = "" if key is None else encode_id(HOUSEHOLD_PREFIX, key)
    return Sampled(
        rank=row["rank"],
        household=key,
        unit=Unit(name, row["weight"], why is Why.MUST, row["stratum"]),
        why=why,
        signals=tuple(Signal(one) for one in row["signals"]),
        number=None if key is None else number_of(seed, name),
    )


@cache
def _kept() -> Statement:
    names = [column.name for column in _sample.c if column.name not in ("id", "drawn_at")]
    given: dict[str, Any] = {name: bindparam(name) for name in names}
    given["plan"] = bindparam("plan", type_=JSONB)
    return Statement(insert(_sample).values(given).returning(_sample.c.id))


@cache
def _one() -> Statement:
    return Statement(select(_sample).where(_sample.c.id == bindparam("sample_id", type_=Uuid)))


@cache
def _all() -> Statement:
    return Statement(select(_sample).order_by(_sample.c.drawn_at.desc(), _sample.c.id.desc()))


@cache
def _alike() -> Statement:
    return Statement(
        select(_sample)
        .where(
            _sample.c.measure == bindparam("measure", type_=_sample.c.measure.type),
            _sample.c.assessed_on == bindparam("on", type_=_sample.c.assessed_on.type),
            _sample.c.edition == bindparam("edition", type_=_sample.c.edition.type),
            _sample.c.facts == bindparam("facts", type_=_sample.c.facts.type),
        )
        .order_by(_sample.c.drawn_at.desc(), _sample.c.id.desc())
    )


@cache
def _households() -> Statement:
    return Statement(
        select(_sampled)
        .where(_sampled.c.sample_id == bindparam("sample", type_=Uuid))
        .order_by(_sampled.c.rank)
    )
