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
from hub.ledger.evidence import Evidence
from hub.ledger.record import RecordEvent, record_event, refuse_form, values_of
from hub.ledger.refusals import Refusal
from hub.plan.commands import Asking, Command, Outcome
from hub.plan.declare import stands_on
from hub.plan.recorder import reach_of, recorder_of
from hub.plan.written import Appends, Written
from hub.store.given import Given
from hub.store.identifiers import decode_id
from hub.store.vocabulary import Capability, ConditionalityEventType, JustifiedReason
from schema.commands import called, input_reader
from schema.context import Info, Means
from schema.cost import about, costs
from schema.event_commands import UserError, refused, written
from schema.ledger import ConditionalityEvent
from schema.scalars import FiscalCode
from schema.sensitivity import PERSONAL, public


@strawberry.input(description="A document that shows what an event says (documentazione).")
class EvidenceInput:
    sha256: str = strawberry.field(description="Of its bytes: 64 hexadecimal digits.")
    media_type: str = strawberry.field(description="As `application/pdf`, without parameters.")
    reference: str = strawberry.field(
        description="Where you find it again: a URI without user and password, or your own id; at most 1,000 printable characters."
    )
    title: str | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 200 printable characters."
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
    justified_reason: JustifiedReason | None = strawberry.field(
        default=strawberry.UNSET,
        description="Of ABSENCE_JUSTIFIED, where it is to be kept: why (giustificato motivo).",
    )
    evidence: list[EvidenceInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Documents that show it, at most 20; you keep them, the hub keeps their hashes.",
    )


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
        return Appends(made.event, made.beside)

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
        evidence=tuple(map(_evidence, given.evidence or ())),
        justified_reason=given.justified_reason or None,
    )


def _evidence(given: EvidenceInput) -> Evidence:
    title = None if given.title is strawberry.UNSET else given.title
    return Evidence(given.sha256, given.media_type, given.reference, title)


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
