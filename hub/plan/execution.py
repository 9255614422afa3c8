# SPDX-License-Identifier: EUPL-1.2
"""Operations that are not stored data alone run in graphql-core; what is stored in them arrives finished.

Only objects on the path to a federated field are walked: they are the dictionaries PostgreSQL's JSON was read into. Every
other stored value is taken as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

import orjson
from graphql import GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema
from graphql.execution import Executor
from graphql.execution.incremental import IncrementalExecutor

from hub.access.account import Account
from hub.access.caller import Caller
from hub.plan.builder import TYPE
from hub.plan.catalogue import Catalogue
from hub.plan.plan import Plan
from hub.plan.positions import AskedOf
from hub.plan.runner import Runner

ROOTS_AT_ONCE = 4
"""Connections one operation may hold: however many root fields it has, the pool is there for others too."""


class PlannedContext(Protocol):
    """What the executor needs of a request's context."""

    caller: Caller
    catalogue: Catalogue
    plans: Mapping[str, Plan]
    walked: set[int]
    variables: Mapping[str, Any]
    runner: Runner
    account: Account
    room: asyncio.Semaphore
    """How many root fields may be read at once."""

    async def aclose(self) -> None:
        """Stop what the request still has under way."""


class Finished:
    """JSON that is part of the answer as it stands."""

    __slots__ = ("fragment",)

    def __init__(self, json: bytes) -> None:
        self.fragment = orjson.Fragment(json)


class ReadBack:
    """What a mutation reads back, by where in the payload it stands (`hub.plan.commands.ReadBacks`)."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values


def opened(plan: Plan, json: bytes, walked: set[int]) -> Any:
    """An answer as the executor takes it: finished, or read into dictionaries it walks."""
    if plan.is_stored:
        return None if json == b"null" else Finished(json)
    walked.update(plan.walked)
    return orjson.loads(json)


async def resolve_planned(_source: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
    """The resolver of every planned root field."""
    context: PlannedContext = info.context
    plan = context.plans[str(info.path.key)]
    async with context.room:
        json = await context.runner.run(plan, context.variables, context.caller, context.account.seen)
    return opened(plan, json, context.walked)


def resolve_followed(page: bytes, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
    """The resolver of a subscription's root field: the page was read before it is told."""
    context: PlannedContext = info.context
    return opened(context.plans[str(info.path.key)], page, context.walked)


def install(schema: GraphQLSchema, catalogue: Catalogue) -> None:
    """Have graphql-core answer planned roots by their plans, and take stored objects as they come."""
    query = schema.query_type
    assert query is not None
    for name in catalogue.roots:
        query.fields[name].resolve = resolve_planned
    followed = schema.subscription_type
    for name in catalogue.followed:
        assert followed is not None
        followed.fields[name].resolve = resolve_followed
    for name in catalogue.types:
        kind = schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        kind.is_type_of = None  # they are dictionaries, whose type the plan knows


def _place(path: Any) -> str:
    """Where a value stands below its root field: its response keys, apart by points."""
    keys: list[str] = []
    while path.prev is not None:
        keys += [path.key] if isinstance(path.key, str) else []
        path = path.prev
    return ".".join(reversed(keys))


class PlannedExecutor(Executor[Any]):
    """graphql-core's executor, for which a finished value is finished. It takes `@defer` as if it were not there."""

    def execute_field(self, parent_type, source, field_details_list, path, position_context):  # type: ignore[no-untyped-def]  # noqa: D102
        if type(source) is dict:
            context: PlannedContext = self.context_value
            stored = context.catalogue.types.get(parent_type.name)  # None for a connection, an edge, a page
            name = field_details_list[0].node.name.value
            if stored is None or not isinstance(stored.fields.get(name), AskedOf):
                value = source[path.key]
                if value is None or not any(
                    id(details.node) in context.walked for details in field_details_list
                ):
                    return value
                definition = self.schema.get_field(parent_type, name)
                assert definition is not None
                info = self.build_resolve_info(
                    definition, [details.node for details in field_details_list], parent_type, path
                )
                return self.complete_value(  # type: ignore[no-untyped-call]
                    definition.type, field_details_list, info, path, value, position_context
                )
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def complete_value(self, return_type, field_details_list, info, path, result, position_context):  # type: ignore[no-untyped-def]  # noqa: D102
        if type(result) is ReadBack:
            result = result.values[_place(path)]
        if type(result) is Finished:
            return result.fragment
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def complete_abstract_value(self, return_type, field_details_list, info, path, result, position_context):  # type: ignore[no-untyped-def]  # noqa: D102
        if type(result) is dict:
            # A fragment's nodes are walked wherever it is spread; here, what it asks for is finished without.
            if TYPE not in result:
                return result
            kind = self.schema.type_map[result[TYPE]]
            assert isinstance(kind, GraphQLObjectType)
            return self.complete_object_value(kind, field_details_list, info, path, result, position_context)
        return super().complete_abstract_value(
            return_type, field_details_list, info, path, result, position_context
        )


class DeferringExecutor(PlannedExecutor, IncrementalExecutor):
    """The same, which gives what is deferred in later parts."""
