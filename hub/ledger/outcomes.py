# SPDX-License-Identifier: EUPL-1.2
"""Outcomes: what INPS decided about a benefit because of an entry of the feed. Added to, never changed.

A decision that changes another is a later outcome of the same event.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    Date,
    LargeBinary,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert

from hub.ledger.acknowledgements import Consumer
from hub.ledger.record import LONGEST_KEY
from hub.ledger.refusals import FeedRefusal, FeedRefusalCode
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import ConditionalityEvent, EventOutcome, FeedEntry, IdempotencyKey
from hub.store.vocabulary import BenefitOutcome

OPERATION = "reportOutcome"
LONGEST_REFERENCE = 200
MOST_MONTHS = 18
"""Monthly payments of one decision: a benefit is granted for as many (DL 4/2019 art. 3 c. 6; DL 48/2023 art. 3 c. 2)."""

_key = table_of(IdempotencyKey)
_outcome = table_of(EventOutcome)


@dataclass(frozen=True)
class ReportOutcome:
    """The command. `months`: monthly payments taken away (REDUCED), or for which the benefit is held back (SUSPENDED)."""

    idempotency_key: str
    position: int
    outcome: BenefitOutcome
    reference: str
    decided_on: date
    months: int | None

    @property
    def input_hash(self) -> bytes:
        """SHA-256 of everything but the key: the same key with another input is refused."""
        content = [self.position, self.outcome.value, self.reference, self.decided_on, self.months]
        return hashlib.sha256(orjson.dumps(content)).digest()


async def report_outcome(
    connection: Connection, reporter: Consumer, command: ReportOutcome, *, today: date
) -> UUID | FeedRefusal:
    """Report one outcome in the open transaction of `connection`: its key; that of an earlier use of the same key and input.

    Whether the reporter may report at all is the caller's to have checked.
    """
    refusal = _refuse_form(command, today)
    if refusal is not None:
        return refusal
    entry = await _entry().fetchrow(connection, position=command.position)
    if entry is None:
        return FeedRefusal(
            FeedRefusalCode.ENTRY_NOT_FOUND, "The feed has no entry at this position.", ("position",)
        )
    if command.decided_on < entry["happened_on"]:
        return FeedRefusal(
            FeedRefusalCode.DECIDED_BEFORE_EVENT,
            "A decision follows the event it is about: decidedOn lies before the day it happened.",
            ("decidedOn",),
        )
    claim = {"agency_id": reporter.agency_id, "operation": OPERATION, "key": command.idempotency_key}
    outcome_id: UUID | None = await _append().fetchval(
        connection,
        **claim,
        input_hash=command.input_hash,
        event_id=entry["event_id"],
        client_id=reporter.client_id,
        purpose_id=reporter.purpose_id,
        operator=reporter.operator,
        outcome=command.outcome.value,
        reference=command.reference,
        decided_on=command.decided_on,
        months=command.months,
    )
    if outcome_id is not None:
        return outcome_id
    earlier = await _earlier().fetchrow(connection, **claim)
    assert earlier is not None  # it stood in the way
    if earlier["input_hash"] != command.input_hash:
        return FeedRefusal(
            FeedRefusalCode.IDEMPOTENCY_KEY_REUSED,
            "This idempotency key was used for another input. Use a new key for a new outcome.",
            ("idempotencyKey",),
        )
    found: UUID = earlier["result_id"]
    return found


def _refuse_form(command: ReportOutcome, today: date) -> FeedRefusal | None:
    """What is wrong with a command whatever the database holds."""
    if not 1 <= len(command.idempotency_key) <= LONGEST_KEY or not command.idempotency_key.isprintable():
        return FeedRefusal(
            FeedRefusalCode.IDEMPOTENCY_KEY_INVALID,
            f"An idempotency key has 1 to {LONGEST_KEY} printable characters.",
            ("idempotencyKey",),
        )
    if not 1 <= len(command.reference) <= LONGEST_REFERENCE or not command.reference.isprintable():
        return FeedRefusal(
            FeedRefusalCode.REFERENCE_INVALID,
            f"A reference, by which you find the decision again, has 1 to {LONGEST_REFERENCE} printable characters.",
            ("reference",),
        )
    if command.decided_on > today:
        return FeedRefusal(
            FeedRefusalCode.DECIDED_IN_FUTURE,
            "An outcome is reported when it is decided: decidedOn lies in the future.",
            ("decidedOn",),
        )
    return _refuse_months(command)


def _refuse_months(command: ReportOutcome) -> FeedRefusal | None:
    months = command.months
    needed = command.outcome is BenefitOutcome.REDUCED
    taken = needed or command.outcome is BenefitOutcome.SUSPENDED
    if months is None and not needed:
        return None
    if months is not None and taken and 1 <= months <= MOST_MONTHS:
        return None
    said = f"has 1 to {MOST_MONTHS} months" if taken else "has no months"
    return FeedRefusal(
        FeedRefusalCode.MONTHS_INVALID, f"An outcome {command.outcome.value} {said}.", ("months",)
    )


@cache
def _entry() -> Statement:
    entry, event = table_of(FeedEntry), table_of(ConditionalityEvent)
    happened = func.timezone(literal_column("'Europe/Rome'"), event.c.occurred_at)
    return Statement(
        select(entry.c.event_id, cast(happened, Date).label("happened_on"))
        .join_from(entry, event, event.c.id == entry.c.event_id)
        .where(entry.c.position == bindparam("position", type_=BigInteger))
    )


@cache
def _append() -> Statement:
    """Claim the key, and append: no row of it where the key was used before."""
    claim = {
        name: bindparam(name, type_=LargeBinary() if name == "input_hash" else _key.c[name].type)
        for name in ("agency_id", "operation", "key", "input_hash")
    }
    claimed = (
        pg_insert(_key)
        .from_select([*claim, "result_id"], select(*claim.values(), func.uuidv7()), include_defaults=False)
        .on_conflict_do_nothing()
        .returning(_key.c.result_id)
        .cte("claimed")
    )
    names = (
        "event_id", "agency_id", "client_id", "purpose_id", "operator", "outcome", "reference", "decided_on", "months",
    )  # fmt: skip
    said = [bindparam(name, type_=Text() if name == "outcome" else _outcome.c[name].type) for name in names]
    return Statement(
        insert(_outcome)
        .from_select(["id", *names], select(claimed.c.result_id, *said), include_defaults=False)
        .returning(_outcome.c.id)
    )


@cache
def _earlier() -> Statement:
    return Statement(
        select(_key.c.input_hash, _key.c.result_id).where(
            *(_key.c[name] == bindparam(name) for name in ("agency_id", "operation", "key"))
        )
    )
