# SPDX-License-Identifier: EUPL-1.2
"""GraphQL over HTTP: one ASGI endpoint. Stored data and commands never meet the executor; everything else runs in graphql-core."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Container, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from graphql import GraphQLError, OperationType
from starlette.types import Receive, Scope, Send

from hub.access.account import Account
from hub.access.caller import Caller
from hub.access.line import Look
from hub.access.log import AccessLog
from hub.access.operator import Operator
from hub.access.seen import Seen
from hub.errors import InvalidInput
from hub.http.accept import GRAPHQL, JSON, UNSAID, Media, NotAcceptable, media_for
from hub.http.accounts import accounted
from hub.http.admission import Admission
from hub.http.answers import Reply, ResponseTooLarge, error_reply, fault, formatted, refusal, unprocessable
from hub.http.authentication import Authenticator, Headers, headers_of
from hub.http.commands import Commands
from hub.http.demands import Demands
from hub.http.execution import Asked, Execution
from hub.http.notes import asks_for_cost, with_notes
from hub.http.origins import PREFLIGHT, Origins, shared_with
from hub.http.problems import as_wanted
from hub.http.request import (
    BodyTooLarge,
    GraphQLRequest,
    Interrupted,
    MethodNotAllowed,
    UnsupportedMediaType,
    UrlTooLong,
    read_get,
    read_post,
    takes,
)
from hub.http.streams import EVENTS, FOLLOWED, PARTS, Accepted, Stream, StreamSender, accepted
from hub.http.subscriptions import AskAgain, Subscriptions
from hub.http.watch import Gone, UnderWay, Watch
from hub.plan.execution import ROOTS_AT_ONCE
from hub.plan.operation import Documents, Operation, Prepared
from hub.plan.partial import Omitted, permitted_part
from hub.plan.plan import Plan
from hub.plan.runner import Runner
from hub.settings import HttpProfile


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms requests are taken: sizes in bytes, how errors are told, and for whom only trusted documents are run."""

    max_body_bytes: int
    max_url_bytes: int
    max_response_bytes: int
    profile: HttpProfile = HttpProfile.AUDITED
    trusted_only: Container[str] | None = None
    """Agency codes."""


class GraphQLEndpoint:
    """`POST /graphql`, and `GET` for queries."""

    def __init__(
        self,
        documents: Documents,
        runner: Runner,
        commands: Commands,
        execution: Execution,
        subscriptions: Subscriptions,
        authenticator: Authenticator,
        admission: Admission,
        demands: Demands,
        sender: StreamSender,
        log: AccessLog,
        *,
        terms: Terms,
        origins: Origins,
        watch: Watch,
    ) -> None:
        self._documents = documents
        self._runner = runner
        self._commands = commands
        self._execution = execution
        self._subscriptions = subscriptions
        self._authenticator = authenticator
        self._admission = admission
        self._demands = demands
        self._sender = sender
        self._log = log
        self._terms = terms
        self._origins = origins
        self._watch = watch
        self._is_draft = terms.profile is HttpProfile.DRAFT
        # The draft has the standard's own media type where the client says nothing; the test suite still wants JSON.
        self._preferred = GRAPHQL if self._is_draft else JSON

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        headers = headers_of(scope["headers"])
        accept, media, origin = headers.get(b"accept"), UNSAID, None
        streams = accepted(accept) if accept is not None and (EVENTS in accept or PARTS in accept) else None
        under_way = self._watch.enter()
        try:
            origin = self._origins.check(headers)
            media = media_for(accept, self._preferred, streams=streams is not None)
            reply = await self._reply(scope, headers, receive, media, streams, under_way)
        except asyncio.CancelledError:
            reason = under_way.reason()
            if reason is None:
                raise
            if isinstance(reason, Gone):
                return
            reply = refusal(reason)
        except Exception as error:
            reply = fault(error)
        finally:
            self._watch.leave(under_way)
        told = under_way.headers or self._admission.told_to_nobody(scope, headers)
        if origin is not None:
            send = shared_with(origin, send)
        if isinstance(reply, Stream):
            assert streams is not None
            await self._sender(reply, streams.media, receive, send, told)
            return
        body, media_type = as_wanted(reply.body, reply.status, media.content_type, accept)
        caller = under_way.caller
        signed = (
            self._demands.sign(caller, headers, body, media_type)
            if caller is not None and caller.demands
            else ()
        )
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [
                    (b"content-type", media_type),
                    (b"content-length", str(len(body)).encode()),
                    (b"cache-control", b"no-store"),
                    *told,
                    *reply.headers,
                    *signed,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    async def _reply(
        self,
        scope: Scope,
        headers: Headers,
        receive: Receive,
        media: Media,
        streams: Accepted | None,
        under_way: UnderWay,
    ) -> Reply | Stream:
        method, body = scope["method"], b""
        if method == "POST":
            if not takes(headers.get(b"content-type", b"")):
                raise UnsupportedMediaType
            body = await self._body(headers, receive)
            request = read_post(body)
        elif method == "GET":
            request = read_get(self._query_string(scope))
        elif method == "OPTIONS" and b"access-control-request-method" in headers:
            return Reply(200, b"", PREFLIGHT)  # of an allowed origin, or the hub's own: any other was refused
        else:
            return Reply(
                405,
                refusal(MethodNotAllowed("Send GraphQL with POST, or GET for queries.")).body,
                ((b"allow", b"GET, POST"),),
            )
        if asks_for_cost(headers):
            request = replace(request, reports_cost=True)
        under_way.receive = receive
        caller, operator = await self._admission.admit(scope, headers, under_way)
        if self._demands.concern(caller, headers):
            await self._demands.check(caller, operator, headers, body)
        streams = self._demands.streams(caller, streams)
        try:
            reply = await self.run(
                request,
                caller,
                operator,
                reads_only=method == "GET",
                ask_again=None if streams is None else partial(self._authenticator.ask_again, headers),
                under_way=under_way,
            )
        except InvalidInput as error:
            reply = unprocessable(error)
        if isinstance(reply, Reply) and reply.status != 200:
            reply = self._told(reply, media)
        return reply if streams is None else await streams.fitting(reply)

    def _told(self, reply: Reply, media: Media) -> Reply:
        """The reply to a well-formed request, with the status this profile and this client's media type have for it."""
        status = reply.status
        if status == 294:
            status = 294 if self._is_draft and media.is_graphql else 200
        elif status in (400, 422):
            status = 200 if media.of_before else status if self._is_draft else 400
        return Reply(status, reply.body, reply.headers)

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
            operation, omitted = permitted_part(operation, variables, caller)
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
        prepared = operation.prepare(variables, caller.scope)
        account = Account(self._log, Look(caller, operator, operation, request.variables))
        asked = Asked(request, operation, prepared, variables, caller, operator, account)
        return await accounted(asked, self._given(asked, ask_again))

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
        only = self._terms.trusted_only
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
        limit = self._terms.max_response_bytes
        if size > limit:
            raise ResponseTooLarge(
                f"The answer has {size} bytes, more than the {limit} this hub gives at once; ask for fewer rows or fields.",
                limit=limit,
                size=size,
            )

    def _query_string(self, scope: Scope) -> bytes:
        query_string: bytes = scope["query_string"]
        if len(query_string) > self._terms.max_url_bytes:
            raise UrlTooLong(
                f"The URL's parameters have {len(query_string)} bytes, more than the {self._terms.max_url_bytes} this hub takes; "
                "send the request with POST.",
                limit=self._terms.max_url_bytes,
                size=len(query_string),
            )
        return query_string

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        limit = self._terms.max_body_bytes
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > limit:
            raise _too_large(int(announced), limit)
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Interrupted
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            if len(body) > limit:
                raise _too_large(len(body), limit)
            return body
        chunks, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Interrupted
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > limit:
                raise _too_large(size, limit)
        return b"".join(chunks)


def _refused(errors: Sequence[GraphQLError]) -> Reply:
    """A well-formed request that is not run: 400 for a document that cannot be parsed, 422 for all else."""
    parsed = (errors[0].extensions or {}).get("code") != "GRAPHQL_PARSE_FAILED"
    return error_reply(422 if parsed else 400, map(formatted, errors))


def _too_large(size: int, limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body has {size} bytes or more; this hub takes at most {limit}.", limit=limit, size=size
    )
