# SPDX-License-Identifier: EUPL-1.2
"""GraphQL over HTTP: one ASGI endpoint, from a request's bytes to its answer's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial

from starlette.types import Receive, Scope, Send

from hub.errors import InvalidInput
from hub.http.accept import GRAPHQL, JSON, UNSAID, Media, media_for
from hub.http.admission import Admission
from hub.http.answers import Reply, fault, refusal, unprocessable
from hub.http.authentication import Authenticator, Headers, headers_of
from hub.http.bodies import read_body
from hub.http.demands import Demands
from hub.http.notes import asks_for_cost
from hub.http.operations import Operations
from hub.http.origins import PREFLIGHT, Origins, shared_with
from hub.http.problems import as_wanted
from hub.http.request import (
    MethodNotAllowed,
    UnsupportedMediaType,
    UrlTooLong,
    read_get,
    read_post,
    takes,
)
from hub.http.streams import EVENTS, PARTS, Accepted, Stream, StreamSender, accepted
from hub.http.watch import Gone, UnderWay, Watch
from hub.settings import HttpProfile
from hub.trace import RECEIVED


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms requests are taken: sizes in bytes, and how errors are told."""

    max_body_bytes: int
    max_url_bytes: int
    profile: HttpProfile = HttpProfile.AUDITED


class GraphQLEndpoint:
    """`POST /graphql`, and `GET` for queries."""

    def __init__(
        self,
        operations: Operations,
        authenticator: Authenticator,
        admission: Admission,
        demands: Demands,
        sender: StreamSender,
        *,
        terms: Terms,
        origins: Origins,
        watch: Watch,
    ) -> None:
        self._operations = operations
        self._authenticator = authenticator
        self._admission = admission
        self._demands = demands
        self._sender = sender
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
        if b"traceparent" in headers:
            # Read where an agency is called or a line logged, and nowhere else.
            RECEIVED.set(headers[b"traceparent"])
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
            body = await read_body(headers, receive, self._terms.max_body_bytes)
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
            reply = await self._operations.run(
                request,
                caller,
                operator,
                reads_only=method == "GET",
                ask_again=None
                if streams is None
                else partial(self._authenticator.ask_again, headers, caller.demands),
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
