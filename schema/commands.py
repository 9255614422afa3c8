# SPDX-License-Identifier: EUPL-1.2
"""What commands share: their input as strawberry knows it, the row they read back, and their call by the executor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from graphql import GraphQLObjectType, get_named_type
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from hub.plan.commands import Asking, Command, Outcome
from hub.plan.execution import ReadBack, opened
from hub.plan.roots import ROW_KEY
from hub.store.statement import Connection
from schema.context import Info

T = TypeVar("T")


def input_reader(kind: type[T]) -> Callable[[Mapping[str, Any]], T]:
    """How an input type, all of whose members are leaves, is made of coerced values by GraphQL name."""
    definition = get_object_definition(kind, strict=True)
    names = {
        field.graphql_name or to_camel_case(field.python_name): field.python_name
        for field in definition.fields
    }

    def read(given: Mapping[str, Any]) -> T:
        return kind(**{names[name]: value for name, value in given.items()})

    return read


async def read_back(connection: Connection, asking: Asking, key: UUID) -> Mapping[str, bytes]:
    """What the payload is asked for of the row `key`, read in the transaction that wrote it, by response key."""
    variables = {**asking.variables, ROW_KEY: key}
    return {
        name: await plan.run(connection, variables, asking.caller, asking.account.seen)
        for name, plan in asking.reads.plans.items()
    }


async def called(info: Info, command: Command, given: Any) -> tuple[Outcome, ReadBack | None]:
    """A command as the executor calls it: what came of it, and its row as the executor takes it."""
    context = info.context
    raw = info._raw_info  # noqa: SLF001 (strawberry keeps graphql-core's nodes there)
    payload = get_named_type(raw.return_type)
    assert isinstance(payload, GraphQLObjectType)
    caller, variables = context.caller, context.variables
    reads = context.operation.read_back(raw.field_nodes, payload, command, variables, caller.scope)
    asking = Asking(caller, context.operator, variables, reads, context.account.anew())
    outcome = await command.call(context.means, asking, given)
    if outcome.rows is None:
        return outcome, None
    return outcome, ReadBack(
        {key: opened(reads.plans[key], row, context.walked) for key, row in outcome.rows.items()}
    )
