# SPDX-License-Identifier: EUPL-1.2
"""GraphQL over HTTP: one ASGI endpoint. Stored data never meets the executor; everything else runs in graphql-core."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.errors import InvalidInput
from hub.http.answers import GRAPHQL, JSON, Reply, error_reply, fault, formatted, refusal
from hub.http.authentication import Authenticator, Headers
from hub.http.cost import asks_for_cost, with_cost
from hub.http.execution import Asked, Execution
from hub.http.request import (
    BodyTooLarge,
    GraphQLRequest,
    Interrupted,
    MethodNotAllowed,
    UnsupportedMediaType,
    read_get,
    read_post,
    takes,
)
from hub.http.streams import EVENTS, PARTS, Accepted, NotAcceptable, Stream, StreamSender, accepted
from hub.http.subscriptions import AskAgain, Subscriptions
from hub.plan.execution import ROOTS_AT_ONCE
from hub.plan.operation import Documents, Operation, Prepared
from hub.plan.plan import Plan
from hub.plan.runner import Runner


class GraphQLEndpoint:
    """`POST /graphql`, and `GET` for queries."""

    def __init__(
        self,
        documents: Documents,
        runner: Runner,
        execution: Execution,
        subscriptions: Subscriptions,
        authenticator: Authenticator,
        sender: StreamSender,
        *,
        max_body_bytes: int,
    ) -> None:
        self._documents = documents
        self._runner = runner
        self._execution = execution
        self._subscriptions = subscriptions
        self._authenticator = authenticator
        self._sender = sender
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        headers = dict(scope["headers"])
        accept = headers.get(b"accept", b"")
        media = GRAPHQL if b"application/graphql-response+json" in accept else JSON
        streams = accepted(accept) if EVENTS in accept or PARTS in accept else None
        try:
            reply = await self._reply(scope, headers, receive, streams)
        except Exception as error:
            reply = fault(error)
        if isinstance(reply, Stream):
            assert streams is not None
            await self._sender(reply, streams.media, receive, send)
            return
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [
                    (b"content-type", media),
                    (b"content-length", str(len(reply.body)).encode()),
                    (b"cache-control", b"no-store"),
                    *reply.headers,
                ],
            }
        )
        await send({"type": "http.response.body", "body": reply.body})

    async def _reply(
        self, scope: Scope, headers: Headers, receive: Receive, streams: Accepted | None
    ) -> Reply | Stream:
        method = scope["method"]
        if method == "POST":
            if not takes(headers.get(b"content-type", b"")):
                raise UnsupportedMediaType
            request = read_post(await self._body(headers, receive))
        elif method == "GET":
            request = read_get(scope["query_string"])
        else:
            return Reply(
                405,
                refusal(MethodNotAllowed("Send GraphQL with POST, or GET for queries.")).body,
                ((b"allow", b"GET, POST"),),
            )
        if asks_for_cost(headers):
            request = replace(request, reports_cost=True)
        caller, operator = await self._authenticator.authenticate(headers)
        try:
            reply = await self.run(
                request,
                caller,
                operator,
                reads_only=method == "GET",
                ask_again=None if streams is None else partial(self._authenticator.authenticate, headers),
            )
        except InvalidInput as error:
            reply = refusal(error)
        if streams is not None:
            return await streams.fitting(reply)
        assert isinstance(reply, Reply)
        if reply.status == 400 and _takes_json_alone(headers.get(b"accept", b"")):
            return Reply(200, reply.body)
        return reply

    async def run(
        self,
        request: GraphQLRequest,
        caller: Caller,
        operator: Operator | None,
        *,
        reads_only: bool = False,
        ask_again: AskAgain | None = None,
    ) -> Reply | Stream:
        """Answer one request of a known caller: at once, or by a stream of responses.

        `ask_again`: who is asking, as of then, for a stream that goes on; None where the transport takes no streams.

        Raises:
            InvalidInput: the request cannot be planned.
            Forbidden: the caller's purpose lacks a capability.
            NotAcceptable: a subscription, over a transport that takes no streams.
            TooManyStreams: a subscription too many.

        """
        operation = self._documents.operation(request.query, request.operation_name)
        if isinstance(operation, list):
            return error_reply(400, map(formatted, operation))
        if operation.kind is not OperationType.QUERY:
            if reads_only and operation.kind is OperationType.MUTATION:
                return Reply(405, refusal(MethodNotAllowed()).body, ((b"allow", b"POST"),))
            if operation.kind is OperationType.SUBSCRIPTION and ask_again is None:
                raise NotAcceptable
        variables, errors = operation.variables.coerce(request.variables)
        if errors:
            return error_reply(400, map(formatted, errors))
        answering = self._answer(request, operation, variables, caller, operator, ask_again=ask_again)
        return await (with_cost(operation, variables, answering) if request.reports_cost else answering)

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
        prepared = operation.prepare(variables, caller.scope)
        if prepared.requires:
            prepared.permit(caller)
        if len(prepared.plans) > 1:
            prepared.check(variables, caller)
        if ask_again is not None and operation.kind is OperationType.SUBSCRIPTION:
            return self._subscriptions.open(request, operation, variables, ask_again)
        if prepared.is_stored:
            return Reply(200, await self._stored(prepared, variables, caller))
        asked = Asked(request, operation, prepared, variables, caller, operator)
        if ask_again is not None and operation.defers:
            found = await self._execution.parts(asked)
            return Reply(200, found) if isinstance(found, bytes) else found
        return Reply(200, await self._execution.whole(asked))

    async def _stored(self, prepared: Prepared, variables: Mapping[str, Any], caller: Caller) -> bytes:
        """The answer as PostgreSQL wrote it, between the words of the response."""
        plans = [plan for _, plan in prepared.parts if plan is not None]
        if len(plans) == 1:
            found = [await self._runner.run(plans[0], variables, caller)]
        else:
            room = asyncio.Semaphore(ROOTS_AT_ONCE)
            found = await asyncio.gather(*(self._run(plan, variables, caller, room) for plan in plans))
        answers = iter(found)
        pieces = [b'{"data":{']
        for text, plan in prepared.parts:
            pieces.append(text)
            if plan is not None:
                pieces.append(next(answers))
        pieces.append(b"}}")
        return b"".join(pieces)  # NOTE joined once: an answer may have megabytes, and each `+` would copy it

    async def _run(
        self, plan: Plan, variables: Mapping[str, Any], caller: Caller, room: asyncio.Semaphore
    ) -> bytes:
        async with room:
            return await self._runner.run(plan, variables, caller)

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > self._max_body_bytes:
            raise self._too_large()
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Interrupted
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            if len(body) > self._max_body_bytes:
                raise self._too_large()
            return body
        chunks, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Interrupted
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._max_body_bytes:
                raise self._too_large()
        return b"".join(chunks)

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"The body is larger than the {self._max_body_bytes} bytes this hub takes.")


def _takes_json_alone(accept: bytes) -> bool:
    """Whether a client is one of before the standard: it is told of its errors in the body only (section 6.4.1)."""
    return {media.partition(b";")[0].strip() for media in accept.split(b",")} == {b"application/json"}
