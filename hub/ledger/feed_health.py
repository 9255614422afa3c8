# SPDX-License-Identifier: EUPL-1.2
"""Whether the feed keeps up with itself: what waits for a position, and what waits for a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import DateTime, func, select

from hub.ledger.append import FEED_TOPIC
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import FeedCheckpoint, FeedEntry, OutboxMessage


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, and since when the oldest of it has."""

    count: int
    oldest_at: datetime | None

    def seconds(self, now: datetime) -> float:
        """How long the oldest has waited; 0 where nothing does."""
        return 0.0 if self.oldest_at is None else max(0.0, (now - self.oldest_at).total_seconds())


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """By the database's clock. `signed_up_to`: how many entries the last checkpoint is over, 0 where nothing was signed."""

    now: datetime
    unsequenced: Backlog
    signed_up_to: int
    unsigned: Backlog


async def feed_health(connection: Connection) -> FeedHealth:
    """How the feed does at this moment."""
    row = await _statement().fetchrow(connection)
    assert row is not None
    return FeedHealth(
        row["now"],
        Backlog(row["waiting"], row["waiting_since"]),
        row["signed"],
        Backlog(row["last"] - row["signed"], row["unsigned_since"]),
    )


@cache
def _statement() -> Statement:
    message, entry, checkpoint = table_of(OutboxMessage), table_of(FeedEntry), table_of(FeedCheckpoint)
    waiting = (
        select(func.count().label("count"), func.min(message.c.created_at).label("since"))
        .where(message.c.topic == FEED_TOPIC, message.c.delivered_at.is_(None), message.c.dead_at.is_(None))
        .subquery("waiting")
    )
    signed = select(func.coalesce(func.max(checkpoint.c.size), 0).label("size")).subquery("signed")
    last = select(func.coalesce(func.max(entry.c.position), 0)).scalar_subquery()
    # A checkpoint says no time: how late it is, the first entry beyond it says.
    first_beyond = select(entry.c.sequenced_at).where(entry.c.position == signed.c.size + 1).scalar_subquery()
    return Statement(
        select(
            func.now(type_=DateTime(timezone=True)).label("now"),
            waiting.c.count.label("waiting"),
            waiting.c.since.label("waiting_since"),
            signed.c.size.label("signed"),
            first_beyond.label("unsigned_since"),
            last.label("last"),
        ).select_from(waiting.join(signed, signed.c.size >= 0))
    )
