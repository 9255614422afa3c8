# SPDX-License-Identifier: EUPL-1.2
"""Expected refusals of a command: what the person at the desk can mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class RefusalCode(StrEnum):
    """Why an event was not recorded or not withdrawn, or a communication of a hire not taken."""

    IDEMPOTENCY_KEY_INVALID = "IDEMPOTENCY_KEY_INVALID"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    PERSON_NOT_FOUND = "PERSON_NOT_FOUND"
    PACT_NOT_FOUND = "PACT_NOT_FOUND"
    OCCURRED_IN_FUTURE = "OCCURRED_IN_FUTURE"
    NOTE_TOO_LONG = "NOTE_TOO_LONG"
    TYPE_NOT_YOURS = "TYPE_NOT_YOURS"
    TYPE_NOT_OF_MEASURE = "TYPE_NOT_OF_MEASURE"
    PACT_NEEDED = "PACT_NEEDED"
    PACT_OF_ANOTHER_KIND = "PACT_OF_ANOTHER_KIND"
    BEFORE_PACT = "BEFORE_PACT"
    NO_ACTIVE_BENEFIT = "NO_ACTIVE_BENEFIT"
    BEFORE_BENEFIT = "BEFORE_BENEFIT"
    AFTER_BENEFIT = "AFTER_BENEFIT"
    ALREADY_RECORDED = "ALREADY_RECORDED"
    NO_EVENTS = "NO_EVENTS"
    TOO_MANY_EVENTS = "TOO_MANY_EVENTS"
    EVENTS_REFUSED = "EVENTS_REFUSED"
    OTHERS_REFUSED = "OTHERS_REFUSED"
    REASON_NOT_OF_TYPE = "REASON_NOT_OF_TYPE"
    EVIDENCE_INVALID = "EVIDENCE_INVALID"
    REASON_INVALID = "REASON_INVALID"
    EVENT_NOT_FOUND = "EVENT_NOT_FOUND"
    EVENT_OF_ANOTHER_AGENCY = "EVENT_OF_ANOTHER_AGENCY"
    CONTENT_GONE = "CONTENT_GONE"
    WITHDRAWAL_STANDS = "WITHDRAWAL_STANDS"
    ALREADY_WITHDRAWN = "ALREADY_WITHDRAWN"
    WITHDRAWAL_TOO_LATE = "WITHDRAWAL_TOO_LATE"
    COMMUNICATION_CODE_INVALID = "COMMUNICATION_CODE_INVALID"
    COMMUNICATION_CHANGED = "COMMUNICATION_CHANGED"
    COMMUNICATION_UNKNOWN = "COMMUNICATION_UNKNOWN"
    COMMUNICATION_REPLACED = "COMMUNICATION_REPLACED"
    COMMUNICATION_OF_ANOTHER_WORKER = "COMMUNICATION_OF_ANOTHER_WORKER"
    EMPLOYER_CODE_INVALID = "EMPLOYER_CODE_INVALID"
    CONTRACT_TYPE_INVALID = "CONTRACT_TYPE_INVALID"
    HIRE_PERIOD_INVALID = "HIRE_PERIOD_INVALID"


@dataclass(frozen=True)
class Refusal:
    """One reason, and the path of the input it is about; `tells_of`: the key of the person it says something about."""

    code: RefusalCode
    message: str
    path: tuple[str, ...]
    tells_of: UUID | None = None


FOUND: Mapping[RefusalCode, Refusal] = {
    refusal.code: refusal
    for refusal in (
        Refusal(
            RefusalCode.PERSON_NOT_FOUND,
            "No person with this fiscal code is in your territory.",
            ("fiscalCode",),
        ),
        Refusal(
            RefusalCode.TYPE_NOT_OF_MEASURE,
            "Events of this type do not belong to the measure the person's household receives.",
            ("type",),
        ),
        Refusal(
            RefusalCode.PACT_NOT_FOUND,
            "This pact is neither the person's nor their household's.",
            ("pactId",),
        ),
        Refusal(
            RefusalCode.PACT_OF_ANOTHER_KIND,
            "Events of this type are not of a pact of this kind.",
            ("pactId",),
        ),
        Refusal(
            RefusalCode.BEFORE_PACT,
            "On this day the pact was not signed: what happens under a pact happens once it is.",
            ("occurredAt",),
        ),
        Refusal(
            RefusalCode.NO_ACTIVE_BENEFIT,
            "The person's household has no benefit an event could bear on.",
            ("fiscalCode",),
        ),
        Refusal(
            RefusalCode.BEFORE_BENEFIT,
            "On this day the household's benefit had not begun.",
            ("occurredAt",),
        ),
        Refusal(
            RefusalCode.AFTER_BENEFIT,
            "On this day the household had no benefit any more, or not yet again.",
            ("occurredAt",),
        ),
        Refusal(
            RefusalCode.ALREADY_RECORDED,
            "This fact is recorded: an event of this type, of this person, at this moment.",
            ("occurredAt",),
        ),
    )
}
"""What the tables can say against an event (`hub.ledger.append`)."""

AGAINST_WITHDRAWAL: Mapping[RefusalCode, Refusal] = {
    code: Refusal(code, message, ("event",))
    for code, message in (
        (RefusalCode.EVENT_NOT_FOUND, "No event with this id is about a person in your territory."),
        (
            RefusalCode.EVENT_OF_ANOTHER_AGENCY,
            "Another agency recorded this event: only who recorded it can withdraw it.",
        ),
        (
            RefusalCode.CONTENT_GONE,
            "This event is about nobody: its content was erased, or it says that another's was.",
        ),
        (
            RefusalCode.WITHDRAWAL_STANDS,
            "This event is a withdrawal, and stands: if the fact happened all the same, record it again.",
        ),
        (RefusalCode.ALREADY_WITHDRAWN, "This event is withdrawn already."),
    )
}
"""What the tables can say against a withdrawal, but that it comes too late (`hub.ledger.withdraw`)."""

REUSED = Refusal(
    RefusalCode.IDEMPOTENCY_KEY_REUSED,
    "This idempotency key was used for another input. Use a new key for a new event.",
    ("idempotencyKey",),
)


REUSED_HERE = Refusal(
    RefusalCode.IDEMPOTENCY_KEY_REUSED,
    "An earlier event of this batch has this idempotency key, and is another. Each event has a key of its own.",
    ("idempotencyKey",),
)
TWICE_HERE = Refusal(
    RefusalCode.ALREADY_RECORDED,
    "An earlier event of this batch is this fact: an event of this type, of this person, at this moment.",
    ("occurredAt",),
)
OTHERS_REFUSED = Refusal(
    RefusalCode.OTHERS_REFUSED,
    "This event was not recorded, because others of its batch are refused, and the batch is all or nothing.",
    (),
)
"""What only an event among others is refused for (`hub.ledger.batch`)."""


class FeedRefusalCode(StrEnum):
    """Why a consumer of the feed was refused what it said back."""

    INVALID_CURSOR = "INVALID_CURSOR"
    CURSOR_AHEAD = "CURSOR_AHEAD"
    NOT_READ = "NOT_READ"
    ALREADY_ACKNOWLEDGED = "ALREADY_ACKNOWLEDGED"
    GOES_BACK = "GOES_BACK"
    ENTRY_NOT_FOUND = "ENTRY_NOT_FOUND"
    IDEMPOTENCY_KEY_INVALID = "IDEMPOTENCY_KEY_INVALID"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    REFERENCE_INVALID = "REFERENCE_INVALID"
    MONTHS_INVALID = "MONTHS_INVALID"
    DECIDED_IN_FUTURE = "DECIDED_IN_FUTURE"
    DECIDED_BEFORE_EVENT = "DECIDED_BEFORE_EVENT"


@dataclass(frozen=True)
class FeedRefusal:
    """One reason, and the path of the input it is about."""

    code: FeedRefusalCode
    message: str
    path: tuple[str, ...]
