# SPDX-License-Identifier: EUPL-1.2
"""What agencies sent and could not land: which record, why, and since when; never what is in it."""

from __future__ import annotations

import datetime
from typing import Any

import strawberry
from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Text,
    case,
    func,
    literal_column,
    not_,
    or_,
    select,
)

from connectors.inbound.quarantine import PREFIX
from connectors.inbound.worker_records import PERSON
from connectors.records.reading import DIGEST_PREFIX
from hub.plan.declare import Computed, Condition, Order, stands_on, stored
from hub.store import tables
from hub.store.base import table_of
from schema.agencies import Agency
from schema.filters import all_of, before, by_column, condition, none_of, one_of
from schema.node import Node
from schema.sensitivity import PERSONAL, public


def waits(row: FromClause) -> ColumnElement[bool]:
    """It has neither landed nor been put away."""
    return row.c.resolved_at.is_(None)


def _own_key(row: FromClause) -> ColumnElement[str | None]:
    """Keys the hub made, of what has none of its own, say nothing to the agency."""
    made = or_(*(func.starts_with(row.c.record_key, prefix) for prefix in _MADE_HERE))
    return case((not_(made), row.c.record_key))


_MADE_HERE = tuple(literal_column(f"'{prefix}'", Text) for prefix in (DIGEST_PREFIX, f"{PERSON}:"))


def _of_agency() -> Condition:
    def sent_by(row: FromClause, code: ColumnElement[Any]) -> ColumnElement[bool]:
        agency = table_of(tables.Agency).alias()
        return row.c.agency_id == select(agency.c.id).where(agency.c.code == code).scalar_subquery()

    return Condition(sent_by, Text(), compares=("source.code",))


@public
@stored(tables.QuarantinedRecord, prefix=PREFIX, order=Order(("received_at",)))
@strawberry.type(
    description="A record an agency sent that could not land: kept aside with the reason until a good version of it lands, or somebody puts it away."
)
class QuarantinedRecord(Node):
    id: strawberry.ID
    source: Agency = strawberry.field(description="The agency that sent it.")
    flow: str = strawberry.field(
        description="What it is one of: `admitted-households`, `job-offers`, `training-courses`, `pacts`, `worker-records` (SAP), "
        "`communications` and `communications-http` (comunicazioni obbligatorie)."
    )
    record_key: str | None = strawberry.field(
        description="Its number in the agency's own system; null where it has none that can be read.",
        metadata=stands_on(Computed(_own_key, nullable=True)),
        directives=[PERSONAL],
    )
    field: str | None = strawberry.field(
        description="The field that is wrong, as the agency names it; null where it is no one field."
    )
    reason: str = strawberry.field(description="Why it could not land.")
    received_at: datetime.datetime
    resolved_at: datetime.datetime | None = strawberry.field(
        description="When a good version of it landed, or it was put away; null while it waits."
    )
    dismissed_because: str | None = strawberry.field(
        description="Why it was put away, in the words of whoever runs the hub; null where it was not.",
        directives=[PERSONAL],
    )


@strawberry.input(description="Which records of the quarantine.")
class QuarantineFilter:
    and_: list[QuarantineFilter] | None = all_of()
    or_: list[QuarantineFilter] | None = one_of()
    not_: QuarantineFilter | None = none_of()
    source: str | None = condition(_of_agency(), "Code of the agency that sent them.")
    flow: str | None = condition(by_column("flow", Text()))
    field: str | None = condition(
        by_column("field", Text()), "The field that is wrong, as the agency names it."
    )
    received_before: datetime.datetime | None = condition(before("received_at", DateTime(timezone=True)))
