# SPDX-License-Identifier: EUPL-1.2
"""Who looked at a person, and why."""

from __future__ import annotations

import datetime

import strawberry
from sqlalchemy import Boolean, ColumnElement, FromClause, case, literal_column, select

from hub.plan.declare import Computed, Order, stands_on, stored
from hub.store import tables
from hub.store.base import table_of
from hub.store.vocabulary import AccessOutcome
from schema.agencies import Agency
from schema.cost import SUBQUERY, about
from schema.sensitivity import personal


def _purpose(row: FromClause) -> ColumnElement[str]:
    purpose = table_of(tables.Purpose).alias()
    return select(purpose.c.description).where(purpose.c.purpose_id == row.c.purpose_id).scalar_subquery()


def _coordinates(row: FromClause) -> ColumnElement[list[str]]:
    selection = table_of(tables.AccessSelection).alias()
    return (
        select(selection.c.coordinates)
        .where(selection.c.selection_hash == row.c.selection_hash)
        .scalar_subquery()
    )


def _by_citizen(row: FromClause) -> ColumnElement[bool]:
    return case(
        (row.c.person_id.is_(None), literal_column("false", Boolean)),
        else_=literal_column("true", Boolean),
    )


@personal
@stored(tables.AccessLog, order=Order(("at",), descending=True))
@strawberry.type(
    description="A look at a person's data (accesso ai dati): one answer, or the refusal of one."
)
class AccessReportEntry:
    at: datetime.datetime
    agency: Agency = strawberry.field(description="Who asked.")
    purpose: str = strawberry.field(
        description="Finalità: what for, as the agency registered it.",
        metadata=stands_on(Computed(_purpose)),
        directives=[SUBQUERY],
    )
    by_citizen: bool = strawberry.field(
        description="Whether a citizen asked, about itself or its household.",
        metadata=stands_on(Computed(_by_citizen)),
    )
    user_location: str | None = strawberry.field(
        description="The workplace of the person at the desk, as its agency names it; whose desk it was, the agency knows."
    )
    operation: str | None
    coordinates: list[str] = strawberry.field(
        description="The fields that were asked for, as `Type.field`.",
        metadata=stands_on(Computed(_coordinates)),
        directives=[about(20)],
    )
    outcome: AccessOutcome
