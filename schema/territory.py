# SPDX-License-Identifier: EUPL-1.2
"""Municipalities and employment centres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from hub.plan.declare import Pages, planned, stands_on, stored
from hub.store import tables
from schema.cost import PAGED
from schema.node import Connection, Cursor, First, Last
from schema.sensitivity import PERSONAL, public

if TYPE_CHECKING:
    from schema.households import Beneficiary, Household
    from schema.people_filters import BeneficiaryFilter, BeneficiaryOrder, HouseholdFilter


@public
@stored(tables.Municipality, keys=("belfiore_code",))
@strawberry.type(description="Comune, as it is called today.")
class Municipality:
    istat_code: str = strawberry.field(description="ISTAT, 6 digits.")
    belfiore_code: str = strawberry.field(
        description="Belfiore (codice catastale): a letter and 3 digits; stays for ever."
    )
    name: str
    province: str = strawberry.field(description="Sigla of the province.")
    region_code: str = strawberry.field(
        description="ISTAT region code; 21 and 22 for the provinces of Bolzano and Trento."
    )

    @strawberry.field(
        description="Who lives here, as far as the caller's territory reaches.",
        metadata=stands_on(Pages()),
        directives=[PAGED, PERSONAL],
    )
    def beneficiaries(
        self,
        filter: Annotated[BeneficiaryFilter, strawberry.lazy("schema.people_filters")]  # noqa: A002
        | None = strawberry.UNSET,
        order_by: list[Annotated[BeneficiaryOrder, strawberry.lazy("schema.people_filters")]]
        | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[Annotated[Beneficiary, strawberry.lazy("schema.households")]]:
        return planned()

    @strawberry.field(
        description="The households of this municipality, as far as the caller's territory reaches.",
        metadata=stands_on(Pages()),
        directives=[PAGED, PERSONAL],
    )
    def households(
        self,
        filter: Annotated[HouseholdFilter, strawberry.lazy("schema.people_filters")]  # noqa: A002
        | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[Annotated[Household, strawberry.lazy("schema.households")]]:
        return planned()


@public
@stored(tables.EmploymentCentre, keys=("code",))
@strawberry.type(description="Centro per l'impiego (CPI).")
class EmploymentCentre:
    code: str = strawberry.field(description="Ministry code: Belfiore, C and 6 digits.")
    name: str
    region_code: str
    municipality: Municipality = strawberry.field(description="Where its seat is.")

    @strawberry.field(
        description="The people in its charge, as far as the caller's territory reaches.",
        metadata=stands_on(Pages()),
        directives=[PAGED, PERSONAL],
    )
    def beneficiaries(
        self,
        filter: Annotated[BeneficiaryFilter, strawberry.lazy("schema.people_filters")]  # noqa: A002
        | None = strawberry.UNSET,
        order_by: list[Annotated[BeneficiaryOrder, strawberry.lazy("schema.people_filters")]]
        | None = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[Annotated[Beneficiary, strawberry.lazy("schema.households")]]:
        return planned()
