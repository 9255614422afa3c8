# SPDX-License-Identifier: EUPL-1.2
"""What one process holds open: WebSockets, streamed answers, subscriptions; bounded, counted, and closed with the hub."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, TypeVar
from uuid import UUID

from hub.access.caller import Caller
from hub.errors import ClientError

K = TypeVar("K")

MOST_OF_A_PERSON = 5
"""Sockets, or subscriptions, of one citizen in one process."""
WAITING_SHARE = 4
"""The part of all sockets that may wait to be acknowledged: one in so many."""
CLOSING = 1.0
"""Seconds a client is given to take the last words when the hub closes."""


class TooManyStreams(ClientError):
    """This hub has as many subscriptions open as it may; try again in a while, or end one of yours."""

    code = "TOO_MANY_STREAMS"
    status: ClassVar[int] = 503


class TooManyWaiting(TooManyStreams):
    """Too many sockets from your address have not said who asks; send connection_init on them first."""

    status: ClassVar[int] = 429


class TooManyOfOne(TooManyStreams):
    """You have as many open at this hub as one consumer may; end one of them first."""

    status: ClassVar[int] = 429


class Shares:
    """How many sockets, or subscriptions, each consumer has: an agency, or a citizen."""

    def __init__(self, most: int, what: str) -> None:
        self._most = most
        self._what = what
        self._held = Counter[UUID]()

    def take(self, caller: Caller) -> None:
        """Count one more.

        Raises:
            TooManyOfOne: the consumer has as many as it may.

        """
        most = self._most if caller.person_id is None else min(self._most, MOST_OF_A_PERSON)
        if self._held[_consumer(caller)] >= most:
            raise TooManyOfOne(
                f"You have {most} {self._what} open at this hub, as many as one consumer may; end one of them first.",
                limit=most,
            )
        self._held[_consumer(caller)] += 1

    def give_back(self, caller: Caller) -> None:
        """Count one off."""
        _count_off(self._held, _consumer(caller))


def _consumer(caller: Caller) -> UUID:
    return caller.person_id or caller.agency_id


def _count_off(held: Counter[K], key: K) -> None:
    held[key] -= 1
    if not held[key]:
        del held[key]  # NOTE or it would grow with everybody who ever came


class SocketPlace:
    """The place of one WebSocket: among those of its address, and from its acknowledgement on among its consumer's."""

    def __init__(self, opened: OpenStreams, address: str) -> None:
        self._opened = opened
        self._address = address
        self._caller: Caller | None = None

    def acknowledge(self, caller: Caller) -> None:
        """It is known who asks.

        Raises:
            TooManyOfOne: the consumer has as many sockets as it may.

        """
        self._opened.socket_shares.take(caller)
        self._caller = caller
        _count_off(self._opened.waiting, self._address)

    def leave(self) -> None:
        """The socket is closed."""
        if self._caller is None:
            _count_off(self._opened.waiting, self._address)
        else:
            self._opened.socket_shares.give_back(self._caller)


class OpenStreams:
    """Counts what is open. Once `closing` is set, everything open ends by itself."""

    def __init__(
        self,
        *,
        most_sockets: int,
        most_subscriptions: int,
        most_waiting_of_address: int,
        most_sockets_of_one: int,
        most_subscriptions_of_one: int,
    ) -> None:
        self._most_sockets = most_sockets
        self._most_waiting = max(most_sockets // WAITING_SHARE, 1)
        self._most_waiting_of_address = most_waiting_of_address
        self._most_subscriptions = most_subscriptions
        self._open: set[asyncio.Task[object]] = set()
        self.waiting = Counter[str]()
        """Sockets of which it is not known yet who asks, by address."""
        self.socket_shares = Shares(most_sockets_of_one, "sockets")
        self._subscription_shares = Shares(most_subscriptions_of_one, "subscriptions")
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
    def socket(self, address: str) -> Iterator[SocketPlace]:
        """While this task serves a WebSocket from this address.

        Raises:
            TooManyStreams: the process has as many as it may, or as may wait to be acknowledged, or is closing.
            TooManyWaiting: the address has as many as may wait to be acknowledged.

        """
        if self.sockets >= self._most_sockets or self.closing.is_set():
            raise TooManyStreams("This hub has as many sockets open as it may; try again in a while.")
        # NOTE apart from those of consumers: whoever opens sockets and says nothing shuts nobody out but its own address.
        most = self._most_waiting_of_address
        if self.waiting[address] >= most:
            raise TooManyWaiting(
                f"{most} sockets from your address have not said who asks; send connection_init on them first.",
                limit=most,
            )
        if self.waiting.total() >= self._most_waiting:
            raise TooManyStreams(
                "As many sockets as may wait for connection_init at this hub; try again in a while."
            )
        place = SocketPlace(self, address)
        self.waiting[address] += 1
        self.sockets += 1
        try:
            with self._held():
                yield place
        finally:
            self.sockets -= 1
            place.leave()

    def subscribe(self, caller: Caller) -> None:
        """Count one more subscription; `unsubscribe` counts it off.

        Raises:
            TooManyStreams: the process, or the consumer in it, has as many as it may, or the hub is closing.

        """
        if self.subscriptions >= self._most_subscriptions or self.closing.is_set():
            raise TooManyStreams
        self._subscription_shares.take(caller)
        self.subscriptions += 1

    def unsubscribe(self, caller: Caller) -> None:
        """One subscription has ended."""
        self._subscription_shares.give_back(caller)
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
