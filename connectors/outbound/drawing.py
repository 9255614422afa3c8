# SPDX-License-Identifier: EUPL-1.2
"""Deliveries drawn from the feed: for each destination what is new in the feed, of its types and areas, each once.

Places of the feed are dense, and what a reader has passed never grows (docs/adr/0006): a destination that was drawn up to n has
everything up to n, in whatever order events were committed. What is about nobody is told to nobody.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    and_,
    any_,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.statement import Statement
from hub.store.tables import ConditionalityEvent, Delivery, Destination, FeedEntry

MOST_AT_ONCE = 1_000
"""Entries of the feed looked through in one transaction."""

_KEY = PG_UUID(as_uuid=True)
_destination = table_of(Destination)
_entry = table_of(FeedEntry)
_event = table_of(ConditionalityEvent)
_delivery = table_of(Delivery)


async def draw(pool: Pool, now: datetime) -> int:
    """Make the deliveries of what has come into the feed since each destination was last drawn for; how many."""
    async with pool.acquire() as connection:
        behind = [row["id"] for row in await _behind().fetch(connection)]
    made = 0
    for destination in behind:
        moved = True
        while moved:
            moved, more = await _draw_one(pool, destination, now)
            made += more
    return made


async def _draw_one(pool: Pool, destination: UUID, now: datetime) -> tuple[bool, int]:
    """One transaction's worth: whether the destination has moved on, and the deliveries made."""
    async with pool.acquire() as connection, connection.transaction():
        # NOTE the row is held: deliveries of one destination are made by one at a time, and so in the order of the feed.
        row = await _held().fetchrow(connection, destination=destination)
        if row is None:
            return False, 0
        up_to = await _reach().fetchval(connection, place=row["drawn_up_to"], most=MOST_AT_ONCE)
        if up_to is None:
            return False, 0
        made: int = await _made().fetchval(
            connection, destination=destination, place=row["drawn_up_to"], up_to=up_to, now=now
        )
        await _moved().execute(connection, destination=destination, up_to=up_to)
    return True, made


@cache
def _behind() -> Statement:
    last = select(func.max(_entry.c.position)).scalar_subquery()
    return Statement(
        select(_destination.c.id)
        .where(
            _destination.c.ended_at.is_(None),
            _destination.c.drawn_up_to < last,
        )
        .order_by(_destination.c.id)
    )


@cache
def _held() -> Statement:
    return Statement(
        select(_destination.c.drawn_up_to)
        .where(_destination.c.id == bindparam("destination", type_=_KEY), _destination.c.ended_at.is_(None))
        .with_for_update(skip_locked=True)
    )


@cache
def _reach() -> Statement:
    ahead = (
        select(_entry.c.position)
        .where(_entry.c.position > bindparam("place", type_=BigInteger))
        .order_by(_entry.c.position)
        .limit(bindparam("most", type_=BigInteger))
        .subquery()
    )
    return Statement(select(func.max(ahead.c.position)))


@cache
def _made() -> Statement:
    # A withdrawal goes where what it takes back went, whatever the destination registered for since, and wherever its person lives now:
    # that is delivered already, or drawn with it.
    withdrawn, place_of_withdrawn = _event.alias("withdrawn"), _entry.alias("place_of_withdrawn")
    place = bindparam("place", type_=BigInteger)
    went = select(_delivery.c.id).where(
        _delivery.c.event_id == _event.c.withdraws_event_id,
        _delivery.c.destination_id == _destination.c.id,
        # NOTE what was cancelled unsent never went; what had no answer may have arrived.
        or_(
            _delivery.c.state != literal_column("'CANCELLED'"),
            _delivery.c.attempt_count > literal_column("0"),
        ),
    )
    chosen = (
        select(
            _destination.c.id.label("destination_id"),
            _entry.c.position,
            _event.c.id.label("event_id"),
            _destination.c.agency_id,
            _event.c.beneficiary_id,
            _event.c.pact_id,
            _event.c.type,
            _event.c.recorded_at.label("waiting_since"),
            bindparam("now", type_=DateTime(timezone=True)).label("not_before"),
        )
        .select_from(
            _entry.join(_event, _event.c.id == _entry.c.event_id)
            .outerjoin(withdrawn, withdrawn.c.id == _event.c.withdraws_event_id)
            .outerjoin(place_of_withdrawn, place_of_withdrawn.c.event_id == withdrawn.c.id)
            .join(_destination, _destination.c.id == bindparam("destination", type_=_KEY))
        )
        .where(
            _entry.c.position > place,
            _entry.c.position <= bindparam("up_to", type_=BigInteger),
            _event.c.beneficiary_id.is_not(None),
            _event.c.agency_id != _destination.c.agency_id,
            or_(
                _registered_for(_entry, _event),
                exists(went),
                and_(place_of_withdrawn.c.position > place, _registered_for(place_of_withdrawn, withdrawn)),
            ),
        )
        .order_by(_entry.c.position)
    )
    names = [column.name for column in chosen.selected_columns]
    made = (
        insert(_delivery)
        .from_select(names, chosen, include_defaults=False)
        .returning(_delivery.c.id)
        .cte("made")
    )
    return Statement(select(func.count()).select_from(made))


def _registered_for(entry: FromClause, event: FromClause) -> ColumnElement[bool]:
    """Whether a destination registered for a fact; withdrawals are of no type that is registered for."""
    areas = _destination.c.areas
    return and_(
        event.c.type == any_(_destination.c.types),
        or_(
            func.cardinality(areas) == literal_column("0"),
            entry.c.region_code == any_(areas),
            entry.c.municipality_code == any_(areas),
        ),
        # Nobody is told what it recorded itself.
        event.c.agency_id != _destination.c.agency_id,
        event.c.beneficiary_id.is_not(None),
    )


@cache
def _moved() -> Statement:
    return Statement(
        update(_destination)
        .where(_destination.c.id == bindparam("destination", type_=_KEY))
        .values(drawn_up_to=bindparam("up_to", type_=BigInteger))
    )
