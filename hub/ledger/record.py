# SPDX-License-Identifier: EUPL-1.2
"""Recording conditionality events: the command, what is wrong with it whatever the tables hold, and what the tables say against it.

Whether the person exists beyond the recorder's reach or nowhere is one and the same refusal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from hub.errors import Unavailable
from hub.ledger.append import Reach, append_one, examine
from hub.ledger.event_rules import EVENT_RULES
from hub.ledger.evidence import Evidence, listed, refuse_evidence
from hub.ledger.refusals import FOUND, REUSED, Refusal, RefusalCode
from hub.store.statement import Connection
from hub.store.vocabulary import AgencyKind, ConditionalityEventType, JustifiedReason

OPERATION = "recordConditionalityEvent"
"""Under which a key is used, by one event as by an event of many: sent again in another company, it is the same."""
LONGEST_KEY = 200
LONGEST_NOTE = 2_000
TRIES = 3
"""Times an event is tried of which nothing says why it was not recorded: what stood in its way was given up meanwhile."""

_RULED = {
    word: {
        "rule_measures": " ".join(sorted(rule.measures)),
        "rule_pacts": " ".join(sorted(rule.pacts)),
        "rule_follows_signature": rule.follows_signature,
        "rule_may_precede_benefit": rule.may_precede_benefit,
    }
    for word, rule in EVENT_RULES.items()
}


@dataclass(
    slots=True
)  # not frozen, here and below: that would triple what it takes to make one, for every event
class Recorder:
    """Who records: the agency, the voucher's client and purpose, the person at the desk, and whom they may record about."""

    agency_id: UUID
    agency_kind: AgencyKind
    client_id: UUID | None
    purpose_id: UUID | None
    operator: str | None
    reach: Reach
    reach_values: Mapping[str, Any]
    """What `reach`'s condition binds."""


@dataclass(slots=True)
class RecordEvent:
    """The command. `occurred_at` is aware; `pact_id` must be a pact of the person or of their household.

    `evidence`: documents that show it; `justified_reason`: of a justified absence.
    """

    idempotency_key: str
    fiscal_code: str
    type: ConditionalityEventType
    occurred_at: datetime
    pact_id: UUID | None
    note: str | None
    evidence: Sequence[Evidence] = ()
    justified_reason: JustifiedReason | None = None

    @property
    def input_hash(self) -> bytes:
        """SHA-256 of everything but the key: the same key with another input is refused."""
        content: list[Any] = [
            self.fiscal_code,
            self.type.value,
            self.occurred_at,
            self.pact_id,
            self.note,
        ]
        # NOTE only where they are said: a key that was used before there were any is still for the same input.
        if self.evidence or self.justified_reason is not None:
            content += [self.justified_reason, [one.said() for one in self.evidence]]
        return hashlib.sha256(orjson.dumps(content)).digest()


@dataclass(frozen=True)
class Recorded:
    """The event's key; `again` when this is the answer to an earlier use of the same key and input.

    `person`: the key of whom it is about; of one that was recorded alone it is known from what is read back.
    """

    event_id: UUID
    again: bool
    person: UUID | None = None


IN_THE_WAY = (
    asyncpg.UniqueViolationError,
    asyncpg.ForeignKeyViolationError,
    asyncpg.DeadlockDetectedError,
)
"""What ends a recording statement: what it found went while it ran, another recorded its fact, or each waited for the other."""

Verdict = Recorded | Refusal | None
"""Why an event was not recorded: it was before, it is refused, or nothing says why (any more)."""


async def record_event(
    connection: Connection, recorder: Recorder, command: RecordEvent, *, now: datetime, tolerance: timedelta
) -> Recorded | Refusal:
    """Record one event in the open transaction of `connection`.

    `tolerance`: how far the desk's clock may run ahead of `now`. Whether the recorder may record at all is the caller's to
    have checked.

    Raises:
        Unavailable: others who record the same undo what they do, again and again.

    """
    refusal = refuse_form(recorder, command, now + tolerance)
    if refusal is not None:
        return refusal
    statement, values = append_one(recorder.reach), values_of(recorder, command)
    for _ in range(TRIES):
        try:
            async with (
                connection.transaction()
            ):  # a savepoint: a fact that another recorded meanwhile ends the statement
                event_id = await connection.fetchval(statement.text, *statement.arguments(values))
        except IN_THE_WAY:
            event_id = None
        if event_id is not None:
            return Recorded(event_id, again=False)
        [verdict] = await why_not(connection, recorder, [command])
        if verdict is not None:
            return verdict
    raise Unavailable


async def why_not(
    connection: Connection, recorder: Recorder, commands: Sequence[RecordEvent]
) -> list[Verdict]:
    """Why each of these was not recorded, in their order."""
    statement = examine(recorder.reach)
    found = await connection.fetch(statement.text, *statement.arguments(values_of_many(recorder, commands)))
    return [_verdict(row, command) for row, command in zip(found, commands, strict=True)]


def _verdict(row: asyncpg.Record, command: RecordEvent) -> Verdict:
    if row["result_id"] is not None:
        if row["input_hash"] != command.input_hash:
            return REUSED
        return Recorded(row["result_id"], again=True, person=row["told"])
    if row["refusal"] is None:
        return None
    # Whatever speaks against an event but that nobody is found says that somebody is in the territory.
    return replace(FOUND[RefusalCode(row["refusal"])], tells_of=row["beneficiary_id"])


def refuse_form(recorder: Recorder, command: RecordEvent, latest: datetime) -> Refusal | None:
    """What is wrong with a command whatever the tables hold; `latest`: when it may have happened at the latest."""
    refusal = refuse_key(command.idempotency_key)
    if refusal is not None:
        return refusal
    rule = EVENT_RULES[command.type]
    if recorder.agency_kind not in rule.recorded_by:
        return Refusal(
            RefusalCode.TYPE_NOT_YOURS,
            f"Events of this type are recorded by {', '.join(sorted(rule.recorded_by))}; your agency is {recorder.agency_kind}.",
            ("type",),
        )
    if rule.needs_pact and command.pact_id is None:
        return Refusal(
            RefusalCode.PACT_NEEDED, "An event of this type names the pact it happened under.", ("pactId",)
        )
    if command.note is not None and len(command.note) > LONGEST_NOTE:
        return Refusal(RefusalCode.NOTE_TOO_LONG, f"A note has at most {LONGEST_NOTE} characters.", ("note",))
    if command.justified_reason is not None and not rule.is_justified:
        return Refusal(
            RefusalCode.REASON_NOT_OF_TYPE,
            "Only an absence that was justified (ABSENCE_JUSTIFIED) has a justified reason.",
            ("justifiedReason",),
        )
    refusal = refuse_evidence(command.evidence) if command.evidence else None
    if refusal is not None:
        return refusal
    if command.occurred_at > latest:
        return Refusal(
            RefusalCode.OCCURRED_IN_FUTURE,
            "An event is recorded after it happened: occurredAt lies in the future.",
            ("occurredAt",),
        )
    return None


def refuse_key(key: str) -> Refusal | None:
    """What is wrong with an idempotency key, of whichever command."""
    if 1 <= len(key) <= LONGEST_KEY and key.isprintable():
        return None
    return Refusal(
        RefusalCode.IDEMPOTENCY_KEY_INVALID,
        f"An idempotency key has 1 to {LONGEST_KEY} printable characters.",
        ("idempotencyKey",),
    )


def values_of(recorder: Recorder, command: RecordEvent) -> dict[str, Any]:
    """What is bound for one event."""
    return {**_of_recorder(recorder), **_of_event(command)}


def values_of_many(recorder: Recorder, commands: Sequence[RecordEvent]) -> dict[str, Any]:
    """What is bound for many events of one recorder: of each a list, in the order of the events; once what is the same in all."""
    rows = [_of_event(command) for command in commands]
    return {**_of_recorder(recorder), **{name: [row[name] for row in rows] for name in rows[0]}}


def _of_recorder(recorder: Recorder) -> dict[str, Any]:
    return {
        "agency_id": recorder.agency_id,
        "operation": OPERATION,
        "client_id": recorder.client_id,
        "purpose_id": recorder.purpose_id,
        "operator": recorder.operator,
        **recorder.reach_values,
    }


def _of_event(command: RecordEvent) -> dict[str, Any]:
    return {
        "key": command.idempotency_key,
        "input_hash": command.input_hash,
        "type": command.type.value,
        "occurred_at": command.occurred_at,
        "pact_id": command.pact_id,
        "note": command.note,
        "justified_reason": command.justified_reason,
        "evidence": listed(command.evidence),
        "fiscal_code": command.fiscal_code,
        **_RULED[command.type],
    }
