# SPDX-License-Identifier: EUPL-1.2
"""Job offers and training courses."""

from __future__ import annotations

import datetime
import decimal

import strawberry
from sqlalchemy import Text

from hub.plan.declare import Order, stands_on, stored
from hub.store import tables
from hub.store.vocabulary import CourseMode, OpportunityStatus
from schema.agencies import Agency
from schema.filters import by_column, by_municipality, by_region
from schema.node import Node
from schema.territory import Municipality


@stored(tables.JobOffer, prefix="job", order=Order(("published_on",), descending=True))
@strawberry.type(description="Offerta di lavoro.")
class JobOffer(Node):
    id: strawberry.ID
    title: str
    employer_name: str
    profession_code: str | None = strawberry.field(description="Classificazione delle professioni (CP2011).")
    contract_type: str | None = strawberry.field(
        description="Tipo contratto, code of the mandatory communications."
    )
    weekly_hours: decimal.Decimal
    monthly_pay: decimal.Decimal | None = strawberry.field(description="Gross euro a month.")
    places: int
    municipality: Municipality
    published_on: datetime.date
    expires_on: datetime.date | None
    status: OpportunityStatus
    source: Agency


@strawberry.input(description="Which job offers; every condition given must hold.")
class JobOfferFilter:
    status: OpportunityStatus | None = strawberry.field(
        default=strawberry.UNSET, metadata=stands_on(by_column("status", Text()))
    )
    municipality: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Belfiore code of the workplace.",
        metadata=stands_on(by_municipality()),
    )
    region_code: str | None = strawberry.field(default=strawberry.UNSET, metadata=stands_on(by_region()))


@stored(tables.TrainingCourse, prefix="crs", order=Order(("starts_on",), descending=True))
@strawberry.type(description="Corso di formazione.")
class TrainingCourse(Node):
    id: strawberry.ID
    title: str
    provider_name: str
    mode: CourseMode
    municipality: Municipality
    starts_on: datetime.date
    ends_on: datetime.date
    hours: int
    places: int
    enrolled: int
    status: OpportunityStatus
    source: Agency


@strawberry.input(description="Which training courses; every condition given must hold.")
class TrainingCourseFilter:
    status: OpportunityStatus | None = strawberry.field(
        default=strawberry.UNSET, metadata=stands_on(by_column("status", Text()))
    )
    municipality: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Belfiore code of the seat.",
        metadata=stands_on(by_municipality()),
    )
    region_code: str | None = strawberry.field(default=strawberry.UNSET, metadata=stands_on(by_region()))
