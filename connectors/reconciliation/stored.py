# SPDX-License-Identifier: EUPL-1.2
"""The records of a flow as the hub's tables hold them, read back as the agency would tell them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, BigInteger, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from connectors.reconciliation.written import (
    HouseholdTerms,
    Written,
    written_course,
    written_household,
    written_offer,
    written_pact,
)
from connectors.regional import RegionalCourse, RegionalGoal, RegionalOffer, RegionalPact
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import (
    Beneficiary,
    Benefit,
    Household,
    JobOffer,
    Municipality,
    Pact,
    PactGoal,
    QuarantinedRecord,
    TrainingCourse,
)
from hub.store.vocabulary import CourseMode, GoalStatus, OpportunityStatus, PactKind, PactStatus

AT_ONCE = 5_000
"""Rows that are read by one statement."""
_KEY = PG_UUID(as_uuid=True)
_place = table_of(Municipality)

Rows: TypeAlias = Sequence["asyncpg.Record"]
Stored: TypeAlias = Callable[[Connection, UUID], Awaitable[Iterable[Written]]]
"""All the hub holds of one flow of the agency with this key."""


async def stored_pacts(connection: Connection, agency_id: UUID) -> list[Written]:
    """The pacts of a region."""

    async def write(rows: Rows) -> list[Written]:
        goals: dict[UUID, list[RegionalGoal]] = defaultdict(list)
        for row in await _goals().fetch(connection, pacts=[row["id"] for row in rows]):
            status = GoalStatus(row["status"])
            goals[row["pact_id"]].append(RegionalGoal(row["description"], status, row["due_on"]))
        return [written_pact(_pact(row, goals[row["id"]])) for row in rows]

    return await _all(connection, _pacts(), write, agency_id=agency_id)


async def stored_offers(connection: Connection, agency_id: UUID) -> list[Written]:
    """The job offers of a region."""

    async def write(rows: Rows) -> list[Written]:
        return [
            written_offer(RegionalOffer(**{**row, "status": OpportunityStatus(row["status"])}))
            for row in rows
        ]

    return await _all(connection, _offers(), write, agency_id=agency_id)


async def stored_courses(connection: Connection, agency_id: UUID) -> list[Written]:
    """The training courses of a region."""

    async def write(rows: Rows) -> list[Written]:
        return [
            written_course(
                RegionalCourse(
                    **{
                        **row,
                        "status": OpportunityStatus(row["status"]),
                        "mode": CourseMode(row["mode"]),
                    }
                )
            )
            for row in rows
        ]

    return await _all(connection, _courses(), write, agency_id=agency_id)


async def stored_households(connection: Connection, _agency_id: UUID) -> list[Written]:
    """All households, as INPS told of each last."""

    async def write(rows: Rows) -> list[Written]:
        return [
            written_household(
                HouseholdTerms(
                    row["external_id"],
                    row["reported_at"],
                    row["measure"],
                    row["status"],
                    row["monthly_amount"],
                    row["starts_on"],
                    _last_day(row["before"]),
                    row["belfiore_code"],
                )
            )
            for row in rows
        ]

    return await _all(connection, _households(), write)


async def waiting_keys(connection: Connection, agency_id: UUID, flow: str) -> set[str]:
    """The keys of a flow's records that wait in quarantine."""
    return {row["record_key"] for row in await _waiting().fetch(connection, agency_id=agency_id, flow=flow)}


async def _all(
    connection: Connection,
    statement: Statement,
    write: Callable[[Rows], Awaitable[list[Written]]],
    **values: Any,
) -> list[Written]:
    """Every row, some at a time in the order of their keys: what is kept of each is its digest."""
    found: list[Written] = []
    after = ""
    while rows := await statement.fetch(connection, after=after, most=AT_ONCE, **values):
        found += await write(rows)
        after = rows[-1]["external_id"]
    return found


def _pact(row: asyncpg.Record, goals: Sequence[RegionalGoal]) -> RegionalPact:
    kind = PactKind(row["kind"])
    return RegionalPact(
        external_id=row["external_id"],
        kind=kind,
        status=PactStatus(row["status"]),
        fiscal_code=row["fiscal_code"],
        inps_protocol=row["inps_protocol"] if kind is PactKind.INCLUSION else None,
        proposed_on=row["created_on"],
        signed_on=row["signed_on"],
        ends_on=_last_day(row["before"]),
        goals=tuple(goals),
        professions=None if row["professions"] is None else tuple(row["professions"]),
        changed_at=row["updated_at"],
    )


def _last_day(before: date | None) -> date | None:
    return None if before is None else before - timedelta(days=1)


@cache
def _pacts() -> Statement:
    pact, household, person = table_of(Pact), table_of(Household), table_of(Beneficiary)
    return Statement(
        select(
            pact.c.id,
            pact.c.external_id,
            pact.c.kind,
            pact.c.status,
            person.c.fiscal_code,
            household.c.inps_protocol,
            pact.c.created_on,
            pact.c.signed_on,
            func.upper(pact.c.period).label("before"),
            pact.c.professions,
            pact.c.updated_at,
        )
        .select_from(
            pact.join(household, household.c.id == pact.c.household_id).outerjoin(
                person, person.c.id == pact.c.beneficiary_id
            )
        )
        .where(
            pact.c.source_agency_id == bindparam("agency_id", type_=_KEY),
            pact.c.external_id > bindparam("after", type_=Text),
        )
        .order_by(pact.c.external_id)
        .limit(bindparam("most", type_=BigInteger))
    )


@cache
def _goals() -> Statement:
    goal = table_of(PactGoal)
    return Statement(
        select(goal.c.pact_id, goal.c.description, goal.c.status, goal.c.due_on)
        .where(goal.c.pact_id == any_(bindparam("pacts", type_=ARRAY(_KEY))))
        .order_by(goal.c.pact_id, goal.c.ordinal)
    )


@cache
def _offers() -> Statement:
    return _opportunities(
        JobOffer,
        "title",
        "employer_name",
        "profession_code",
        "contract_type",
        "weekly_hours",
        "monthly_pay",
        "places",
        "published_on",
        "expires_on",
        "status",
    )


@cache
def _courses() -> Statement:
    return _opportunities(
        TrainingCourse,
        "title",
        "provider_name",
        "mode",
        "starts_on",
        "ends_on",
        "hours",
        "places",
        "enrolled",
        "status",
    )


def _opportunities(of: type[JobOffer | TrainingCourse], *columns: str) -> Statement:
    table = table_of(of)
    return Statement(
        select(
            table.c.external_id,
            *(table.c[name] for name in columns),
            _place.c.belfiore_code,
            table.c.updated_at.label("changed_at"),
        )
        .join_from(table, _place, _place.c.id == table.c.municipality_id)
        .where(
            table.c.source_agency_id == bindparam("agency_id", type_=_KEY),
            table.c.external_id > bindparam("after", type_=Text),
        )
        .order_by(table.c.external_id)
        .limit(bindparam("most", type_=BigInteger))
    )


@cache
def _households() -> Statement:
    household, benefit = table_of(Household), table_of(Benefit)
    return Statement(
        select(
            household.c.inps_protocol.label("external_id"),
            benefit.c.reported_at,
            benefit.c.measure,
            benefit.c.status,
            benefit.c.monthly_amount,
            func.lower(benefit.c.period).label("starts_on"),
            func.upper(benefit.c.period).label("before"),
            _place.c.belfiore_code,
        )
        .join_from(household, benefit, benefit.c.id == household.c.benefit_id)
        .join(_place, _place.c.id == household.c.municipality_id)
        .where(household.c.inps_protocol > bindparam("after", type_=Text))
        .order_by(household.c.inps_protocol)
        .limit(bindparam("most", type_=BigInteger))
    )


@cache
def _waiting() -> Statement:
    record = table_of(QuarantinedRecord)
    return Statement(
        select(record.c.record_key).where(
            record.c.agency_id == bindparam("agency_id", type_=_KEY),
            record.c.flow == bindparam("flow", type_=Text),
            record.c.resolved_at.is_(None),
        )
    )
