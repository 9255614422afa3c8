# SPDX-License-Identifier: EUPL-1.2
"""The callers the hub knows: from a voucher's client and purpose to an agency and what it is granted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from uuid import UUID

import asyncpg
from sqlalchemy import DateTime, bindparam, func, or_, select

from hub.access.caller import Caller, Scope
from hub.access.fields import Unseen, field_permission
from hub.access.refusal import Check, Explained
from hub.access.voucher import Voucher
from hub.access.withheld import why_not_granted, why_unknown
from hub.errors import Unauthenticated
from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.statement import Connection, Statement
from hub.store.tables import AccessGrant, AccessGrantArea, Agency, AgencyClient, FieldSet, Purpose
from hub.store.vocabulary import AgencyKind, Capability, Demand, GrantScope

REMEMBERED = 2.0
"""Seconds a caller is remembered: a revoked grant ends within them."""
MOST = 10_000


class OtherConsumer(Explained, Unauthenticated):
    """The voucher's organisation is not the one its client is registered for."""


class Directory:
    """Finds callers in the tables, and remembers them for two seconds."""

    def __init__(
        self,
        pool: Pool,
        clock: Callable[[], float],
        unseen: Unseen,
    ) -> None:
        """Take the pool to ask, a clock in seconds that only grows, and which types' rows a permission does not reach."""
        self._pool = pool
        self._clock = clock
        self._unseen = unseen
        self._known: dict[tuple[UUID, UUID, UUID | None], tuple[float, Caller]] = {}

    def remembered(self, voucher: Voucher) -> Caller | None:
        """The caller, if it was found less than two seconds ago."""
        known = self._known.get((voucher.client_id, voucher.purpose_id, voucher.consumer_id))
        return known[1] if known is not None and self._clock() - known[0] < REMEMBERED else None

    async def caller(self, voucher: Voucher) -> Caller:
        """The agency and purpose of a voucher, with its grant.

        Raises:
            Unauthenticated: the client is not registered, its registration was withdrawn, or it is another organisation's.
            Forbidden: the purpose is not registered for this agency, or has no grant in force.

        """
        async with self._pool.acquire() as connection:
            agency = await _agency().fetchrow(connection, client_id=voucher.client_id)
            if agency is None:
                raise await why_unknown(connection, voucher.client_id)
            known = agency["pdnd_consumer_id"]
            if known is not None and voucher.consumer_id is not None and voucher.consumer_id != known:
                raise OtherConsumer(
                    f"Client {voucher.client_id} is registered for {agency['code']}, which is another organisation on PDND than "
                    "the voucher's.",
                    check=Check.CONSUMER,
                    claim="consumerId",
                    expected="the organisation the client is registered for",
                    received=f"`{voucher.consumer_id}`",
                    remedy="Ask whoever runs the hub to register it anew.",
                )
            caller = await granted(
                connection,
                agency,
                client_id=voucher.client_id,
                purpose_id=voucher.purpose_id,
                unseen=self._unseen,
            )
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[voucher.client_id, voucher.purpose_id, voucher.consumer_id] = (self._clock(), caller)
        return caller


async def granted(
    connection: Connection,
    agency: asyncpg.Record,
    *,
    client_id: UUID | None,
    purpose_id: UUID,
    unseen: Unseen,
) -> Caller:
    """The caller an agency (its `id`, `code` and `kind`) is under one of its purposes.

    Raises:
        Forbidden: the purpose is not registered for this agency, or has no grant in force.

    """
    grants = await _grants().fetch(connection, purpose_id=purpose_id, agency_id=agency["id"])
    if not grants:
        raise await why_not_granted(connection, purpose_id, agency)
    return _caller(agency, grants, client_id, purpose_id, unseen)


def _caller(
    agency: asyncpg.Record,
    grants: list[asyncpg.Record],
    client_id: UUID | None,
    purpose_id: UUID,
    unseen: Unseen,
) -> Caller:
    # One scope per purpose: several grants of the same scope add up their areas; the narrower kinds are never mixed.
    scope = GrantScope(grants[0]["scope"])
    same = [grant for grant in grants if grant["scope"] == scope]
    centres = tuple(sorted({area for grant in same for area in grant["centres"] if area is not None}))
    municipalities = tuple(
        sorted({area for grant in same for area in grant["municipalities"] if area is not None})
    )
    regions = tuple(sorted({area for grant in same for area in grant["regions"] if area is not None}))
    areas = {
        GrantScope.CENTRE: centres,
        GrantScope.MUNICIPALITY: municipalities,
        GrantScope.REGION: regions,
    }.get(scope, ())
    fields = field_permission(_granted(same))
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
        capabilities=frozenset(Capability(word) for grant in same for word in grant["capabilities"]),
        demands=frozenset(map(Demand, agency["demands"])),
        fields=fields,
    )


def _granted(grants: list[asyncpg.Record]) -> Iterator[tuple[str, str]]:
    """The coordinates of grants, each with the name of the set, or the grant, that names it."""
    for grant in grants:
        for coordinate in grant["set_fields"]:
            yield coordinate, grant["field_set"]
        for coordinate in grant["fields"]:
            yield coordinate, f"grant {grant['id']}"


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
    purpose, grant, area = table_of(Purpose), table_of(AccessGrant), table_of(AccessGrantArea)
    fields = table_of(FieldSet)
    now = func.now(type_=DateTime(timezone=True))
    return Statement(
        select(
            grant.c.id,
            grant.c.scope,
            grant.c.capabilities,
            grant.c.field_set,
            grant.c.fields,
            fields.c.fields.label("set_fields"),
            func.array_agg(area.c.employment_centre_id).label("centres"),
            func.array_agg(area.c.municipality_id).label("municipalities"),
            func.array_agg(area.c.region_code).label("regions"),
        )
        .select_from(
            purpose.join(grant, grant.c.purpose_id == purpose.c.purpose_id)
            .join(fields, fields.c.name == grant.c.field_set)
            .outerjoin(area, area.c.grant_id == grant.c.id)
        )
        .where(
            purpose.c.purpose_id == bindparam("purpose_id"),
            purpose.c.agency_id == bindparam("agency_id"),
            purpose.c.revoked_at.is_(None),
            grant.c.revoked_at.is_(None),
            grant.c.valid_from <= now,
            or_(grant.c.valid_to.is_(None), grant.c.valid_to > now),
        )
        .group_by(grant.c.id, fields.c.name)
        .order_by(grant.c.id)
    )
