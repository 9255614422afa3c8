# SPDX-License-Identifier: EUPL-1.2
"""What a person may be proposed: the interface of all opportunities, job offers and training courses."""

from __future__ import annotations

import datetime
import decimal
import enum
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import ColumnElement, FromClause, Text

from hub.plan.declare import Computed, Order, Pages, gathered, planned, stands_on, stored
from hub.store import tables
from hub.store.vocabulary import CourseMode, OpportunityStatus
from schema.agencies import Agency
from schema.context import Info
from schema.cost import PAGED, WORKED_OUT
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
from schema.node import Connection, Cursor, First, Last, Node
from schema.origins import Origin, brought_by_run
from schema.scalars import FiscalCode
from schema.sensitivity import PERSONAL, public
from schema.suitability import SUITABILITY, OfferSuitability, suitability_of
from schema.territory import Municipality

if TYPE_CHECKING:
    from schema.activities import TrainingActivity


@public
@gathered(order="availableFrom")
@strawberry.interface(description="Opportunità: whatever may be proposed to a person.")
class Opportunity(Node):
    id: strawberry.ID
    title: str
    municipality: Municipality
    available_from: datetime.date = strawberry.field(
        description="The day an offer was published, a course or a project starts: what lists are ordered by."
    )
    places: int = strawberry.field(description="How many people may take it, all pots together.")
    status: OpportunityStatus


@strawberry.input(description="Which opportunities; every condition given must hold.")
class OpportunityFilter:
    and_: list[OpportunityFilter] | None = all_of()
    or_: list[OpportunityFilter] | None = one_of()
    not_: OpportunityFilter | None = none_of()
    status: OpportunityStatus | None = condition(by_column("status", Text()))
    municipality: str | None = condition(by_municipality(), "Belfiore code of where it is held.")
    region_code: str | None = condition(by_region())
    near: NearFilter | None = condition(near())


def available_from(column: str) -> Computed:
    """`availableFrom`, by the column that holds it."""

    def expression(row: FromClause) -> ColumnElement[datetime.date]:
        return row.c[column]

    return Computed(expression)


@public
@stored(
    tables.JobOffer,
    prefix="job",
    order=Order(("published_on",), descending=True),
    shown_by={"open_until": "expires_on"},
)
@strawberry.type(description="Offerta di lavoro.")
class JobOffer(Opportunity):
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
    available_from: datetime.date = strawberry.field(
        description="`publishedOn`.", metadata=stands_on(available_from("published_on"))
    )
    expires_on: datetime.date | None
    status: OpportunityStatus
    source: Agency
    origin: Origin | None = brought_by_run()

    @strawberry.field(
        description="Whether it suits this person (offerta congrua) on a day, today where none is given: by the law of its household's measure, of "
        "what the hub holds; what it does not hold is named. Null where the caller sees no such person. Of nobody but itself for a citizen.",
        metadata=stands_on(SUITABILITY),
        directives=[WORKED_OUT, PERSONAL],
    )
    async def suitability(
        self,
        info: Info,
        for_: Annotated[FiscalCode, strawberry.argument(name="for", description="The person's.")],
        on: Annotated[
            datetime.date | None, strawberry.argument(description="The day it is offered.")
        ] = strawberry.UNSET,
    ) -> OfferSuitability | None:
        return await suitability_of(self, info.context, for_, on or None)


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


@public
@stored(tables.TrainingCourse, prefix="crs", order=Order(("starts_on",), descending=True))
@strawberry.type(description="Corso di formazione.")
class TrainingCourse(Opportunity):
    id: strawberry.ID
    title: str
    provider_name: str
    mode: CourseMode
    municipality: Municipality
    starts_on: datetime.date
    available_from: datetime.date = strawberry.field(
        description="`startsOn`.", metadata=stands_on(available_from("starts_on"))
    )
    ends_on: datetime.date
    hours: int
    places: int
    enrolled: int
    status: OpportunityStatus
    source: Agency
    origin: Origin | None = brought_by_run()

    @strawberry.field(
        description="The people of the caller's territory who take part, latest start first.",
        metadata=stands_on(Pages()),
        directives=[PAGED, PERSONAL],
    )
    def participations(
        self,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[Annotated[TrainingActivity, strawberry.lazy("schema.activities")]]:
        return planned()


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
