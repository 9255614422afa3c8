# SPDX-License-Identifier: EUPL-1.2
"""Activities of a personalised path: one type for each kind, since each will have what the others have not."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from hub.plan.declare import Order, Pages, planned, stands_on, stored, told_apart
from hub.store import tables
from hub.store.vocabulary import ActivityKind, ActivityStatus
from schema.cost import PAGED
from schema.deliveries import Delivery
from schema.node import Connection, Cursor, First, Last
from schema.origins import Origin, told_by_agency
from schema.sensitivity import personal, special

if TYPE_CHECKING:
    from schema.households import Beneficiary
    from schema.opportunities import TrainingCourse
    from schema.pacts import Pact


@personal
@told_apart(tables.Activity, by="kind", order=Order(("starts_on",), descending=True))
@strawberry.interface(description="Politica attiva a person takes part in.")
class Activity:
    kind: ActivityKind
    status: ActivityStatus
    title: str
    starts_on: datetime.date
    ends_on: datetime.date | None
    beneficiary: Annotated[Beneficiary, strawberry.lazy("schema.households")]
    pact: Annotated[Pact, strawberry.lazy("schema.pacts")] | None = strawberry.field(
        description="The pact it was agreed in."
    )

    origin: Origin | None = told_by_agency()

    @strawberry.field(
        description="Where the facts recorded about its person under its pact are on their way to other systems, the oldest first: an event names no activity.",
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


@personal
@stored(tables.Activity, when=ActivityKind.ORIENTATION)
@strawberry.type(description="Orientamento: interviews and guidance.")
class OrientationActivity(Activity):
    pass


@personal
@stored(tables.Activity, when=ActivityKind.TRAINING)
@strawberry.type(description="Formazione: a person's part in a course.")
class TrainingActivity(Activity):
    course: Annotated[TrainingCourse, strawberry.lazy("schema.opportunities")] | None = strawberry.field(
        description="Null where the course is not one the hub knows."
    )


@personal
@stored(tables.Activity, when=ActivityKind.PLACEMENT)
@strawberry.type(description="Tirocinio.")
class PlacementActivity(Activity):
    pass


@personal
@stored(tables.Activity, when=ActivityKind.JOB_SEARCH)
@strawberry.type(description="Ricerca attiva di lavoro, accompanied.")
class JobSearchActivity(Activity):
    pass


@personal
@stored(tables.Activity, when=ActivityKind.SCHOOLING)
@strawberry.type(description="Istruzione: adult education, up to compulsory schooling.")
class SchoolingActivity(Activity):
    pass


@special
@stored(tables.Activity, when=ActivityKind.SOCIAL_SUPPORT)
@strawberry.type(description="Sostegno sociale: services of the inclusion pact.")
class SocialSupportActivity(Activity):
    pass


ACTIVITIES = (
    OrientationActivity,
    TrainingActivity,
    PlacementActivity,
    JobSearchActivity,
    SchoolingActivity,
    SocialSupportActivity,
)
"""Types that only the interface leads to."""
