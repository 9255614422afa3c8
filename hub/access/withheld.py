# SPDX-License-Identifier: EUPL-1.2
"""Why a consumer whose voucher holds may not ask: said to it, so that it knows whom to ask for what."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from uuid import UUID

import asyncpg
from sqlalchemy import bindparam, func, select

from hub.access.refusal import Check, Explained, NotGranted
from hub.errors import Unauthenticated
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import AccessGrant, AgencyClient, Purpose


class UnknownClient(Explained, Unauthenticated):
    """The voucher's client is not registered with this hub."""


async def why_unknown(connection: Connection, client_id: UUID) -> UnknownClient:
    """The refusal of a client that is not registered, or no longer."""
    withdrawn: datetime | None = await _withdrawn().fetchval(connection, client_id=client_id)
    return UnknownClient(
        f"Client {client_id} is not registered with this hub.",
        check=Check.CLIENT,
        claim="client_id",
        expected="a client that is registered",
        received="one that never was"
        if withdrawn is None
        else f"one whose registration was withdrawn at {_at(withdrawn)}",
        remedy="Ask whoever runs the hub to register it.",
    )


async def why_not_granted(connection: Connection, purpose_id: UUID, agency: asyncpg.Record) -> NotGranted:
    """The refusal of a purpose without a grant in force. `agency`: its `id` and `code`."""
    rows = await _grants().fetch(connection, purpose_id=purpose_id, agency_id=agency["id"])
    return NotGranted(
        f"Purpose {purpose_id} has no grant in force for {agency['code']}.",
        check=Check.PURPOSE,
        claim="purposeId",
        expected=f"a purpose of {agency['code']} with a grant in force",
        received=_state(rows),
        remedy="Ask whoever runs the hub for a grant, or use a voucher of another purpose.",
    )


def _state(rows: list[asyncpg.Record]) -> str:
    """How it stands with a purpose, by its newest grant; by none if another agency's purpose was named: it is nobody's business."""
    if not rows:
        return "one that is not registered for it"
    newest = rows[0]
    if newest["withdrawn_at"] is not None:
        return f"one that was withdrawn at {_at(newest['withdrawn_at'])}"
    if newest["valid_from"] is None:
        return "one without any grant"
    if newest["revoked_at"] is not None:
        return f"one whose grant was revoked at {_at(newest['revoked_at'])}"
    if newest["valid_from"] > newest["now"]:
        return f"one whose grant begins at {_at(newest['valid_from'])}"
    return f"one whose grant ended at {_at(newest['valid_to'])}"


def _at(moment: datetime | None) -> str:
    return "an unknown time" if moment is None else moment.isoformat(timespec="seconds")


@cache
def _withdrawn() -> Statement:
    client = table_of(AgencyClient)
    return Statement(select(client.c.revoked_at).where(client.c.client_id == bindparam("client_id")))


@cache
def _grants() -> Statement:
    purpose, grant = table_of(Purpose), table_of(AccessGrant)
    return Statement(
        select(
            purpose.c.revoked_at.label("withdrawn_at"),
            grant.c.revoked_at,
            grant.c.valid_from,
            grant.c.valid_to,
            func.now().label("now"),
        )
        .select_from(purpose.outerjoin(grant, grant.c.purpose_id == purpose.c.purpose_id))
        .where(purpose.c.purpose_id == bindparam("purpose_id"), purpose.c.agency_id == bindparam("agency_id"))
        .order_by(grant.c.revoked_at.desc().nulls_first(), grant.c.valid_from.desc())
        .limit(1)
    )
