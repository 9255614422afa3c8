# SPDX-License-Identifier: EUPL-1.2
"""Word of a change, from whichever process made it: said by NOTIFY in its transaction, heard on one connection of each process.

Word may come too often, and then somebody looks in vain; it never fails to come, because whatever may have been missed (the
connection was lost, and is back) counts as word, and while there is no connection word comes by the clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg

from hub.repeating import repeat


class Word:
    """Counts how often a thing was said to have changed; who has looked at it since word `n` waits for the next with `after(n)`."""

    def __init__(self) -> None:
        self._next: asyncio.Future[None] | None = None
        self.heard = 0

    async def after(self, heard: int) -> None:
        """Wait until word has come after the `heard`-th."""
        while self.heard == heard:
            if self._next is None:
                self._next = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._next)  # one for all: who goes must not take the others' word along

    def come(self) -> None:
        """Word has come."""
        self.heard += 1
        if self._next is not None:
            self._next.set_result(None)
            self._next = None


class Announcements:
    """Listens on channels, and passes on what comes to the words of each."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]],
        interval: float,
        channels: Mapping[str, Sequence[Word]],
    ) -> None:
        """Take how to connect, and the seconds between two looks when there is no connection, or whether there still is one."""
        self._connect = connect
        self._interval = interval
        self._channels = channels
        self.listening = False

    async def run(self) -> None:
        """Listen until cancelled; survives the loss of the connection."""
        await repeat(self._hear_all, self._interval, "announcements.not_heard")

    async def _hear_all(self) -> None:
        """Listen while there is a connection; whatever may have been missed counts as word."""
        try:
            connection = await self._connect()
            try:
                await self._listen(connection)
            finally:
                self.listening = False
                connection.terminate()
        finally:
            self._all()

    async def _listen(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda *_: lost.set())
        for channel in self._channels:
            await connection.add_listener(channel, self._hear)
        self.listening = True
        self._all()  # NOTE after LISTEN: what was said before it is looked for now
        while not lost.is_set():
            try:
                async with asyncio.timeout(self._interval):
                    await lost.wait()
            except TimeoutError:
                await connection.execute("SELECT 1")  # a server that vanished does not say so

    def _hear(self, _connection: Any, _pid: int, channel: str, _payload: object) -> None:
        for word in self._channels[channel]:
            word.come()

    def _all(self) -> None:
        for word in {word: None for words in self._channels.values() for word in words}:
            word.come()
