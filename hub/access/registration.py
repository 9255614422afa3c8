# SPDX-License-Identifier: EUPL-1.2
"""Registering who may ask: agencies, their PDND clients and purposes, with what is granted; and taking it back.

Each function is one transaction, recorded as its actor's. All are idempotent by nature: done twice, nothing more is changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

import asyncpg
from sqlalchemy import Boolean, Text, bindparam, case, func, null, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql import insert as upsert

from hub.access.actors import COMMAND_LINE, Actor, acting
from hub.access.grants import Grant, add_grant, check, end_grant, end_grants, has_only
from hub.access.registry_refusals import (
    AlreadyRegistered,
    InvalidRegistration,
    UnknownAgency,
    UnknownClient,
    UnknownGrant,
    UnknownPurpose,
)
from hub.errors import ConfigurationError
from hub.settings import Settings
from hub.store.base import table_of
from hub.store.reference.agency_codes import CITIZENS_AGENCY_CODE, CITIZENS_AGENCY_ID, CITIZENS_PURPOSE_ID
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, AgencyClient, Purpose
from hub.store.vocabulary import AgencyKind, Capability, Demand, GrantScope

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
    fields: frozenset[str] = frozenset()
    """Coordinates beside those of the set."""
    demands: frozenset[Demand] | None = None
    """What it must present beyond its voucher; None leaves an agency that is known as it is, and of a new one demands:"""
    new_demands: frozenset[Demand] = frozenset()

    @property
    def grant(self) -> Grant:
        """What the purpose is granted, at once and without an end."""
        return Grant(
            scope=self.scope,
            areas=self.areas,
            capabilities=self.capabilities,
            field_set=self.field_set or FIELD_SET_OF[self.agency_kind],
            fields=self.fields,
        )


@dataclass(frozen=True, kw_only=True)
class NewAgency:
    """An agency, and its clients on PDND. `consumer_id`: its organisation there; a voucher of another is refused."""

    code: str
    name: str
    kind: AgencyKind
    clients: Sequence[UUID] = ()
    consumer_id: UUID | None = None
    demands: frozenset[Demand] | None = None
    """As those of a `Registration`."""
    new_demands: frozenset[Demand] = frozenset()


async def register(
    connection: Connection, registration: Registration, *, actor: Actor = COMMAND_LINE
) -> UUID:
    """Register a consumer and grant its purpose; the purpose's other grants end. Gives the agency's key.

    Raises:
        InvalidRegistration: the code has another form, or scope, areas and capabilities do not go together.
        UnknownArea: an area's code is not known here.
        UnknownFieldSet: there is no such field set.
        AlreadyRegistered: the client, the purpose or the organisation is another agency's.

    """
    agency = NewAgency(
        code=registration.agency_code,
        name=registration.agency_name,
        kind=registration.agency_kind,
        clients=(registration.client_id,),
        consumer_id=registration.consumer_id,
        demands=registration.demands,
        new_demands=registration.new_demands,
    )
    _check(agency)
    check(registration.grant)
    async with acting(connection, actor):
        agency_id = await _land_agency(connection, agency)
        await _land_purpose(connection, agency_id, registration.purpose_id, registration.purpose)
        if not await has_only(connection, registration.purpose_id, registration.grant):
            await end_grants(connection, registration.purpose_id)
            await add_grant(connection, registration.purpose_id, registration.grant)
    return agency_id


async def register_agency(connection: Connection, agency: NewAgency, *, actor: Actor = COMMAND_LINE) -> None:
    """Register an agency and its clients, or change its name, kind and organisation. Clients it has besides stay.

    Raises:
        InvalidRegistration: its code has another form, or its kind is not for an organisation.
        AlreadyRegistered: a client or the organisation is another agency's.

    """
    _check(agency)
    async with acting(connection, actor):
        await _land_agency(connection, agency)


async def grant_purpose(
    connection: Connection,
    agency_code: str,
    purpose_id: UUID,
    description: str,
    grant: Grant,
    *,
    actor: Actor = COMMAND_LINE,
) -> UUID:
    """Give a purpose of a registered agency a grant beside those it has; the grant's key.

    Raises:
        UnknownAgency: it is not registered.
        AlreadyRegistered: the purpose is another agency's.
        InvalidRegistration: the agency is the people themselves, and the purpose another than theirs.
        RegistryRefused: as `grants.add_grant` does.

    """
    check(grant)
    async with acting(connection, actor):
        agency_id = await _agency().fetchval(connection, code=agency_code)
        if agency_id is None:
            raise UnknownAgency(about="agency_code")
        await _land_purpose(connection, agency_id, purpose_id, description)
        return await add_grant(connection, purpose_id, grant)


async def revoke(connection: Connection, purpose_id: UUID, *, actor: Actor = COMMAND_LINE) -> int:
    """End every grant of a purpose, at once; gives how many.

    Raises:
        UnknownPurpose: it is not registered.

    """
    async with acting(connection, actor):
        if await _owner("purpose_id").fetchval(connection, key=purpose_id) is None:
            raise UnknownPurpose(about="purpose_id")
        return await end_grants(connection, purpose_id)


async def revoke_grant(connection: Connection, grant_id: UUID, *, actor: Actor = COMMAND_LINE) -> int:
    """End one grant, at once; gives 0 for one that had ended, else 1.

    Raises:
        UnknownGrant: there is no such grant.

    """
    async with acting(connection, actor):
        ended = await end_grant(connection, grant_id)
        if ended is None:
            raise UnknownGrant(about="grant_id")
        return ended


async def withdraw_client(connection: Connection, client_id: UUID, *, actor: Actor = COMMAND_LINE) -> None:
    """Take a client's registration back, at once: its vouchers are refused, whatever their purpose. It may be registered again.

    Raises:
        UnknownClient: it is not registered.

    """
    async with acting(connection, actor):
        if await _owner("client_id").fetchval(connection, key=client_id) is None:
            raise UnknownClient(about="client_id")
        await _withdraw().execute(connection, client_id=client_id)


async def set_demands(
    connection: Connection, agency_code: str, demands: frozenset[Demand], *, actor: Actor = COMMAND_LINE
) -> None:
    """Say what an agency must present beyond its voucher: this, and nothing else.

    Raises:
        UnknownAgency: no agency has this code.
        InvalidRegistration: it is the people themselves, who show a token of their own.

    """
    if agency_code == CITIZENS_AGENCY_CODE and demands:
        raise InvalidRegistration(
            "Nothing more than their token is demanded of citizens; what it must be is set by SNODO_CITIZEN_….",
            about="demands",
        )
    async with acting(connection, actor):
        if await _demand().fetchval(connection, agency_code=agency_code, said=sorted(demands)) is None:
            raise UnknownAgency(
                f"No agency is called {agency_code}; `snodo agency list` names them.", about="agency_code"
            )


def default_demands(settings: Settings) -> frozenset[Demand]:
    """What is demanded of a new agency of which nothing else is said.

    Raises:
        ConfigurationError: SNODO_DEMANDS has another word.

    """
    try:
        return frozenset(map(Demand, (settings.demands or "").split()))
    except ValueError as error:
        raise ConfigurationError(f"SNODO_DEMANDS knows the words {', '.join(Demand)}.") from error


def _check(agency: NewAgency) -> None:
    if not _CODE.fullmatch(agency.code):
        raise InvalidRegistration(
            "An agency's code is 1 to 63 lower-case letters, digits and dashes, and does not begin with a dash.",
            about="code",
        )
    if agency.kind is AgencyKind.CITIZENS:
        raise InvalidRegistration(
            "The people themselves are one agency, and it is there; they ask with SPID or CIE.", about="kind"
        )


async def _land_agency(connection: Connection, agency: NewAgency) -> UUID:
    try:
        async with connection.transaction():
            agency_id: UUID | None = await _land("agency").fetchval(
                connection,
                code=agency.code,
                name=agency.name,
                kind=agency.kind.value,
                pdnd_consumer_id=agency.consumer_id,
                demands=sorted(agency.new_demands if agency.demands is None else agency.demands),
                says_demands=agency.demands is not None,
            )
    except asyncpg.UniqueViolationError:
        raise AlreadyRegistered("This organisation belongs to another agency.", about="consumer_id") from None
    if agency_id is None:
        raise InvalidRegistration("The agency of the people themselves cannot be changed.", about="code")
    for client_id in agency.clients:
        owner = await _land("client").fetchval(connection, client_id=client_id, agency_id=agency_id)
        if owner != agency_id:
            raise AlreadyRegistered("This client belongs to another agency.", about="client_id")
    return agency_id


async def _land_purpose(connection: Connection, agency_id: UUID, purpose_id: UUID, description: str) -> None:
    is_citizens = purpose_id == UUID(CITIZENS_PURPOSE_ID)
    if agency_id == UUID(CITIZENS_AGENCY_ID) and not is_citizens:
        raise InvalidRegistration(
            "The people themselves have one purpose, and it is there; `snodo agency list` shows it.",
            about="purpose_id",
        )
    if is_citizens and agency_id != UUID(CITIZENS_AGENCY_ID):
        raise AlreadyRegistered("This purpose belongs to another agency.", about="purpose_id")
    owner = await _land("purpose").fetchval(
        connection, purpose_id=purpose_id, agency_id=agency_id, description=description
    )
    if owner != agency_id:
        raise AlreadyRegistered("This purpose belongs to another agency.", about="purpose_id")


@cache
def _land(name: str) -> Statement:
    uuid, text = PG_UUID(as_uuid=True), Text()
    agency, client, purpose = (table_of(model) for model in (Agency, AgencyClient, Purpose))
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
                new.on_conflict_do_update(
                    index_elements=["code"],
                    set_=changed,
                    where=agency.c.kind != bindparam("citizens", AgencyKind.CITIZENS.value, text),
                ).returning(agency.c.id)
            )
        case "client":
            new = upsert(client).values(client_id=bindparam("client_id"), agency_id=bindparam("agency_id"))
            # NOTE a row of another agency is found, and not changed: what it has withdrawn stays withdrawn.
            again = new.on_conflict_do_update(
                index_elements=["client_id"],
                set_={"revoked_at": null()},
                where=client.c.agency_id == new.excluded.agency_id,
            )
            return Statement(again.returning(client.c.agency_id))
        case _:
            new = upsert(purpose).values(
                purpose_id=bindparam("purpose_id"),
                agency_id=bindparam("agency_id"),
                description=bindparam("description"),
            )
            again = new.on_conflict_do_update(
                index_elements=["purpose_id"],
                set_={"description": new.excluded.description, "revoked_at": null()},
                where=purpose.c.agency_id == new.excluded.agency_id,
            )
            return Statement(again.returning(purpose.c.agency_id))


@cache
def _agency() -> Statement:
    agency = table_of(Agency)
    return Statement(select(agency.c.id).where(agency.c.code == bindparam("code")))


@cache
def _demand() -> Statement:
    agency = table_of(Agency)
    said = update(agency).where(agency.c.code == bindparam("agency_code"))
    return Statement(said.values(demands=bindparam("said", type_=ARRAY(Text()))).returning(agency.c.id))


@cache
def _owner(key: str) -> Statement:
    table = table_of(AgencyClient if key == "client_id" else Purpose)
    return Statement(select(table.c.agency_id).where(table.c[key] == bindparam("key")))


@cache
def _withdraw() -> Statement:
    client = table_of(AgencyClient)
    return Statement(
        update(client)
        .where(client.c.client_id == bindparam("client_id"), client.c.revoked_at.is_(None))
        .values(revoked_at=func.now())
    )
