# SPDX-License-Identifier: EUPL-1.2
"""The limit of recording an event: the one statement that records it and reads it back, by heart, and its text passed through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from bench.questions import Question
from hub.access.caller import Caller
from hub.access.rows import PeopleInReach, scope_values
from hub.ledger.record import Recorder, RecordEvent, values_of
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.plan.plan import Plan
from hub.store.engine import Pool
from hub.store.vocabulary import ConditionalityEventType
from schema.build import build_schema


def recording(
    caller: Caller, question: Question, write: Pool
) -> Callable[[Mapping[str, Any]], Awaitable[bytes]]:
    """The answer to the question that records an event: variables in, body out."""
    statement = at_once(caller, question).statement
    recorder = Recorder(
        caller.agency_id,
        caller.agency_kind,
        caller.client_id,
        caller.purpose_id,
        None,
        PeopleInReach(caller.scope),
        scope_values(caller),
    )
    example = _command(question.asked[0])
    constants = {**statement.defaults, **values_of(recorder, example)}
    known = [constants.get(name) for name in statement.names]
    key, code, digest, moment, note = map(
        statement.names.index, ("key", "fiscal_code", "input_hash", "occurred_at", "note")
    )

    async def answer(variables: Mapping[str, Any]) -> bytes:
        command = _command(variables)
        assert command.type is example.type  # what its type is held to stands among the constants
        values = known.copy()
        values[key] = command.idempotency_key
        values[code] = command.fiscal_code
        values[digest] = command.input_hash
        values[moment] = command.occurred_at
        values[note] = command.note
        async with write.acquire() as connection:
            text: str = await connection.fetchval(statement.text, *values)
        return b'{"data":{"recordConditionalityEvent":{"event":' + text.encode() + b',"userErrors":[]}}}'

    return answer


def _command(variables: Mapping[str, Any]) -> RecordEvent:
    given = variables["input"]
    return RecordEvent(
        given["idempotencyKey"],
        given["fiscalCode"],
        ConditionalityEventType(given["type"]),
        datetime.fromisoformat(given["occurredAt"]),
        None,
        given["note"],
    )


def at_once(caller: Caller, question: Question) -> Plan:
    """The plan the hub has for this question."""
    _, catalogue = build_schema()
    operation = Documents(catalogue, most=10).operation(question.document, None)
    assert isinstance(operation, Operation)
    variables, _ = operation.variables.coerce(question.asked[0])
    [(_, called)] = operation.prepare(variables, caller.scope).commands or ()
    assert called is not None
    assert called.reads.at_once is not None
    return called.reads.at_once[1]
