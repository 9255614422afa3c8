# SPDX-License-Identifier: EUPL-1.2
"""What commands share: their input as strawberry knows it, the rows they read back, and their call by the executor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from graphql import GraphQLObjectType, get_named_type
from strawberry.types import get_object_definition
from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.utils.str_converters import to_camel_case

from hub.plan.commands import Asking, Command, Outcome
from hub.plan.execution import ReadBack, opened
from hub.plan.roots import ROW_KEY, ROW_KEYS
from hub.store.statement import Connection
from schema.context import Info, RequestContext

T = TypeVar("T")
Read = Callable[[Any], Any]


def input_reader(kind: type[T]) -> Callable[[Mapping[str, Any]], T]:
    """How an input type, whose members are leaves or lists of such types, is made of coerced values by GraphQL name."""
    definition = get_object_definition(kind, strict=True)
    members: dict[str, tuple[str, Read | None]] = {
        field.graphql_name or to_camel_case(field.python_name): (field.python_name, _items(field.type))
        for field in definition.fields
    }

    def read(given: Mapping[str, Any]) -> T:
        made = {}
        for name, value in given.items():
            python_name, inner = members[name]
            made[python_name] = value if inner is None or value is None else inner(value)
        return kind(**made)

    return read


def _items(kind: Any) -> Read | None:
    """How a list of an input type is made; None for any other type."""
    listed = kind.of_type if isinstance(kind, StrawberryOptional) else kind
    if not isinstance(listed, StrawberryList) or get_object_definition(listed.of_type) is None:
        return None
    read: Read = input_reader(cast("type[Any]", listed.of_type))
    return lambda items: [read(item) for item in items]


async def read_back(connection: Connection, asking: Asking, key: UUID) -> Mapping[str, bytes]:
    """What the payload is asked for of the row `key`, read in the transaction that wrote it, by where it stands."""
    variables = {**asking.variables, ROW_KEY: key}
    return {
        name: await plan.run(connection, variables, asking.caller, asking.account.seen)
        for name, plan in asking.reads.plans.items()
    }


async def read_back_many(
    connection: Connection, asking: Asking, keys: Sequence[UUID]
) -> Iterator[dict[str, bytes]]:
    """The same of many rows, by one statement for each place: of each row, in the order of the keys."""
    plans = asking.reads.plans if keys else {}
    variables = {**asking.variables, ROW_KEYS: keys}
    found = [
        await plan.rows(connection, variables, asking.caller, asking.account.seen) for plan in plans.values()
    ]
    if len(found) == 1:
        (place,) = plans
        return ({place: row} for row in found[0])
    rows = zip(*found, strict=True) if found else (() for _ in keys)
    return (dict(zip(plans, row, strict=True)) for row in rows)


async def called(info: Info, command: Command, given: Any) -> tuple[Outcome, ReadBack | None]:
    """A command as the executor calls it: what came of it, and its row as the executor takes it."""
    asking, outcome = await _called(info, command, given)
    return outcome, _opened(info.context, asking, outcome)


async def called_for_each(info: Info, command: Command, given: Any) -> tuple[Outcome, list[ReadBack | None]]:
    """The same of a command that is about many: the row of each."""
    asking, outcome = await _called(info, command, given)
    return outcome, [_opened(info.context, asking, one) for one in outcome.each]


async def _called(info: Info, command: Command, given: Any) -> tuple[Asking, Outcome]:
    context = info.context
    raw = info._raw_info  # noqa: SLF001 (strawberry keeps graphql-core's nodes there)
    payload = get_named_type(raw.return_type)
    assert isinstance(payload, GraphQLObjectType)
    caller, variables = context.caller, context.variables
    reads = context.operation.read_back(raw.field_nodes, payload, command, variables, caller.scope)
    asking = Asking(caller, context.operator, variables, reads, context.account.anew())
    return asking, await command.call(context.means, asking, given)


def _opened(context: RequestContext, asking: Asking, outcome: Outcome) -> ReadBack | None:
    if outcome.rows is None:
        return None
    plans = asking.reads.plans
    return ReadBack({place: opened(plans[place], row, context.walked) for place, row in outcome.rows.items()})
