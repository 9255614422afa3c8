# SPDX-License-Identifier: EUPL-1.2
"""Who is registered, and what each purpose is granted, as administrators read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, DateTime, Text, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.access.grants import area_codes
from hub.store.base import table_of
from hub.store.identifiers import encode_id
from hub.store.statement import Connection, Statement
from hub.store.tables import AccessGrant, Agency, AgencyClient, Purpose
from hub.store.vocabulary import AgencyKind, Capability, Demand, GrantScope

GRANT_PREFIX = "gnt"


@dataclass(frozen=True)
class GrantEntry:
    """A grant of a purpose, one that has ended too. `areas`: the codes people call them by."""

    id: str
    scope: GrantScope
    areas: tuple[str, ...]
    field_set: str
    fields: tuple[str, ...]
    capabilities: tuple[Capability, ...]
    valid_from: datetime
    valid_to: datetime | None
    revoked_at: datetime | None
    in_force: bool


@dataclass(frozen=True)
class PurposeEntry:
    """A purpose of an agency; its grants, latest first."""

    purpose_id: UUID
    description: str
    registered_at: datetime
    revoked_at: datetime | None
    grants: tuple[GrantEntry, ...]


@dataclass(frozen=True)
class ClientEntry:
    """A PDND client of an agency; `revoked_at`: when its registration was withdrawn."""

    client_id: UUID
    registered_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class AgencyEntry:
    """An agency, its clients and its purposes. `consumer_id`: its organisation on PDND."""

    code: str
    name: str
    kind: AgencyKind
    consumer_id: UUID | None
    demands: tuple[Demand, ...]
    """What it must present beyond its voucher."""
    clients: tuple[ClientEntry, ...]
    purposes: tuple[PurposeEntry, ...]


async def consumers(connection: Connection, *, after: str = "", first: int = 1_000) -> list[AgencyEntry]:
    """The agencies that have a client or a purpose, by code: so many, from after a code on."""
    return await _entries(connection, await _page().fetch(connection, after=after, first=first))


async def agency_of(connection: Connection, code: str) -> AgencyEntry | None:
    """The agency of a code, whether it may ask or not; None where there is none."""
    found = await _entries(connection, await _one().fetch(connection, code=code))
    return found[0] if found else None


async def _entries(connection: Connection, agencies: Sequence[asyncpg.Record]) -> list[AgencyEntry]:
    keys = [agency["id"] for agency in agencies]
    clients = await _of(AgencyClient).fetch(connection, agencies=keys)
    purposes = await _of(Purpose).fetch(connection, agencies=keys)
    grants = await _grants().fetch(connection, agencies=keys)
    return [
        AgencyEntry(
            agency["code"],
            agency["name"],
            AgencyKind(agency["kind"]),
            agency["pdnd_consumer_id"],
            tuple(sorted(map(Demand, agency["demands"]))),
            tuple(
                ClientEntry(client["client_id"], client["registered_at"], client["revoked_at"])
                for client in clients
                if client["agency_id"] == agency["id"]
            ),
            tuple(
                PurposeEntry(
                    purpose["purpose_id"],
                    purpose["description"],
                    purpose["registered_at"],
                    purpose["revoked_at"],
                    tuple(_grant(one) for one in grants if one["purpose_id"] == purpose["purpose_id"]),
                )
                for purpose in purposes
                if purpose["agency_id"] == agency["id"]
            ),
        )
        for agency in agencies
    ]


def _grant(row: asyncpg.Record) -> GrantEntry:
    return GrantEntry(
        encode_id(GRANT_PREFIX, row["id"]),
        GrantScope(row["scope"]),
        tuple(sorted(area for area in row["areas"] if area is not None)),
        row["field_set"],
        tuple(sorted(row["fields"])),
        tuple(sorted(map(Capability, row["capabilities"]))),
        row["valid_from"],
        row["valid_to"],
        row["revoked_at"],
        row["in_force"],
    )


@cache
def _page() -> Statement:
    agency, client, purpose = (table_of(model) for model in (Agency, AgencyClient, Purpose))
    registered = or_(
        select(1).where(client.c.agency_id == agency.c.id).exists(),
        select(1).where(purpose.c.agency_id == agency.c.id).exists(),
    )
    return Statement(
        select(agency)
        .where(registered, agency.c.code > bindparam("after", type_=Text))
        .order_by(agency.c.code)
        .limit(bindparam("first", type_=BigInteger()))
    )


@cache
def _one() -> Statement:
    agency = table_of(Agency)
    return Statement(select(agency).where(agency.c.code == bindparam("code")))


@cache
def _of(model: type[AgencyClient | Purpose]) -> Statement:
    table = table_of(model)
    keys = bindparam("agencies", type_=ARRAY(PG_UUID(as_uuid=True)))
    return Statement(select(table).where(table.c.agency_id == any_(keys)).order_by(table.c.registered_at))


@cache
def _grants() -> Statement:
    purpose, grant, area = table_of(Purpose), table_of(AccessGrant), area_codes().subquery("area")
    keys = bindparam("agencies", type_=ARRAY(PG_UUID(as_uuid=True)))
    now = func.now(type_=DateTime(timezone=True))
    in_force = (
        grant.c.revoked_at.is_(None)
        & purpose.c.revoked_at.is_(None)
        & (grant.c.valid_from <= now)
        & or_(grant.c.valid_to.is_(None), grant.c.valid_to > now)
    )
    return Statement(
        select(grant, in_force.label("in_force"), func.array_agg(area.c.code).label("areas"))
        .select_from(
            purpose.join(grant, grant.c.purpose_id == purpose.c.purpose_id).outerjoin(
                area, area.c.grant_id == grant.c.id
            )
        )
        .where(purpose.c.agency_id == any_(keys))
        .group_by(grant.c.id, purpose.c.revoked_at)
        .order_by(grant.c.valid_from.desc(), grant.c.id)
    )
