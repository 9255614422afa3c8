# SPDX-License-Identifier: EUPL-1.2
"""Acknowledging the feed: a consumer says how far it has dealt with it. The database keeps it to what it read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, bindparam, func, insert, select

from hub.ledger.refusals import FeedRefusal, FeedRefusalCode
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import FeedAcknowledgement, FeedEntry

READ, FORWARD = "feed_acknowledgement_read", "feed_acknowledgement_forward"
"""Constraints that the table's trigger keeps."""

_acknowledgement = table_of(FeedAcknowledgement)


@dataclass(frozen=True)
class Consumer:
    """Who consumes: an agency, under one purpose; the client and the operator that speak for it."""

    agency_id: UUID
    purpose_id: UUID
    client_id: UUID | None = None
    operator: str | None = None


@dataclass(frozen=True)
class Acknowledged:
    """How far a consumer has dealt with its feed, and when it said so."""

    up_to: int
    at: datetime


async def acknowledge(connection: Connection, consumer: Consumer, up_to: int) -> Acknowledged | FeedRefusal:
    """Take down that the consumer has dealt with its feed up to a position.

    Refused where that lies beyond the feed or beyond what the consumer has read, and where it acknowledged as much before.
    """
    try:
        at: datetime = await _append().fetchval(
            connection,
            agency_id=consumer.agency_id,
            purpose_id=consumer.purpose_id,
            up_to=up_to,
            client_id=consumer.client_id,
            operator=consumer.operator,
        )
    except asyncpg.CheckViolationError as error:
        last, read, before = await _standing(connection, consumer)
        return _refusal(error.constraint_name, up_to, last, read, before)
    return Acknowledged(up_to, at)


async def _standing(connection: Connection, consumer: Consumer) -> tuple[int, int, int]:
    """The feed's last position; how far the consumer has read, and acknowledged."""
    row = await _look().fetchrow(connection, agency_id=consumer.agency_id, purpose_id=consumer.purpose_id)
    assert row is not None
    return row["last"], row["read"], row["before"]


def _refusal(constraint: str | None, up_to: int, last: int, read: int, before: int) -> FeedRefusal:
    if constraint == FORWARD and up_to == before:
        return FeedRefusal(
            FeedRefusalCode.ALREADY_ACKNOWLEDGED,
            f"You acknowledged the feed up to {before} before: nothing is left to do.",
            ("upTo",),
        )
    if constraint == FORWARD:
        return FeedRefusal(
            FeedRefusalCode.GOES_BACK,
            f"You acknowledged the feed up to {before}, which is not taken back: acknowledge a later position.",
            ("upTo",),
        )
    if up_to > last:
        return FeedRefusal(
            FeedRefusalCode.CURSOR_AHEAD,
            f"The feed ends at {last}: this cursor is of another feed, or from before a restore.",
            ("upTo",),
        )
    return FeedRefusal(
        FeedRefusalCode.NOT_READ,
        f"Under this purpose the feed was read up to {read}: acknowledge what was read and dealt with.",
        ("upTo",),
    )


@cache
def _append() -> Statement:
    said = {name: bindparam(name, type_=_acknowledgement.c[name].type) for name in (
        "agency_id", "purpose_id", "up_to", "client_id", "operator",
    )}  # fmt: skip
    return Statement(insert(_acknowledgement).values(said).returning(_acknowledgement.c.acknowledged_at))


@cache
def _look() -> Statement:
    entry = table_of(FeedEntry)
    mine = (
        _acknowledgement.c.agency_id == bindparam("agency_id"),
        _acknowledgement.c.purpose_id == bindparam("purpose_id"),
    )
    before = select(func.coalesce(func.max(_acknowledgement.c.up_to), 0)).where(*mine)
    last = select(func.coalesce(func.max(entry.c.position), 0))
    read = func.feed_read_by(bindparam("agency_id"), bindparam("purpose_id"), type_=BigInteger)
    return Statement(
        select(
            last.scalar_subquery().label("last"), read.label("read"), before.scalar_subquery().label("before")
        )
    )
