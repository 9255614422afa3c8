# SPDX-License-Identifier: EUPL-1.2
"""Deliveries taken by a process for a while, and what came of each.

A delivery is leased: until the lease ends no other process takes it; one that is killed in between leaves it to the next, which sends
it again under the same key. What came of an attempt counts only if it is the last that was begun.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Text,
    and_,
    any_,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from connectors.outbound.fact import Fact
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, ConditionalityEvent, Delivery, DeliveryAttempt, Destination, Pact
from hub.store.vocabulary import (
    AttemptOutcome,
    ConditionalityEventType,
    DeliveryChannel,
    DeliveryState,
    Measure,
)

Address: TypeAlias = "tuple[DeliveryChannel, str]"
"""By which connector, and which agency by its code: one region is never told what another registered for."""

_KEY = PG_UUID(as_uuid=True)
_MOMENT = DateTime(timezone=True)
_destination = table_of(Destination)
_delivery = table_of(Delivery)
_attempt = table_of(DeliveryAttempt)
_event = table_of(ConditionalityEvent)


@dataclass(frozen=True, slots=True)
class Ready:
    """A destination that may be told something now; `failures`: how often in a row it has not answered."""

    id: UUID
    address: Address
    failures: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that is ours for a while. `attempt`: the number of this attempt; `tries`: those since it was last sent anew."""

    destination: Ready
    fact: Fact
    attempt: int
    tries: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of an attempt, and what the delivery is now. `not_before`: of one that waits; `rests_until`: of its destination."""

    outcome: AttemptOutcome
    state: DeliveryState
    code: str | None
    not_before: datetime | None = None
    rests_until: datetime | None = None


async def ready(connection: Connection, known: Collection[Address], now: datetime) -> list[Ready]:
    """The destinations at these addresses that do not rest."""
    rows = await _ready().fetch(connection, codes=[code for _, code in known], now=now)
    found = [
        Ready(row["id"], (DeliveryChannel(row["channel"]), row["code"]), row["failures"]) for row in rows
    ]
    return [one for one in found if one.address in known]


async def take(
    connection: Connection, destination: Ready, most: int, now: datetime, lease: timedelta
) -> Sequence[Taken]:
    """Take what is due for a destination: of each person the first that waits, and nobody else's. The caller commits."""
    rows = await _take().fetch(
        connection, destination=destination.id, most=most, now=now, leased_until=now + lease
    )
    facts = await _facts().fetch(connection, keys=[row["id"] for row in rows])
    attempts = {row["id"]: row for row in rows}
    return [
        Taken(
            destination,
            Fact(
                key=row["id"],
                position=row["position"],
                event_id=row["event_id"],
                type=ConditionalityEventType(row["type"]),
                occurred_at=row["occurred_at"],
                recorded_at=row["recorded_at"],
                recorded_by=row["recorded_by"],
                fiscal_code=row["fiscal_code"],
                inps_protocol=row["inps_protocol"],
                measure=Measure(row["measure"]),
                pact=row["pact"],
                withdraws=row["withdraws_event_id"],
            ),
            attempts[row["id"]]["attempt_count"],
            attempts[row["id"]]["attempt_count"] - attempts[row["id"]]["resent_after"],
        )
        for row in facts
    ]


async def settle(connection: Connection, taken: Taken, settled: Settled, now: datetime) -> bool:
    """Note what came of an attempt; whether it was still ours, and so counts. The caller commits."""
    attempt = {"delivery": taken.fact.key, "attempt": taken.attempt}
    await _ended().execute(connection, **attempt, now=now, outcome=settled.outcome.value, code=settled.code)
    if settled.rests_until is not None:
        # Several that fail at once are one failure more.
        failures = taken.destination.failures + 1
        await _rest().execute(
            connection, destination=taken.destination.id, failures=failures, until=settled.rests_until
        )
    elif taken.destination.failures:
        await _wake().execute(connection, destination=taken.destination.id)
    waits = settled.state is DeliveryState.WAITING
    counted = await _settle().fetchval(
        connection,
        **attempt,
        state=settled.state.value,
        code=settled.code,
        settled_at=None if waits else now,
        not_before=settled.not_before or now,
    )
    return counted is not None


@cache
def _ready() -> Statement:
    agency = table_of(Agency)
    return Statement(
        select(_destination.c.id, _destination.c.channel, agency.c.code, _destination.c.failures)
        .join_from(_destination, agency, agency.c.id == _destination.c.agency_id)
        .where(
            agency.c.code == any_(bindparam("codes", type_=ARRAY(Text))),
            _destination.c.ended_at.is_(None),
            or_(
                _destination.c.resting_until.is_(None),
                _destination.c.resting_until <= bindparam("now", type_=_MOMENT),
            ),
        )
        .order_by(_destination.c.id)
    )


@cache
def _take() -> Statement:
    now = bindparam("now", type_=_MOMENT)
    earlier = _delivery.alias("earlier")
    due = (
        select(_delivery.c.id)
        .where(
            _delivery.c.destination_id == bindparam("destination", type_=_KEY),
            _delivery.c.state == literal_column("'WAITING'"),
            _delivery.c.not_before <= now,
            or_(_delivery.c.leased_until.is_(None), _delivery.c.leased_until <= now),
            # NOTE the order per person: nothing is sent before what waits ahead of it.
            ~exists(
                select(literal_column("1")).where(
                    earlier.c.destination_id == _delivery.c.destination_id,
                    earlier.c.beneficiary_id == _delivery.c.beneficiary_id,
                    earlier.c.state == literal_column("'WAITING'"),
                    earlier.c.position < _delivery.c.position,
                )
            ),
        )
        .order_by(_delivery.c.position)
        .limit(bindparam("most", type_=BigInteger))
        .with_for_update(skip_locked=True, of=_delivery)
        .cte("due")
    )
    taken = (
        update(_delivery)
        .where(_delivery.c.id == due.c.id)
        .values(
            leased_until=bindparam("leased_until", type_=_MOMENT),
            attempt_count=_delivery.c.attempt_count + literal_column("1", Integer),
        )
        .returning(_delivery.c.id, _delivery.c.attempt_count, _delivery.c.resent_after)
        .cte("taken")
    )
    begun = (
        insert(_attempt)
        .from_select(
            ["delivery_id", "ordinal", "started_at"],
            select(taken.c.id, taken.c.attempt_count, now),
            include_defaults=False,
        )
        .cte("begun")
    )
    return Statement(select(taken).add_cte(begun))


@cache
def _facts() -> Statement:
    recorder, pact = table_of(Agency), table_of(Pact)
    theirs = and_(pact.c.id == _event.c.pact_id, pact.c.source_agency_id == _delivery.c.agency_id)
    return Statement(
        select(
            _delivery.c.id,
            _delivery.c.position,
            _delivery.c.event_id,
            _event.c.type,
            _event.c.occurred_at,
            _event.c.recorded_at,
            recorder.c.code.label("recorded_by"),
            _event.c.fiscal_code,
            _event.c.inps_protocol,
            _event.c.measure,
            pact.c.external_id.label("pact"),
            _event.c.withdraws_event_id,
        )
        .select_from(
            _delivery.join(_event, _event.c.id == _delivery.c.event_id)
            .join(recorder, recorder.c.id == _event.c.agency_id)
            .outerjoin(pact, theirs)
        )
        # What was erased is about nobody, and is not told (its delivery is cancelled with it).
        .where(_delivery.c.id == any_(bindparam("keys", type_=ARRAY(_KEY))), _event.c.erased_at.is_(None))
        .order_by(_delivery.c.position)
    )


@cache
def _ended() -> Statement:
    return Statement(
        update(_attempt)
        .where(
            _attempt.c.delivery_id == bindparam("delivery", type_=_KEY),
            _attempt.c.ordinal == bindparam("attempt", type_=Integer),
            _attempt.c.ended_at.is_(None),
        )
        .values(
            ended_at=bindparam("now", type_=_MOMENT),
            outcome=bindparam("outcome", type_=Text),
            code=bindparam("code", type_=Text),
        )
    )


@cache
def _settle() -> Statement:
    # NOTE the number of the attempt fences: one that comes back after its lease has ended, and another was begun, changes nothing.
    return Statement(
        update(_delivery)
        .where(
            _delivery.c.id == bindparam("delivery", type_=_KEY),
            _delivery.c.state == literal_column("'WAITING'"),
            _delivery.c.attempt_count == bindparam("attempt", type_=Integer),
        )
        .values(
            state=bindparam("state", type_=Text),
            code=bindparam("code", type_=Text),
            settled_at=bindparam("settled_at", type_=_MOMENT),
            not_before=bindparam("not_before", type_=_MOMENT),
            leased_until=null(),
        )
        .returning(_delivery.c.id)
    )


@cache
def _rest() -> Statement:
    until = bindparam("until", type_=_MOMENT)
    return Statement(
        update(_destination)
        .where(_destination.c.id == bindparam("destination", type_=_KEY))
        .values(
            failures=bindparam("failures", type_=Integer),
            resting_until=func.greatest(_destination.c.resting_until, until),
        )
    )


@cache
def _wake() -> Statement:
    return Statement(
        update(_destination)
        .where(_destination.c.id == bindparam("destination", type_=_KEY))
        .values(failures=literal_column("0"), resting_until=null())
    )
