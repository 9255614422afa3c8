# SPDX-License-Identifier: EUPL-1.2
"""What agencies answer live: residence and family from ANPR, payments from INPS."""

from __future__ import annotations

import datetime
import decimal
from enum import StrEnum
from typing import Annotated, TypeAlias

import strawberry

from schema.context import Info
from schema.cost import about
from schema.sensitivity import SPECIAL, personal


class Freshness(StrEnum):
    LIVE = "LIVE"
    CACHED = "CACHED"
    STALE = "STALE"


strawberry.enum(
    Freshness,
    description="LIVE asked just now; CACHED kept from before, and no older than `maxAge`; STALE the last known, because the agency does not answer.",
)

MaxAge: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="Seconds: what the agency answered no longer ago is given again, as CACHED, and it is not asked. 0, as where "
        "it is left out: it is asked now."
    ),
]


@personal
@strawberry.type(description="Residenza, as ANPR (C020) gives it.")
class ResidenceRecord:
    municipality_istat_code: str | None
    municipality_name: str | None
    province: str | None
    postal_code: str | None
    address: str | None
    since: datetime.date | None = strawberry.field(description="Data decorrenza residenza.")
    as_of: datetime.datetime
    source: str
    freshness: Freshness


@personal
@strawberry.type(description="A member of the family ANPR has registered (C021).")
class RegisteredFamilyMember:
    fiscal_code: str | None
    given_name: str | None
    family_name: str | None
    birth_date: datetime.date | None
    relationship_code: str | None = strawberry.field(
        description="Relazione di parentela, ANPR's table.", directives=[SPECIAL]
    )
    deceased_on: datetime.date | None


@personal
@strawberry.type(description="Stato di famiglia, as ANPR (C021) gives it.")
class RegisteredFamily:
    told: strawberry.Private[list[RegisteredFamilyMember]]
    as_of: datetime.datetime
    source: str
    freshness: Freshness

    @strawberry.field(directives=[about(4)])
    async def members(self, info: Info) -> list[RegisteredFamilyMember]:
        # NOTE each of them is shown, and may be a person of another household: the access log names all that the hub knows.
        await info.context.shows(one.fiscal_code for one in self.told if one.fiscal_code is not None)
        return self.told


@personal
@strawberry.type(
    description="The state of a household's payments, as INPS gives it. The service's shape is not established publicly: unverified."
)
class PaymentStatus:
    state: str | None
    last_payment_on: datetime.date | None
    last_amount: decimal.Decimal | None
    suspension_reason: str | None = strawberry.field(directives=[SPECIAL])
    as_of: datetime.datetime
    source: str
    freshness: Freshness
    unverified: bool
