# SPDX-License-Identifier: EUPL-1.2
"""What a known caller asks, run: by whatever transport it came.

Stored data and commands never meet the executor; everything else runs in graphql-core.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Container, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from graphql import GraphQLError, OperationType

from hub.access.account import Account
from hub.access.caller import Caller
from hub.access.line import Look
from hub.access.log import AccessLog
from hub.access.operator import Operator
from hub.access.seen import Seen
from hub.errors import Forbidden
from hub.http.accept import NotAcceptable
from hub.http.accounts import accounted, refused
from hub.http.answers import Reply, ResponseTooLarge, error_reply, formatted, refusal
from hub.http.commands import Commands
from hub.http.execution import Asked, Execution
from hub.http.notes import with_notes
from hub.http.request import GraphQLRequest, MethodNotAllowed
from hub.http.streams import FOLLOWED, Stream
from hub.http.subscriptions import AskAgain, Subscriptions
from hub.http.watch import UnderWay
from hub.plan.documents import Documents
from hub.plan.execution import ROOTS_AT_ONCE
from hub.plan.operation import Operation, Prepared
from hub.plan.partial import Omitted, permitted_part
from hub.plan.plan import Plan
from hub.plan.runner import Runner


class Operations:
    """Runs the operations of known callers."""

    def __init__(
        self,
        documents: Documents,
        runner: Runner,
        commands: Commands,
        execution: Execution,
        subscriptions: Subscriptions,
        log: AccessLog,
        *,
        max_response_bytes: int,
        trusted_only: Container[str] | None = None,
    ) -> None:
        """`trusted_only`: codes of the agencies for which only trusted documents are run."""
        self._documents = documents
        self._runner = runner
        self._commands = commands
        self._execution = execution
        self._subscriptions = subscriptions
        self._log = log
        self._max_response_bytes = max_response_bytes
        self._trusted_only = trusted_only

    async def run(
        self,
        request: GraphQLRequest,
        caller: Caller,
        operator: Operator | None,
        *,
        reads_only: bool = False,
        ask_again: AskAgain | None = None,
        under_way: UnderWay | None = None,
    ) -> Reply | Stream:
        """Answer one request of a known caller: at once, or by a stream of responses.

        `ask_again`: who is asking, as of then, for a stream that goes on; None where the transport takes no streams.

        Raises:
            InvalidInput: the request cannot be planned, or names a document that is not trusted.
            Forbidden: the caller's purpose lacks a capability or a field, or may send trusted documents only.
            NotAcceptable: a subscription, over a transport that takes no streams.
            TooManyStreams: a subscription too many.

        """
        operation = self._operation(request, caller)
        if isinstance(operation, list):
            return _refused(operation)
        if operation.kind is not OperationType.QUERY:
            if reads_only and operation.kind is OperationType.MUTATION:
                return Reply(405, refusal(MethodNotAllowed()).body, ((b"allow", b"POST"),))
            if operation.kind is OperationType.SUBSCRIPTION and ask_again is None:
                raise NotAcceptable(FOLLOWED)
        variables, errors = operation.variables.coerce(request.variables)
        if errors:
            return _refused(errors)
        if under_way is not None:
            under_way.is_command = operation.kind is OperationType.MUTATION
        omitted: Omitted = ()
        if request.takes_part:
            try:
                permitted = permitted_part(operation, variables, caller)
            except Forbidden:
                await refused(self._asked(request, operation, variables, caller, operator))
                raise
            operation, omitted = permitted
        answering = self._answer(request, operation, variables, caller, operator, ask_again=ask_again)
        if not request.reports_cost and not omitted:
            return await answering
        return await with_notes(operation, variables, answering, cost=request.reports_cost, omitted=omitted)

    async def _answer(
        self,
        request: GraphQLRequest,
        operation: Operation,
        variables: Mapping[str, Any],
        caller: Caller,
        operator: Operator | None,
        *,
        ask_again: AskAgain | None,
    ) -> Reply | Stream:
        asked = self._asked(request, operation, variables, caller, operator)
        return await accounted(asked, self._given(asked, ask_again))

    def _asked(
        self,
        request: GraphQLRequest,
        operation: Operation,
        variables: Mapping[str, Any],
        caller: Caller,
        operator: Operator | None,
    ) -> Asked:
        prepared = operation.prepare(variables, caller.scope)
        look = Look(caller, operator, operation, operation.variables.declared(request.variables))
        return Asked(request, operation, prepared, variables, caller, operator, Account(self._log, look))

    async def _given(self, asked: Asked, ask_again: AskAgain | None) -> Reply | Stream:
        prepared, variables, caller = asked.prepared, asked.variables, asked.caller
        kind = asked.operation.kind
        prepared.permit(caller)
        if len(prepared.plans) > 1:
            prepared.check(variables, caller)
        if ask_again is not None and kind is OperationType.SUBSCRIPTION:
            return self._within_size(self._subscriptions.open(asked, ask_again))
        if prepared.is_stored:
            return Reply(200, await self._stored(prepared, variables, caller, asked.account.seen))
        if prepared.commands is not None:
            return await self._commands.run(
                prepared.commands, variables, caller, asked.operator, asked.account
            )
        in_parts = ask_again is not None and asked.operation.defers
        reply = await (self._execution.parts if in_parts else self._execution.whole)(asked)
        # What a command did is said, however long it takes to say.
        return self._within_size(reply) if kind is OperationType.QUERY else reply

    def _operation(self, request: GraphQLRequest, caller: Caller) -> Operation | list[GraphQLError]:
        if request.document_id is not None:
            return self._documents.trusted(request.document_id, request.operation_name)
        only = self._trusted_only
        if only is not None and caller.agency_code in only:
            return self._documents.trusted_text(request.query, request.operation_name)
        return self._documents.operation(request.query, request.operation_name)

    async def _stored(
        self, prepared: Prepared, variables: Mapping[str, Any], caller: Caller, seen: Seen
    ) -> bytes:
        """The answer as PostgreSQL wrote it, between the words of the response."""
        plans = [plan for _, plan in prepared.parts if plan is not None]
        if len(plans) == 1:
            found = [await self._runner.run(plans[0], variables, caller, seen)]
        else:
            found = await self._run_all(plans, variables, caller, seen)
        self._check_size(sum(map(len, found)))
        answers = iter(found)
        pieces = [b'{"data":{']
        for text, plan in prepared.parts:
            pieces.append(text)
            if plan is not None:
                pieces.append(next(answers))
        pieces.append(b"}}")
        return b"".join(pieces)  # NOTE joined once: an answer may have megabytes, and each `+` would copy it

    async def _run_all(
        self, plans: Sequence[Plan], variables: Mapping[str, Any], caller: Caller, seen: Seen
    ) -> list[bytes]:
        """What each comes to, some at a time; when one fails, the others are ended."""
        room = asyncio.Semaphore(ROOTS_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as group:
                runs = [group.create_task(self._run(plan, variables, caller, seen, room)) for plan in plans]
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return [run.result() for run in runs]

    async def _run(
        self, plan: Plan, variables: Mapping[str, Any], caller: Caller, seen: Seen, room: asyncio.Semaphore
    ) -> bytes:
        async with room:
            return await self._runner.run(plan, variables, caller, seen)

    def _within_size(self, reply: Reply | Stream) -> Reply | Stream:
        if isinstance(reply, Stream):
            return replace(reply, responses=self._measured(reply.responses))
        self._check_size(len(reply.body))
        return reply

    async def _measured(self, responses: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async with aclosing(responses):
            async for response in responses:
                self._check_size(len(response))
                yield response

    def _check_size(self, size: int) -> None:
        limit = self._max_response_bytes
        if size > limit:
            raise ResponseTooLarge(
                f"The answer has {size} bytes, more than the {limit} this hub gives at once; ask for fewer rows or fields.",
                limit=limit,
                size=size,
            )


def _refused(errors: Sequence[GraphQLError]) -> Reply:
    """A well-formed request that is not run: 400 for a document that cannot be parsed, 422 for all else."""
    parsed = (errors[0].extensions or {}).get("code") != "GRAPHQL_PARSE_FAILED"
    return error_reply(422 if parsed else 400, map(formatted, errors))
