# SPDX-License-Identifier: EUPL-1.2
"""Recording one conditionality event."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import asyncpg
import strawberry

from hub.access.caller import Caller, Scope
from hub.access.operator import Operator
from hub.access.rows import PeopleInReach, scope_values
from hub.ledger import refusals
from hub.ledger.append import COMMANDED, WRITES, append, kinds_of
from hub.ledger.record import Recorder, RecordEvent, record_event, refuse_form, values_of
from hub.ledger.refusals import Refusal
from hub.plan.commands import Asking, Command, Outcome
from hub.plan.declare import stands_on
from hub.plan.written import VALUES, Appends, Written
from hub.store.given import Given
from hub.store.identifiers import decode_id
from hub.store.vocabulary import Capability, ConditionalityEventType
from schema.commands import called, input_reader, read_back
from schema.context import Info, Means
from schema.cost import about, costs
from schema.ledger import ConditionalityEvent
from schema.scalars import FiscalCode
from schema.sensitivity import PERSONAL, public

strawberry.enum(refusals.RefusalCode, name="UserErrorCode", description="Why a command was refused.")


@public
@strawberry.type(description="An expected refusal: what the person at the desk can mend.")
class UserError:
    code: refusals.RefusalCode
    message: str
    path: list[str] = strawberry.field(
        description="The member of the input it is about.", directives=[about(2)]
    )


@strawberry.input(description="A fact to record.")
class RecordConditionalityEventInput:
    idempotency_key: str = strawberry.field(
        description="Yours: the same key and input gives the first answer again; with another input it is refused."
    )
    fiscal_code: FiscalCode
    type: ConditionalityEventType
    occurred_at: datetime.datetime
    pact_id: strawberry.ID | None = strawberry.UNSET
    note: str | None = strawberry.field(default=strawberry.UNSET, description="At most 2,000 characters.")


@public
@strawberry.type(description="The recorded event, or why there is none.")
class RecordConditionalityEventPayload:
    event: ConditionalityEvent | None = strawberry.field(directives=[PERSONAL])
    user_errors: list[UserError] = strawberry.field(directives=[about(1)])


LEFT = Refusal(
    refusals.RefusalCode.PERSON_NOT_FOUND,
    "This event is recorded; its person is no longer in your territory.",
    ("fiscalCode",),
)


def user_error(refusal: Refusal, *around: str) -> UserError:
    """A refusal as the client is told it; `around`: the way to the input it is about."""
    return UserError(code=refusal.code, message=refusal.message, path=["input", *around, *refusal.path])


async def _record(means: Means, asking: Asking, given: RecordConditionalityEventInput) -> Outcome:
    caller = asking.caller
    caller.require(Capability.RECORD_EVENTS)
    recorder, command, now = recorder_of(caller, asking.operator), command_of(given), means.now()
    refusal = refuse_form(recorder, command, now + means.event_clock_tolerance)
    if refusal is not None:
        return _refused(refusal)
    account = asking.account
    await account.foresee(means.database.write)
    rows = await _at_once(means, asking, recorder, command)
    if rows is not None:
        return Outcome(rows, is_logged=True)
    # Not the usual case: recorded, or why not, and read back, one after the other, in one transaction.
    async with means.database.write.acquire() as connection, connection.transaction():
        recorded = await record_event(
            connection, recorder, command, now=now, tolerance=means.event_clock_tolerance
        )
        if isinstance(recorded, Refusal):
            if recorded.tells_of is not None:
                account.shows([recorded.tells_of])
            return _refused(recorded)
        rows = await read_back(connection, asking, recorded.event_id)
        if recorded.person is not None:
            account.shows([recorded.person])  # of whom is told at least that the event is recorded
        await account.answered_within(connection)
    if recorded.again and b"null" in rows.values():
        # The first answer is not given again about a person who has left the territory since.
        return Outcome(None, [user_error(LEFT)], is_logged=True)
    return Outcome(rows, is_logged=True)


async def _at_once(
    means: Means, asking: Asking, recorder: Recorder, command: RecordEvent
) -> Mapping[str, bytes] | None:
    """The event as it was asked for, recorded and read in one statement; None when that recorded nothing."""
    if asking.reads.at_once is None:
        return None
    key, plan = asking.reads.at_once
    account = asking.account
    values = {**values_of(recorder, command), **account.look.values()}
    try:
        row = await means.recording.run(
            plan, {**asking.variables, VALUES: values}, asking.caller, account.seen
        )
    except (asyncpg.ForeignKeyViolationError, asyncpg.UniqueViolationError):
        return None  # what it found went while it ran, or another recorded the same fact
    if row == b"null":
        return None
    return {} if key is None else {key: row}


@cache
def _written(scope: Scope) -> Written:
    reach = _reach(scope)

    def appended(given: Given) -> Appends:
        made = append(given, reach)
        return Appends(made.event, (made.message,))

    return Written(appended, kinds_of(reach), frozenset(COMMANDED), WRITES)


@cache
def _reach(scope: Scope) -> PeopleInReach:
    return PeopleInReach(scope)


def _refused(refusal: Refusal) -> Outcome:
    return Outcome(None, [user_error(refusal)])


def command_of(given: RecordConditionalityEventInput) -> RecordEvent:
    """The event to record.

    Raises:
        InvalidId: the pact's id is none.

    """
    return RecordEvent(
        idempotency_key=given.idempotency_key,
        fiscal_code=given.fiscal_code,
        type=given.type,
        occurred_at=given.occurred_at,
        pact_id=None if given.pact_id in (None, strawberry.UNSET) else decode_id(given.pact_id, "pct")[1],
        note=given.note or None,
    )


def recorder_of(caller: Caller, operator: Operator | None) -> Recorder:
    """Who records, as the ledger knows it."""
    return Recorder(
        agency_id=caller.agency_id,
        agency_kind=caller.agency_kind,
        client_id=caller.client_id,
        purpose_id=caller.purpose_id,
        operator=operator.user_id if operator else None,
        reach=_reach(caller.scope),
        reach_values=scope_values(caller),
    )


RECORD = Command(_record, input_reader(RecordConditionalityEventInput), reads_back="event", written=_written)


@strawberry.type
class RecordingMutation:
    @strawberry.mutation(
        description="Record a conditionality event (evento di condizionalità) about a person of the caller's territory.",
        directives=[costs(200)],
        metadata=stands_on(RECORD),
    )
    async def record_conditionality_event(
        self,
        info: Info,
        input: RecordConditionalityEventInput,  # noqa: A002
    ) -> RecordConditionalityEventPayload:
        outcome, event = await called(info, RECORD, input)
        return RecordConditionalityEventPayload(
            event=cast("Any", event), user_errors=cast("Any", outcome.user_errors)
        )
