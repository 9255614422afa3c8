# SPDX-License-Identifier: EUPL-1.2
"""What came of the checks of a sample, as the inspectorate tells it: a CSV, one check a line, taken again as often as one likes.

`household_id,made_on,outcome,undue,recovered`: outcome OPEN, REGULAR or IRREGULAR; euro with a point, empty for none. What is told later of the
same check, `as_of` a later day, takes the place of what was told before, which stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Date,
    Integer,
    Numeric,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.dialects.postgresql import insert as pg_insert

from hub.casework.inspections.samples import Sample
from hub.casework.inspections.told import HOUSEHOLD_PREFIX
from hub.errors import InvalidInput
from hub.measures.checked import AmountOutOfRange, NegativeAmount
from hub.measures.controls import (
    Check,
    Indicators,
    InvalidCheck,
    Outcome,
    indicators_of,
    refuse_impossible,
)
from hub.measures.measure import Measure
from hub.store.base import table_of
from hub.store.csv_lines import Line, lines_of, read_text
from hub.store.identifiers import InvalidId, decode_id
from hub.store.statement import Connection, Statement
from hub.store.tables import InspectionOutcome, InspectionSample, SampledHousehold

COLUMNS = ("household_id", "made_on", "outcome", "undue", "recovered")
CENT = Decimal("0.01")
ROME = ZoneInfo("Europe/Rome")

_outcome = table_of(InspectionOutcome)
_sample = table_of(InspectionSample)
_sampled = table_of(SampledHousehold)


class InvalidOutcomes(InvalidInput):
    """The file of outcomes cannot be taken."""

    code = "INVALID_OUTCOMES"


@dataclass(frozen=True, slots=True)
class Told:
    """The outcome of a household's check, and where the file has it."""

    household: UUID
    check: Check
    line: Line


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many outcomes a file told: new ones, and those that were told before."""

    new: int
    told_before: int


@dataclass(frozen=True, slots=True)
class Period:
    """The indicators of a measure's checks in a year of a period, or in all of it (`year` None); of all measures (`measure` None).

    `indicators.planned`: households drawn for inspection meanwhile.
    """

    measure: Measure | None
    year: int | None
    indicators: Indicators


def read_outcomes(file: Path) -> list[Told]:
    """The file's checks.

    Raises:
        InvalidOutcomes: it cannot be read; names the line.

    """
    return [_told(line) for line in lines_of(read_text(file, InvalidOutcomes), COLUMNS, InvalidOutcomes)]


async def record_outcomes(
    connection: Connection, sample: Sample, told: Sequence[Told], *, as_of: date, by: str
) -> Recorded:
    """Keep what was told of a sample's checks as it stood on a day; all of it, or, refused, nothing. In a transaction.

    Raises:
        InvalidOutcomes: a household is there twice or is not of the sample, or its check was made before the draw or after the day; names the line.

    """
    ranks: Mapping[UUID, int] = {
        row["household_id"]: row["rank"] for row in await _ranks().fetch(connection, sample=sample.id)
    }
    if len({one.household for one in told}) < len(told):
        raise InvalidOutcomes("A file tells of each household once.")
    drawn_on = sample.drawn_at.astimezone(ROME).date()
    for one in told:
        if one.household not in ranks:
            raise one.line.refuse("the household is not of this sample.")
        if not drawn_on <= one.check.made_on <= as_of:
            raise one.line.refuse(
                f"a check of this sample is made from {drawn_on}, when it was drawn, to {as_of}, the day this is told of."
            )
    new: int = await _kept().fetchval(
        connection,
        sample=sample.id,
        as_of=as_of,
        by=by,
        ranks=[ranks[one.household] for one in told],
        made_on=[one.check.made_on for one in told],
        outcomes=[one.check.outcome.value for one in told],
        undue=[one.check.undue for one in told],
        recovered=[one.check.recovered for one in told],
    )
    return Recorded(new, len(told) - new)


async def checks_of(connection: Connection, sample: Sample) -> list[Check]:
    """A sample's checks, as they were told last."""
    rows = await _latest_of_sample().fetch(connection, sample=sample.id)
    return [Check(row["made_on"], Outcome(row["outcome"]), row["undue"], row["recovered"]) for row in rows]


async def periods(connection: Connection, first: date, last: date) -> list[Period]:
    """The indicators from a day to another, both included: each measure by year and together, then all measures so.

    A check belongs to the day it was made, a draw to the day it was drawn in Rome.
    """
    made: list[tuple[Measure, Check]] = [
        (
            Measure(row["measure"]),
            Check(row["made_on"], Outcome(row["outcome"]), row["undue"], row["recovered"]),
        )
        for row in await _made().fetch(connection, first=first, last=last)
    ]
    drawn = [
        (Measure(row["measure"]), row["year"], row["households"])
        for row in await _drawn().fetch(connection, first=first, last=last)
    ]
    measures = sorted({measure for measure, _ in made} | {measure for measure, _, _ in drawn})
    years = range(first.year, last.year + 1)
    return [
        Period(measure, year, _indicators(measure, year, made, drawn))
        for measure in (*measures, None)
        for year in (*(years if len(years) > 1 else ()), None)
    ]


def _indicators(
    measure: Measure | None,
    year: int | None,
    made: Iterable[tuple[Measure, Check]],
    drawn: Iterable[tuple[Measure, int, int]],
) -> Indicators:
    return indicators_of(
        sum(households for of, when, households in drawn if measure in (None, of) and year in (None, when)),
        [check for of, check in made if measure in (None, of) and year in (None, check.made_on.year)],
    )


def _told(line: Line) -> Told:
    household, made_on, outcome, undue, recovered = line.cells
    try:
        key = decode_id(household, HOUSEHOLD_PREFIX)[1]
    except InvalidId:
        raise line.refuse("household_id is no id of a household (`hsh_…`).") from None
    try:
        day = date.fromisoformat(made_on)
    except ValueError:
        raise line.refuse("made_on is a day, as 2026-06-15.") from None
    try:
        found = Outcome(outcome)
    except ValueError:
        raise line.refuse(f"outcome is one of {', '.join(Outcome)}.") from None
    check = Check(day, found, _euro(line, "undue", undue), _euro(line, "recovered", recovered))
    try:
        refuse_impossible(check, [])
    except (InvalidCheck, NegativeAmount, AmountOutOfRange) as error:
        raise line.refuse(error.message) from None
    return Told(key, check, line)


def _euro(line: Line, name: str, told: str) -> Decimal:
    try:
        value = Decimal(told or 0)
        if value == value.quantize(CENT):
            return value
    except InvalidOperation:
        pass
    raise line.refuse(f"{name} is euro and cents, as 1234.56.")


@cache
def _ranks() -> Statement:
    return Statement(
        select(_sampled.c.household_id, _sampled.c.rank).where(
            _sampled.c.sample_id == bindparam("sample", type_=Uuid)
        )
    )


@cache
def _kept() -> Statement:
    kinds = {
        "ranks": (ARRAY(_sampled.c.rank.type), _sampled.c.rank.type),
        "made_on": (ARRAY(Date), Date()),
        "outcomes": (ARRAY(Text), Text()),
        "undue": (ARRAY(Numeric), Numeric()),
        "recovered": (ARRAY(Numeric), Numeric()),
    }
    told = (
        func.unnest(*(bindparam(name, type_=array) for name, (array, _) in kinds.items()))
        .table_valued(*(column(name, kind) for name, (_, kind) in kinds.items()), name="told")
        .render_derived()
    )
    kept = (
        pg_insert(_outcome)
        .from_select(
            ["sample_id", "rank", "as_of", "made_on", "outcome", "undue", "recovered", "recorded_by"],
            select(
                bindparam("sample", type_=Uuid),
                told.c.ranks,
                bindparam("as_of", type_=Date),
                told.c.made_on,
                told.c.outcomes,
                told.c.undue,
                told.c.recovered,
                bindparam("by", type_=Text),
            ),
            include_defaults=False,
        )
        .on_conflict_do_nothing()
        .returning(_outcome.c.id)
        .cte("kept")
    )
    return Statement(select(func.count()).select_from(kept))


def _last_told() -> Select[Any]:
    """Each check as it was told last."""
    told = _outcome.c
    return (
        select(told.sample_id, told.rank, told.made_on, told.outcome, told.undue, told.recovered)
        .ext(distinct_on(told.sample_id, told.rank))
        .order_by(told.sample_id, told.rank, told.as_of.desc(), told.recorded_at.desc(), told.id.desc())
    )


@cache
def _latest_of_sample() -> Statement:
    return Statement(_last_told().where(_outcome.c.sample_id == bindparam("sample", type_=Uuid)))


@cache
def _made() -> Statement:
    last = _last_told().subquery("last")
    return Statement(
        select(_sample.c.measure, last.c.made_on, last.c.outcome, last.c.undue, last.c.recovered)
        .join_from(last, _sample, _sample.c.id == last.c.sample_id)
        .where(last.c.made_on.between(bindparam("first", type_=Date), bindparam("last", type_=Date)))
    )


@cache
def _drawn() -> Statement:
    day = cast(func.timezone(literal_column("'Europe/Rome'"), _sample.c.drawn_at), Date)
    year = cast(func.extract("year", day), Integer)
    return Statement(
        select(_sample.c.measure, year.label("year"), func.sum(_sample.c.size).label("households"))
        .where(day.between(bindparam("first", type_=Date), bindparam("last", type_=Date)))
        .group_by(_sample.c.measure, year)
    )
