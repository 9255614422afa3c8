# SPDX-License-Identifier: EUPL-1.2
"""What a recipient refused, or did not take in as many attempts as there are: sent again because somebody says so."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from functools import cache
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Text,
    and_,
    any_,
    bindparam,
    exists,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.errors import InvalidInput
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, Delivery, Destination
from hub.store.vocabulary import DeliveryState

PREFIX = "dlv"
"""Of a delivery's id outside."""


class DeliveryRefusalCode(StrEnum):
    """Why a delivery is not sent again."""

    DELIVERY_NOT_FOUND = "DELIVERY_NOT_FOUND"
    DESTINATION_ENDED = "DESTINATION_ENDED"


class DestinationEnded(InvalidInput):
    """Who would be told is told nothing more: a dead letter that waited again would wait for ever."""


_KEY = PG_UUID(as_uuid=True)
_agency = table_of(Agency)
_delivery = table_of(Delivery)
_destination = table_of(Destination)
DEAD = (DeliveryState.REFUSED, DeliveryState.EXHAUSTED)


async def resend(connection: Connection, key: UUID, now: datetime) -> DeliveryState | DeliveryRefusalCode:
    """Have a dead letter sent again, under its key and at its place, without waiting; its state now, or why it is not sent.

    One that waits, arrived, or was cancelled stays as it is: said twice, it is sent again once.
    """
    async with connection.transaction():
        await _wake().execute(connection, keys=[key])
        await _resend().execute(connection, keys=[key], now=now)
        found = await _state().fetchval(connection, key=key)
    if found is None:
        return DeliveryRefusalCode.DELIVERY_NOT_FOUND
    state = DeliveryState(found)
    # What is dead still is its destination's, which has ended.
    return DeliveryRefusalCode.DESTINATION_ENDED if state in DEAD else state


async def resend_all(connection: Connection, keys: Collection[UUID], now: datetime) -> int:
    """The same of many, or of none; how many dead letters wait again.

    Raises:
        DestinationEnded: one is of a destination that is told nothing more.

    """
    async with connection.transaction():
        await _wake().execute(connection, keys=list(keys))
        resent = await _resend().fetch(connection, keys=list(keys), now=now)
        ended = await _ended().fetchval(connection, keys=list(keys))
        if ended is not None:
            raise DestinationEnded(
                f"{ended} is told nothing more, and what it refused or did not take is not sent again: "
                f"have it told again first, by `snodo sync tell {ended}`."
            )
    return len(resent)


async def dead_letters_of(connection: Connection, agency_code: str) -> list[UUID]:
    """The dead letters of an agency's systems."""
    return [row["id"] for row in await _of_agency().fetch(connection, code=agency_code)]


@cache
def _wake() -> Statement:
    """The destinations of dead letters do not rest any more: somebody says that they may be told.

    NOTE their rows are held from here on: a destination that ends meanwhile cancels what was resent, or nothing is.
    """
    of_these = select(_delivery.c.destination_id).where(_dead())
    return Statement(
        update(_destination)
        .where(_destination.c.id.in_(of_these), _destination.c.ended_at.is_(None))
        .values(resting_until=null())
    )


@cache
def _resend() -> Statement:
    told = select(_destination.c.id).where(
        _destination.c.id == _delivery.c.destination_id, _destination.c.ended_at.is_(None)
    )
    return Statement(
        update(_delivery)
        .where(_dead(), exists(told))
        .values(
            state=literal_column(f"'{DeliveryState.WAITING.value}'"),
            settled_at=null(),
            # It is tried as often as a new one; its attempts are counted on, each has a number of its own.
            resent_after=_delivery.c.attempt_count,
            not_before=bindparam("now", type_=DateTime(timezone=True)),
        )
        .returning(_delivery.c.id)
    )


def _dead() -> ColumnElement[bool]:
    return and_(
        _delivery.c.id == any_(bindparam("keys", type_=ARRAY(_KEY))),
        _delivery.c.state.in_([literal_column(f"'{one.value}'") for one in DEAD]),
    )


@cache
def _state() -> Statement:
    return Statement(select(_delivery.c.state).where(_delivery.c.id == bindparam("key", type_=_KEY)))


@cache
def _ended() -> Statement:
    """The code of an agency whose dead letters these are, and which is told nothing more."""
    return Statement(
        select(_agency.c.code)
        .join_from(_delivery, _agency, _agency.c.id == _delivery.c.agency_id)
        .join(_destination, _destination.c.id == _delivery.c.destination_id)
        .where(_dead(), _destination.c.ended_at.is_not(None))
        .order_by(_agency.c.code)
        .limit(literal_column("1"))
    )


@cache
def _of_agency() -> Statement:
    return Statement(
        select(_delivery.c.id)
        .join_from(_delivery, _agency, _agency.c.id == _delivery.c.agency_id)
        .where(
            _agency.c.code == bindparam("code", type_=Text),
            _delivery.c.state.in_([literal_column(f"'{one.value}'") for one in DEAD]),
        )
        .order_by(_delivery.c.id)
    )
