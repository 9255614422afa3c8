# SPDX-License-Identifier: EUPL-1.2
"""Registering who may ask: an agency's PDND client, its purpose, and what the purpose is granted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Text, bindparam, case, func, insert, null, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql import insert as upsert

from hub.errors import InvalidInput
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import (
    AccessGrant,
    AccessGrantArea,
    Agency,
    AgencyClient,
    EmploymentCentre,
    Municipality,
    Purpose,
    Region,
)
from hub.store.vocabulary import AgencyKind, Capability, Demand, GrantScope


class UnknownArea(InvalidInput):
    """A grant names a centre by its ministry code, a municipality by its Belfiore code, a region by its ISTAT code."""


class InvalidRegistration(InvalidInput):
    """An agency's code, or what its purpose would be granted, cannot be."""


class AlreadyRegistered(InvalidInput):
    """This client or purpose belongs to another agency."""


_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


FIELD_SET_OF = {
    AgencyKind.EMPLOYMENT_CENTRE: "employment-centre",
    AgencyKind.MUNICIPALITY: "municipality",
    AgencyKind.REGION: "region",
    AgencyKind.INPS: "inps",
    AgencyKind.MINISTRY: "ministry",
    AgencyKind.ACCREDITED: "accredited",
    AgencyKind.HUB: "public",
    AgencyKind.CITIZENS: "citizen",
}
"""The field set shipped for agencies of each kind."""


@dataclass(frozen=True)
class Registration:
    """What one consumer is registered with. `areas`: codes of centres, municipalities, ambiti or regions, as `scope` says."""

    agency_code: str
    agency_name: str
    agency_kind: AgencyKind
    client_id: UUID
    purpose_id: UUID
    purpose: str
    scope: GrantScope
    areas: Sequence[str] = ()
    capabilities: frozenset[Capability] = frozenset()
    consumer_id: UUID | None = None
    field_set: str | None = None
    """None: the one shipped for agencies of this kind."""
    demands: frozenset[Demand] | None = None
    """What it must present beyond its voucher; None leaves an agency that is known as it is, and of a new one demands:"""
    new_demands: frozenset[Demand] = frozenset()


async def register(connection: Connection, registration: Registration) -> UUID:
    """Register a consumer and grant its purpose; the purpose's earlier grants end. Gives the agency's key.

    Raises:
        InvalidRegistration: the code has another form, or scope, areas and capabilities do not go together.
        UnknownArea: an area's code is not known here.
        AlreadyRegistered: the client or the purpose is another agency's.
    """
    _check(registration)
    async with connection.transaction():
        agency_id: UUID = await _statement("agency").fetchval(
            connection,
            code=registration.agency_code,
            name=registration.agency_name,
            kind=registration.agency_kind.value,
            pdnd_consumer_id=registration.consumer_id,
            demands=sorted(
                registration.new_demands if registration.demands is None else registration.demands
            ),
            says_demands=registration.demands is not None,
        )
        for name, values in (
            ("client", {"client_id": registration.client_id}),
            ("purpose", {"purpose_id": registration.purpose_id, "description": registration.purpose}),
        ):
            owner = await _statement(name).fetchval(connection, agency_id=agency_id, **values)
            if owner != agency_id:
                raise AlreadyRegistered(f"This {name} belongs to another agency.")
        await _statement("end").execute(connection, purpose_id=registration.purpose_id)
        grant_id: UUID = await _statement("grant").fetchval(
            connection,
            purpose_id=registration.purpose_id,
            scope=registration.scope.value,
            field_set=registration.field_set or FIELD_SET_OF[registration.agency_kind],
            capabilities=sorted(capability.value for capability in registration.capabilities),
        )
        for area in registration.areas:
            landed = await _area(registration.scope).fetchval(connection, grant_id=grant_id, code=area)
            if landed is None:
                raise UnknownArea(
                    f"{area} is not the code of a {registration.scope.value.lower()} known to this hub."
                )
        return agency_id


def _check(registration: Registration) -> None:
    scope = registration.scope
    if not _CODE.fullmatch(registration.agency_code):
        raise InvalidRegistration(
            "An agency's code is 1 to 63 lower-case letters, digits and dashes, and does not begin with a dash."
        )
    if scope is GrantScope.NATIONAL and registration.areas:
        raise InvalidRegistration("A grant of scope NATIONAL reaches everywhere: name no area.")
    if scope is not GrantScope.NATIONAL and not registration.areas:
        raise InvalidRegistration(
            f"A grant of scope {scope.value} without an area reaches nothing: name one at least."
        )
    if Capability.READ_FEED in registration.capabilities and scope is not GrantScope.NATIONAL:
        raise InvalidRegistration(
            "READ_FEED is granted with scope NATIONAL only: a narrower reader's positions would have gaps."
        )


async def set_demands(connection: Connection, agency_code: str, demands: frozenset[Demand]) -> None:
    """Say what an agency must present beyond its voucher: this, and nothing else.

    Raises:
        InvalidRegistration: no agency has this code.
    """
    changed = await _statement("demand").fetchval(connection, agency_code=agency_code, said=sorted(demands))
    if changed is None:
        raise InvalidRegistration(f"No agency is called {agency_code}; `snodo agency list` names them.")


async def revoke(connection: Connection, purpose_id: UUID) -> None:
    """End every grant of a purpose, at once."""
    await _statement("end").execute(connection, purpose_id=purpose_id)


async def list_consumers(connection: Connection) -> list[dict[str, Any]]:
    """Agencies with a client, their purposes and grants in force, by code."""
    return [dict(row) for row in await _listing().fetch(connection)]


@cache
def _statement(name: str) -> Statement:
    uuid, text = PG_UUID(as_uuid=True), Text()
    agency, client, purpose, grant = (
        table_of(model) for model in (Agency, AgencyClient, Purpose, AccessGrant)
    )
    match name:
        case "agency":
            new = upsert(agency).values(
                code=bindparam("code"),
                name=bindparam("name"),
                kind=bindparam("kind", type_=text),
                pdnd_consumer_id=bindparam("pdnd_consumer_id", type_=uuid),
                demands=bindparam("demands", type_=ARRAY(text)),
            )
            changed = {
                "name": new.excluded.name,
                "kind": new.excluded.kind,
                # Not given is not taken away: without it, no voucher's consumerId would be compared any more.
                "pdnd_consumer_id": func.coalesce(new.excluded.pdnd_consumer_id, agency.c.pdnd_consumer_id),
                "demands": case(
                    (bindparam("says_demands", type_=Boolean), new.excluded.demands), else_=agency.c.demands
                ),
            }
            return Statement(
                new.on_conflict_do_update(index_elements=["code"], set_=changed).returning(agency.c.id)
            )
        case "demand":
            said = update(agency).where(agency.c.code == bindparam("agency_code"))
            said = said.values(demands=bindparam("said", type_=ARRAY(text)))
            return Statement(said.returning(agency.c.id))
        case "client":
            new = upsert(client).values(client_id=bindparam("client_id"), agency_id=bindparam("agency_id"))
            again = new.on_conflict_do_update(index_elements=["client_id"], set_={"revoked_at": null()})
            return Statement(again.returning(client.c.agency_id))
        case "purpose":
            new = upsert(purpose).values(
                purpose_id=bindparam("purpose_id"),
                agency_id=bindparam("agency_id"),
                description=bindparam("description"),
            )
            again = new.on_conflict_do_update(
                index_elements=["purpose_id"],
                set_={"description": new.excluded.description, "revoked_at": null()},
            )
            return Statement(again.returning(purpose.c.agency_id))
        case "end":
            ended = update(grant).where(
                grant.c.purpose_id == bindparam("purpose_id"), grant.c.revoked_at.is_(None)
            )
            return Statement(ended.values(revoked_at=func.now()))
        case _:
            return Statement(
                insert(grant)
                .values(
                    purpose_id=bindparam("purpose_id"),
                    scope=bindparam("scope", type_=text),
                    field_set=bindparam("field_set"),
                    capabilities=bindparam("capabilities", type_=ARRAY(Text())),
                )
                .returning(grant.c.id)
            )


@cache
def _area(scope: GrantScope) -> Statement:
    area = table_of(AccessGrantArea)
    model, code, column = {
        GrantScope.CENTRE: (EmploymentCentre, "code", "employment_centre_id"),
        GrantScope.MUNICIPALITY: (Municipality, "belfiore_code", "municipality_id"),
        GrantScope.REGION: (Region, "code", "region_code"),
    }[scope]
    place = table_of(model)
    key = place.c.code if scope is GrantScope.REGION else place.c.id
    found = select(bindparam("grant_id", type_=PG_UUID(as_uuid=True)), key).where(
        place.c[code] == bindparam("code", type_=Text)
    )
    return Statement(
        insert(area).from_select(["grant_id", column], found, include_defaults=False).returning(area.c.id)
    )


@cache
def _listing() -> Statement:
    agency, client, purpose, grant = (
        table_of(model) for model in (Agency, AgencyClient, Purpose, AccessGrant)
    )
    return Statement(
        select(
            agency.c.code,
            agency.c.name,
            agency.c.kind,
            agency.c.demands,
            client.c.client_id,
            purpose.c.purpose_id,
            grant.c.scope,
            grant.c.capabilities,
        )
        .select_from(
            agency.join(client, client.c.agency_id == agency.c.id)
            .outerjoin(purpose, purpose.c.agency_id == agency.c.id)
            .outerjoin(grant, (grant.c.purpose_id == purpose.c.purpose_id) & grant.c.revoked_at.is_(None))
        )
        .where(client.c.revoked_at.is_(None))
        .order_by(agency.c.code)
    )
