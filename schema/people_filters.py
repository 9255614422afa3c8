# SPDX-License-Identifier: EUPL-1.2
"""Which people and which households, and in which order."""

from __future__ import annotations

import enum
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, FromClause, Text, select

from hub.plan.declare import Condition
from hub.store import tables
from hub.store.base import table_of
from hub.store.vocabulary import EmploymentStatus, Measure, Obligation
from schema.appointments import ConvocationListFilter
from schema.filters import (
    NameFilter,
    Period,
    all_of,
    by_centre,
    by_column,
    by_municipality,
    by_name,
    condition,
    none_of,
    one_of,
    related,
    within_period,
)
from schema.ledger import ConditionalityEventListFilter
from schema.pacts import PactListFilter
from schema.scalars import FiscalCode


class BeneficiaryOrder(enum.Enum):
    FAMILY_NAME_ASC = "family_name_key,given_name_key"
    FAMILY_NAME_DESC = "-family_name_key,given_name_key"
    BIRTH_DATE_ASC = "birth_date"
    BIRTH_DATE_DESC = "-birth_date"
    FISCAL_CODE_ASC = "fiscal_code"
    FISCAL_CODE_DESC = "-fiscal_code"
    NEXT_CONVOCATION_ASC = "next_convocation_at"


strawberry.enum(
    BeneficiaryOrder,
    description="The order of a list of people. Names go by family and then given name, without accents, capitals and apostrophes; "
    "people without a convocation come last. The key is appended, so that it is total.",
)


def _by_measure() -> Condition:
    def expression(row: FromClause, value: ColumnElement[Any]) -> ColumnElement[bool]:
        household = table_of(tables.Household).alias()
        return select(1).where(household.c.id == row.c.household_id, household.c.measure == value).exists()

    return Condition(expression, Text(), compares=("household.measure",))


@strawberry.input(description="Which households; every condition given must hold.")
class HouseholdFilter:
    and_: list[HouseholdFilter] | None = all_of()
    or_: list[HouseholdFilter] | None = one_of()
    not_: HouseholdFilter | None = none_of()
    inps_protocol: str | None = condition(by_column("inps_protocol", Text()))
    measure: Measure | None = condition(by_column("measure", Text()))
    municipality: str | None = condition(by_municipality(), "Belfiore code.")
    pacts: PactListFilter | None = related("pacts", "All pacts of the household, its members' among them.")


@strawberry.input(description="Which people; every condition given must hold.")
class BeneficiaryFilter:
    and_: list[BeneficiaryFilter] | None = all_of()
    or_: list[BeneficiaryFilter] | None = one_of()
    not_: BeneficiaryFilter | None = none_of()
    fiscal_code: FiscalCode | None = condition(by_column("fiscal_code", Text()))
    name: NameFilter | None = condition(by_name("family_name_key", "given_name_key"))
    obligation: Obligation | None = condition(by_column("obligation", Text()))
    employment_status: EmploymentStatus | None = condition(by_column("employment_status", Text()))
    measure: Measure | None = condition(_by_measure())
    municipality: str | None = condition(by_municipality(), "Belfiore code of the residence.")
    employment_centre: str | None = condition(by_centre(), "Ministry code of the centre.")
    next_convocation: Period | None = condition(
        within_period("next_convocation_at"), "When `nextConvocationAt` lies; never, for who has none."
    )
    household: HouseholdFilter | None = related("household")
    pacts: PactListFilter | None = related(
        "pacts", "The person's own; inclusion pacts are the household's: `household: { pacts: … }`."
    )
    convocations: ConvocationListFilter | None = related("convocations")
    conditionality_events: ConditionalityEventListFilter | None = related("conditionality_events")
