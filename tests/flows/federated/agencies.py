# SPDX-License-Identifier: EUPL-1.2
"""The hub's ways out, as a test takes them in hand: their patience, their clock, and what they leave behind."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from connectors.exchange import Exchange, Policy
from tests.flows.federated.conftest import Scene

PATIENCE = 10.0
"""Seconds a test waits for what must come."""
PATIENT = Policy(attempts=2, attempt_timeout=4.0, deadline=8.0, first_backoff=0.01, longest_backoff=0.02)
HURRIED = Policy(attempts=2, attempt_timeout=0.2, deadline=0.5, first_backoff=0.01, longest_backoff=0.02)


class Ways:
    """Every exchange of a scene's hub."""

    def __init__(self, scene: Scene) -> None:
        self.all: tuple[Exchange, ...] = scene.hub.agencies.exchanges
        self.skipped = 0.0
        for one in self.all:
            one._clock = lambda: time.monotonic() + self.skipped
        self.begin(PATIENT)
        self._passes = scene.hub.agencies.passes
        self._tasks = asyncio.all_tasks()

    def begin(self, policy: Policy) -> None:
        """As a hub just started, with this policy."""
        for one in self.all:
            one._policy = policy
            one._breakers.clear()
            one.accounts.clear()
            one._budget._tokens = 10.0

    def forget_vouchers(self) -> None:
        assert self._passes is not None
        self._passes._kept.clear()

    def of(self, agency: str) -> Exchange:
        return next(one for one in self.all if one.agency == agency)

    async def left_nothing(self) -> None:
        """No call, no task and no connection is under way, within the test's patience."""
        until = time.monotonic() + PATIENCE
        while left := self._left():
            assert time.monotonic() < until, left
            await asyncio.sleep(0.01)

    def _left(self) -> list[Any]:
        calls = [
            one.status for one in self.all if one.status.in_use or one.status.waiting or one._flights._flights
        ]
        transports: set[Any] = {one._http._transport for one in self.all}
        connections = [
            one
            for transport in transports
            for one in transport._pool.connections
            if not (one.is_idle() or one.is_closed())
        ]
        servers = ("uvicorn", "websockets")
        tasks = [
            task
            for task in asyncio.all_tasks() - self._tasks
            if not task.done() and not any(server in repr(task) for server in servers)
        ]
        return [*calls, *connections, *tasks]
