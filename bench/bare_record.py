# SPDX-License-Identifier: EUPL-1.2
"""The limit of recording an event: the ledger's statements, run by heart in one transaction, and the planner's to read back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from graphql import FieldNode, get_named_type

from bench.questions import Question
from hub.access.caller import Caller
from hub.access.rows import PeopleInReach, scope_values
from hub.ledger.record import (
    OPERATION,
    RecordEvent,
    _append_statement,
    _earlier_statement,
    _person_statement,
)
from hub.plan.operation import Documents, Operation
from hub.plan.plan import Plan
from hub.plan.roots import ROW_KEY
from hub.store.engine import Pool
from hub.store.vocabulary import ConditionalityEventType
from schema.build import build_schema


def recording(
    caller: Caller, question: Question, write: Pool
) -> Callable[[Mapping[str, Any]], Awaitable[bytes]]:
    """The answer to the question that records an event: variables in, body out."""
    back = _read_back(caller, question)
    reach = scope_values(caller)
    earlier, append = _earlier_statement(), _append_statement()
    person_of = _person_statement(PeopleInReach(caller.scope))

    async def answer(variables: Mapping[str, Any]) -> bytes:
        given = variables["input"]
        command = RecordEvent(
            given["idempotencyKey"],
            given["fiscalCode"],
            ConditionalityEventType(given["type"]),
            datetime.fromisoformat(given["occurredAt"]),
            None,
            given["note"],
        )
        async with write.acquire() as connection, connection.transaction():
            await earlier.fetchrow(
                connection, agency_id=caller.agency_id, operation=OPERATION, key=command.idempotency_key
            )
            person = await person_of.fetchrow(connection, fiscal_code=command.fiscal_code, **reach)
            assert person is not None
            key = await append.fetchval(
                connection,
                agency_id=caller.agency_id,
                operation=OPERATION,
                key=command.idempotency_key,
                input_hash=command.input_hash,
                type=command.type.value,
                occurred_at=command.occurred_at,
                client_id=caller.client_id,
                purpose_id=caller.purpose_id,
                operator=None,
                beneficiary_id=person["id"],
                household_id=person["household_id"],
                fiscal_code=person["fiscal_code"],
                inps_protocol=person["inps_protocol"],
                measure=person["measure"],
                pact_id=None,
                note=command.note,
            )
            text = await back.run(connection, {ROW_KEY: key}, caller)
        return b'{"data":{"recordConditionalityEvent":{"event":' + text + b',"userErrors":[]}}}'

    return answer


def _read_back(caller: Caller, question: Question) -> Plan:
    schema, catalogue = build_schema()
    operation = Documents(catalogue, most=10).operation(question.document, None)
    assert isinstance(operation, Operation)
    [node] = operation.definition.selection_set.selections
    assert isinstance(node, FieldNode)
    assert schema.mutation_type is not None
    payload = get_named_type(schema.mutation_type.fields[node.name.value].type)
    variables, _ = operation.variables.coerce(question.asked[0])
    [plan] = operation.read_back([node], payload, "event", variables, caller.scope).values()
    return plan
