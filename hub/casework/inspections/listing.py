# SPDX-License-Identifier: EUPL-1.2
"""The list a sample is drawn from: a run's households as units, weighed by what is stored of each, and by what is told beside.

What the hub can tell by itself: `SEEN`. The other signals of `hub.measures.controls` are the inspectorate's to tell.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Interval,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    distinct,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from hub.casework.inspections.plan import Among, Plan, Strata
from hub.casework.inspections.told import HOUSEHOLD_PREFIX, Told
from hub.casework.runs.record import Run
from hub.errors import InvalidInput
from hub.measures.controls import Outcome, Signal, risk_weight
from hub.measures.eligibility import CONTINUOUS_RESIDENCE, RESIDENCE, STAY
from hub.measures.reasons import Verdict
from hub.measures.sampling import Unit
from hub.store.base import table_of
from hub.store.identifiers import encode_id
from hub.store.statement import Connection, Statement
from hub.store.tables import (
    Assessment,
    Benefit,
    Communication,
    ConditionalityEvent,
    DeclaredMember,
    Household,
    HouseholdDeclaration,
    InspectionOutcome,
    Municipality,
    SampledHousehold,
)
from hub.store.vocabulary import BenefitStatus, CommunicationState

AT_ONCE = 5_000
"""Households read at once: the list is long, and its rows are larger than its units."""
NOTICE = "30 days"
"""Within which work that began is told of (DL 48/2023 art. 3 c. 5; RdC and the MIA's draft: the same number, unverified)."""
YEAR = "12 months"
RESIDENCE_CODES = (STAY.code, RESIDENCE.code, CONTINUOUS_RESIDENCE.code)

SEEN = (
    Signal.PAID_WITHOUT_RIGHT,
    Signal.PAID_ABOVE_RIGHT,
    Signal.RIGHT_NOT_DETERMINED,
    Signal.RESIDENCE_NOT_CONFIRMED,
    Signal.HOUSEHOLD_CHANGED,
    Signal.EARLIER_IRREGULARITY,
    Signal.WORK_NOT_COMMUNICATED,
)
"""The signals that what is stored can raise."""


class NotListed(InvalidInput):
    """Signals are told of a household that the sample is not drawn from: it is not in the run, or nothing is paid to it on its day."""

    code = "NOT_LISTED"


@dataclass(frozen=True, slots=True)
class Listed:
    """A household of the list: its key, itself as a unit of a draw, and why it weighs what it does."""

    key: UUID
    unit: Unit
    signals: tuple[Signal, ...]


async def read_list(connection: Connection, run: Run, plan: Plan, told: Told) -> list[Listed]:
    """Every household a sample of this run and plan is drawn from; in a transaction.

    Raises:
        NotListed: something is told of a household that is not among them.

    """
    points = {signal: one.points for signal, one in plan.points.items()}
    found = [_listed(row, points, told) async for row in _rows(connection, run, plan)]
    if told.households - {one.key for one in found}:
        raise NotListed
    return found


async def _rows(connection: Connection, run: Run, plan: Plan) -> AsyncIterator[asyncpg.Record]:
    statement = _households(plan.among, plan.strata)
    given = statement.arguments({"run": run.id, "day": run.key.on})
    async for row in connection.cursor(statement.text, *given, prefetch=AT_ONCE):
        yield row


def _listed(row: asyncpg.Record, points: dict[Signal, int], told: Told) -> Listed:
    key: UUID = row["id"]
    # NOTE in the order of their names: they are told so, and kept so.
    raised = sorted({*_raised(row), *told.signals.get(key, ())} & points.keys())
    unit = Unit(
        encode_id(HOUSEHOLD_PREFIX, key), risk_weight(raised, points), key in told.must, row["stratum"]
    )
    return Listed(key, unit, tuple(raised))


def _raised(row: asyncpg.Record) -> Iterator[Signal]:
    if row["paid"] is not None:
        verdict = Verdict(row["verdict"])
        if verdict is Verdict.NOT_SATISFIED:
            yield Signal.PAID_WITHOUT_RIGHT
        elif verdict is Verdict.UNDETERMINED:
            yield Signal.RIGHT_NOT_DETERMINED
        elif row["monthly_amount"] is not None and row["paid"] > row["monthly_amount"]:
            yield Signal.PAID_ABOVE_RIGHT
    for name, signal in (
        ("residence", Signal.RESIDENCE_NOT_CONFIRMED),
        ("changed", Signal.HOUSEHOLD_CHANGED),
        ("irregular", Signal.EARLIER_IRREGULARITY),
        ("hired", Signal.WORK_NOT_COMMUNICATED),
    ):
        if row[name]:
            yield signal


@cache
def _households(among: Among, strata: Strata) -> Statement:
    assessment, household, benefit, municipality = (
        table_of(table) for table in (Assessment, Household, Benefit, Municipality)
    )
    paid = and_(
        benefit.c.household_id == household.c.id,
        benefit.c.period.contains(_day()),
        benefit.c.status == BenefitStatus.ACTIVE,
    )
    stratum: dict[Strata, ColumnElement[Any]] = {
        Strata.NONE: literal_column("''", Text),
        Strata.VERDICT: assessment.c.verdict,
        Strata.REGION: household.c.region_code,
        Strata.MUNICIPALITY: municipality.c.belfiore_code,
    }
    codes = literal_column("ARRAY['" + "', '".join(RESIDENCE_CODES) + "']", ARRAY(Text))
    return Statement(
        select(
            household.c.id,
            assessment.c.verdict,
            assessment.c.monthly_amount,
            benefit.c.monthly_amount.label("paid"),
            stratum[strata].label("stratum"),
            or_(assessment.c.not_met.overlap(codes), assessment.c.not_known.overlap(codes)).label("residence"),
            _changed(household).label("changed"),
            _irregular(household).label("irregular"),
            _hired(household).label("hired"),
        )
        .select_from(
            assessment.join(household, household.c.id == assessment.c.household_id)
            .join(municipality, municipality.c.id == household.c.municipality_id)
            .join(benefit, paid, isouter=among is Among.ALL)
        )
        .where(assessment.c.run_id == bindparam("run", type_=Uuid))
        .order_by(household.c.id)
    )  # fmt: skip


def _day() -> ColumnElement[Any]:
    return bindparam("day", type_=Date)


def _since(span: str) -> ColumnElement[Any]:
    return cast(_day() - cast(literal_column(f"'{span}'", Text), Interval), Date)


def _changed(household: FromClause) -> ColumnElement[Any]:
    """Whether two declarations of the last twelve months tell of different members."""
    declaration, member = table_of(HouseholdDeclaration).alias(), table_of(DeclaredMember).alias()
    people = (
        select(
            func.array_agg(aggregate_order_by(member.c.beneficiary_id, member.c.beneficiary_id)).label(
                "people"
            )
        )
        .select_from(declaration.join(member, member.c.declaration_id == declaration.c.id))
        .where(
            declaration.c.household_id == household.c.id,
            declaration.c.as_of > _since(YEAR),
            declaration.c.as_of <= _day(),
        )
        .group_by(declaration.c.id)
        .correlate(household)
        .subquery()
    )
    return (select(func.count(distinct(people.c.people)) > 1)).scalar_subquery()


def _irregular(household: FromClause) -> ColumnElement[Any]:
    """Whether what was last told of an earlier check of it is that it was irregular."""
    sampled, outcome = table_of(SampledHousehold).alias(), table_of(InspectionOutcome)
    later, told = outcome.alias(), outcome.alias()
    superseded = exists().where(
        later.c.sample_id == told.c.sample_id,
        later.c.rank == told.c.rank,
        func.row(later.c.as_of, later.c.recorded_at, later.c.id)
        > func.row(told.c.as_of, told.c.recorded_at, told.c.id),
    )
    return (
        exists()
        .where(
            sampled.c.household_id == household.c.id,
            told.c.sample_id == sampled.c.sample_id,
            told.c.rank == sampled.c.rank,
            told.c.outcome == Outcome.IRREGULAR,
            ~superseded,
        )
        .correlate(household)
    )


def _hired(household: FromClause) -> ColumnElement[Any]:
    """Whether a hire of the last twelve months, of a month ago or more, stands, and no declaration since then says that its person works."""
    hire, event, taking_back = (
        table_of(Communication).alias(),
        table_of(ConditionalityEvent).alias(),
        table_of(ConditionalityEvent).alias(),
    )
    declaration, member = table_of(HouseholdDeclaration).alias(), table_of(DeclaredMember).alias()
    told = exists().where(
        declaration.c.household_id == household.c.id,
        member.c.declaration_id == declaration.c.id,
        member.c.beneficiary_id == hire.c.beneficiary_id,
        declaration.c.as_of >= hire.c.starts_on,
        declaration.c.as_of <= _day(),
        or_(func.coalesce(member.c.employed, false()), func.coalesce(member.c.self_employed, false())),
    )
    return (
        exists()
        .where(
            hire.c.state == CommunicationState.RECORDED,
            event.c.id == hire.c.event_id,
            event.c.household_id == household.c.id,
            hire.c.starts_on > _since(YEAR),
            hire.c.starts_on <= _since(NOTICE),
            ~exists().where(taking_back.c.withdraws_event_id == event.c.id),
            ~told,
        )
        .correlate(household)
    )
