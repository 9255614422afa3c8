# SPDX-License-Identifier: EUPL-1.2
"""The root of every question."""

from __future__ import annotations

from typing import Annotated

import strawberry

from hub.plan.declare import (
    AccessReport,
    FeedPages,
    Lookup,
    Myself,
    NodeLookup,
    Pages,
    Rooted,
    Stuck,
    planned,
    stands_on,
)
from hub.store.vocabulary import Capability
from schema.access_report import AccessReportEntry
from schema.administration import AdministrationQuery
from schema.connectors import ConnectorsQuery
from schema.context import Info
from schema.cost import OWN_PAGE, OWN_ROW, PAGED, ListSize, about, costs
from schema.deliveries import Delivery
from schema.feed_consumers import FeedConsumerQuery
from schema.feed_proofs import FeedProofsQuery
from schema.households import Beneficiary, Household
from schema.ledger import (
    ConditionalityEvent,
    ConditionalityEventFilter,
    ConditionalityEventOrder,
    ConditionalityFeedFilter,
    ConditionalityFeedPage,
)
from schema.measures import MeasuresQuery
from schema.node import Connection, Cursor, First, Last, Node
from schema.opportunities import (
    JobOffer,
    JobOfferFilter,
    JobOfferOrder,
    Opportunity,
    OpportunityFilter,
    TrainingCourse,
    TrainingCourseFilter,
    TrainingCourseOrder,
)
from schema.pacts import Pact, PactFilter, PactOrder
from schema.people_filters import BeneficiaryFilter, BeneficiaryOrder, HouseholdFilter
from schema.permitted import PermittedField
from schema.permitted import permitted_fields as fields_of
from schema.puc import PucProject, PucProjectFilter, PucProjectOrder
from schema.quarantine import QuarantinedRecord, QuarantineFilter, waits
from schema.scalars import FiscalCode
from schema.sensitivity import PERSONAL, PUBLIC, personal
from schema.territory import EmploymentCentre, Municipality


@personal
@strawberry.type(
    description="Every question; what it answers is what the caller's purpose and territory let it see."
)
class Query(MeasuresQuery, FeedConsumerQuery, FeedProofsQuery, AdministrationQuery, ConnectorsQuery):
    @strawberry.field(
        description="Whatever an id names, if the caller may see it.",
        metadata=stands_on(Rooted(NodeLookup())),
        directives=[OWN_ROW, PUBLIC],
    )
    def node(self, id: strawberry.ID) -> Node | None:  # noqa: A002
        return planned()

    @strawberry.field(
        description="The person with this fiscal code.",
        metadata=stands_on(Rooted(Lookup("fiscal_code", "fiscalCode"))),
        directives=[OWN_ROW],
    )
    def beneficiary(self, fiscal_code: FiscalCode) -> Beneficiary | None:
        return planned()

    @strawberry.field(
        description="The citizen who asks; null for an agency.",
        metadata=stands_on(Rooted(Myself())),
        directives=[OWN_ROW],
    )
    def me(self) -> Beneficiary | None:
        return planned()

    @strawberry.field(
        description="The people of the caller's territory.",
        metadata=stands_on(Rooted(Pages())),
        directives=[OWN_PAGE, PAGED],
    )
    def beneficiaries(
        self,
        filter: BeneficiaryFilter | None = strawberry.UNSET,  # noqa: A002
        order_by: list[BeneficiaryOrder] | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[Beneficiary]:
        return planned()

    @strawberry.field(
        description="One household.", metadata=stands_on(Rooted(Lookup("id", "id"))), directives=[OWN_ROW]
    )
    def household(self, id: strawberry.ID) -> Household | None:  # noqa: A002
        return planned()

    @strawberry.field(
        description="The households of the caller's territory.",
        metadata=stands_on(Rooted(Pages())),
        directives=[OWN_PAGE, PAGED],
    )
    def households(
        self,
        filter: HouseholdFilter | None = strawberry.UNSET,  # noqa: A002
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[Household]:
        return planned()

    @strawberry.field(
        description="One pact.", metadata=stands_on(Rooted(Lookup("id", "id"))), directives=[OWN_ROW]
    )
    def pact(self, id: strawberry.ID) -> Pact | None:  # noqa: A002
        return planned()

    @strawberry.field(
        description="The pacts of the caller's territory, newest first.",
        metadata=stands_on(Rooted(Pages())),
        directives=[OWN_PAGE, PAGED],
    )
    def pacts(
        self,
        filter: PactFilter | None = strawberry.UNSET,  # noqa: A002
        order_by: list[PactOrder] | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[Pact]:
        return planned()

    @strawberry.field(
        description="The municipality with this Belfiore code.",
        metadata=stands_on(Rooted(Lookup("belfiore_code", "belfioreCode"))),
        directives=[OWN_ROW, PUBLIC],
    )
    def municipality(self, belfiore_code: str) -> Municipality | None:
        return planned()

    @strawberry.field(
        description="The employment centre with this ministry code.",
        metadata=stands_on(Rooted(Lookup("code", "code"))),
        directives=[OWN_ROW, PUBLIC],
    )
    def employment_centre(self, code: str) -> EmploymentCentre | None:
        return planned()

    @strawberry.field(
        description="Job offers, training courses and PUC projects in one list, latest first.",
        metadata=stands_on(Rooted(Pages())),
        directives=[costs(300), PAGED, PUBLIC],
    )
    def opportunities(
        self,
        filter: OpportunityFilter | None = strawberry.UNSET,  # noqa: A002
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[Opportunity]:
        return planned()

    @strawberry.field(
        description="Job offers, newest first.",
        metadata=stands_on(Rooted(Pages())),
        directives=[OWN_PAGE, PAGED, PUBLIC],
    )
    def job_offers(
        self,
        filter: JobOfferFilter | None = strawberry.UNSET,  # noqa: A002
        order_by: list[JobOfferOrder] | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[JobOffer]:
        return planned()

    @strawberry.field(
        description="Training courses, latest start first.",
        metadata=stands_on(Rooted(Pages())),
        directives=[OWN_PAGE, PAGED, PUBLIC],
    )
    def training_courses(
        self,
        filter: TrainingCourseFilter | None = strawberry.UNSET,  # noqa: A002
        order_by: list[TrainingCourseOrder] | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[TrainingCourse]:
        return planned()

    @strawberry.field(
        description="PUC projects, latest start first.",
        metadata=stands_on(Rooted(Pages())),
        directives=[OWN_PAGE, PAGED, PUBLIC],
    )
    def puc_projects(
        self,
        filter: PucProjectFilter | None = strawberry.UNSET,  # noqa: A002
        order_by: list[PucProjectOrder] | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[PucProject]:
        return planned()

    @strawberry.field(
        description="The events of the caller's people, newest first.",
        metadata=stands_on(Rooted(Pages())),
        directives=[OWN_PAGE, PAGED],
    )
    def conditionality_events(
        self,
        filter: ConditionalityEventFilter | None = strawberry.UNSET,  # noqa: A002
        order_by: list[ConditionalityEventOrder] | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[ConditionalityEvent]:
        return planned()

    @strawberry.field(
        description="Where it is stuck: facts about the caller's people that another system must hear of and has not accepted, the oldest first.",
        metadata=stands_on(Rooted(Stuck())),
        directives=[OWN_PAGE, PAGED],
    )
    def stuck(
        self,
        older_than: Annotated[
            int | None,
            strawberry.argument(description="Hours since the fact was recorded, or more; nothing for all."),
        ] = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[Delivery]:
        return planned()

    @strawberry.field(
        description="What came and could not land: the records of the caller's agency that wait in quarantine, the oldest first; for purposes "
        "granted ADMINISTER every agency's. One that has landed since, or was put away, is found by its id.",
        metadata=stands_on(Rooted(Pages(only=waits))),
        directives=[OWN_PAGE, PAGED, PUBLIC],
    )
    def quarantine(
        self,
        filter: QuarantineFilter | None = strawberry.UNSET,  # noqa: A002
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[QuarantinedRecord]:
        return planned()

    @strawberry.field(
        description="The feed: every event, in order, once; to a region and a municipality, their part of it. For purposes granted READ_FEED.",
        metadata=stands_on(Rooted(FeedPages(), requires=Capability.READ_FEED)),
        directives=[OWN_PAGE, ListSize(slicing_arguments=["first"], sized_fields=["entries"])],
    )
    def conditionality_feed(
        self,
        after: Annotated[
            str | None,
            strawberry.argument(description="`endCursor` of the page before; nothing for the start."),
        ] = strawberry.UNSET,
        first: int = 500,
        filter: ConditionalityFeedFilter | None = strawberry.UNSET,  # noqa: A002
    ) -> ConditionalityFeedPage:
        return planned()

    @strawberry.field(
        description="Who looked at a person's data, newest first: of a citizen its own, by no name; of anybody for purposes "
        "granted READ_ACCESS_LOG, by fiscal code. Reading it is a look, too.",
        metadata=stands_on(Rooted(AccessReport(), requires=Capability.READ_ACCESS_LOG)),
        directives=[OWN_PAGE, PAGED, PERSONAL],
    )
    def access_report(
        self,
        fiscal_code: FiscalCode | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[AccessReportEntry]:
        return planned()

    @strawberry.field(
        description="Every field the caller may ask for: what is public, and what the grants of its purpose name.",
        directives=[about(300), PUBLIC],
    )
    def permitted_fields(self, info: Info) -> list[PermittedField]:
        return fields_of(info.context.catalogue.fields, info.context.caller.fields)
