# SPDX-License-Identifier: EUPL-1.2
"""What an agency's purposes are granted of the schema's fields, for whoever looks at it from outside a request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import DateTime, bindparam, func, or_, select

from hub.access.fields import FieldPermission, field_permission
from hub.errors import InvalidInput
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import AccessGrant, Agency, FieldSet, Purpose


class UnknownAgency(InvalidInput):
    """No agency has this code; `snodo agency list` has them all."""


class NothingGranted(InvalidInput):
    """No purpose of this agency has a grant in force; `snodo agency list` has them all."""


@dataclass(frozen=True)
class Granted:
    """The fields of one purpose."""

    purpose_id: UUID
    description: str
    permission: FieldPermission


async def granted_fields(connection: Connection, code: str, purpose_id: UUID | None = None) -> list[Granted]:
    """What each purpose of an agency is granted, or the one named, by its grants in force.

    Raises:
        UnknownAgency: no agency has this code.
        NothingGranted: it has no such purpose, or none with a grant in force.

    """
    if await _agency().fetchval(connection, code=code) is None:
        raise UnknownAgency
    rows = [
        row
        for row in await _grants().fetch(connection, code=code)
        if purpose_id is None or row["purpose_id"] == purpose_id
    ]
    if not rows:
        raise NothingGranted
    granted: dict[UUID, list[tuple[str, str]]] = {}
    for row in rows:
        named = granted.setdefault(row["purpose_id"], [])
        named += [(one, row["name"]) for one in row["set_fields"]]
        named += [(one, f"grant {row['id']}") for one in row["fields"]]
    descriptions = {row["purpose_id"]: row["description"] for row in rows}
    return [Granted(key, descriptions[key], field_permission(named)) for key, named in granted.items()]


@cache
def _agency() -> Statement:
    agency = table_of(Agency)
    return Statement(select(agency.c.id).where(agency.c.code == bindparam("code")))


@cache
def _grants() -> Statement:
    agency, purpose, grant, fields = (table_of(model) for model in (Agency, Purpose, AccessGrant, FieldSet))
    now = func.now(type_=DateTime(timezone=True))
    return Statement(
        select(
            purpose.c.purpose_id,
            purpose.c.description,
            grant.c.id,
            grant.c.fields,
            fields.c.name,
            fields.c.fields.label("set_fields"),
        )
        .select_from(
            agency.join(purpose, purpose.c.agency_id == agency.c.id)
            .join(grant, grant.c.purpose_id == purpose.c.purpose_id)
            .join(fields, fields.c.name == grant.c.field_set)
        )
        .where(
            agency.c.code == bindparam("code"),
            purpose.c.revoked_at.is_(None),
            grant.c.revoked_at.is_(None),
            grant.c.valid_from <= now,
            or_(grant.c.valid_to.is_(None), grant.c.valid_to > now),
        )
        .order_by(purpose.c.purpose_id, grant.c.id)
    )
