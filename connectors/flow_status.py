# SPDX-License-Identifier: EUPL-1.2
"""Where the flows from and to other systems stand: what waits, what stopped, and when each flow was last pulled to its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    and_,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
    tuple_,
    union_all,
)

from hub.repeating import repeat
from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, Delivery, Destination, InboundRun, QuarantinedRecord
from hub.store.vocabulary import DeliveryChannel, DeliveryState

INTERVAL = 30.0
"""Seconds between two looks for `/metrics`."""
_TOLD, _ASIDE, _RAN = "TOLD", "ASIDE", "RAN"
_OPEN = (DeliveryState.WAITING, DeliveryState.REFUSED, DeliveryState.EXHAUSTED)

_agency = table_of(Agency)
_delivery = table_of(Delivery)
_run = table_of(InboundRun)


@dataclass(frozen=True, slots=True)
class Outward:
    """A system that is told facts: how many wait, and were refused or given up; when the oldest that waits was recorded."""

    agency_code: str
    channel: DeliveryChannel
    waiting: int
    refused: int
    exhausted: int
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class Inward:
    """A flow of an agency: records in quarantine, and when its last complete run ended; None where none ever did, or none is run."""

    agency_code: str
    flow: str
    quarantined: int
    has_run: bool
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class FlowStanding:
    """Each system that is told facts, and each flow that was pulled or has records in quarantine; by their names."""

    outward: tuple[Outward, ...] = ()
    inward: tuple[Inward, ...] = ()


async def flow_standing(connection: Connection) -> FlowStanding:
    """How the flows stand, by one statement."""
    rows = await _statement().fetch(connection)
    outward = tuple(
        Outward(
            row["code"],
            DeliveryChannel(row["name"]),
            row["waiting"],
            row["refused"],
            row["exhausted"],
            row["at"],
        )
        for row in rows
        if row["what"] == _TOLD
    )
    aside = {(row["code"], row["name"]): row["waiting"] for row in rows if row["what"] == _ASIDE}
    ran = {(row["code"], row["name"]): row["at"] for row in rows if row["what"] == _RAN}
    inward = tuple(
        Inward(*flow, aside.get(flow, 0), flow in ran, ran.get(flow)) for flow in sorted(aside | ran)
    )
    return FlowStanding(outward, inward)


class FlowWatch:
    """How the flows stood lately, for `/metrics`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.standing = FlowStanding()

    async def look(self) -> None:
        """Look once. Raises what the database, or the way to it, refuses."""
        async with self._pool.acquire() as connection:
            self.standing = await flow_standing(connection)

    async def run(self) -> None:
        """Look every `INTERVAL` seconds, until cancelled."""
        await repeat(self.look, INTERVAL, "flows.not_watched")


@cache
def _statement() -> Statement:
    return Statement(union_all(_told(), _aside(), _ran()).order_by("code", "name"))


def _told() -> Select[*tuple[object, ...]]:
    """NOTE what is open alone is read, by its index: what has arrived is many times as much."""
    destination = table_of(Destination)

    def count(state: DeliveryState) -> ColumnElement[int]:
        return func.count().filter(_delivery.c.state == literal_column(f"'{state.value}'"))

    waits = _delivery.c.state == literal_column(f"'{DeliveryState.WAITING.value}'")
    opened = (
        select(
            _delivery.c.destination_id,
            *(count(state).label(state.value.lower()) for state in _OPEN),
            func.min(_delivery.c.waiting_since).filter(waits).label("waiting_since"),
        )
        .where(_delivery.c.state.in_([literal_column(f"'{state.value}'") for state in _OPEN]))
        .group_by(_delivery.c.destination_id)
        .subquery("opened")
    )
    return _rows(
        _TOLD,
        destination.c.channel,
        *(func.coalesce(opened.c[state.value.lower()], 0) for state in _OPEN),
        at=opened.c.waiting_since,
    ).select_from(
        destination.join(
            _agency, and_(_agency.c.id == destination.c.agency_id, destination.c.ended_at.is_(None))
        ).outerjoin(opened, opened.c.destination_id == destination.c.id)
    )


def _aside() -> Select[*tuple[object, ...]]:
    record = table_of(QuarantinedRecord)
    return (
        _rows(_ASIDE, record.c.flow, func.count(), at=cast(null(), DateTime(timezone=True)))
        .select_from(record.join(_agency, _agency.c.id == record.c.agency_id))
        .where(record.c.resolved_at.is_(None))
        .group_by(_agency.c.code, record.c.flow)
    )


def _ran() -> Select[*tuple[object, ...]]:
    """NOTE from one flow to the next by the index, and of each its last complete run: the runs of years are not read."""
    place = (_run.c.agency_id, _run.c.flow)
    first = select(*place).order_by(*place).limit(literal_column("1")).subquery("first")
    flows = select(first).cte("flows", recursive=True)
    following = (
        select(*place)
        .where(tuple_(*place) > tuple_(flows.c.agency_id, flows.c.flow))
        .order_by(*place)
        .limit(literal_column("1"))
        .lateral("following")
    )
    flows = flows.union_all(select(following).select_from(flows.join(following, true())))
    last = (
        select(_run.c.finished_at)
        .where(
            _run.c.agency_id == flows.c.agency_id,
            _run.c.flow == flows.c.flow,
            _run.c.finished_at.is_not(None),
        )
        .order_by(_run.c.started_at.desc())
        .limit(literal_column("1"))
        .lateral("last")
    )
    return _rows(_RAN, flows.c.flow, at=last.c.finished_at).select_from(
        flows.join(_agency, _agency.c.id == flows.c.agency_id).outerjoin(last, true())
    )


def _rows(
    what: str, name: ColumnElement[str], *counts: ColumnElement[int], at: ColumnElement[datetime | None]
) -> Select[*tuple[object, ...]]:
    """The columns all three parts have; counts that are left out are 0."""
    zero = cast(literal_column("0"), BigInteger)
    padded = (*counts, *(zero for _ in range(3 - len(counts))))
    return select(
        literal_column(f"'{what}'").label("what"),
        _agency.c.code.label("code"),
        name.label("name"),
        *(one.label(label) for one, label in zip(padded, ("waiting", "refused", "exhausted"), strict=True)),
        at.label("at"),
    )
