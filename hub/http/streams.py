# SPDX-License-Identifier: EUPL-1.2
"""Responses that come one after another over one HTTP answer: server-sent events, or the parts of a deferred response."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.types import Receive, Send

from hub.http import event_stream, multipart
from hub.http.accept import NotAcceptable, media_ranges
from hub.http.answers import Reply, fault
from hub.http.open_streams import CLOSING, OpenStreams
from hub.http.request import MethodNotAllowed
from hub.http.tasks import first_of, with_silences

EVENTS: Final = b"text/event-stream"
PARTS: Final = b"multipart/mixed"
FOLLOWED: Final = (
    "A subscription is followed with `Accept: text/event-stream`, or over a WebSocket (graphql-transport-ws)."
)


@dataclass(frozen=True, slots=True)
class Stream:
    """The responses of one operation, each the JSON text of one. Whoever gets it closes it."""

    responses: AsyncGenerator[bytes, None]
    behind: AsyncExitStack = field(default_factory=AsyncExitStack)
    """What ends with it, even if no response was ever asked for: a generator that never began has no `finally`."""
    is_subscription: bool = False

    async def aclose(self) -> None:
        """Stop the work behind it."""
        async with self.behind:
            await self.responses.aclose()


@dataclass(frozen=True, slots=True)
class Accepted:
    """How a client takes responses that come one after another."""

    media: bytes
    """`EVENTS` or `PARTS`, whichever it names first."""
    alone: bool
    """Whether it takes nothing but events: then a single response is one too."""

    async def fitting(self, reply: Reply | Stream) -> Reply | Stream:
        """The reply as this client takes it: one that takes events alone is told of its errors in them, too.

        Raises:
            NotAcceptable: a subscription for a client that takes parts: those are of one response.

        """
        if isinstance(reply, Stream):
            if reply.is_subscription and self.media is not EVENTS:
                await reply.aclose()
                raise NotAcceptable(FOLLOWED)
            return reply
        if not self.alone or reply.status == MethodNotAllowed.status:
            return reply
        return Stream(only(reply.body))


def accepted(accept: bytes) -> Accepted | None:
    """Read an `Accept` header; None if it names neither of the two media."""
    named = [name.encode("latin-1") for name, quality in media_ranges(accept) if quality > 0]
    for media in named:
        if media == EVENTS:
            return Accepted(EVENTS, alone=set(named) == {EVENTS})
        if media == PARTS:
            return Accepted(PARTS, alone=False)
    return None


async def only(response: bytes) -> AsyncGenerator[bytes, None]:
    """A single response, as a stream."""
    yield response


async def with_fault(responses: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The responses; if making one fails, the last of them says so."""
    async with aclosing(responses):
        try:
            async for response in responses:
                yield response
        except Exception as error:
            yield fault(error).body


class StreamSender:
    """Sends streams over HTTP, until they end, their reader goes, or the hub closes."""

    def __init__(self, opened: OpenStreams, silence: float) -> None:
        """Take the count of what is open, and the seconds without an event after which a comment says that all is well."""
        self._opened = opened
        self._silence = silence

    async def __call__(
        self,
        stream: Stream,
        media: bytes,
        receive: Receive,
        send: Send,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        """Send one stream under these headers besides its own, and close it. The next response is made when the connection has taken the last one."""
        events = media is EVENTS
        with self._opened.stream():
            async with aclosing(stream):
                await send(_start(event_stream.MEDIA if events else multipart.MEDIA, headers))
                pump = self._events(stream, send) if events else _parts(stream, send)
                ended = await first_of(pump, gone(receive), self._opened.closing.wait())
            if ended == 1:
                return
            last = _body(event_stream.COMPLETE if events else multipart.END, more=False)
            with suppress(TimeoutError):  # who does not read when the hub closes is cut off
                async with asyncio.timeout(CLOSING if ended == 2 else None):
                    await send(last)

    async def _events(self, stream: Stream, send: Send) -> None:
        async with aclosing(with_silences(with_fault(stream.responses), self._silence)) as spaced:
            async for response in spaced:
                await send(_body(event_stream.SILENCE if response is None else event_stream.event(response)))


async def _parts(stream: Stream, send: Send) -> None:
    async with aclosing(with_fault(stream.responses)) as responses:
        async for response in responses:
            await send(_body(multipart.part(response)))


async def gone(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _start(media: bytes, headers: Sequence[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": 200,
        "headers": [
            (b"content-type", media),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),  # nginx would hold back what is sent until it has enough of it
            *headers,
        ],
    }


def _body(content: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}
