# SPDX-License-Identifier: EUPL-1.2
"""The root of every command."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLObjectType, get_named_type

from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.access.rows import PeopleInReach, scope_values
from hub.ledger import refusals
from hub.ledger.record import Recorder, RecordEvent, record_event
from hub.ledger.refusals import Refusal
from hub.plan.execution import ReadBack, opened
from hub.plan.roots import ROW_KEY
from hub.store.identifiers import decode_id
from hub.store.vocabulary import Capability, ConditionalityEventType
from schema.context import Info
from schema.cost import about, costs
from schema.ledger import ConditionalityEvent
from schema.scalars import FiscalCode

strawberry.enum(refusals.RefusalCode, name="UserErrorCode", description="Why a command was refused.")


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


@strawberry.type(description="The recorded event, or why there is none.")
class RecordConditionalityEventPayload:
    event: ConditionalityEvent | None
    user_errors: list[UserError] = strawberry.field(directives=[about(1)])


@strawberry.type(description="Every command.")
class Mutation:
    @strawberry.mutation(
        description="Record a conditionality event (evento di condizionalità) about a person of the caller's territory.",
        directives=[costs(200)],
    )
    async def record_conditionality_event(
        self,
        info: Info,
        input: RecordConditionalityEventInput,  # noqa: A002
    ) -> RecordConditionalityEventPayload:
        context = info.context
        context.caller.require(Capability.RECORD_EVENTS)
        command = RecordEvent(
            idempotency_key=input.idempotency_key,
            fiscal_code=input.fiscal_code,
            type=input.type,
            occurred_at=input.occurred_at,
            pact_id=None if input.pact_id in (None, strawberry.UNSET) else decode_id(input.pact_id, "pct")[1],
            note=input.note or None,
        )
        async with context.database.write.acquire() as connection, connection.transaction():
            outcome = await record_event(
                connection,
                _recorder(context.caller, context.operator),
                command,
                now=context.now(),
                tolerance=context.event_clock_tolerance,
            )
            if isinstance(outcome, Refusal):
                refused = UserError(code=outcome.code, message=outcome.message, path=["input", *outcome.path])
                return RecordConditionalityEventPayload(event=None, user_errors=[refused])
            event: Any = await _read_back(info, connection, "event", outcome.event_id)
            if outcome.again and None in event.values.values():
                # The first answer is not given again about a person who has left the territory since.
                return RecordConditionalityEventPayload(event=None, user_errors=[_LEFT])
        return RecordConditionalityEventPayload(event=event, user_errors=[])


_LEFT = UserError(
    code=refusals.RefusalCode.PERSON_NOT_FOUND,
    message="This event is recorded; its person is no longer in your territory.",
    path=["input", "fiscalCode"],
)


def _recorder(caller: Caller, operator: Operator | None) -> Recorder:
    return Recorder(
        agency_id=caller.agency_id,
        client_id=caller.client_id,
        purpose_id=caller.purpose_id,
        operator=operator.user_id if operator else None,
        reach=PeopleInReach(caller.scope),
        reach_values=scope_values(caller),
    )


async def _read_back(info: Info, connection: Any, name: str, key: UUID) -> ReadBack:
    """What the payload's field `name` is asked for, read in the transaction that wrote it, under each of its aliases."""
    context = info.context
    raw = info._raw_info  # noqa: SLF001 (strawberry keeps graphql-core's nodes there)
    payload = get_named_type(raw.return_type)
    assert isinstance(payload, GraphQLObjectType)
    scope, variables = context.caller.scope, {**context.variables, ROW_KEY: key}
    plans = context.operation.read_back(raw.field_nodes, payload, name, context.variables, scope)
    return ReadBack(
        {
            alias: opened(plan, await plan.run(connection, variables, context.caller), context.walked)
            for alias, plan in plans.items()
        }
    )
