# SPDX-License-Identifier: EUPL-1.2
"""Grants of a purpose: given, found again, ended. Those that hold at one moment add up their areas, and agree in all else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

import asyncpg
from sqlalchemy import DateTime, Select, Text, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.access.registry_refusals import (
    GrantsDisagree,
    InvalidRegistration,
    UnknownArea,
    UnknownFieldSet,
    UnknownPurpose,
)
from hub.store.base import table_of
from hub.store.reference.agency_codes import CITIZENS_PURPOSE_ID
from hub.store.statement import Connection, Statement
from hub.store.tables import (
    AccessGrant,
    AccessGrantArea,
    Ambito,
    EmploymentCentre,
    Municipality,
    Purpose,
    Region,
)
from hub.store.vocabulary import Capability, GrantScope

TERRITORIAL = frozenset({GrantScope.CENTRE, GrantScope.MUNICIPALITY, GrantScope.AMBITO, GrantScope.REGION})
"""The scopes that reach as far as the areas a grant names."""
OF_PEOPLE = TERRITORIAL | {GrantScope.NATIONAL}
"""The scopes that reach people whom something may be recorded about."""
READING_FEED = OF_PEOPLE - {GrantScope.CENTRE}
"""The scopes that have a feed: all of it, or a part."""
PUBLISHING = (TERRITORIAL | {GrantScope.OWN}) - {GrantScope.REGION}
"""The scopes of who publishes here. A region's offers and courses come from its own system, which would have them otherwise."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a purpose is granted. `areas`: codes of centres, municipalities, ambiti or regions, as `scope` says.

    `fields` are coordinates beside those of the set. Holds from `valid_from`, None: at once, until just before `valid_to`.
    """

    scope: GrantScope
    field_set: str
    areas: Sequence[str] = ()
    capabilities: frozenset[Capability] = frozenset()
    fields: frozenset[str] = frozenset()
    valid_from: datetime | None = None
    valid_to: datetime | None = None


def check(grant: Grant) -> None:
    """Refuse a grant whose parts do not go together; the tables' constraints refuse the same.

    Raises:
        InvalidRegistration: they do not.

    """
    scope = grant.scope
    if scope in TERRITORIAL and not grant.areas:
        raise InvalidRegistration(
            f"A grant of scope {scope.value} without an area reaches nothing: name one at least.",
            about="areas",
        )
    if scope not in TERRITORIAL and grant.areas:
        raise InvalidRegistration(
            f"A grant of scope {scope.value} is of no territory: name no area.", about="areas"
        )
    if Capability.READ_FEED in grant.capabilities and scope not in READING_FEED:
        raise InvalidRegistration(
            f"READ_FEED is of no use with scope {scope.value}: there is a feed of all, of a region, of municipalities.",
            about="capabilities",
        )
    if Capability.REPORT_OUTCOMES in grant.capabilities and scope is not GrantScope.NATIONAL:
        raise InvalidRegistration(
            "REPORT_OUTCOMES is granted with scope NATIONAL only: who decides about benefits does so for the country.",
            about="capabilities",
        )
    for capability in (Capability.RECORD_EVENTS, Capability.SEND_COMMUNICATIONS):
        if capability in grant.capabilities and scope not in OF_PEOPLE:
            raise InvalidRegistration(
                f"{capability.value} is of no use with scope {scope.value}, which reaches nobody to record about.",
                about="capabilities",
            )
    if Capability.PUBLISH_OPPORTUNITIES in grant.capabilities and scope not in PUBLISHING:
        raise InvalidRegistration(
            f"PUBLISH_OPPORTUNITIES is of no use with scope {scope.value}: an agency publishes its own, a centre, a municipality or an ambito too.",
            about="capabilities",
        )
    if grant.valid_to is not None and grant.valid_from is not None and grant.valid_to <= grant.valid_from:
        raise InvalidRegistration("A grant ends after it begins.", about="valid_to")


async def add_grant(connection: Connection, purpose_id: UUID, grant: Grant) -> UUID:
    """Give a purpose a grant beside those it has, in the transaction at hand; one that it has already is found again.

    Raises:
        InvalidRegistration: its parts do not go together, it is over already, or the people's own purpose would have another.
        UnknownPurpose: the purpose is not registered, or was revoked.
        UnknownArea: an area's code is not known here.
        UnknownFieldSet: there is no such field set.
        GrantsDisagree: another grant that holds at the same time has other terms.

    """
    check(grant)
    _check_of_citizens(purpose_id, grant)
    # NOTE locked: of two at once that are the same, the second finds the first.
    if await _purpose().fetchval(connection, purpose_id=purpose_id) is None:
        raise UnknownPurpose(about="purpose_id")
    found = await _same_grant(connection, purpose_id, grant)
    if found is not None:
        return found
    try:
        async with connection.transaction():
            grant_id: UUID = await _new_grant(begins=grant.valid_from is not None).fetchval(
                connection,
                purpose_id=purpose_id,
                scope=grant.scope.value,
                field_set=grant.field_set,
                fields=sorted(grant.fields),
                capabilities=_words(grant),
                valid_to=grant.valid_to,
                **({} if grant.valid_from is None else {"valid_from": grant.valid_from}),
            )
    except asyncpg.ExclusionViolationError:
        raise GrantsDisagree(about="purpose_id") from None
    except asyncpg.ForeignKeyViolationError:
        raise UnknownFieldSet(about="field_set") from None
    except asyncpg.CheckViolationError:
        raise InvalidRegistration("The grant would end before it begins.", about="valid_to") from None
    for code in dict.fromkeys(grant.areas):
        if await _area(grant.scope).fetchval(connection, grant_id=grant_id, code=code) is None:
            raise UnknownArea(
                f"{code} is not the code of a {grant.scope.value.lower()} known to this hub.", about="areas"
            )
    return grant_id


def _check_of_citizens(purpose_id: UUID, grant: Grant) -> None:
    is_self, is_citizens = grant.scope is GrantScope.SELF, purpose_id == UUID(CITIZENS_PURPOSE_ID)
    if is_self is not is_citizens:
        raise InvalidRegistration(
            "Scope SELF is that of the people's own purpose, which has no other: who asks with a voucher has no self.",
            about="scope",
        )
    if is_citizens and grant.capabilities:
        raise InvalidRegistration(
            "What the people's purpose may do, every citizen may: it is granted no capability.",
            about="capabilities",
        )


async def has_only(connection: Connection, purpose_id: UUID, grant: Grant) -> bool:
    """Whether this grant, and no other, holds or will hold for the purpose."""
    grants = await _grants().fetch(connection, purpose_id=purpose_id)
    return len(grants) == 1 and _is_same(grants[0], grant)


async def end_grants(connection: Connection, purpose_id: UUID) -> int:
    """End every grant of a purpose, those to come too, at once; gives how many."""
    return len(await _end("purpose_id").fetch(connection, key=purpose_id))


async def end_grant(connection: Connection, grant_id: UUID) -> int | None:
    """End one grant at once; gives 0 for one that had ended, None where there is no such grant."""
    if await _end("id").fetchval(connection, key=grant_id) is not None:
        return 1
    return 0 if await _purpose_of().fetchval(connection, grant_id=grant_id) is not None else None


async def _same_grant(connection: Connection, purpose_id: UUID, grant: Grant) -> UUID | None:
    grants = await _grants().fetch(connection, purpose_id=purpose_id)
    return next((known["id"] for known in grants if _is_same(known, grant)), None)


def _is_same(known: asyncpg.Record, grant: Grant) -> bool:
    begins = known["in_force"] if grant.valid_from is None else known["valid_from"] == grant.valid_from
    return (
        begins
        and known["scope"] == grant.scope.value
        and known["field_set"] == grant.field_set
        and set(known["fields"]) == grant.fields
        and sorted(known["capabilities"]) == _words(grant)
        and known["valid_to"] == grant.valid_to
        and set(known["areas"]) - {None} == set(grant.areas)
    )


def _words(grant: Grant) -> list[str]:
    return sorted(capability.value for capability in grant.capabilities)


@cache
def _purpose() -> Statement:
    purpose = table_of(Purpose)
    return Statement(
        select(purpose.c.purpose_id)
        .where(purpose.c.purpose_id == bindparam("purpose_id"), purpose.c.revoked_at.is_(None))
        .with_for_update()
    )


@cache
def _new_grant(*, begins: bool) -> Statement:
    grant = table_of(AccessGrant)
    moment = DateTime(timezone=True)
    values = {
        "purpose_id": bindparam("purpose_id"),
        "scope": bindparam("scope", type_=Text),
        "field_set": bindparam("field_set"),
        "fields": bindparam("fields", type_=ARRAY(Text())),
        "capabilities": bindparam("capabilities", type_=ARRAY(Text())),
        "valid_to": bindparam("valid_to", type_=moment),
    }
    if begins:
        values["valid_from"] = bindparam("valid_from", type_=moment)
    return Statement(insert(grant).values(values).returning(grant.c.id))


def area_codes() -> Select[tuple[UUID, str]]:
    """The areas of every grant: `grant_id`, and the `code` people call the area by."""
    area, centre, place = (table_of(model) for model in (AccessGrantArea, EmploymentCentre, Municipality))
    code = func.coalesce(centre.c.code, place.c.belfiore_code, area.c.ambito_code, area.c.region_code)
    return select(area.c.grant_id, code.label("code")).select_from(
        area.outerjoin(centre, centre.c.id == area.c.employment_centre_id).outerjoin(
            place, place.c.id == area.c.municipality_id
        )
    )


@cache
def _grants() -> Statement:
    """The grants of a purpose that hold or will."""
    grant, area = table_of(AccessGrant), area_codes().subquery("area")
    now = func.now(type_=DateTime(timezone=True))
    return Statement(
        select(
            grant.c.id,
            grant.c.scope,
            grant.c.field_set,
            grant.c.fields,
            grant.c.capabilities,
            grant.c.valid_from,
            grant.c.valid_to,
            (grant.c.valid_from <= now).label("in_force"),
            func.array_agg(area.c.code).label("areas"),
        )
        .select_from(grant.outerjoin(area, area.c.grant_id == grant.c.id))
        .where(
            grant.c.purpose_id == bindparam("purpose_id"),
            grant.c.revoked_at.is_(None),
            or_(grant.c.valid_to.is_(None), grant.c.valid_to > now),
        )
        .group_by(grant.c.id)
    )


@cache
def _end(by: str) -> Statement:
    grant = table_of(AccessGrant)
    ended = update(grant).where(grant.c[by] == bindparam("key"), grant.c.revoked_at.is_(None))
    return Statement(ended.values(revoked_at=func.now()).returning(grant.c.purpose_id))


@cache
def _purpose_of() -> Statement:
    grant = table_of(AccessGrant)
    return Statement(select(grant.c.purpose_id).where(grant.c.id == bindparam("grant_id")))


@cache
def _area(scope: GrantScope) -> Statement:
    area = table_of(AccessGrantArea)
    model, code, key, column = {
        GrantScope.CENTRE: (EmploymentCentre, "code", "id", "employment_centre_id"),
        GrantScope.MUNICIPALITY: (Municipality, "belfiore_code", "id", "municipality_id"),
        GrantScope.AMBITO: (Ambito, "code", "code", "ambito_code"),
        GrantScope.REGION: (Region, "code", "code", "region_code"),
    }[scope]
    place = table_of(model)
    found = select(bindparam("grant_id", type_=PG_UUID(as_uuid=True)), place.c[key]).where(
        place.c[code] == bindparam("code", type_=Text)
    )
    return Statement(
        insert(area).from_select(["grant_id", column], found, include_defaults=False).returning(area.c.id)
    )
