# SPDX-License-Identifier: EUPL-1.2
"""Pacts and their goals."""

from __future__ import annotations

import datetime
import enum
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import Date

from hub.plan.declare import Computed, Order, Pages, planned, stands_on, stored
from hub.store import tables
from hub.store.vocabulary import GoalStatus, PactKind, PactStatus
from schema.activities import Activity
from schema.cost import PAGED, about
from schema.deliveries import Delivery
from schema.expressions import finite
from schema.filters import (
    all_of,
    before,
    by_any_of,
    condition,
    none,
    none_of,
    one_of,
    some,
)
from schema.node import Connection, Cursor, First, Last, Node
from schema.origins import Origin, told_by_agency
from schema.sensitivity import SPECIAL, personal

if TYPE_CHECKING:
    from schema.households import Beneficiary, Household
    from schema.ledger import ConditionalityEvent, ConditionalityEventFilter, ConditionalityEventOrder


@personal
@stored(tables.PactGoal)
@strawberry.type(description="Obiettivo of a pact.")
class PactGoal:
    ordinal: int
    description: str = strawberry.field(directives=[SPECIAL])
    status: GoalStatus
    due_on: datetime.date | None


@personal
@stored(tables.Pact, prefix="pct", order=Order(("created_on",), descending=True))
@strawberry.type(description="Patto: what a person, or for inclusion pacts the whole household, commits to.")
class Pact(Node):
    id: strawberry.ID
    kind: PactKind
    status: PactStatus
    created_on: datetime.date
    signed_on: datetime.date | None = strawberry.field(description="Data di sottoscrizione.")
    expires_on: datetime.date | None = strawberry.field(
        description="Its last day; null while it is open.",
        metadata=stands_on(Computed(finite("expires_on", Date()), nullable=True)),
    )
    household: Annotated[Household, strawberry.lazy("schema.households")]
    beneficiary: Annotated[Beneficiary, strawberry.lazy("schema.households")] | None = strawberry.field(
        description="Null for an inclusion pact, which is the household's."
    )
    professions: list[str] | None = strawberry.field(
        description="The experience and skills of the pact (esperienze e competenze maturate), which an offer of work is held against: codes of the "
        "classificazione delle professioni CP2011, whole or of a group, as its agency wrote them; null where it is not known, empty where the pact "
        "names none.",
        directives=[about(3)],
    )
    goals: list[PactGoal] = strawberry.field(directives=[about(2)])
    activities: list[Activity] = strawberry.field(
        description="Agreed in this pact, those the caller may see, newest first.",
        directives=[about(2)],
    )

    @strawberry.field(
        description="Eventi di condizionalità recorded under this pact, newest first.",
        metadata=stands_on(Pages()),
        directives=[PAGED],
    )
    def conditionality_events(
        self,
        filter: Annotated[ConditionalityEventFilter, strawberry.lazy("schema.ledger")]  # noqa: A002
        | None = strawberry.UNSET,
        order_by: list[Annotated[ConditionalityEventOrder, strawberry.lazy("schema.ledger")]]
        | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[Annotated[ConditionalityEvent, strawberry.lazy("schema.ledger")]]:
        return planned()

    origin: Origin | None = told_by_agency()

    @strawberry.field(
        description="Where the facts recorded under this pact, its signing among them, are on their way to other systems; the oldest first.",
        metadata=stands_on(Pages()),
        directives=[PAGED],
    )
    def deliveries(
        self,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[Delivery]:
        return planned()


class PactOrder(enum.Enum):
    CREATED_ON_DESC = "-created_on"
    EXPIRES_ON_ASC = "expires_on"


strawberry.enum(PactOrder, description="The newest first, or those that end first; open pacts end last.")


@strawberry.input(description="Which pacts; every condition given must hold.")
class PactFilter:
    and_: list[PactFilter] | None = all_of()
    or_: list[PactFilter] | None = one_of()
    not_: PactFilter | None = none_of()
    kinds: list[PactKind] | None = condition(by_any_of("kind"))
    statuses: list[PactStatus] | None = condition(by_any_of("status"))
    expiring_before: datetime.date | None = condition(
        before("expires_on", Date()), "Whose last day comes before this one; never an open pact."
    )


@strawberry.input(description="Pacts of a person or a household; every condition given must hold.")
class PactListFilter:
    some: PactFilter | None = some()
    none: PactFilter | None = none()
