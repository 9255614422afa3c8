# SPDX-License-Identifier: EUPL-1.2
"""The command that takes an event back."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import strawberry

from hub.access.caller import Scope
from hub.ledger.refusals import Refusal, RefusalCode
from hub.ledger.withdraw import (
    COMMANDED,
    WRITES,
    WithdrawEvent,
    kinds_of,
    refuse_form,
    values_of,
    withdraw,
    withdraw_event,
)
from hub.plan.commands import Asking, Command, Outcome
from hub.plan.declare import stands_on
from hub.plan.recorder import reach_of, recorder_of
from hub.plan.written import Appends, Written
from hub.store.given import Given
from hub.store.identifiers import decode_id
from hub.store.vocabulary import Capability
from schema.commands import called, input_reader
from schema.context import Info, Means
from schema.cost import about, costs
from schema.event_commands import UserError, refused, written
from schema.ledger import ConditionalityEvent
from schema.sensitivity import PERSONAL, public


@strawberry.input(description="An event to take back, and why.")
class WithdrawConditionalityEventInput:
    idempotency_key: str = strawberry.field(
        description="Yours: the same key and input gives the first answer again; with another input it is refused."
    )
    event: strawberry.ID = strawberry.field(description="The event that should not have been recorded.")
    reason: str = strawberry.field(
        description="For whoever may read the notes of events; 1 to 2,000 characters."
    )


@public
@strawberry.type(description="The withdrawal as it was recorded, or why there is none.")
class WithdrawConditionalityEventPayload:
    withdrawal: ConditionalityEvent | None = strawberry.field(
        description="An event of its own, of type EVENT_WITHDRAWN.", directives=[PERSONAL]
    )
    user_errors: list[UserError] = strawberry.field(directives=[about(1)])


_LEFT = Refusal(
    RefusalCode.EVENT_NOT_FOUND,
    "This event is withdrawn; its person is no longer in your territory.",
    ("event",),
)


async def _withdraw(means: Means, asking: Asking, given: WithdrawConditionalityEventInput) -> Outcome:
    asking.caller.require(Capability.RECORD_EVENTS)
    recorder, now, days = recorder_of(asking.caller, asking.operator), means.now(), means.withdrawal_days
    command = WithdrawEvent(given.idempotency_key, decode_id(given.event, "evt")[1], given.reason)
    refusal = refuse_form(command)
    if refusal is not None:
        return refused(refusal)
    return await written(
        means,
        asking,
        values_of(recorder, command, now, days),
        lambda connection: withdraw_event(connection, recorder, command, now=now, days=days),
        _LEFT,
    )


@cache
def _written(scope: Scope) -> Written:
    reach = reach_of(scope)

    def appended(given: Given) -> Appends:
        made = withdraw(given, reach)
        return Appends(made.event, made.beside)

    return Written(appended, kinds_of(reach), frozenset(COMMANDED), WRITES)


WITHDRAW = Command(
    _withdraw, input_reader(WithdrawConditionalityEventInput), reads_back="withdrawal", written=_written
)


@strawberry.type
class WithdrawalMutation:
    @strawberry.mutation(
        description="Withdraw an event your agency recorded, within days of its recording (annullamento): a new event that takes it "
        "back, which whoever read it reads too; nothing that stands changes.",
        directives=[PERSONAL, costs(200)],
        metadata=stands_on(WITHDRAW),
    )
    async def withdraw_conditionality_event(
        self,
        info: Info,
        input: WithdrawConditionalityEventInput,  # noqa: A002
    ) -> WithdrawConditionalityEventPayload:
        outcome, event = await called(info, WITHDRAW, input)
        return WithdrawConditionalityEventPayload(
            withdrawal=cast("Any", event), user_errors=cast("Any", outcome.user_errors)
        )
