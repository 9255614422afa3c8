# SPDX-License-Identifier: EUPL-1.2
"""Expected refusals of a command: what the person at the desk can mend."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class RefusalCode(StrEnum):
    """Why an event was not recorded."""

    IDEMPOTENCY_KEY_INVALID = "IDEMPOTENCY_KEY_INVALID"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    PERSON_NOT_FOUND = "PERSON_NOT_FOUND"
    PACT_NOT_FOUND = "PACT_NOT_FOUND"
    OCCURRED_IN_FUTURE = "OCCURRED_IN_FUTURE"
    NOTE_TOO_LONG = "NOTE_TOO_LONG"


@dataclass(frozen=True)
class Refusal:
    """One reason, and the path of the input it is about; `tells_of`: the key of the person it says something about."""

    code: RefusalCode
    message: str
    path: tuple[str, ...]
    tells_of: UUID | None = None


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
