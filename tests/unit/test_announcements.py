# SPDX-License-Identifier: EUPL-1.2
"""Whoever listens for announcements listens again, however its connection ended."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from hub.store.announcements import Announcements, Word


class _Connection:
    """One that fails at LISTEN, or never."""

    def __init__(self, fault: Exception | None) -> None:
        self._fault = fault

    def add_termination_listener(self, _listener: Any) -> None:
        pass

    async def add_listener(self, _channel: str, _listener: Any) -> None:
        if self._fault is not None:
            raise self._fault

    def terminate(self) -> None:
        pass


@pytest.mark.parametrize(
    "fault",
    [
        OSError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_it_listens_again(fault: Exception) -> None:
    connections: Any = iter([_Connection(fault), _Connection(None)])

    async def connect() -> Any:
        return next(connections)

    word = Word()
    announcements = Announcements(connect, 0.001, {"channel": [word]})
    listening = asyncio.create_task(announcements.run())
    async with asyncio.timeout(10):
        while not announcements.listening:
            assert not listening.done()
            await asyncio.sleep(0)
    assert word.heard >= 2, "what was missed is looked for"
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
