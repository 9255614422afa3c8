# SPDX-License-Identifier: EUPL-1.2
"""Taking an event back: a new event, of type EVENT_WITHDRAWN, that names the one it withdraws. Nothing that stands changes.

By the agency that recorded it, within days of its recording, for a reason. What speaks against it is found in the statement that
records it, as with recording (docs/adr/0030): one text for one withdrawal and for many (`hub.ledger.append`). Whether an event lies
beyond the caller's reach or nowhere is one and the same refusal. Why it is so: docs/adr/0034.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import (
    DateTime,
    Integer,
    LargeBinary,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    insert,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.types import TypeEngine

from hub.errors import Unavailable
from hub.ledger.append import CLAIM, FEED_TOPIC, WRITES, Appended, Reach
from hub.ledger.expressions import day_of, word
from hub.ledger.record import IN_THE_WAY, TRIES, Recorded, Recorder, Verdict, refuse_key
from hub.ledger.refusals import AGAINST_WITHDRAWAL, REUSED, Refusal, RefusalCode
from hub.store.base import table_of
from hub.store.given import Given, required
from hub.store.statement import Connection, Statement
from hub.store.tables import ConditionalityEvent, IdempotencyKey, OutboxMessage
from hub.store.vocabulary import ConditionalityEventType

__all__ = ["COMMANDED", "OPERATION", "WRITES", "WithdrawEvent", "kinds_of", "withdraw", "withdraw_event"]

OPERATION = "withdrawConditionalityEvent"
LONGEST_REASON = 2_000
STANDING_IN_THE_WAY = (*IN_THE_WAY, asyncpg.CheckViolationError)
"""How the database says that what the statement found went, or was withdrawn by another, while it ran."""

_key = table_of(IdempotencyKey)
_event = table_of(ConditionalityEvent)
_outbox = table_of(OutboxMessage)

SAID = ("agency_id", "client_id", "purpose_id", "operator", "note")
"""Columns of a withdrawal that its recorder says; the note is the reason."""
KEPT = ("beneficiary_id", "household_id", "fiscal_code", "inps_protocol", "measure", "pact_id")
"""Columns it has of the event it takes back: whoever read that knows it by these, whatever became of the person since."""
COMMANDED: dict[str, TypeEngine[Any]] = {
    **{name: _event.c[name].type for name in SAID},
    **{name: LargeBinary() if name == "input_hash" else _key.c[name].type for name in CLAIM},
    "event_id": _event.c.id.type,
    "at": DateTime(timezone=True),
    "days": Integer(),
}
"""What a command binds, beside the reach's own values."""


@dataclass(slots=True)
class WithdrawEvent:
    """The command. `event_id`: of the event to be taken back."""

    idempotency_key: str
    event_id: UUID
    reason: str

    @property
    def input_hash(self) -> bytes:
        """SHA-256 of everything but the key: the same key with another input is refused."""
        return hashlib.sha256(orjson.dumps([self.event_id, self.reason])).digest()


async def withdraw_event(
    connection: Connection, recorder: Recorder, command: WithdrawEvent, *, now: datetime, days: int
) -> Recorded | Refusal:
    """Withdraw one event in the open transaction of `connection`.

    `days`: after that of its recording, of Europe/Rome, on the last of which it still may be. Whether the recorder may record at
    all is the caller's to have checked.

    Raises:
        Unavailable: others who withdraw the same undo what they do, again and again.

    """
    refusal = refuse_form(command)
    if refusal is not None:
        return refusal
    statement, values = _one(recorder.reach), values_of(recorder, command, now, days)
    for _ in range(TRIES):
        try:
            async with connection.transaction():  # a savepoint: who withdrew it meanwhile ends the statement
                event_id = await connection.fetchval(statement.text, *statement.arguments(values))
        except STANDING_IN_THE_WAY:
            event_id = None
        if event_id is not None:
            return Recorded(event_id, again=False)
        found = await _examine(recorder.reach).fetchrow(connection, **values)
        assert found is not None  # a row for what was given
        verdict = _verdict(found, command)
        if verdict is not None:
            return verdict
    raise Unavailable


def refuse_form(command: WithdrawEvent) -> Refusal | None:
    """What is wrong with a command whatever the tables hold."""
    refusal = refuse_key(command.idempotency_key)
    if refusal is not None:
        return refusal
    if not command.reason.strip() or len(command.reason) > LONGEST_REASON:
        return Refusal(
            RefusalCode.REASON_INVALID,
            f"Say why it is withdrawn: a reason has 1 to {LONGEST_REASON} characters, and not blanks alone.",
            ("reason",),
        )
    return None


def values_of(recorder: Recorder, command: WithdrawEvent, now: datetime, days: int) -> dict[str, Any]:
    """What is bound for one withdrawal."""
    return {
        "agency_id": recorder.agency_id,
        "operation": OPERATION,
        "key": command.idempotency_key,
        "input_hash": command.input_hash,
        "client_id": recorder.client_id,
        "purpose_id": recorder.purpose_id,
        "operator": recorder.operator,
        "note": command.reason,
        "event_id": command.event_id,
        "at": now,
        "days": days,
        **recorder.reach_values,
    }


def kinds_of(reach: Reach) -> dict[str, TypeEngine[Any]]:
    """What is bound for each withdrawal: what the command says, and the reach's own values but arrays, which all share."""
    return {**COMMANDED, **required(reach.covers_event(_event))}


def withdraw(given: Given, reach: Reach) -> Appended:
    """Withdraw what is given, where nothing speaks against it."""
    judged = _judged(given, reach).cte("judged")
    claim = select(*(given[name] for name in CLAIM), given["id"])
    claimed = (
        pg_insert(_key)
        .from_select(
            [*CLAIM, "result_id"],
            claim.join_from(given.rows, judged, judged.c.id == given["id"]).where(judged.c.refusal.is_(None)),
            include_defaults=False,
        )
        .on_conflict_do_nothing()
        .returning(_key.c.result_id)
        .cte("claimed")
    )
    withdrawal = (
        select(
            given["id"],
            word(ConditionalityEventType.EVENT_WITHDRAWN),
            func.now(),
            given["event_id"],
            *(given[name] for name in SAID),
            *(judged.c[name] for name in KEPT),
        )
        .join_from(given.rows, claimed, claimed.c.result_id == given["id"])
        .join(judged, judged.c.id == given["id"])
    )
    # NOTE no edition: what keeps a withdrawal one is that an event is withdrawn once (conditionality_event_withdraws_event_id_key).
    recorded = (
        insert(_event)
        .from_select(
            ["id", "type", "occurred_at", "withdraws_event_id", *SAID, *KEPT],
            withdrawal,
            include_defaults=False,
        )
        .returning(*_event.c)
        .cte("recorded")
    )
    queued = (
        insert(_outbox)
        .from_select(
            ["topic", "subject_id"],
            select(bindparam("topic", FEED_TOPIC, type_=Text), recorded.c.id),
            include_defaults=False,
        )
        .cte("queued")
    )
    return Appended(recorded, (queued,))


def _judged(given: Given, reach: Reach) -> Select[Any]:
    """Each row's `ord` and `id`, what it keeps of the event it takes back, why it is refused, and the last day it may be."""
    taken, earlier = _event.alias("taken"), _event.alias("earlier")
    is_seen = given.within(reach.covers_event(taken), taken)
    is_own = taken.c.agency_id == given["agency_id"]
    last_day = day_of(taken.c.recorded_at) + given["days"]
    refusal = case(
        (taken.c.id.is_(None), word(RefusalCode.EVENT_NOT_FOUND)),
        # NOTE about nobody, so in nobody's territory: who recorded it is told all the same that it is there.
        (and_(taken.c.beneficiary_id.is_(None), is_own), word(RefusalCode.CONTENT_GONE)),
        # NOTE not `NOT`: of a citizen whom the hub does not know the rule is NULL.
        (is_seen.is_not(true()), word(RefusalCode.EVENT_NOT_FOUND)),
        (~is_own, word(RefusalCode.EVENT_OF_ANOTHER_AGENCY)),
        (
            cast(taken.c.type, Text) == word(ConditionalityEventType.EVENT_WITHDRAWN),
            word(RefusalCode.WITHDRAWAL_STANDS),
        ),
        (exists().where(earlier.c.withdraws_event_id == taken.c.id), word(RefusalCode.ALREADY_WITHDRAWN)),
        (day_of(given["at"]) > last_day, word(RefusalCode.WITHDRAWAL_TOO_LATE)),
    )
    return (
        select(
            given["ord"],
            given["id"],
            *(taken.c[name] for name in KEPT),
            refusal.label("refusal"),
            last_day.label("last_day"),
        )
        .select_from(given.rows)
        .outerjoin(taken, taken.c.id == given["event_id"])
    )


@cache
def _one(reach: Reach) -> Statement:
    """One withdrawal, recorded and not read back: its key, or no row."""
    appended = withdraw(Given(kinds_of(reach), many=False), reach)
    return Statement(select(appended.event.c.id).add_cte(*appended.beside))


@cache
def _examine(reach: Reach) -> Statement:
    """Why one is refused, whom its event is about, and what its key was used for, about whom."""
    given = Given(kinds_of(reach), many=False)
    judged = _judged(given, reach).subquery("judged")
    claimed = and_(*(_key.c[name] == given[name] for name in ("agency_id", "operation", "key")))
    return Statement(
        select(
            judged.c.refusal,
            judged.c.beneficiary_id,
            judged.c.last_day,
            _key.c.input_hash,
            _key.c.result_id,
            _event.c.beneficiary_id.label("told"),
        )
        .join_from(given.rows, judged, judged.c.id == given["id"])
        .outerjoin(_key, claimed)
        .outerjoin(_event, _event.c.id == _key.c.result_id)
    )


def _verdict(found: asyncpg.Record, command: WithdrawEvent) -> Verdict:
    if found["result_id"] is not None:
        if found["input_hash"] != command.input_hash:
            return REUSED
        return Recorded(found["result_id"], again=True, person=found["told"])
    if found["refusal"] is None:
        return None
    code = RefusalCode(found["refusal"])
    if code is RefusalCode.EVENT_NOT_FOUND:
        return AGAINST_WITHDRAWAL[code]
    # Whatever else speaks against it says that somebody is in the territory.
    person = found["beneficiary_id"]
    if code is RefusalCode.WITHDRAWAL_TOO_LATE:
        return _too_late(found["last_day"], person)
    return replace(AGAINST_WITHDRAWAL[code], tells_of=person)


def _too_late(last_day: date, person: UUID) -> Refusal:
    return Refusal(
        RefusalCode.WITHDRAWAL_TOO_LATE,
        f"This event could be withdrawn until {last_day.isoformat()}: what was read of it since stands.",
        ("event",),
        tells_of=person,
    )
