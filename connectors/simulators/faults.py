# SPDX-License-Identifier: EUPL-1.2
"""Switches that make a simulated agency fail as the real ones do: per operation, for tests and the demo."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class FaultKind(StrEnum):
    """What comes instead of the answer."""

    SLOW = "slow"
    """The right answer, late: `latency` is what is wrong."""
    ERROR = "error"
    """500 with the agency gateway's problem+json."""
    UNAVAILABLE = "unavailable"
    """503 with the agency gateway's problem+json."""
    SOAP_FAULT = "soap-fault"
    """500 with a SOAP fault that says the service failed."""
    OVER_LIMIT = "over-limit"
    """429 with an empty body, as GovWay sends it."""
    HTML = "html"
    """200 with a maintenance page."""
    WRONG_TYPE = "wrong-type"
    """The right answer labelled text/plain."""
    TRUNCATED = "truncated"
    """The right answer cut in the middle, with the length and type of the whole: broken JSON."""
    DROP = "drop"
    """The connection ends in the middle of the answer."""
    RESET = "reset"
    """The connection is reset before there is an answer."""
    HUGE = "huge"
    """200 with a hundred megabytes, of no length that was said."""
    GZIP_TRUNCATED = "gzip-truncated"
    """The right answer compressed, though nobody asked for that, and cut in the middle."""
    WRONG_CHARSET = "wrong-charset"
    """The right answer in UTF-16, labelled as UTF-8."""
    DUPLICATE_KEYS = "duplicate-keys"
    """The right answer, whose first member stands there twice, with two values; of XML every element that holds text."""
    ENTITIES = "entities"
    """200 with XML of some hundred bytes, whose entities unfold into a thousand million (billion laughs)."""
    KEY_ROTATED = "key-rotated"
    """The agency no longer knows the key by which what it is shown was signed: 401 to the voucher it is shown first, and to no
    other; to a request without a voucher 400."""
    HANG = "hang"
    """Nothing, until the caller gives up."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: seconds of latency before it, seconds for `Retry-After`, how often it strikes, and how many it spares first."""

    kind: FaultKind
    latency: float = 0.0
    retry_after: int | None = None
    times: int | None = None
    spares: int = 0


EVERY = "*"
"""The name that stands for every operation without a fault of its own."""
HUGE_BYTES = 100_000_000


class Faults:
    """The switches of one simulator; may be set from any thread.

    `now`: the right time, in seconds since the epoch. The simulator looks at `clock`, which `set_clock` puts out.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._ahead = 0.0
        self._old: str | None = None
        self._lock = threading.Lock()
        self._set: dict[str, Fault] = {}
        self._spared: Counter[str] = Counter()
        self._struck: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()

    def set(self, operation: str, fault: Fault) -> None:
        """Let an operation (or `EVERY`) fail from now on, `fault.times` times when that is given."""
        with self._lock:
            self._set[operation] = fault
            self._spared[operation] = self._struck[operation] = 0
            self._old = None

    def standing(self) -> Mapping[str, Fault]:
        """The faults that are set, by operation; one that has struck as often as it should is among them."""
        with self._lock:
            return dict(self._set)

    @property
    def ahead(self) -> float:
        """Seconds the agency's clock runs ahead of the right time."""
        return self._ahead

    def set_clock(self, ahead: float) -> None:
        """Let the agency's clock run so many seconds ahead of the right time; behind it, if negative."""
        self._ahead = ahead

    def clock(self) -> float:
        """What the agency takes for the time."""
        return self._now() + self._ahead

    def is_old(self, credential: str) -> bool:
        """Whether this is the first credential that was shown since a fault was last set."""
        with self._lock:
            self._old = self._old or credential
            return self._old == credential

    def clear(self, operation: str | None = None) -> None:
        """Let an operation work again; or all, and the clock go right."""
        with self._lock:
            if operation is None:
                self._set.clear()
                self._ahead = 0.0
            else:
                self._set.pop(operation, None)

    def calls(self, operation: str) -> int:
        """How many requests for an operation came in, answered or not."""
        with self._lock:
            return self._calls[operation]

    def next(self, operation: str) -> Fault | None:
        """Count one request and give the fault that strikes it."""
        with self._lock:
            self._calls[operation] += 1
            name = operation if operation in self._set else EVERY
            fault = self._set.get(name)
            if fault is None or (fault.times is not None and self._struck[name] >= fault.times):
                return None
            if self._spared[name] < fault.spares:
                self._spared[name] += 1
                return None
            self._struck[name] += 1
            return fault


class FaultyAsgi:
    """An ASGI application with its agency's faults in front; `operation_of` names a path's operation."""

    def __init__(self, app: ASGIApp, faults: Faults, operation_of: Callable[[str], str | None]) -> None:
        self.app = app
        self._faults = faults
        self._operation_of = operation_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or do what the fault says instead."""
        operation = self._operation_of(scope["path"]) if scope["type"] == "http" else None
        fault = self._faults.next(operation) if operation else None
        if fault is None:
            await self.app(scope, receive, send)
            return
        await asyncio.sleep(fault.latency)
        match fault.kind:
            case FaultKind.SLOW:
                await self.app(scope, receive, send)
            case FaultKind.WRONG_TYPE | FaultKind.TRUNCATED:
                await self.app(scope, receive, _spoil(send, fault.kind))
            case FaultKind.GZIP_TRUNCATED | FaultKind.WRONG_CHARSET | FaultKind.DUPLICATE_KEYS:
                await self.app(scope, receive, _rewrite(send, fault.kind))
            case FaultKind.KEY_ROTATED:
                credential = Headers(scope=scope).get("authorization")
                if credential is not None and not self._faults.is_old(credential):
                    await self.app(scope, receive, send)
                else:
                    await _refuse(send, 400 if credential is None else 401)
            case FaultKind.HANG:
                await _gone(receive)
            case FaultKind.RESET:
                _reset(send)
                await _gone(receive)
            case FaultKind.HUGE:
                await _flood(send)
            case FaultKind.DROP:
                await _start(send, 200, "application/json", length=1_000)
                await send({"type": "http.response.body", "body": b'{"', "more_body": True})
                # Ending here, 998 bytes short, makes the server close the connection.
            case _:
                await _instead(send, fault)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _reset(send: Send) -> None:
    # NOTE ASGI has no word for it: uvicorn's `send` belongs to what holds the connection.
    transport = send.__self__.transport  # type: ignore[attr-defined]
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as connection:
        # Closed with nothing lingering, a connection is reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _flood(send: Send) -> None:
    chunk = b" " * 65_536
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"application/json")],
        }
    )
    for _ in range(HUGE_BYTES // len(chunk)):  # what is sent to nobody any more goes nowhere
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b"{}"})


_PAGE = b"<!DOCTYPE html><html><head><title>Manutenzione</title></head><body>Servizio sospeso</body></html>"
_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">'
    + b"".join(b'<!ENTITY l%d "%s">' % (one, b"&l%d;" % (one - 1) * 10) for one in range(1, 10))
    + b"]><a>&l9;</a>"
)
_SOAP_FAULT = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>'
    b"<faultstring>Errore interno</faultstring></s:Fault></s:Body></s:Envelope>"
)
_PROBLEM = b'{"type":"https://govway.org/handling-errors/%d/%s.html","title":"%s","status":%d,"detail":"%s"}'


async def _instead(send: Send, fault: Fault) -> None:
    status, body = 200, _PAGE
    media_type: str | None = "text/html; charset=utf-8"
    if fault.kind is FaultKind.OVER_LIMIT:
        status, media_type, body = 429, None, b""
    elif fault.kind is FaultKind.ENTITIES:
        media_type, body = "text/xml; charset=utf-8", _LAUGHS
    elif fault.kind is FaultKind.SOAP_FAULT:
        status, media_type, body = 500, "text/xml; charset=utf-8", _SOAP_FAULT
    elif fault.kind is FaultKind.ERROR:
        body = _PROBLEM % (500, b"APIError", b"APIError", 500, b"Error occurred while processing the API")
        status, media_type = 500, "application/problem+json"
    elif fault.kind is FaultKind.UNAVAILABLE:
        body = _PROBLEM % (503, b"APIUnavailable", b"APIUnavailable", 503, b"The API is not available")
        status, media_type = 503, "application/problem+json"
    await _start(send, status, media_type, length=len(body), retry_after=fault.retry_after)
    await send({"type": "http.response.body", "body": body})


async def _refuse(send: Send, status: int) -> None:
    title = b"TokenAuthenticationFailed" if status == 401 else b"Bad Request"
    body = _PROBLEM % (status, title, title, status, b"Invalid token")
    await _start(send, status, "application/problem+json", length=len(body))
    await send({"type": "http.response.body", "body": body})


async def _start(
    send: Send, status: int, media_type: str | None, *, length: int, retry_after: int | None = None
) -> None:
    headers = [(b"content-length", str(length).encode())]
    if media_type is not None:
        headers.append((b"content-type", media_type.encode()))
    if retry_after is not None:
        headers.append((b"retry-after", str(retry_after).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})


def _spoil(send: Send, kind: FaultKind) -> Send:
    async def spoiling(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if pair[0] != b"content-length"]
            if kind is FaultKind.WRONG_TYPE:
                kept = [pair for pair in kept if pair[0] != b"content-type"]
                kept.append((b"content-type", b"text/plain"))
            await send({**message, "headers": kept})
        elif kind is FaultKind.TRUNCATED:
            body = message.get("body", b"")
            await send({**message, "body": body[: len(body) // 2]})
        else:
            await send(message)

    return spoiling


_TEXT = re.compile(rb"<([\w:]+)>[^<]*</\1>")
_FIRST_MEMBER = re.compile(rb'\s*\{\s*("(?:[^"\\]|\\.)*")\s*:')


def _rewrite(send: Send, kind: FaultKind) -> Send:
    """Keep the answer back until it is whole, and send another in its place."""
    begun: list[Message] = []
    pieces: list[bytes] = []

    async def rewriting(message: Message) -> None:
        if message["type"] == "http.response.start":
            begun.append(message)
            return
        pieces.append(message.get("body", b""))
        if message.get("more_body"):
            return
        headers, body = _rewritten(dict(begun[0]["headers"]), b"".join(pieces), kind)
        headers[b"content-length"] = str(len(body)).encode()
        await send({**begun[0], "headers": list(headers.items())})
        await send({"type": "http.response.body", "body": body})

    return rewriting


def _rewritten(headers: dict[bytes, bytes], body: bytes, kind: FaultKind) -> tuple[dict[bytes, bytes], bytes]:
    if kind is FaultKind.GZIP_TRUNCATED:
        packed = gzip.compress(body)
        return {**headers, b"content-encoding": b"gzip"}, packed[: len(packed) // 2]
    if kind is FaultKind.WRONG_CHARSET:
        media_type = headers.get(b"content-type", b"text/plain").partition(b";")[0]
        return {**headers, b"content-type": media_type + b"; charset=utf-8"}, body.decode().encode("utf-16")
    if body.startswith(b"<"):
        return headers, _TEXT.sub(rb"\g<0><\1></\1>", body)
    first = _FIRST_MEMBER.match(body)
    if first is None:  # a refusal without a body, say
        return headers, body
    return headers, b"{" + first[1] + b":null," + body[body.index(b"{") + 1 :]
