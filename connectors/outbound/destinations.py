# SPDX-License-Identifier: EUPL-1.2
"""Who hears of what: destinations registered, changed, ended; and how each is doing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql import insert

from hub.errors import InvalidInput
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, Delivery, Destination, FeedEntry, Municipality, Region
from hub.store.vocabulary import ConditionalityEventType, DeliveryChannel, DeliveryState

NEVER_TOLD = frozenset({ConditionalityEventType.EVENT_WITHDRAWN, ConditionalityEventType.CONTENT_ERASED})
"""Types nobody registers for: a withdrawal follows what it takes back, an erasure is about nobody."""

_KEY = PG_UUID(as_uuid=True)
_destination = table_of(Destination)
_delivery = table_of(Delivery)
_agency = table_of(Agency)


class CannotRegister(InvalidInput):
    """The destination cannot be registered."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one destination is doing. `waiting_since`: when the oldest fact that has not arrived was recorded."""

    agency_code: str
    channel: DeliveryChannel
    ended_at: datetime | None
    behind: int
    """Entries of the feed not looked through yet."""
    waiting: int
    refused: int
    exhausted: int
    waiting_since: datetime | None
    resting_until: datetime | None


async def register(
    connection: Connection,
    agency_code: str,
    channel: DeliveryChannel,
    types: Collection[ConditionalityEventType],
    areas: Collection[str],
) -> UUID:
    """Register a destination, or change which facts it hears of from now on; its key. What is in the feed already is not sent.

    Args:
        connection: in no transaction, or in the caller's.
        agency_code: whose system it is.
        channel: by which connector.
        types: of which facts, one at least.
        areas: codes of regions and municipalities (Belfiore); none for the whole country.

    Raises:
        CannotRegister: there is no such agency or area, or a type is not one to register for.

    """
    if not types or NEVER_TOLD & set(types):
        raise CannotRegister(
            "Name the types of facts to send; a withdrawal goes wherever what it takes back went, and is not named."
        )
    agency_id = await _agency_of().fetchval(connection, code=agency_code)
    if agency_id is None:
        raise CannotRegister("No agency has this code; `snodo agency list` names them.")
    known = {row["code"] for row in await _areas().fetch(connection)}
    if unknown := sorted(set(areas) - known):
        raise CannotRegister(f"No region and no municipality has the code {unknown[0]}.")
    key: UUID = await _register().fetchval(
        connection,
        agency_id=agency_id,
        channel=channel.value,
        types=sorted(one.value for one in types),
        areas=sorted(areas),
    )
    return key


async def end(connection: Connection, agency_code: str, channel: DeliveryChannel, now: datetime) -> int:
    """Tell a destination nothing more; how many facts that waited are not sent any more. The caller commits.

    Raises:
        CannotRegister: there is no such destination.

    """
    key = await _end().fetchval(connection, code=agency_code, channel=channel.value, now=now)
    if key is None:
        raise CannotRegister(
            "No system of this agency is told anything; `snodo sync status` names those that are."
        )
    cancelled: int = await _cancel().fetchval(connection, destination=key, now=now)
    return cancelled


async def standings(connection: Connection) -> list[Standing]:
    """How every destination is doing, by the agency's code."""
    return [
        Standing(
            row["code"],
            DeliveryChannel(row["channel"]),
            row["ended_at"],
            row["behind"],
            row["waiting"],
            row["refused"],
            row["exhausted"],
            row["waiting_since"],
            row["resting_until"],
        )
        for row in await _standings().fetch(connection)
    ]


@cache
def _agency_of() -> Statement:
    return Statement(select(_agency.c.id).where(_agency.c.code == bindparam("code", type_=Text)))


@cache
def _areas() -> Statement:
    regions = select(table_of(Region).c.code.label("code"))
    return Statement(regions.union_all(select(table_of(Municipality).c.belfiore_code)))


@cache
def _register() -> Statement:
    last = func.coalesce(select(func.max(table_of(FeedEntry).c.position)).scalar_subquery(), 0)
    told = insert(_destination).values(
        agency_id=bindparam("agency_id", type_=_KEY),
        channel=bindparam("channel", type_=Text),
        types=bindparam("types", type_=ARRAY(Text)),
        areas=bindparam("areas", type_=ARRAY(Text)),
        drawn_up_to=last,
    )
    # One that had ended begins again with what comes now; one that has not misses nothing.
    ended = _destination.c.ended_at.is_not(None)
    return Statement(
        told.on_conflict_do_update(
            index_elements=[_destination.c.agency_id, _destination.c.channel],
            set_={
                "types": told.excluded.types,
                "areas": told.excluded.areas,
                "drawn_up_to": case((ended, told.excluded.drawn_up_to), else_=_destination.c.drawn_up_to),
                "ended_at": null(),
                # Whoever says again what it is told knows of it: it is tried at once.
                "failures": literal_column("0"),
                "resting_until": null(),
            },
        ).returning(_destination.c.id)
    )


@cache
def _end() -> Statement:
    return Statement(
        update(_destination)
        .where(
            _destination.c.agency_id == _agency.c.id,
            _agency.c.code == bindparam("code", type_=Text),
            _destination.c.channel == bindparam("channel", type_=Text),
            _destination.c.ended_at.is_(None),
        )
        .values(ended_at=bindparam("now", type_=DateTime(timezone=True)))
        .returning(_destination.c.id)
    )


@cache
def _cancel() -> Statement:
    cancelled = (
        update(_delivery)
        .where(
            _delivery.c.destination_id == bindparam("destination", type_=_KEY),
            _delivery.c.state == literal_column("'WAITING'"),
        )
        .values(
            state=literal_column(f"'{DeliveryState.CANCELLED.value}'"),
            settled_at=bindparam("now", type_=DateTime(timezone=True)),
            leased_until=null(),
        )
        .returning(_delivery.c.id)
        .cte("cancelled")
    )
    return Statement(select(func.count()).select_from(cancelled))


@cache
def _standings() -> Statement:
    last = func.coalesce(select(func.max(table_of(FeedEntry).c.position)).scalar_subquery(), 0)

    def count(state: DeliveryState) -> ColumnElement[int]:
        return func.count().filter(_delivery.c.state == literal_column(f"'{state.value}'"))

    ours = and_(
        _delivery.c.destination_id == _destination.c.id,
        _delivery.c.state.in_([literal_column(f"'{one}'") for one in ("WAITING", "REFUSED", "EXHAUSTED")]),
    )
    counts = (
        select(
            count(DeliveryState.WAITING).label("waiting"),
            count(DeliveryState.REFUSED).label("refused"),
            count(DeliveryState.EXHAUSTED).label("exhausted"),
            func.min(_delivery.c.waiting_since).label("waiting_since"),
        )
        .where(ours)
        .correlate(_destination)
        .lateral("counts")
    )
    return Statement(
        select(
            _agency.c.code,
            _destination.c.channel,
            _destination.c.ended_at,
            (last - _destination.c.drawn_up_to).label("behind"),
            _destination.c.resting_until,
            *counts.c,
        )
        .select_from(
            _destination.join(_agency, _agency.c.id == _destination.c.agency_id).join(
                counts, literal_column("true")
            )
        )
        .order_by(_agency.c.code, _destination.c.channel)
    )
