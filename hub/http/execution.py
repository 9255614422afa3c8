# SPDX-License-Identifier: EUPL-1.2
"""Operations that graphql-core runs, and their results as bytes: whole, or in parts where something is deferred."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
from graphql import ExecutionResult, GraphQLSchema
from graphql.execution import (
    ExperimentalIncrementalExecutionResults,
    InitialIncrementalExecutionResult,
    SubsequentIncrementalExecutionResult,
    experimental_execute_incrementally,
)

from hub.access.account import Account
from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.http.answers import Reply, formatted
from hub.http.incremental import first_part, later_part
from hub.http.request import GraphQLRequest
from hub.http.streams import Stream
from hub.plan.execution import DeferringExecutor, PlannedContext, PlannedExecutor
from hub.plan.operation import Operation, Prepared


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a known caller, as far as it was prepared: its variables coerced, its stored roots planned."""

    request: GraphQLRequest
    operation: Operation
    prepared: Prepared
    variables: Mapping[str, Any]
    caller: Caller
    operator: Operator | None
    account: Account


MakeContext: TypeAlias = Callable[[Asked], PlannedContext]


class Execution:
    """Runs in graphql-core what is not stored data alone."""

    def __init__(self, schema: GraphQLSchema, make_context: MakeContext) -> None:
        self._schema = schema
        self._make_context = make_context

    async def whole(self, asked: Asked, root: bytes | None = None) -> Reply:
        """The response in one piece, what is deferred included. `root`: the page a subscription's response is about."""
        async with aclosing(self._context(asked)) as context:
            result = await self._run(asked, context, PlannedExecutor, root)
            assert isinstance(result, ExecutionResult)
            return _written(result)

    async def parts(self, asked: Asked) -> Reply | Stream:
        """The response in one piece if nothing is deferred after all; else its parts, the first of them ready."""
        async with AsyncExitStack() as stack:
            context = await stack.enter_async_context(aclosing(self._context(asked)))
            result = await self._run(asked, context, DeferringExecutor)
            if isinstance(result, ExecutionResult):
                return _written(result)
            later = await stack.enter_async_context(aclosing(result.subsequent_results))
            return Stream(_parts(result.initial_result, later), stack.pop_all())
        raise AssertionError  # the stack swallows nothing

    async def _run(
        self,
        asked: Asked,
        context: PlannedContext,
        executor: type[PlannedExecutor],
        root: bytes | None = None,
    ) -> ExecutionResult | ExperimentalIncrementalExecutionResults:
        result = experimental_execute_incrementally(
            self._schema,
            asked.operation.document,
            root_value=root,
            context_value=context,
            variable_values=dict(asked.request.variables),
            operation_name=asked.operation.name,
            executor_class=executor,
        )
        if isinstance(result, (ExecutionResult, ExperimentalIncrementalExecutionResults)):
            return result
        return await result

    def _context(self, asked: Asked) -> PlannedContext:
        return self._make_context(asked)


async def _parts(
    first: InitialIncrementalExecutionResult,
    later: AsyncIterator[SubsequentIncrementalExecutionResult],
) -> AsyncGenerator[bytes, None]:
    yield first_part(first)
    async for result in later:
        yield later_part(result)


def _written(result: ExecutionResult) -> Reply:
    """A response as a client reads it; 294 where there are errors beside the data."""
    answer: dict[str, Any] = {}
    if result.errors:
        answer["errors"] = [formatted(error) for error in result.errors]
    answer["data"] = result.data
    return Reply(294 if result.errors else 200, orjson.dumps(answer), gives_data=result.data is not None)
