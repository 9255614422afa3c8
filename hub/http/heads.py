# SPDX-License-Identifier: EUPL-1.2
"""One HTTP connection, bounded where uvicorn's is not: a request's head, in length and time; and how long a closing one may linger.

A reader that takes nothing more would keep its connection, and what waits to be sent, for as long as its machine answers: closing
waits until all is sent.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 65_536
"""Bytes of a request's line and headers after the first that came: as many as one read gives. A voucher and evidence have some 4,000."""
LONGEST_WAIT = 10.0
"""Seconds from a head's first bytes to its last."""
LONGEST_CLOSE = 60.0
"""Seconds a connection that is to be closed may take for what still waits to be sent."""
HANG_UP: Final = "snodo.hang_up"
"""Where a scope has what ends its connection at once, whatever waits to be sent."""
REFUSAL = b"HTTP/1.1 %s\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
TOO_LARGE = b'{"errors":[{"message":"The request\'s line and headers are longer than this hub takes.","extensions":{"code":"HEADERS_TOO_LARGE","limit":%d}}]}' % (
    LONGEST_HEAD
)  # fmt: skip


async def hang_up(scope: Scope, receive: Receive) -> None:
    """End the connection a request came by, at once: for a reader that takes nothing."""
    scope[HANG_UP]()
    # NOTE waited for: an answer that is left before its end is a fault to uvicorn, unless its reader has gone.
    while (await receive())["type"] != "http.disconnect":
        pass


class BoundedHeads(HttpToolsProtocol):
    """One HTTP connection, which is closed when a head is too long, or too long in coming; and which closes in bounded time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = 0
        self._begun: object = None
        self._late: asyncio.TimerHandle | None = None
        self._lingering: asyncio.TimerHandle | None = None

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        scope: Any = self.scope
        scope[HANG_UP] = self.transport.abort

    def on_response_complete(self) -> None:
        """All of an answer was handed to the connection."""
        super().on_response_complete()
        self._close_in_time()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more was asked."""
        super().timeout_keep_alive_handler()
        self._close_in_time()

    def data_received(self, data: bytes) -> None:
        """Take some bytes."""
        super().data_received(data)
        # NOTE uvicorn makes a scope when a message begins, and gives it its path when the headers are complete.
        scope: Any = self.scope  # None before the first message
        if scope is None or "path" not in scope:
            self._wait_for_more(len(data))
        elif self._begun is not None:
            self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._forget()
        if self._lingering is not None:
            self._lingering.cancel()
        super().connection_lost(exc)

    def _close_in_time(self) -> None:
        if self.transport.is_closing() and self._lingering is None:
            self._lingering = self.loop.call_later(LONGEST_CLOSE, self.transport.abort)

    def _wait_for_more(self, size: int) -> None:
        if (
            self.transport.is_closing() or self.transport.get_protocol() is not self
        ):  # refused, or a WebSocket now
            self._forget()
            return
        if self.scope is not self._begun:  # what came with its first bytes may be another request's body
            self._begun = self.scope
        else:
            self._head += size
        if self._head > LONGEST_HEAD:
            self._forget()
            self.transport.write(
                REFUSAL % (b"431 Request Header Fields Too Large", len(TOO_LARGE), TOO_LARGE)
            )
            self.transport.close()
        elif self._late is None:
            self._late = self.loop.call_later(LONGEST_WAIT, self.transport.close)

    def _forget(self) -> None:
        self._head, self._begun = 0, None
        if self._late is not None:
            self._late.cancel()
            self._late = None
