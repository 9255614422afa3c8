# SPDX-License-Identifier: EUPL-1.2
"""Who may see what, for administrators: the agencies, their purposes and grants, field sets, and every change of them."""

from __future__ import annotations

import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from hub.access import consumers, field_sets
from hub.plan.declare import Guarded, Order, Pages, Rooted, planned, stands_on, stored
from hub.store import tables
from hub.store.vocabulary import AccessDoor, AgencyKind, Capability, ChangeAction, Demand, GrantScope
from schema.context import Info
from schema.cost import OWN_PAGE, OWN_ROW, PAGED, ListSize, about
from schema.node import Connection, Cursor, First, Last
from schema.sensitivity import PERSONAL, PUBLIC, public

MOST = 1_000
"""Agencies of one answer."""


@public
@strawberry.type(
    description="What a purpose is granted: rows by scope and areas, fields by a set, for a time."
)
class Grant:
    id: strawberry.ID
    scope: GrantScope
    areas: list[str] = strawberry.field(
        description="Codes of the centres, municipalities, ambiti or regions it reaches.",
        directives=[about(5)],
    )
    field_set: str
    fields: list[str] = strawberry.field(
        description="Coordinates beside those of the set.", directives=[about(5)]
    )
    capabilities: list[Capability] = strawberry.field(directives=[about(2)])
    valid_from: datetime.datetime
    valid_to: datetime.datetime | None
    revoked_at: datetime.datetime | None
    in_force: bool

    @classmethod
    def of(cls, entry: consumers.GrantEntry) -> Grant:
        return cls(
            id=strawberry.ID(entry.id),
            scope=entry.scope,
            areas=list(entry.areas),
            field_set=entry.field_set,
            fields=list(entry.fields),
            capabilities=list(entry.capabilities),
            valid_from=entry.valid_from,
            valid_to=entry.valid_to,
            revoked_at=entry.revoked_at,
            in_force=entry.in_force,
        )


@public
@strawberry.type(description="A purpose of an agency as registered on PDND (finalità).")
class RegisteredPurpose:
    purpose_id: strawberry.ID
    description: str
    registered_at: datetime.datetime
    revoked_at: datetime.datetime | None
    grants: list[Grant] = strawberry.field(
        description="Latest first; those that ended too.", directives=[about(3)]
    )

    @classmethod
    def of(cls, entry: consumers.PurposeEntry) -> RegisteredPurpose:
        return cls(
            purpose_id=strawberry.ID(str(entry.purpose_id)),
            description=entry.description,
            registered_at=entry.registered_at,
            revoked_at=entry.revoked_at,
            grants=[Grant.of(one) for one in entry.grants],
        )


@public
@strawberry.type(description="A PDND client of an agency: the `client_id` of its vouchers.")
class RegisteredClient:
    client_id: strawberry.ID
    registered_at: datetime.datetime
    withdrawn_at: datetime.datetime | None

    @classmethod
    def of(cls, entry: consumers.ClientEntry) -> RegisteredClient:
        return cls(
            client_id=strawberry.ID(str(entry.client_id)),
            registered_at=entry.registered_at,
            withdrawn_at=entry.revoked_at,
        )


@public
@strawberry.type(description="An agency as it is registered: what it may ask, and for what.")
class RegisteredAgency:
    code: str
    name: str
    kind: AgencyKind
    consumer_id: strawberry.ID | None = strawberry.field(
        description="Its organisation on PDND; a voucher of another is refused."
    )
    demands: list[Demand] = strawberry.field(
        description="What it must present beyond its voucher.", directives=[about(2)]
    )
    clients: list[RegisteredClient] = strawberry.field(directives=[about(2)])
    purposes: list[RegisteredPurpose] = strawberry.field(directives=[about(2)])

    @classmethod
    def of(cls, entry: consumers.AgencyEntry) -> RegisteredAgency:
        return cls(
            code=entry.code,
            name=entry.name,
            kind=entry.kind,
            consumer_id=None if entry.consumer_id is None else strawberry.ID(str(entry.consumer_id)),
            demands=list(entry.demands),
            clients=[RegisteredClient.of(one) for one in entry.clients],
            purposes=[RegisteredPurpose.of(one) for one in entry.purposes],
        )


@public
@strawberry.type(description="The fields that purposes of one kind need, by a name.")
class FieldSet:
    name: str
    description: str
    fields: list[str] = strawberry.field(
        description="Coordinates: `Beneficiary.sex`, or `Beneficiary.*` for all of a type that are personal.",
        directives=[about(50)],
    )

    @classmethod
    def of(cls, entry: field_sets.FieldSetEntry) -> FieldSet:
        return cls(name=entry.name, description=entry.description, fields=list(entry.fields))


@public
@stored(tables.AccessChange, order=Order(("at",), descending=True))
@strawberry.type(description="That somebody changed who may see what.")
class AccessChange:
    at: datetime.datetime
    door: AccessDoor
    agency_code: str | None = strawberry.field(description="Whose purpose it was done under, by the API.")
    purpose_id: strawberry.ID | None
    operator: str | None = strawberry.field(
        description="The person at the desk, as the agency names them; by the door DATABASE the role that wrote.",
        directives=[PERSONAL],
    )
    subject: str = strawberry.field(description="The table: what was changed.")
    action: ChangeAction
    before: JSON | None
    after: JSON | None


ADMINISTERS = stands_on(Guarded(Capability.ADMINISTER))


@strawberry.type
class AdministrationQuery:
    @strawberry.field(
        description="The agencies that have a client or a purpose, by code. For purposes granted ADMINISTER.",
        metadata=ADMINISTERS,
        directives=[PUBLIC, OWN_PAGE, ListSize(slicing_arguments=["first"])],
    )
    async def agencies(
        self,
        info: Info,
        after: Annotated[
            str | None, strawberry.argument(description="The code of the last one seen.")
        ] = strawberry.UNSET,
        first: int = 100,
    ) -> list[RegisteredAgency]:
        size = max(0, min(first, MOST))
        async with info.context.means.database.write.acquire() as connection:
            found = await consumers.consumers(connection, after=after or "", first=size)
        return [RegisteredAgency.of(one) for one in found]

    @strawberry.field(
        description="The agency of this code, whether it may ask or not. For purposes granted ADMINISTER.",
        metadata=ADMINISTERS,
        directives=[PUBLIC, OWN_ROW],
    )
    async def agency(self, info: Info, code: str) -> RegisteredAgency | None:
        async with info.context.means.database.write.acquire() as connection:
            found = await consumers.agency_of(connection, code)
        return None if found is None else RegisteredAgency.of(found)

    @strawberry.field(
        description="Every field set, by name. For purposes granted ADMINISTER.",
        metadata=ADMINISTERS,
        directives=[PUBLIC, OWN_PAGE, about(20)],
    )
    async def field_sets(self, info: Info) -> list[FieldSet]:
        async with info.context.means.database.write.acquire() as connection:
            return [FieldSet.of(one) for one in await field_sets.field_sets(connection)]

    @strawberry.field(
        description="Every change of who may see what, latest first. For purposes granted READ_ACCESS_LOG.",
        metadata=stands_on(Rooted(Pages(), requires=Capability.READ_ACCESS_LOG)),
        directives=[PUBLIC, OWN_PAGE, PAGED],
    )
    def access_changes(
        self,
        first: First = strawberry.UNSET,
        after: Cursor = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Cursor = strawberry.UNSET,
    ) -> Connection[AccessChange]:
        return planned()
