# SPDX-License-Identifier: EUPL-1.2
"""The trail of one person's facts: how far each has come, and what came about the person and could not land.

Recorded, published in the feed, read by INPS, decided on; and on its way to each other system that must hear of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.ledger.inbound_trail import InboundTrail, read_inbound
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import (
    Agency,
    Beneficiary,
    ConditionalityEvent,
    Delivery,
    DeliveryAttempt,
    EventOutcome,
    FeedAcknowledgement,
    FeedEntry,
    Household,
    QuarantinedRecord,
)
from hub.store.vocabulary import (
    AgencyKind,
    AttemptOutcome,
    BenefitOutcome,
    ConditionalityEventType,
    DeliveryState,
)

MOST = 200
"""Facts of a trail: the latest."""

_KEY = PG_UUID(as_uuid=True)
_person = table_of(Beneficiary)
_event = table_of(ConditionalityEvent)
_delivery = table_of(Delivery)


@dataclass(frozen=True, slots=True)
class Sent:
    """One fact on its way to one system; `outcome`, `code`: of the last attempt."""

    id: UUID
    recipient: str
    state: DeliveryState
    settled_at: datetime | None
    not_before: datetime
    attempts: int
    outcome: AttemptOutcome | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided because of a fact."""

    outcome: BenefitOutcome
    agency: str
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One fact. `position`, `published_at`: in the feed, None while it waits; `acknowledged_at`: by INPS, None while it has not."""

    event_id: UUID
    type: ConditionalityEventType
    occurred_at: datetime
    recorded_at: datetime
    recorded_by: str
    position: int | None
    published_at: datetime | None
    acknowledged_at: datetime | None
    withdrawn: bool
    decisions: Sequence[Decision]
    sent: Sequence[Sent]


@dataclass(frozen=True, slots=True)
class Aside:
    """A record about the person that could not land; `reason`: a sentence, without personal data."""

    agency: str
    flow: str
    key: str
    """Its number there; of one that has none a key of the hub's, which has a colon."""
    field: str | None
    reason: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Trail:
    """Of one person: `person` None where the hub knows nobody by the code. `steps`: the latest first."""

    person: UUID | None
    steps: Sequence[Step]
    inbound: InboundTrail
    aside: Sequence[Aside]


async def read_trail(connection: Connection, fiscal_code: str) -> Trail:
    """The trail of the person with this fiscal code; of nobody, what is kept aside with the code in it."""
    known = await _who().fetchrow(connection, code=fiscal_code)
    person: UUID | None = None if known is None else known["id"]
    steps: list[Step] = []
    inbound = InboundTrail()
    if person is not None:
        inbound = await read_inbound(connection, person)
        rows = await _steps().fetch(connection, person=person, most=MOST)
        keys = [row["id"] for row in rows]
        sent, decisions = defaultdict[UUID, list[Sent]](list), defaultdict[UUID, list[Decision]](list)
        for row in await _sent().fetch(connection, events=keys):
            outcome = None if row["outcome"] is None else AttemptOutcome(row["outcome"])
            sent[row["event_id"]].append(
                Sent(
                    row["id"],
                    row["recipient"],
                    DeliveryState(row["state"]),
                    row["settled_at"],
                    row["not_before"],
                    row["attempt_count"],
                    outcome,
                    row["code"],
                )
            )
        for row in await _decisions().fetch(connection, events=keys):
            decisions[row["event_id"]].append(
                Decision(BenefitOutcome(row["outcome"]), row["agency"], row["reported_at"])
            )
        steps = [
            Step(
                row["id"],
                ConditionalityEventType(row["type"]),
                row["occurred_at"],
                row["recorded_at"],
                row["recorded_by"],
                row["position"],
                row["sequenced_at"],
                row["acknowledged_at"],
                row["withdrawn"],
                decisions[row["id"]],
                sent[row["id"]],
            )
            for row in rows
        ]
    aside = [
        Aside(row["agency"], row["flow"], row["record_key"], row["field"], row["reason"], row["received_at"])
        for row in await _aside().fetch(
            connection,
            code=fiscal_code,
            # NOTE never null: null is what many a record says of a member it has not.
            protocol=fiscal_code if known is None else known["inps_protocol"],
            person=fiscal_code if known is None else str(person),
        )
    ]
    return Trail(person, steps, inbound, aside)


@cache
def _who() -> Statement:
    household = table_of(Household)
    return Statement(
        select(_person.c.id, household.c.inps_protocol)
        .join_from(_person, household, household.c.id == _person.c.household_id)
        .where(_person.c.fiscal_code == bindparam("code", type_=Text))
    )


@cache
def _steps() -> Statement:
    entry, agency, said = table_of(FeedEntry), table_of(Agency), table_of(FeedAcknowledgement)
    reader, withdrawal = agency.alias("reader"), _event.alias("withdrawal")
    acknowledged = (
        select(func.min(said.c.acknowledged_at))
        .join_from(said, reader, reader.c.id == said.c.agency_id)
        .where(
            reader.c.kind == literal_column(f"'{AgencyKind.INPS.value}'"), said.c.up_to >= entry.c.position
        )
        .correlate(entry)
        .scalar_subquery()
    )
    return Statement(
        select(
            _event.c.id,
            _event.c.type,
            _event.c.occurred_at,
            _event.c.recorded_at,
            agency.c.name.label("recorded_by"),
            entry.c.position,
            entry.c.sequenced_at,
            acknowledged.label("acknowledged_at"),
            withdrawal.c.id.is_not(None).label("withdrawn"),
        )
        .select_from(
            _event.join(agency, agency.c.id == _event.c.agency_id)
            .outerjoin(entry, entry.c.event_id == _event.c.id)
            .outerjoin(withdrawal, withdrawal.c.withdraws_event_id == _event.c.id)
        )
        .where(_event.c.beneficiary_id == bindparam("person", type_=_KEY))
        .order_by(_event.c.occurred_at.desc(), _event.c.id.desc())
        .limit(bindparam("most", type_=BigInteger))
    )


@cache
def _sent() -> Statement:
    agency, attempt = table_of(Agency), table_of(DeliveryAttempt)
    last = and_(attempt.c.delivery_id == _delivery.c.id, attempt.c.ordinal == _delivery.c.attempt_count)
    return Statement(
        select(
            _delivery.c.id,
            _delivery.c.event_id,
            agency.c.name.label("recipient"),
            _delivery.c.state,
            _delivery.c.settled_at,
            _delivery.c.not_before,
            _delivery.c.attempt_count,
            attempt.c.outcome,
            _delivery.c.code,
        )
        .select_from(_delivery.join(agency, agency.c.id == _delivery.c.agency_id).outerjoin(attempt, last))
        .where(_delivery.c.event_id == any_(bindparam("events", type_=ARRAY(_KEY))))
        .order_by(_delivery.c.id)
    )


@cache
def _decisions() -> Statement:
    outcome, agency = table_of(EventOutcome), table_of(Agency)
    return Statement(
        select(outcome.c.event_id, outcome.c.outcome, agency.c.name.label("agency"), outcome.c.reported_at)
        .join_from(outcome, agency, agency.c.id == outcome.c.agency_id)
        .where(outcome.c.event_id == any_(bindparam("events", type_=ARRAY(_KEY))))
        .order_by(outcome.c.reported_at, outcome.c.id)
    )


@cache
def _aside() -> Statement:
    record, agency = table_of(QuarantinedRecord), table_of(Agency)
    # Whatever the agency calls its field: anywhere in the record stands the code, or the household's protocol (an inclusion pact names no
    # person), or the person's key (of whom a region could not be asked about). What waits is little, and is read whole.
    anywhere = cast(
        literal_column("'strict $.** ? (@ == $code || @ == $protocol || @ == $person)'"), JSONPATH
    )
    wanted = func.jsonb_build_object(
        literal_column("'code'"),
        bindparam("code", type_=Text),
        literal_column("'protocol'"),
        bindparam("protocol", type_=Text),
        literal_column("'person'"),
        bindparam("person", type_=Text),
    )
    named = func.jsonb_path_exists(record.c.payload, anywhere, wanted)
    return Statement(
        select(
            agency.c.name.label("agency"),
            record.c.flow,
            record.c.record_key,
            record.c.field,
            record.c.reason,
            record.c.received_at,
        )
        .join_from(record, agency, agency.c.id == record.c.agency_id)
        .where(record.c.resolved_at.is_(None), named)
        .order_by(record.c.received_at, record.c.id)
    )
