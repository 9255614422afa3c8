# SPDX-License-Identifier: EUPL-1.2
"""The messages of the `graphql-transport-ws` protocol, read and written.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, TypeAlias

import orjson

SUBPROTOCOL: Final = "graphql-transport-ws"
LONGEST_REASON: Final = 123
"""Bytes of a close frame's reason (RFC 6455, section 5.5)."""
LONGEST_ID: Final = 200


class CloseCode(IntEnum):
    """Why a socket is closed (RFC 6455, section 7.4.1; from 4400 on, the protocol)."""

    GOING_AWAY = 1001
    TOO_BIG = 1009
    TRY_LATER = 1013
    BAD_MESSAGE = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_UNKNOWN = 4406
    INIT_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITS = 4429


class Closed(Exception):
    """The socket is to be closed, and why."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        self.code = code
        self.reason = fitting(reason)
        super().__init__(self.reason)


class Gone(Exception):
    """The client has closed the socket, or is no longer there."""


@dataclass(frozen=True, slots=True)
class Init:
    """`connection_init`."""

    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    """`ping`, whose payload comes back with the pong."""

    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    """`pong`, which asks for nothing."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """`subscribe`: any operation. `payload` is a GraphQL request, still to be read."""

    id: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Complete:
    """`complete`: the client no longer wants this operation."""

    id: str


Message: TypeAlias = Init | Ping | Pong | Subscribe | Complete


def read_message(text: str | None) -> Message:
    """A client's message; None is a binary one.

    Raises:
        Closed: it is none of the protocol (4400).

    """
    if text is None:
        raise _bad("Messages are text, not binary.")
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _bad("The message is not JSON.") from None
    if not isinstance(content, dict):
        raise _bad("A message is a JSON object.")
    match content.get("type"):
        case "connection_init":
            return Init(_payload(content) or {})
        case "ping":
            return Ping(_payload(content))
        case "pong":
            _payload(content)
            return Pong()
        case "subscribe":
            payload = _payload(content)
            if payload is None:
                raise _bad("`subscribe` needs a `payload`.")
            return Subscribe(_id(content), payload)
        case "complete":
            return Complete(_id(content))
    raise _bad("The message has no `type` of this protocol that a client may send.")


def ack() -> bytes:
    """The connection is acknowledged."""
    return b'{"type":"connection_ack"}'


def pong(payload: Mapping[str, Any] | None) -> bytes:
    """The answer to a ping.

    Raises:
        Closed: its payload nests deeper than can be written (4400).

    """
    if payload is None:
        return b'{"type":"pong"}'
    try:
        return orjson.dumps({"type": "pong", "payload": payload})
    except orjson.JSONEncodeError:
        raise _bad("The payload nests too deep.") from None


def next_(id_: str, response: bytes) -> bytes:
    """A response of an operation."""
    return b"".join((b'{"id":', orjson.dumps(id_), b',"type":"next","payload":', response, b"}"))


def error(id_: str, response: bytes) -> bytes:
    """The end of an operation that failed as a whole, by the response that says why."""
    return orjson.dumps({"id": id_, "type": "error", "payload": orjson.loads(response)["errors"]})


def complete(id_: str) -> bytes:
    """The end of an operation."""
    return orjson.dumps({"id": id_, "type": "complete"})


def fitting(reason: str) -> str:
    """A reason, cut where a close frame has no more room for it."""
    content = reason.encode()
    if len(content) <= LONGEST_REASON:
        return reason
    return content[: LONGEST_REASON - 3].decode(errors="ignore") + "…"


def _payload(content: dict[str, Any]) -> dict[str, Any] | None:
    payload = content.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise _bad("`payload` is a JSON object.")
    return payload


def _id(content: dict[str, Any]) -> str:
    found = content.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_ID:
        raise _bad(f"`id` is a string of 1 to {LONGEST_ID} characters.")
    return found


def _bad(reason: str) -> Closed:
    return Closed(CloseCode.BAD_MESSAGE, reason)
