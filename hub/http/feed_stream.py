# SPDX-License-Identifier: EUPL-1.2
"""`GET /feeds/conditionality`: the feed as NDJSON, its stored bytes (docs/reference/feed-endpoint.md).

The answer is a stream that ends where the feed ends; with a `first` of at most `PIECE`, and wherever answers are signed, it is one
piece of known length that says where the next begins. Each part is accounted for before it leaves, and the next one is read while the
last one is on its way: who reads slowly holds no connection of the database, and no more memory than two parts. Who takes nothing is
hung up on (`hub.http.heads.HANG_UP`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.types import Receive, Scope, Send

from hub.access.account import Account
from hub.access.caller import Caller
from hub.access.line import Look
from hub.access.log import AccessLog
from hub.errors import Forbidden
from hub.http.accept import PROBLEM
from hub.http.admission import Admission
from hub.http.answers import fault
from hub.http.authentication import Authenticator, Headers, headers_of
from hub.http.codings import Coding, Packing, coding_for
from hub.http.demands import Demands
from hub.http.feed_query import FeedQuery, read_query
from hub.http.heads import hang_up
from hub.http.open_streams import CLOSING, OpenStreams
from hub.http.problems import problem
from hub.http.streams import gone
from hub.http.subscriptions import AskAgain
from hub.http.tasks import first_of
from hub.http.watch import DeadlineExceeded, UnderWay
from hub.plan.feed_lines import FeedLines, Lines
from hub.plan.feed_part import CURSOR
from hub.plan.runner import Runner
from hub.store.vocabulary import Demand

MEDIA: Final = b"application/x-ndjson"
PIECE: Final = 5_000
"""Lines an answer of known length has at most."""
PIECE_BYTES: Final = 8_000_000
"""Bytes beyond which such an answer ends with the lines it has."""
PIECE_LOOKS: Final = 50
"""Looks it takes at most, where little of the feed is the reader's."""
PART_BYTES: Final = 1_000_000
"""Bytes that are read at once, about."""
FIRST_LINES, MOST_LINES = 500, 8_000
"""Lines that are read at once: at first, and at most."""
SENT: Final = 65_536
"""Bytes handed to the connection at once."""


class Stalled(Exception):
    """What is on its way can't be brought to its end: nobody takes it, or the hub closes meanwhile."""


class FeedStream:
    """The ASGI endpoint. `stall`: seconds that one send, or the making of one answer of known length, may take."""

    def __init__(
        self,
        lines: FeedLines,
        runner: Runner,
        authenticator: Authenticator,
        admission: Admission,
        demands: Demands,
        opened: OpenStreams,
        log: AccessLog,
        *,
        stall: float,
        max_url_bytes: int,
    ) -> None:
        self._lines = lines
        self._runner = runner
        self._authenticator = authenticator
        self._admission = admission
        self._demands = demands
        self._opened = opened
        self._log = log
        self._stall = stall
        self._max_url_bytes = max_url_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one GET."""
        headers, under_way = headers_of(scope["headers"]), UnderWay()
        try:
            caller, operator = await self._admission.admit(scope, headers, under_way)
            if self._demands.concern(caller, headers):
                await self._demands.check(caller, operator, headers, b"")
            asked = read_query(scope["query_string"], self._max_url_bytes)
            coding = coding_for(headers.get(b"accept-encoding"))
            account = Account(self._log, Look(caller, operator, self._lines.operation, asked.given))
            parts = self._parts(
                asked, account, partial(self._authenticator.ask_again, headers, caller.demands)
            )
            if self._is_one_piece(asked, caller):
                await self._piece(asked, caller, parts, coding, headers, under_way, send)
            else:
                await self._stream(caller, parts, coding, under_way, receive, send)
        except Stalled:
            await hang_up(scope, receive)
        except Exception as error:
            await self._refuse(error, scope, headers, under_way, send)

    async def _parts(
        self, asked: FeedQuery, account: Account, ask_again: AskAgain
    ) -> AsyncGenerator[Lines, None]:
        """The lines asked for, a part at a time, each accounted for."""
        variables, left, most = self._lines.asked(asked.variables), asked.first, FIRST_LINES
        while True:
            caller, operator = await ask_again()
            one = account.anew(replace(account.look, caller=caller, operator=operator))
            try:
                self._lines.prepared(variables, caller.scope).permit(caller)
            except Forbidden:
                await one.refused()
                raise
            wanted = most if left is None else min(most, left)
            lines = await self._lines.read(self._runner, variables, caller, wanted, one.seen)
            if lines.count:
                await one.answered()
                most = min(max(PART_BYTES * lines.count // len(lines.text), 1), MOST_LINES)
            left = None if left is None else left - lines.count
            yield lines
            if not lines.has_more or left == 0:
                return
            variables[CURSOR] = lines.end

    def _is_one_piece(self, asked: FeedQuery, caller: Caller) -> bool:
        return Demand.SIGNED_ANSWERS in caller.demands or (asked.first is not None and asked.first <= PIECE)

    async def _piece(
        self,
        asked: FeedQuery,
        caller: Caller,
        parts: AsyncGenerator[Lines, None],
        coding: Coding | None,
        headers: Headers,
        under_way: UnderWay,
        send: Send,
    ) -> None:
        """One answer of known length: it says where the next begins, and is signed for whom answers are."""
        found: list[bytes] = []
        try:
            async with asyncio.timeout(self._stall), aclosing(parts):
                lines, looks, count, size = None, 0, 0, 0
                async for lines in parts:
                    found.append(lines.text)
                    looks, count, size = looks + 1, count + lines.count, size + len(lines.text)
                    if count >= PIECE or size >= PIECE_BYTES or looks >= PIECE_LOOKS:
                        break
        except TimeoutError:
            raise DeadlineExceeded("Reading took longer than it may; ask for fewer lines.") from None
        assert lines is not None
        body, said = b"".join(found), [(b"feed-cursor", b"%d" % lines.end)]
        if Demand.SIGNED_ANSWERS in caller.demands:
            # NOTE never compressed: who takes the compression off on the way would have the digest fail.
            said += self._demands.sign(caller, headers, body, MEDIA)
        elif coding is not None:
            body = await asyncio.to_thread(coding.whole, body)
            said.append(coding.header)
        if lines.has_more:
            said.append((b"link", b'<%s>; rel="next"' % asked.next(lines.end).encode()))
        await send(_start([(b"content-length", b"%d" % len(body)), *said, *under_way.headers]))
        way = _Way(None, self._stall, send)
        await way.send(body)
        await way.end(self._stall)

    async def _stream(
        self,
        caller: Caller,
        parts: AsyncGenerator[Lines, None],
        coding: Coding | None,
        under_way: UnderWay,
        receive: Receive,
        send: Send,
    ) -> None:
        self._opened.subscribe(caller)
        packing = None if coding is None else coding.begin()
        way = _Way(packing, self._stall, send)
        try:
            with self._opened.stream():
                async with aclosing(_ahead(parts)) as coming:
                    first = await anext(coming)  # what is to be refused is refused before the head is sent
                    said = [] if coding is None else [coding.header]
                    await send(_start([*said, *under_way.headers]))
                    pump = _pump(first, coming, way)
                    ended = await first_of(pump, gone(receive), self._opened.closing.wait())
                if ended == 1:
                    return
                await way.end(CLOSING if ended == 2 else self._stall)
        finally:
            self._opened.unsubscribe(caller)

    async def _refuse(
        self, error: Exception, scope: Scope, headers: Headers, under_way: UnderWay, send: Send
    ) -> None:
        reply = fault(error)
        body = problem(reply.body, reply.status)
        told = under_way.headers or self._admission.told_to_nobody(scope, headers)
        caller = under_way.caller
        signed: tuple[tuple[bytes, bytes], ...] = ()
        if caller is not None and caller.demands:
            signed = self._demands.sign(caller, headers, body, PROBLEM)
        length = (b"content-length", b"%d" % len(body))
        await send(_start([length, *told, *reply.headers, *signed], reply.status, PROBLEM))
        await send({"type": "http.response.body", "body": body})


class _Way:
    """The way of one answer to its reader, a part at a time; `stall`: seconds that one send may take. All raise Stalled."""

    def __init__(self, packing: Packing | None, stall: float, send: Send) -> None:
        self._packing = packing
        self._stall = stall
        self._send = send
        self._within = False

    async def send(self, text: bytes) -> None:
        """Send one part. Cancelled, it leaves a part that has not wholly been sent, nor packed."""
        self._within = True
        if self._packing is not None and text:
            text = await asyncio.to_thread(self._packing.more, text)
        for start in range(0, len(text), SENT):
            await self._sent(text[start : start + SENT], self._stall, more=True)
        self._within = False

    async def end(self, patience: float) -> None:
        """End the answer.

        NOTE an answer that has an end has whole lines, and whole frames of its coding: within a part there is none, the reader is hung
        up on, and knows that what came is not the whole.
        """
        if self._within:
            raise Stalled
        await self._sent(b"" if self._packing is None else self._packing.end(), patience, more=False)

    async def _sent(self, text: bytes, patience: float, *, more: bool) -> None:
        try:
            async with asyncio.timeout(patience):
                await self._send({"type": "http.response.body", "body": text, "more_body": more})
        except TimeoutError:
            raise Stalled from None


async def _pump(first: Lines, coming: AsyncGenerator[Lines, None], way: _Way) -> None:
    """Send part after part; ends where the feed does, or when the right to read is gone. Raises Stalled."""
    try:
        await way.send(first.text)
        async for lines in coming:
            await way.send(lines.text)
    except Stalled:
        raise
    except Exception as error:
        fault(error)  # it logs what is nobody's fault; the head is gone, and the reader asks again


async def _ahead(parts: AsyncGenerator[Lines, None]) -> AsyncGenerator[Lines, None]:
    """The parts, each read while the one before it is on its way."""
    async with aclosing(parts):
        coming = asyncio.ensure_future(anext(parts, None))
        try:
            while (lines := await coming) is not None:
                coming = asyncio.ensure_future(anext(parts, None))
                yield lines
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


def _start(headers: list[tuple[bytes, bytes]], status: int = 200, media: bytes = MEDIA) -> dict[str, object]:
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", media),
            (b"cache-control", b"no-store"),
            (b"vary", b"accept-encoding"),
            (b"x-accel-buffering", b"no"),  # nginx would hold back what is sent until it has enough of it
            *headers,
        ],
    }
