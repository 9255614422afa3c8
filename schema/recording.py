# SPDX-License-Identifier: EUPL-1.2
"""Recording one conditionality event."""

from __future__ import annotations

import datetime
from functools import cache
from typing import Any, cast

import strawberry

from hub.access.caller import Scope
from hub.ledger import refusals
from hub.ledger.append import COMMANDED, WRITES, append, kinds_of
from hub.ledger.record import RecordEvent, record_event, refuse_form, values_of
from hub.ledger.refusals import Refusal
from hub.plan.commands import Asking, Command, Outcome
from hub.plan.declare import stands_on
from hub.plan.written import Appends, Written
from hub.store.given import Given
from hub.store.identifiers import decode_id
from hub.store.vocabulary import Capability, ConditionalityEventType
from schema.commands import called, input_reader
from schema.context import Info, Means
from schema.cost import about, costs
from schema.event_commands import UserError, reach_of, recorder_of, refused, written
from schema.ledger import ConditionalityEvent
from schema.scalars import FiscalCode
from schema.sensitivity import PERSONAL, public


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


async def _record(means: Means, asking: Asking, given: RecordConditionalityEventInput) -> Outcome:
    caller = asking.caller
    caller.require(Capability.RECORD_EVENTS)
    recorder, command, now = recorder_of(caller, asking.operator), command_of(given), means.now()
    tolerance = means.event_clock_tolerance
    refusal = refuse_form(recorder, command, now + tolerance)
    if refusal is not None:
        return refused(refusal)
    return await written(
        means,
        asking,
        values_of(recorder, command),
        lambda connection: record_event(connection, recorder, command, now=now, tolerance=tolerance),
        LEFT,
    )


@cache
def _written(scope: Scope) -> Written:
    reach = reach_of(scope)

    def appended(given: Given) -> Appends:
        made = append(given, reach)
        return Appends(made.event, (made.message,))

    return Written(appended, kinds_of(reach), frozenset(COMMANDED), WRITES)


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
