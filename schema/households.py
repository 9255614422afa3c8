# SPDX-License-Identifier: EUPL-1.2
"""Households, their members and benefits."""

from __future__ import annotations

import datetime
import decimal
from typing import Annotated, Any

import strawberry
from sqlalchemy import Date, DateTime, func

from hub.access.rows import of_oneself
from hub.measures.registry_check import RegistryCheckKind
from hub.plan.declare import Computed, Federated, Order, Pages, planned, stands_on, stored
from hub.store import tables
from hub.store.vocabulary import BenefitStatus, EmploymentStatus, Measure, Obligation, Sex
from schema.activities import Activity
from schema.appointments import Convocation
from schema.context import Info
from schema.cost import AGENCY_CALL, PAGED, REASONED, WORKED_OUT, about
from schema.entitlement import ENTITLEMENT, HouseholdEntitlement, entitlement_of
from schema.expressions import finite
from schema.isee import HOUSEHOLD_ISEE, IseeAttestation, IseeStanding
from schema.ledger import ConditionalityEvent, ConditionalityEventFilter, ConditionalityEventOrder
from schema.node import Connection, Cursor, First, Last, Node
from schema.obligations import OBLIGATION, ObligationByRule, obligation_of
from schema.pacts import Pact
from schema.puc import PucAssignment
from schema.registry_checks import RegistryCheck, registry_check
from schema.residence import MaxAge, PaymentStatus, RegisteredFamily, ResidenceRecord
from schema.scalars import FiscalCode
from schema.sensitivity import SPECIAL, personal
from schema.standing import STANDING, ConditionalityStanding, standing_of
from schema.territory import EmploymentCentre, Municipality
from schema.verified_declaration import (
    DeclaredInput,
    RegisteredIdentity,
    VerifiedDeclaration,
    verified_declaration,
)


@personal
@stored(tables.Benefit)
@strawberry.type(description="Beneficio economico of a household.")
class Benefit:
    measure: Measure
    status: BenefitStatus
    starts_on: datetime.date = strawberry.field(
        metadata=stands_on(Computed(lambda row: func.lower(row.c.period, type_=Date())))
    )
    ends_on: datetime.date | None = strawberry.field(
        description="The last day; null while it is open.",
        metadata=stands_on(Computed(lambda row: func.upper(row.c.period, type_=Date()) - 1, nullable=True)),
    )
    monthly_amount: decimal.Decimal = strawberry.field(description="Euro a month.")


@personal
@stored(tables.Household, prefix="hsh")
@strawberry.type(description="Nucleo familiare: one application to INPS and the people in it.")
class Household(Node):
    id: strawberry.ID
    inps_protocol: str = strawberry.field(description="Protocollo INPS of the application.")
    measure: Measure
    municipality: Municipality
    members: list[Beneficiary] = strawberry.field(
        description="Those the caller may see, eldest first.", directives=[about(3)]
    )
    applicant: Beneficiary | None = strawberry.field(
        description="Richiedente: the member who applied, as INPS last reported. Null: nobody told the hub, or who applied has moved to "
        "another household since, or the caller may not see that person."
    )
    benefit: Benefit
    case_manager: str | None
    pacts: list[Pact] = strawberry.field(description="Newest first.", directives=[about(2)])

    @strawberry.field(
        description="Eventi di condizionalità recorded while their people were of this household, newest first.",
        metadata=stands_on(Pages()),
        directives=[PAGED],
    )
    def conditionality_events(
        self,
        filter: ConditionalityEventFilter | None = strawberry.UNSET,  # noqa: A002 (the schema's name)
        order_by: list[ConditionalityEventOrder] | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[ConditionalityEvent]:
        return planned()

    @strawberry.field(
        description="State of the payments: live, INPS.",
        metadata=stands_on(Federated(needs=("id", "inps_protocol"))),
        directives=[AGENCY_CALL],
    )
    async def payments(self, info: Info, max_age: MaxAge = strawberry.UNSET) -> PaymentStatus | None:
        row: Any = self
        return await info.context.live.payments(row["$id"], row["$inps_protocol"], max_age or 0)

    @strawberry.field(
        description="Attestazione ISEE that holds today: live, INPS, asked by one of the household's people.",
        metadata=stands_on(HOUSEHOLD_ISEE),
        directives=[AGENCY_CALL],
    )
    async def isee(self, info: Info, max_age: MaxAge = strawberry.UNSET) -> IseeAttestation | None:
        row: Any = self
        return await info.context.live.isee(row["$id"], row["$members"], max_age or 0)

    @strawberry.field(
        description="Whether the indicator that holds today is below a threshold (soglia): live, INPS, asked by one of the household's people; "
        "no amount is told. The service's shape is of medium confidence: unverified.",
        metadata=stands_on(HOUSEHOLD_ISEE),
        directives=[AGENCY_CALL],
    )
    async def isee_standing(
        self,
        info: Info,
        threshold: Annotated[
            str, strawberry.argument(description="The code INPS gave it: four letters, two digits.")
        ],
        max_age: MaxAge = strawberry.UNSET,
    ) -> IseeStanding | None:
        row: Any = self
        return await info.context.live.isee_standing(row["$id"], row["$members"], threshold, max_age or 0)

    @strawberry.field(
        description="What the law of a day says of it, by what was declared: whether it has the right, to how much, for how long, and why.",
        metadata=stands_on(ENTITLEMENT),
        directives=[REASONED],
    )
    def entitlement(self, on: datetime.date) -> HouseholdEntitlement | None:
        row: Any = self
        return entitlement_of(row["$id"], row["$facts"], on)


@personal
@stored(
    tables.Beneficiary,
    prefix="ben",
    keys=("fiscal_code",),
    order=Order(("family_name_key", "given_name_key")),
    shown_by={"family_name_key": "family_name", "given_name_key": "given_name"},
)
@strawberry.type(description="Beneficiario: a member of a household.")
class Beneficiary(Node):
    id: strawberry.ID
    fiscal_code: FiscalCode
    given_name: str
    family_name: str
    birth_date: datetime.date
    sex: Sex
    municipality: Municipality = strawberry.field(description="Of residence, as the hub was told.")
    employment_centre: EmploymentCentre | None
    employment_status: EmploymentStatus
    obligation: Obligation = strawberry.field(
        description="As an agency said; `obligationByRule` is what the law says.", directives=[SPECIAL]
    )
    household: Household
    pacts: list[Pact] = strawberry.field(
        description="The person's own, newest first; inclusion pacts are the household's.",
        directives=[about(1)],
    )
    activities: list[Activity] = strawberry.field(description="Newest first.", directives=[about(1)])
    convocations: list[Convocation] = strawberry.field(description="Newest first.", directives=[about(1)])
    puc_assignments: list[PucAssignment] = strawberry.field(
        description="Newest first.", directives=[about(1)]
    )
    next_convocation_at: datetime.datetime | None = strawberry.field(
        description="The earliest convocation without an outcome: it may lie in the past, as long as nobody has said whether the person came.",
        metadata=stands_on(Computed(finite("next_convocation_at", DateTime(timezone=True)), nullable=True)),
    )

    @strawberry.field(
        description="Eventi di condizionalità, newest first.", metadata=stands_on(Pages()), directives=[PAGED]
    )
    def conditionality_events(
        self,
        filter: ConditionalityEventFilter | None = strawberry.UNSET,  # noqa: A002 (the schema's name)
        order_by: list[ConditionalityEventOrder] | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[ConditionalityEvent]:
        return planned()

    @strawberry.field(
        description="By the rules of its household's measure, today: what counts, what is proposed, what the next breach would bring. Of nobody but itself for a citizen.",
        metadata=stands_on(STANDING),
        directives=[WORKED_OUT],
    )
    def conditionality_standing(self, info: Info) -> ConditionalityStanding | None:
        row: Any = self
        if not of_oneself(info.context.caller, row["$id"]):
            return None
        return standing_of(row["$ledger"], info.context.means.now())

    @strawberry.field(
        description="Whether the rules of its household's measure bind it on a day, by what is known of it. Of nobody but itself for a "
        "citizen; null also before its birth.",
        metadata=stands_on(OBLIGATION),
        directives=[SPECIAL, REASONED],
    )
    def obligation_by_rule(self, info: Info, on: datetime.date) -> ObligationByRule | None:
        row: Any = self
        if not of_oneself(info.context.caller, row["$id"]):
            return None
        return obligation_of(row["$id"], row["$obligation"], row["$facts"], on)

    @strawberry.field(
        description="Residenza anagrafica: live, ANPR C020. Of nobody but itself for a citizen.",
        metadata=stands_on(Federated(needs=("id", "fiscal_code"))),
        directives=[AGENCY_CALL],
    )
    async def residence(self, info: Info, max_age: MaxAge = strawberry.UNSET) -> ResidenceRecord | None:
        row: Any = self
        if not of_oneself(info.context.caller, row["$id"]):
            return None
        return await info.context.live.residence(row["$id"], row["$fiscal_code"], max_age or 0)

    @strawberry.field(
        description="Stato di famiglia: live, ANPR C021. Of nobody but itself for a citizen.",
        metadata=stands_on(Federated(needs=("id", "fiscal_code"))),
        directives=[AGENCY_CALL],
    )
    async def registered_family(
        self, info: Info, max_age: MaxAge = strawberry.UNSET
    ) -> RegisteredFamily | None:
        row: Any = self
        if not of_oneself(info.context.caller, row["$id"]):
            return None
        return await info.context.live.registered_family(row["$id"], row["$fiscal_code"], max_age or 0)

    @strawberry.field(
        description="Generalità: live, ANPR C015. Of nobody but itself for a citizen.",
        metadata=stands_on(Federated(needs=("id", "fiscal_code"))),
        directives=[AGENCY_CALL],
    )
    async def registered_identity(
        self, info: Info, max_age: MaxAge = strawberry.UNSET
    ) -> RegisteredIdentity | None:
        row: Any = self
        if not of_oneself(info.context.caller, row["$id"]):
            return None
        return await info.context.live.identity(row["$id"], row["$fiscal_code"], max_age or 0)

    @strawberry.field(
        description="Verifica della dichiarazione: whether what it declares is what is registered: live, ANPR C003, C006 or C008. No "
        "answer is kept to be given again. Of nobody but itself for a citizen.",
        metadata=stands_on(Federated(needs=("id", "fiscal_code"))),
        directives=[AGENCY_CALL],
    )
    async def verified_declaration(self, info: Info, declared: DeclaredInput) -> VerifiedDeclaration | None:
        row: Any = self
        if not of_oneself(info.context.caller, row["$id"]):
            return None
        return await verified_declaration(info.context, row["$id"], row["$fiscal_code"], declared)

    @strawberry.field(
        description="Controllo anagrafico by the law of a measure and a day (null: today), of what ANPR tells live: C029 for residence, C018 for the title to stay. Of nobody but itself for a citizen.",
        metadata=stands_on(Federated(needs=("id", "fiscal_code"))),
        directives=[AGENCY_CALL],
    )
    async def registry_check(
        self,
        info: Info,
        kind: RegistryCheckKind,
        measure: Measure,
        on: datetime.date | None = strawberry.UNSET,
        max_age: MaxAge = strawberry.UNSET,
    ) -> RegistryCheck | None:
        row: Any = self
        if not of_oneself(info.context.caller, row["$id"]):
            return None
        return await registry_check(
            info.context, row["$id"], row["$fiscal_code"], kind, measure, on or None, max_age or 0
        )
