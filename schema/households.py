# SPDX-License-Identifier: EUPL-1.2
"""Households, their members and benefits."""

from __future__ import annotations

import datetime
import decimal
import enum
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, Date, FromClause, Text, func, select

from hub.plan.declare import Computed, Condition, Federated, Order, Pages, planned, stands_on, stored
from hub.store import tables
from hub.store.base import table_of
from hub.store.vocabulary import (
    BenefitStatus,
    EmploymentStatus,
    Measure,
    Obligation,
    PactKind,
    PactStatus,
    Sex,
)
from schema.activities import Activity
from schema.appointments import Convocation
from schema.context import Info
from schema.filters import by_any_of, by_centre, by_column, by_municipality
from schema.ledger import ConditionalityEvent, ConditionalityEventFilter, ConditionalityEventOrder
from schema.node import Connection, Node
from schema.pacts import Pact
from schema.puc import PucAssignment
from schema.residence import PaymentStatus, RegisteredFamily, ResidenceRecord
from schema.scalars import FiscalCode
from schema.territory import EmploymentCentre, Municipality


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


@stored(tables.Household, prefix="hsh")
@strawberry.type(description="Nucleo familiare: one application to INPS and the people in it.")
class Household(Node):
    id: strawberry.ID
    inps_protocol: str = strawberry.field(description="Protocollo INPS of the application.")
    measure: Measure
    municipality: Municipality
    members: list[Beneficiary] = strawberry.field(description="Those the caller may see, eldest first.")
    benefit: Benefit
    case_manager: str | None
    pacts: list[Pact] = strawberry.field(description="Newest first.")

    @strawberry.field(
        description="State of the payments: live, INPS.",
        metadata=stands_on(Federated(needs=("id", "inps_protocol"))),
    )
    async def payments(self, info: Info) -> PaymentStatus | None:
        row: Any = self
        return await info.context.live.payments(row["$id"], row["$inps_protocol"])


@stored(tables.Beneficiary, prefix="ben", order=Order(("family_name", "given_name")))
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
    obligation: Obligation
    household: Household
    pacts: list[Pact] = strawberry.field(
        description="The person's own, newest first; inclusion pacts are the household's."
    )
    activities: list[Activity] = strawberry.field(description="Newest first.")
    convocations: list[Convocation] = strawberry.field(description="Newest first.")
    puc_assignments: list[PucAssignment] = strawberry.field(description="Newest first.")

    @strawberry.field(description="Eventi di condizionalità, newest first.", metadata=stands_on(Pages()))
    def conditionality_events(
        self,
        filter: ConditionalityEventFilter | None = strawberry.UNSET,  # noqa: A002 (the schema's name)
        order_by: list[ConditionalityEventOrder] | None = strawberry.UNSET,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
    ) -> Connection[ConditionalityEvent]:
        return planned()

    @strawberry.field(
        description="Residenza anagrafica: live, ANPR C020.",
        metadata=stands_on(Federated(needs=("id", "fiscal_code"))),
    )
    async def residence(self, info: Info) -> ResidenceRecord | None:
        row: Any = self
        return await info.context.live.residence(row["$id"], row["$fiscal_code"])

    @strawberry.field(
        description="Stato di famiglia: live, ANPR C021.",
        metadata=stands_on(Federated(needs=("id", "fiscal_code"))),
    )
    async def registered_family(self, info: Info) -> RegisteredFamily | None:
        row: Any = self
        return await info.context.live.registered_family(row["$id"], row["$fiscal_code"])


class BeneficiaryOrder(enum.Enum):
    FAMILY_NAME_ASC = "family_name"
    FAMILY_NAME_DESC = "-family_name"
    GIVEN_NAME_ASC = "given_name"
    GIVEN_NAME_DESC = "-given_name"
    BIRTH_DATE_ASC = "birth_date"
    BIRTH_DATE_DESC = "-birth_date"
    FISCAL_CODE_ASC = "fiscal_code"
    FISCAL_CODE_DESC = "-fiscal_code"


strawberry.enum(
    BeneficiaryOrder, description="The order of a list of people; the key is appended, so that it is total."
)


def _by_measure() -> Condition:
    def expression(row: FromClause, value: ColumnElement[Any]) -> ColumnElement[bool]:
        household = table_of(tables.Household).alias()
        return select(1).where(household.c.id == row.c.household_id, household.c.measure == value).exists()

    return Condition(expression, Text())


@strawberry.input(description="Which people; every condition given must hold.")
class BeneficiaryFilter:
    fiscal_code: FiscalCode | None = strawberry.field(
        default=strawberry.UNSET, metadata=stands_on(by_column("fiscal_code", Text()))
    )
    obligation: Obligation | None = strawberry.field(
        default=strawberry.UNSET, metadata=stands_on(by_column("obligation", Text()))
    )
    employment_status: EmploymentStatus | None = strawberry.field(
        default=strawberry.UNSET, metadata=stands_on(by_column("employment_status", Text()))
    )
    measure: Measure | None = strawberry.field(default=strawberry.UNSET, metadata=stands_on(_by_measure()))
    municipality: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Belfiore code of the residence.",
        metadata=stands_on(by_municipality()),
    )
    employment_centre: str | None = strawberry.field(
        default=strawberry.UNSET, description="Ministry code of the centre.", metadata=stands_on(by_centre())
    )


@strawberry.input(description="Which households; every condition given must hold.")
class HouseholdFilter:
    inps_protocol: str | None = strawberry.field(
        default=strawberry.UNSET, metadata=stands_on(by_column("inps_protocol", Text()))
    )
    measure: Measure | None = strawberry.field(
        default=strawberry.UNSET, metadata=stands_on(by_column("measure", Text()))
    )
    municipality: str | None = strawberry.field(
        default=strawberry.UNSET, description="Belfiore code.", metadata=stands_on(by_municipality())
    )


@strawberry.input(description="Which pacts; every condition given must hold.")
class PactFilter:
    kinds: list[PactKind] | None = strawberry.field(
        default=strawberry.UNSET, metadata=stands_on(by_any_of("kind"))
    )
    statuses: list[PactStatus] | None = strawberry.field(
        default=strawberry.UNSET, metadata=stands_on(by_any_of("status"))
    )
