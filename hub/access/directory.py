# SPDX-License-Identifier: EUPL-1.2
"""The callers the hub knows: from a voucher's client and purpose to an agency and what it is granted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import DateTime, Float, bindparam, case, cast, extract, func, or_, select

from hub.access.caller import Caller, Scope
from hub.access.fields import Unseen, field_permission
from hub.access.refusal import Check, Explained
from hub.access.remembered import LONGEST, Found, Remembered
from hub.access.voucher import Voucher
from hub.access.withheld import why_not_granted, why_unknown
from hub.errors import Unauthenticated
from hub.store.announcements import Word
from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.statement import Connection, Statement
from hub.store.tables import (
    AccessGrant,
    AccessGrantArea,
    Agency,
    AgencyClient,
    AmbitoMunicipality,
    FieldSet,
    Purpose,
)
from hub.store.vocabulary import AgencyKind, Capability, Demand, GrantScope

CHANNEL = "snodo_access"
"""On which the tables' triggers say that who may see what has changed (migrations/sql/0003_grants.sql)."""


class OtherConsumer(Explained, Unauthenticated):
    """The voucher's organisation is not the one its client is registered for."""


class Directory:
    """Finds callers in the tables, and remembers what it found, refusals too: until a grant begins or ends, until word of a change."""

    def __init__(self, pool: Pool, clock: Callable[[], float], unseen: Unseen, changed: Word) -> None:
        """Take the pool to ask, and a clock in seconds that only grows.

        `unseen`: which types' rows a permission does not reach. `changed`: the word that comes by `CHANNEL`.
        """
        self._pool = pool
        self._unseen = unseen
        self._known = Remembered[tuple[UUID, UUID, UUID | None]](clock, changed)

    def remembered(self, voucher: Voucher) -> Caller | None:
        """The caller, if what was found of it may still be believed. Raises as `caller` does, if it was refused."""
        return self._known.get((voucher.client_id, voucher.purpose_id, voucher.consumer_id))

    async def caller(self, voucher: Voucher) -> Caller:
        """The agency and purpose of a voucher, with its grant.

        Raises:
            Unauthenticated: the client is not registered, its registration was withdrawn, or it is another organisation's.
            Forbidden: the purpose is not registered for this agency, or has no grant in force.

        """
        key = voucher.client_id, voucher.purpose_id, voucher.consumer_id
        return await self._known.find(key, partial(self._look, voucher))

    async def _look(self, voucher: Voucher) -> Found:
        async with self._pool.acquire() as connection:
            agency = await _agency().fetchrow(connection, client_id=voucher.client_id)
            if agency is None:
                return await why_unknown(connection, voucher.client_id), LONGEST
            known = agency["pdnd_consumer_id"]
            if known is not None and voucher.consumer_id is not None and voucher.consumer_id != known:
                refused = OtherConsumer(
                    f"Client {voucher.client_id} is registered for {agency['code']}, which is another organisation on PDND than "
                    "the voucher's.",
                    check=Check.CONSUMER,
                    claim="consumerId",
                    expected="the organisation the client is registered for",
                    received=f"`{voucher.consumer_id}`",
                    remedy="Ask whoever runs the hub to register it anew.",
                )
                return refused, LONGEST
            return await granted(
                connection,
                agency,
                client_id=voucher.client_id,
                purpose_id=voucher.purpose_id,
                unseen=self._unseen,
            )


async def granted(
    connection: Connection,
    agency: asyncpg.Record,
    *,
    client_id: UUID | None,
    purpose_id: UUID,
    unseen: Unseen,
) -> Found:
    """The caller an agency (its `id`, `code`, `kind` and `demands`) is under one of its purposes.

    A `NotGranted` where the purpose is not registered for this agency, or has no grant in force.
    """
    found = await _grants().fetch(connection, purpose_id=purpose_id, agency_id=agency["id"])
    grants = [grant for grant in found if grant["in_force"]]
    edges = [grant["seconds_left"] for grant in found if grant["seconds_left"] is not None]
    seconds = min([LONGEST, *edges])
    if not grants:
        return await why_not_granted(connection, purpose_id, agency), seconds
    return _caller(agency, grants, client_id, purpose_id, unseen), seconds


def _caller(
    agency: asyncpg.Record,
    grants: Sequence[asyncpg.Record],
    client_id: UUID | None,
    purpose_id: UUID,
    unseen: Unseen,
) -> Caller:
    # NOTE grants that hold at one moment differ in their areas only (the constraint access_grant_terms_excl): all else is the first's.
    terms = grants[0]
    scope = GrantScope(terms["scope"])
    if scope is GrantScope.AMBITO:  # an ambito is its municipalities, and plans know only these
        scope = GrantScope.MUNICIPALITY
    centres = _areas(grants, "centres")
    municipalities = _areas(grants, "municipalities")
    regions = _areas(grants, "regions")
    areas = {
        GrantScope.CENTRE: centres,
        GrantScope.MUNICIPALITY: municipalities,
        GrantScope.REGION: regions,
    }.get(scope, ())
    fields = field_permission(_granted(grants))
    return Caller(
        agency_id=agency["id"],
        agency_code=agency["code"],
        agency_kind=AgencyKind(agency["kind"]),
        client_id=client_id,
        purpose_id=purpose_id,
        scope=Scope(scope, single=len(areas) == 1, unseen=unseen(fields)),
        centres=centres,
        municipalities=municipalities,
        regions=regions,
        capabilities=frozenset(map(Capability, terms["capabilities"])),
        demands=frozenset(map(Demand, agency["demands"])),
        fields=fields,
    )


def _granted(grants: Sequence[asyncpg.Record]) -> Iterator[tuple[str, str]]:
    """The coordinates of grants, each with the name of the set, or the grant, that names it."""
    for grant in grants:
        for coordinate in grant["set_fields"]:
            yield coordinate, grant["field_set"]
        for coordinate in grant["fields"]:
            yield coordinate, f"grant {grant['id']}"


def _areas(grants: Sequence[asyncpg.Record], kind: str) -> tuple[Any, ...]:
    """The areas of all grants, each once, in one order: callers of the same areas share their runs."""
    return tuple(sorted({area for grant in grants for area in grant[kind] if area is not None}))


@cache
def _agency() -> Statement:
    agency, client = table_of(Agency), table_of(AgencyClient)
    return Statement(
        select(agency.c.id, agency.c.code, agency.c.kind, agency.c.pdnd_consumer_id, agency.c.demands)
        .join_from(client, agency, client.c.agency_id == agency.c.id)
        .where(client.c.client_id == bindparam("client_id"), client.c.revoked_at.is_(None))
    )


@cache
def _grants() -> Statement:
    """The grants of a purpose that hold now or will: `seconds_left` until each ends or begins, None where it stays."""
    purpose, grant, area = table_of(Purpose), table_of(AccessGrant), table_of(AccessGrantArea)
    fields = table_of(FieldSet)
    of_ambito = table_of(AmbitoMunicipality)
    now = func.now(type_=DateTime(timezone=True))
    in_force = grant.c.valid_from <= now
    edge = case((in_force, grant.c.valid_to), else_=grant.c.valid_from)
    return Statement(
        select(
            grant.c.id,
            grant.c.scope,
            grant.c.capabilities,
            grant.c.field_set,
            grant.c.fields,
            fields.c.fields.label("set_fields"),
            in_force.label("in_force"),
            cast(extract("epoch", edge - now), Float).label("seconds_left"),
            func.array_agg(area.c.employment_centre_id).label("centres"),
            func.array_agg(func.coalesce(area.c.municipality_id, of_ambito.c.municipality_id)).label(
                "municipalities"
            ),
            func.array_agg(area.c.region_code).label("regions"),
        )
        .select_from(
            purpose.join(grant, grant.c.purpose_id == purpose.c.purpose_id)
            .join(fields, fields.c.name == grant.c.field_set)
            .outerjoin(area, area.c.grant_id == grant.c.id)
            .outerjoin(of_ambito, of_ambito.c.ambito_code == area.c.ambito_code)
        )
        .where(
            purpose.c.purpose_id == bindparam("purpose_id"),
            purpose.c.agency_id == bindparam("agency_id"),
            purpose.c.revoked_at.is_(None),
            grant.c.revoked_at.is_(None),
            or_(grant.c.valid_to.is_(None), grant.c.valid_to > now),
        )
        .group_by(grant.c.id, fields.c.name)
        .order_by(grant.c.id)
    )
