# SPDX-License-Identifier: EUPL-1.2
"""Job offers and training courses."""

from __future__ import annotations

import datetime
import decimal
import enum

import strawberry
from sqlalchemy import Text

from hub.plan.declare import Order, stored
from hub.store import tables
from hub.store.vocabulary import CourseMode, OpportunityStatus
from schema.agencies import Agency
from schema.filters import (
    NearFilter,
    all_of,
    by_column,
    by_municipality,
    by_profession,
    by_region,
    condition,
    near,
    none_of,
    one_of,
)
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


class JobOfferOrder(enum.Enum):
    PUBLISHED_ON_DESC = "-published_on"
    EXPIRES_ON_ASC = "open_until"


strawberry.enum(
    JobOfferOrder, description="The newest first, or those that expire first; those that never do, last."
)


@strawberry.input(description="Which job offers; every condition given must hold.")
class JobOfferFilter:
    and_: list[JobOfferFilter] | None = all_of()
    or_: list[JobOfferFilter] | None = one_of()
    not_: JobOfferFilter | None = none_of()
    status: OpportunityStatus | None = condition(by_column("status", Text()))
    profession: str | None = condition(
        by_profession("profession_code"),
        "CP2011 code, or its beginning: `5.2.1` finds 5.2.1 and whatever lies below it.",
    )
    municipality: str | None = condition(by_municipality(), "Belfiore code of the workplace.")
    region_code: str | None = condition(by_region())
    near: NearFilter | None = condition(near())


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


class TrainingCourseOrder(enum.Enum):
    STARTS_ON_ASC = "starts_on"
    STARTS_ON_DESC = "-starts_on"


strawberry.enum(TrainingCourseOrder, description="By the first day.")


@strawberry.input(description="Which training courses; every condition given must hold.")
class TrainingCourseFilter:
    and_: list[TrainingCourseFilter] | None = all_of()
    or_: list[TrainingCourseFilter] | None = one_of()
    not_: TrainingCourseFilter | None = none_of()
    status: OpportunityStatus | None = condition(by_column("status", Text()))
    municipality: str | None = condition(by_municipality(), "Belfiore code of the seat.")
    region_code: str | None = condition(by_region())
    near: NearFilter | None = condition(near())
