# SPDX-License-Identifier: EUPL-1.2
"""Doors beside GraphQL that are handed a document by POST: who comes, with what, is checked alike; refusals are problems."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from email.message import Message
from typing import ClassVar

import orjson
from starlette.types import Receive, Scope, Send

from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.http.accept import PROBLEM
from hub.http.admission import Admission
from hub.http.answers import Reply, fault
from hub.http.authentication import Headers, headers_of
from hub.http.bodies import read_body
from hub.http.demands import Demands
from hub.http.door_outcomes import DoorMetrics, DoorOutcomes
from hub.http.problems import problem
from hub.http.request import UnsupportedMediaType
from hub.http.watch import Gone, UnderWay, Watch
from hub.store.vocabulary import Capability


class PostedDocuments(ABC):
    """An ASGI endpoint that takes documents. One of its kind says which, and what becomes of one."""

    door: ClassVar[str]
    """Its path."""
    capability: ClassVar[Capability]
    """Without which nobody hands anything over here."""
    taken: ClassVar[frozenset[str]]
    """Media types of a document."""
    advice: ClassVar[str]
    """The sentence for who sends another."""
    told: ClassVar[bytes]
    """Media type of an answer that is no refusal."""

    def __init__(self, admission: Admission, demands: Demands, watch: Watch, max_body_bytes: int) -> None:
        self._admission = admission
        self._demands = demands
        self._watch = watch
        self._max_body_bytes = max_body_bytes
        self.outcomes = DoorOutcomes(self.door)

    @abstractmethod
    async def take(
        self, body: bytes, charset: str | None, caller: Caller, operator: Operator | None, under_way: UnderWay
    ) -> Reply:
        """What came of a document, whose sender may hand it over; `charset`: as its media type says.

        Raises:
            ClientError: it is refused as a whole.

        """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one document."""
        headers, under_way = headers_of(scope["headers"]), self._watch.enter()
        try:
            reply = await self._reply(scope, headers, receive, under_way)
            self.outcomes.answered()
        except asyncio.CancelledError:
            reason = under_way.reason()
            if reason is None:
                raise
            if isinstance(reason, Gone):
                return
            reply = self._failed(reason, under_way)
        except Exception as error:
            reply = self._failed(error, under_way)
        finally:
            self._watch.leave(under_way)
        await self._send(reply, scope, headers, under_way, send)

    def _failed(self, error: Exception, under_way: UnderWay) -> Reply:
        reply = fault(error)
        [told, *_] = orjson.loads(reply.body)["errors"]
        self.outcomes.refused(error, told["extensions"]["code"], under_way.caller)
        return reply

    async def _reply(self, scope: Scope, headers: Headers, receive: Receive, under_way: UnderWay) -> Reply:
        charset = self._charset(headers)
        body = await read_body(headers, receive, self._max_body_bytes)
        under_way.receive = receive
        caller, operator = await self._admission.admit(scope, headers, under_way)
        if self._demands.concern(caller, headers):
            await self._demands.check(caller, operator, headers, body)
        caller.require(self.capability)
        # NOTE only now: of who may not send, nothing is parsed.
        return await self.take(body, charset, caller, operator, under_way)

    def _charset(self, headers: Headers) -> str | None:
        """The charset the media type says, if any."""
        message = Message()
        message["content-type"] = headers.get(b"content-type", b"").decode("latin-1")
        if message.get_content_type() not in self.taken:
            raise UnsupportedMediaType(self.advice)
        said = message.get_param("charset")
        return said if isinstance(said, str) else None

    async def _send(
        self, reply: Reply, scope: Scope, headers: Headers, under_way: UnderWay, send: Send
    ) -> None:
        done = reply.status == 200
        body, media = (reply.body, self.told) if done else (problem(reply.body, reply.status), PROBLEM)
        caller = under_way.caller
        signed = self._demands.sign(caller, headers, body, media) if caller and caller.demands else ()
        told = under_way.headers or self._admission.told_to_nobody(scope, headers)
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [
                    (b"content-type", media),
                    (b"content-length", b"%d" % len(body)),
                    (b"cache-control", b"no-store"),
                    *told,
                    *reply.headers,
                    *signed,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})


def posted_metrics(endpoints: Sequence[PostedDocuments]) -> DoorMetrics:
    """What came of the documents at each door, for `/metrics`; nothing of who sent them, or of what they held."""
    return DoorMetrics(
        "snodo_posted_documents",
        "Documents handed over by POST, by what came of them",
        "door",
        {one.door.removeprefix("/"): one.outcomes for one in endpoints},
    )
