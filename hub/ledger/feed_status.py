# SPDX-License-Identifier: EUPL-1.2
"""Where the feed stands, and how far behind its consumers are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import DateTime, and_, bindparam, func, literal_column, or_, select, true
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.repeating import repeat
from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.statement import Connection, Statement
from hub.store.tables import AccessGrant, Agency, FeedAcknowledgement, FeedEntry, Purpose
from hub.store.vocabulary import Capability

INTERVAL = 10.0
"""Seconds between two looks for `/metrics`."""


@dataclass(frozen=True)
class ConsumerStanding:
    """How far one consumer, an agency under one purpose, is with the feed."""

    agency_code: str
    purpose_id: UUID
    read_up_to: int
    acknowledged_up_to: int
    acknowledged_at: datetime | None
    behind: int
    """Positions of the feed beyond what it acknowledged; of a part of the feed not all are its own."""
    oldest_unacknowledged_at: datetime | None
    """When the first of them was published."""

    def seconds_behind(self, now: datetime) -> float:
        """How long the oldest unacknowledged entry has been waiting."""
        oldest = self.oldest_unacknowledged_at
        return 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())


@dataclass(frozen=True)
class FeedStanding:
    """The last position, 0 of an empty feed, when it was given, and the consumers."""

    last_position: int
    last_at: datetime | None
    consumers: tuple[ConsumerStanding, ...]


async def feed_standing(connection: Connection, purpose_id: UUID | None = None) -> FeedStanding:
    """How the feed stands, and every purpose that may read it now; or one of them alone."""
    rows = await _statement(one=purpose_id is not None).fetch(
        connection, **({} if purpose_id is None else {"purpose_id": purpose_id})
    )
    consumers = tuple(
        ConsumerStanding(
            agency_code=row["code"],
            purpose_id=row["purpose_id"],
            read_up_to=row["read"],
            acknowledged_up_to=row["acknowledged"],
            acknowledged_at=row["acknowledged_at"],
            behind=row["last"] - row["acknowledged"],
            oldest_unacknowledged_at=row["oldest_at"],
        )
        for row in rows
        if row["purpose_id"] is not None
    )
    return FeedStanding(rows[0]["last"], rows[0]["last_at"], consumers)


@cache
def _statement(*, one: bool) -> Statement:
    """One row for each consumer, each with where the feed stands; one without a consumer where there is none."""
    entry, oldest = table_of(FeedEntry), table_of(FeedEntry).alias("oldest")
    grant, purpose, agency = table_of(AccessGrant), table_of(Purpose), table_of(Agency)
    acknowledged = table_of(FeedAcknowledgement)
    now = func.now(type_=DateTime(timezone=True))
    last = (
        select(entry.c.position, entry.c.sequenced_at)
        .order_by(entry.c.position.desc())
        .limit(literal_column("1"))
        .subquery("last")
    )
    position = func.coalesce(last.c.position, 0)
    may_read = (
        select(true())
        .where(
            grant.c.purpose_id == purpose.c.purpose_id,
            grant.c.capabilities.contains([Capability.READ_FEED.value]),
            grant.c.revoked_at.is_(None),
            grant.c.valid_from <= now,
            or_(grant.c.valid_to.is_(None), grant.c.valid_to > now),
        )
        .exists()
    )
    consumer = (
        select(purpose.c.purpose_id, purpose.c.agency_id, agency.c.code)
        .join_from(purpose, agency, agency.c.id == purpose.c.agency_id)
        .where(purpose.c.revoked_at.is_(None), may_read)
    )
    if one:
        consumer = consumer.where(
            purpose.c.purpose_id == bindparam("purpose_id", type_=PG_UUID(as_uuid=True))
        )
    who = consumer.subquery("consumer")
    latest = (
        select(acknowledged.c.up_to, acknowledged.c.acknowledged_at)
        .where(acknowledged.c.agency_id == who.c.agency_id, acknowledged.c.purpose_id == who.c.purpose_id)
        .order_by(acknowledged.c.up_to.desc())
        .limit(literal_column("1"))
        .lateral("latest")
    )
    up_to = func.coalesce(latest.c.up_to, 0)
    start = select(literal_column("1")).subquery("start")
    return Statement(
        select(
            position.label("last"),
            last.c.sequenced_at.label("last_at"),
            who.c.code,
            who.c.purpose_id,
            func.feed_read_by(who.c.agency_id, who.c.purpose_id).label("read"),
            up_to.label("acknowledged"),
            latest.c.acknowledged_at,
            oldest.c.sequenced_at.label("oldest_at"),
        )
        .select_from(
            start.outerjoin(last, true())
            .outerjoin(who, true())
            .outerjoin(latest, true())
            .outerjoin(oldest, and_(oldest.c.position == up_to + 1, who.c.purpose_id.is_not(None)))
        )
        .order_by(who.c.code, who.c.purpose_id)
    )


class FeedWatch:
    """How the feed stood lately, for `/metrics`, which names no consumer."""

    def __init__(self, pool: Pool, now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._now = now
        self.last_position = 0
        self.behind = 0
        """Positions the slowest consumer has not acknowledged."""
        self.seconds_behind = 0.0
        """How long the oldest of all unacknowledged entries has been waiting."""

    async def look(self) -> None:
        """Look once. Raises what the database, or the way to it, refuses."""
        async with self._pool.acquire() as connection:
            standing = await feed_standing(connection)
        now = self._now()
        self.last_position = standing.last_position
        self.behind = max((one.behind for one in standing.consumers), default=0)
        self.seconds_behind = max((one.seconds_behind(now) for one in standing.consumers), default=0.0)

    async def run(self) -> None:
        """Look every `INTERVAL` seconds, until cancelled."""
        await repeat(self.look, INTERVAL, "feed.not_watched")
