# SPDX-License-Identifier: EUPL-1.2
"""How what other systems told about one person came in: pacts, activities, hires, the benefit; from whom, under which number, when it landed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, FromClause, and_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import (
    Activity,
    Agency,
    Beneficiary,
    Benefit,
    Communication,
    Household,
    InboundRun,
    Pact,
)
from hub.store.vocabulary import (
    ActivityKind,
    ActivityStatus,
    CommunicationKind,
    CommunicationState,
    Measure,
    PactKind,
)

_KEY = PG_UUID(as_uuid=True)
_person = table_of(Beneficiary)
_agency = table_of(Agency)
_run = table_of(InboundRun)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who told it under which number, when it was changed there, when it landed here and by which run.

    `agency`, `number`: None of what was made at the hub. `landed_at`: None of what landed before that was kept; `flow`,
    `run_started_at`: of the run; None, too, where that was not kept.
    """

    agency: str | None
    number: str | None
    changed_at: datetime
    landed_at: datetime | None
    flow: str | None
    run_started_at: datetime | None


@dataclass(frozen=True, slots=True)
class LandedPact:
    """A pact of the person or of their household, and how it came in."""

    kind: PactKind
    created_on: date
    signed_on: date | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class LandedActivity:
    """An activity of the person, and how it came in."""

    kind: ActivityKind
    status: ActivityStatus
    starts_on: date
    ends_on: date | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class CommunicatedHire:
    """A mandatory communication about the person that stands: who sent it under which code, and whether its day has come."""

    code: str
    kind: CommunicationKind
    agency: str
    received_at: datetime
    starts_on: date | None
    recorded: bool


@dataclass(frozen=True, slots=True)
class ToldBenefit:
    """The benefit of the person's household by INPS's latest report."""

    measure: Measure
    starts_on: date
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class InboundTrail:
    """What came in about one person: the latest pact first, and so the activities and the communications."""

    pacts: Sequence[LandedPact] = ()
    activities: Sequence[LandedActivity] = ()
    hires: Sequence[CommunicatedHire] = ()
    benefit: ToldBenefit | None = None


async def read_inbound(connection: Connection, person: UUID) -> InboundTrail:
    """What came in about a person, and with them about their household."""
    pacts = [
        LandedPact(PactKind(row["kind"]), row["created_on"], row["signed_on"], _origin(row))
        for row in await _pacts().fetch(connection, person=person)
    ]
    activities = [
        LandedActivity(
            ActivityKind(row["kind"]),
            ActivityStatus(row["status"]),
            row["starts_on"],
            row["ends_on"],
            _origin(row),
        )
        for row in await _activities().fetch(connection, person=person)
    ]
    hires = [
        CommunicatedHire(
            row["code"],
            CommunicationKind(row["kind"]),
            row["agency"],
            row["received_at"],
            row["starts_on"],
            row["state"] == CommunicationState.RECORDED.value,
        )
        for row in await _hires().fetch(connection, person=person)
    ]
    told = await _benefit().fetchrow(connection, person=person)
    benefit = (
        None
        if told is None
        else ToldBenefit(Measure(told["measure"]), told["starts_on"], told["reported_at"])
    )
    return InboundTrail(pacts, activities, hires, benefit)


def _origin(row: asyncpg.Record) -> Origin:
    return Origin(
        row["agency"],
        row["external_id"],
        row["updated_at"],
        row["landed_at"],
        row["flow"],
        row["started_at"],
    )


@cache
def _pacts() -> Statement:
    """The person's, and those of their household."""
    pact = table_of(Pact)
    theirs = and_(pact.c.household_id == _person.c.household_id, pact.c.beneficiary_id.is_(None))
    return Statement(
        select(
            pact.c.kind,
            pact.c.created_on,
            pact.c.signed_on,
            *_came(pact),
        )
        .select_from(
            _person.join(pact, or_(pact.c.beneficiary_id == _person.c.id, theirs))
            .outerjoin(_agency, _agency.c.id == pact.c.source_agency_id)
            .outerjoin(_run, _run.c.id == pact.c.inbound_run_id)
        )
        .where(_person.c.id == bindparam("person", type_=_KEY))
        .order_by(pact.c.created_on.desc(), pact.c.id.desc())
    )


@cache
def _activities() -> Statement:
    activity = table_of(Activity)
    return Statement(
        select(
            activity.c.kind,
            activity.c.status,
            activity.c.starts_on,
            activity.c.ends_on,
            *_came(activity),
        )
        .select_from(
            activity.outerjoin(_agency, _agency.c.id == activity.c.source_agency_id).outerjoin(
                _run, _run.c.id == activity.c.inbound_run_id
            )
        )
        .where(activity.c.beneficiary_id == bindparam("person", type_=_KEY))
        .order_by(activity.c.starts_on.desc(), activity.c.id.desc())
    )


def _came(told: FromClause) -> tuple[ColumnElement[Any], ...]:
    """The columns of an `Origin`, of a table whose rows land."""
    return (
        _agency.c.name.label("agency"),
        told.c.external_id,
        told.c.updated_at,
        told.c.landed_at,
        _run.c.flow,
        _run.c.started_at,
    )


@cache
def _hires() -> Statement:
    """NOTE those that were corrected, annulled or erased name nobody any more, and are not found."""
    said = table_of(Communication)
    return Statement(
        select(
            said.c.code,
            said.c.kind,
            said.c.state,
            _agency.c.name.label("agency"),
            said.c.received_at,
            said.c.starts_on,
        )
        .join_from(said, _agency, _agency.c.id == said.c.agency_id)
        .where(said.c.beneficiary_id == bindparam("person", type_=_KEY))
        .order_by(said.c.received_at.desc(), said.c.code)
    )


@cache
def _benefit() -> Statement:
    household, benefit = table_of(Household), table_of(Benefit)
    return Statement(
        select(
            benefit.c.measure,
            func.lower(benefit.c.period).label("starts_on"),
            benefit.c.reported_at,
        )
        .join_from(_person, household, household.c.id == _person.c.household_id)
        .join(benefit, benefit.c.id == household.c.benefit_id)
        .where(_person.c.id == bindparam("person", type_=_KEY))
    )
