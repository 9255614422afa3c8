# SPDX-License-Identifier: EUPL-1.2
"""Recording a conditionality event: check, append, queue for its position; in the transaction of whoever calls.

Whether the person exists beyond the recorder's reach or nowhere is one and the same refusal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.ledger.append import Reach, append, bound_person, pact_of, person_in_reach
from hub.ledger.refusals import Refusal, RefusalCode
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import ConditionalityEvent, IdempotencyKey
from hub.store.vocabulary import ConditionalityEventType

OPERATION = "recordConditionalityEvent"
LONGEST_KEY = 200
LONGEST_NOTE = 2_000

_key = table_of(IdempotencyKey)
_event = table_of(ConditionalityEvent)


@dataclass(
    slots=True
)  # not frozen, here and below: that would triple what it takes to make one, for every event
class Recorder:
    """Who records: the agency, the voucher's client and purpose, the person at the desk, and whom they may record about."""

    agency_id: UUID
    client_id: UUID | None
    purpose_id: UUID | None
    operator: str | None
    reach: Reach
    reach_values: Mapping[str, Any]
    """What `reach`'s condition binds."""


@dataclass(slots=True)
class RecordEvent:
    """The command. `occurred_at` is aware; `pact_id` must be a pact of the person or of their household."""

    idempotency_key: str
    fiscal_code: str
    type: ConditionalityEventType
    occurred_at: datetime
    pact_id: UUID | None
    note: str | None

    @property
    def input_hash(self) -> bytes:
        """SHA-256 of everything but the key: the same key with another input is refused."""
        content = [self.fiscal_code, self.type.value, self.occurred_at, self.pact_id, self.note]
        return hashlib.sha256(orjson.dumps(content)).digest()


@dataclass(frozen=True)
class Recorded:
    """The event's key; `again` when this is the answer to an earlier use of the same key and input.

    `person`: the key of whom the earlier one is about; the others' is known from what was recorded.
    """

    event_id: UUID
    again: bool
    person: UUID | None = None


async def record_event(
    connection: Connection, recorder: Recorder, command: RecordEvent, *, now: datetime, tolerance: timedelta
) -> Recorded | Refusal:
    """Record one event in the open transaction of `connection`.

    `tolerance`: how far the desk's clock may run ahead of `now`. Whether the recorder may record at all is the caller's to
    have checked.
    """
    refusal = refuse_form(command, now + tolerance)
    if refusal is not None:
        return refusal
    earlier = await _earlier(connection, recorder, command)
    if earlier is not None:
        return earlier
    person = await _person_statement(recorder.reach).fetchrow(
        connection, fiscal_code=command.fiscal_code, **recorder.reach_values
    )
    if person is None:
        return Refusal(
            RefusalCode.PERSON_NOT_FOUND,
            "No person with this fiscal code is in your territory.",
            ("fiscalCode",),
        )
    if command.pact_id is not None:
        belongs = await _pact_statement().fetchval(
            connection,
            pact_id=command.pact_id,
            beneficiary_id=person["beneficiary_id"],
            household_id=person["household_id"],
        )
        if belongs is None:
            return Refusal(
                RefusalCode.PACT_NOT_FOUND,
                "This pact is neither the person's nor their household's.",
                ("pactId",),
                tells_of=person["beneficiary_id"],  # who is in the territory
            )
    event_id = await _append_statement().fetchval(connection, **values_of(recorder, command), **person)
    if event_id is not None:
        return Recorded(event_id, again=False)
    # Another request with this key committed while this one waited for it.
    earlier = await _earlier(connection, recorder, command)
    assert earlier is not None
    return earlier


def refuse_form(command: RecordEvent, latest: datetime) -> Refusal | None:
    """What is wrong with a command whatever the database holds; `latest`: when it may have happened at the latest."""
    if not 1 <= len(command.idempotency_key) <= LONGEST_KEY or not command.idempotency_key.isprintable():
        return Refusal(
            RefusalCode.IDEMPOTENCY_KEY_INVALID,
            f"An idempotency key has 1 to {LONGEST_KEY} printable characters.",
            ("idempotencyKey",),
        )
    if command.note is not None and len(command.note) > LONGEST_NOTE:
        return Refusal(RefusalCode.NOTE_TOO_LONG, f"A note has at most {LONGEST_NOTE} characters.", ("note",))
    if command.occurred_at > latest:
        return Refusal(
            RefusalCode.OCCURRED_IN_FUTURE,
            "An event is recorded after it happened: occurredAt lies in the future.",
            ("occurredAt",),
        )
    return None


async def _earlier(
    connection: Connection, recorder: Recorder, command: RecordEvent
) -> Recorded | Refusal | None:
    row = await _earlier_statement().fetchrow(
        connection, agency_id=recorder.agency_id, operation=OPERATION, key=command.idempotency_key
    )
    if row is None:
        return None
    if row["input_hash"] != command.input_hash:
        return Refusal(
            RefusalCode.IDEMPOTENCY_KEY_REUSED,
            "This idempotency key was used for another input. Use a new key for a new event.",
            ("idempotencyKey",),
        )
    return Recorded(row["result_id"], again=True, person=row["beneficiary_id"])


def values_of(recorder: Recorder, command: RecordEvent) -> dict[str, Any]:
    """What `append` binds: all that is recorded but what is the person's."""
    return {
        "agency_id": recorder.agency_id,
        "operation": OPERATION,
        "key": command.idempotency_key,
        "input_hash": command.input_hash,
        "type": command.type.value,
        "occurred_at": command.occurred_at,
        "client_id": recorder.client_id,
        "purpose_id": recorder.purpose_id,
        "operator": recorder.operator,
        "pact_id": command.pact_id,
        "note": command.note,
    }


@cache
def _earlier_statement() -> Statement:
    return Statement(
        select(_key.c.input_hash, _key.c.result_id, _event.c.beneficiary_id)
        .join_from(_key, _event, _event.c.id == _key.c.result_id)
        .where(
            _key.c.agency_id == bindparam("agency_id"),
            _key.c.operation == bindparam("operation"),
            _key.c.key == bindparam("key"),
        )
    )


@cache
def _person_statement(reach: Reach) -> Statement:
    return Statement(person_in_reach(reach))


@cache
def _pact_statement() -> Statement:
    uuid = PG_UUID(as_uuid=True)
    return Statement(pact_of(bindparam("beneficiary_id", type_=uuid), bindparam("household_id", type_=uuid)))


@cache
def _append_statement() -> Statement:
    appended = append(bound_person())
    return Statement(select(appended.event.c.id).add_cte(appended.message))
