# SPDX-License-Identifier: EUPL-1.2
"""PUC: projects useful to the community."""

from __future__ import annotations

import datetime

import strawberry
from sqlalchemy import Text

from hub.plan.declare import Order, stands_on, stored
from hub.store import tables
from hub.store.vocabulary import OpportunityStatus, PucAssignmentStatus, PucField, PucPot
from schema.filters import by_column, by_municipality, by_region
from schema.node import Node
from schema.territory import Municipality


@stored(tables.PucProject, prefix="puc", order=Order(("starts_on",), descending=True))
@strawberry.type(description="Progetto utile alla collettività (DM 22-10-2019).")
class PucProject(Node):
    id: strawberry.ID
    title: str
    description: str
    field: PucField
    municipality: Municipality
    site: str | None
    partner: str | None
    weekly_hours: int = strawberry.field(description="At least 8, up to 16 when both sides agree.")
    places_municipality: int
    places_centre: int
    places_volunteer: int
    starts_on: datetime.date
    ends_on: datetime.date
    status: OpportunityStatus


@strawberry.input(description="Which projects; every condition given must hold.")
class PucProjectFilter:
    status: OpportunityStatus | None = strawberry.field(
        default=strawberry.UNSET, metadata=stands_on(by_column("status", Text()))
    )
    field: PucField | None = strawberry.field(
        default=strawberry.UNSET, metadata=stands_on(by_column("field", Text()))
    )
    municipality: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Belfiore code of the municipality that holds it.",
        metadata=stands_on(by_municipality()),
    )
    region_code: str | None = strawberry.field(default=strawberry.UNSET, metadata=stands_on(by_region()))


@stored(tables.PucAssignment)
@strawberry.type(description="A person's place in a project.")
class PucAssignment:
    project: PucProject
    status: PucAssignmentStatus
    pot: PucPot
    weekly_hours: int
    starts_on: datetime.date
    ends_on: datetime.date | None
