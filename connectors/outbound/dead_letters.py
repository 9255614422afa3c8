# SPDX-License-Identifier: EUPL-1.2
"""What a recipient refused, or did not take in as many attempts as there are: sent again because somebody says so."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from functools import cache
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Text, any_, bindparam, literal_column, null, select, update
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, Delivery
from hub.store.vocabulary import DeliveryState

PREFIX = "dlv"
"""Of a delivery's id outside."""


class DeliveryRefusalCode(StrEnum):
    """Why a delivery is not sent again."""

    DELIVERY_NOT_FOUND = "DELIVERY_NOT_FOUND"


_KEY = PG_UUID(as_uuid=True)
_delivery = table_of(Delivery)
DEAD = (DeliveryState.REFUSED, DeliveryState.EXHAUSTED)


async def resend(connection: Connection, key: UUID, now: datetime) -> DeliveryState | None:
    """Have a dead letter sent again, under its key and at its place; its state now, None where there is no such delivery.

    One that waits, arrived, or was cancelled stays as it is: said twice, it is sent again once.
    """
    await _resend().execute(connection, keys=[key], now=now)
    state = await _state().fetchval(connection, key=key)
    return None if state is None else DeliveryState(state)


async def resend_all(connection: Connection, keys: Collection[UUID], now: datetime) -> int:
    """The same of many; how many dead letters wait again."""
    return len(await _resend().fetch(connection, keys=list(keys), now=now))


async def dead_letters_of(connection: Connection, agency_code: str) -> list[UUID]:
    """The dead letters of an agency's systems."""
    return [row["id"] for row in await _of_agency().fetch(connection, code=agency_code)]


@cache
def _resend() -> Statement:
    return Statement(
        update(_delivery)
        .where(
            _delivery.c.id == any_(bindparam("keys", type_=ARRAY(_KEY))),
            _delivery.c.state.in_([literal_column(f"'{one.value}'") for one in DEAD]),
        )
        .values(
            state=literal_column(f"'{DeliveryState.WAITING.value}'"),
            settled_at=null(),
            # It is tried as often as a new one; its attempts are counted on, each has a number of its own.
            resent_after=_delivery.c.attempt_count,
            not_before=bindparam("now", type_=DateTime(timezone=True)),
        )
        .returning(_delivery.c.id)
    )


@cache
def _state() -> Statement:
    return Statement(select(_delivery.c.state).where(_delivery.c.id == bindparam("key", type_=_KEY)))


@cache
def _of_agency() -> Statement:
    agency = table_of(Agency)
    return Statement(
        select(_delivery.c.id)
        .join_from(_delivery, agency, agency.c.id == _delivery.c.agency_id)
        .where(
            agency.c.code == bindparam("code", type_=Text),
            _delivery.c.state.in_([literal_column(f"'{one.value}'") for one in DEAD]),
        )
        .order_by(_delivery.c.id)
    )
