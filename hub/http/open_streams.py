# SPDX-License-Identifier: EUPL-1.2
"""What one process holds open: WebSockets, streamed answers, subscriptions; bounded, counted, and closed with the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from hub.errors import ClientError

CLOSING = 1.0
"""Seconds a client is given to take the last words when the hub closes."""


class TooManyStreams(ClientError):
    """This hub has as many subscriptions open as it may; try again in a while, or end one of yours."""

    code = "TOO_MANY_STREAMS"
    status: ClassVar[int] = 503


class OpenStreams:
    """Counts what is open. Once `closing` is set, everything open ends by itself."""

    def __init__(self, *, most_sockets: int, most_subscriptions: int) -> None:
        self._most_sockets = most_sockets
        self._most_subscriptions = most_subscriptions
        self._open: set[asyncio.Task[object]] = set()
        self.closing = asyncio.Event()
        self.sockets = 0
        self.streams = 0
        self.subscriptions = 0

    @contextmanager
    def stream(self) -> Iterator[None]:
        """While an answer is streamed by this task."""
        self.streams += 1
        try:
            with self._held():
                yield
        finally:
            self.streams -= 1

    @contextmanager
    def socket(self) -> Iterator[None]:
        """While this task serves a WebSocket.

        Raises:
            TooManyStreams: the process has as many as it may, or is closing.

        """
        if self.sockets >= self._most_sockets or self.closing.is_set():
            raise TooManyStreams("This hub has as many sockets open as it may; try again in a while.")
        self.sockets += 1
        try:
            with self._held():
                yield
        finally:
            self.sockets -= 1

    def subscribe(self) -> None:
        """Count one more subscription; `unsubscribe` counts it off.

        Raises:
            TooManyStreams: the process has as many as it may, or is closing.

        """
        if self.subscriptions >= self._most_subscriptions or self.closing.is_set():
            raise TooManyStreams
        self.subscriptions += 1

    def unsubscribe(self) -> None:
        """One subscription has ended."""
        self.subscriptions -= 1

    async def close(self) -> None:
        """Have everything open end, and wait for it, as long as slow readers are given."""
        self.closing.set()
        if self._open:
            await asyncio.wait(self._open, timeout=2 * CLOSING)

    @contextmanager
    def _held(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            yield
        finally:
            self._open.discard(task)
