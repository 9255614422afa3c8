# SPDX-License-Identifier: EUPL-1.2
"""PUC: projects useful to the community."""

from __future__ import annotations

import datetime
import enum
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import Text

from hub.plan.declare import Computed, Order, Pages, planned, stands_on, stored
from hub.store import tables
from hub.store.vocabulary import OpportunityStatus, PucAssignmentStatus, PucField, PucPot
from schema.cost import PAGED
from schema.filters import (
    NearFilter,
    all_of,
    by_column,
    by_municipality,
    by_region,
    condition,
    near,
    none_of,
    one_of,
)
from schema.node import Connection, Cursor, First, Last
from schema.opportunities import Opportunity, available_from
from schema.sensitivity import PERSONAL, personal, public
from schema.territory import Municipality

if TYPE_CHECKING:
    from schema.households import Beneficiary


@public
@stored(tables.PucProject, prefix="puc", order=Order(("starts_on",), descending=True))
@strawberry.type(description="Progetto utile alla collettività (DM 22-10-2019).")
class PucProject(Opportunity):
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
    places: int = strawberry.field(
        description="Of all three pots.",
        metadata=stands_on(
            Computed(lambda row: row.c.places_municipality + row.c.places_centre + row.c.places_volunteer)
        ),
    )
    starts_on: datetime.date
    available_from: datetime.date = strawberry.field(
        description="`startsOn`.", metadata=stands_on(available_from("starts_on"))
    )
    ends_on: datetime.date
    status: OpportunityStatus

    @strawberry.field(
        description="The places taken by people of the caller's territory, latest start first.",
        metadata=stands_on(Pages()),
        directives=[PAGED, PERSONAL],
    )
    def assignments(
        self,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[PucAssignment]:
        return planned()


class PucProjectOrder(enum.Enum):
    STARTS_ON_ASC = "starts_on"
    STARTS_ON_DESC = "-starts_on"


strawberry.enum(PucProjectOrder, description="By the first day.")


@strawberry.input(description="Which projects; every condition given must hold.")
class PucProjectFilter:
    and_: list[PucProjectFilter] | None = all_of()
    or_: list[PucProjectFilter] | None = one_of()
    not_: PucProjectFilter | None = none_of()
    status: OpportunityStatus | None = condition(by_column("status", Text()))
    field: PucField | None = condition(by_column("field", Text()))
    municipality: str | None = condition(
        by_municipality(), "Belfiore code of the municipality that holds it."
    )
    region_code: str | None = condition(by_region())
    near: NearFilter | None = condition(near())


@personal
@stored(tables.PucAssignment, order=Order(("starts_on",), descending=True))
@strawberry.type(description="A person's place in a project.")
class PucAssignment:
    project: PucProject
    beneficiary: Annotated[Beneficiary, strawberry.lazy("schema.households")]
    status: PucAssignmentStatus
    pot: PucPot
    weekly_hours: int
    starts_on: datetime.date
    ends_on: datetime.date | None
