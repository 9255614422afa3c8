# SPDX-License-Identifier: EUPL-1.2
"""What keeps the hub from harming an agency that is already in trouble: a retry budget and a bulkhead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class RetryBudget:
    """A token bucket that keeps retries to a share of the traffic.

    Each first attempt puts `ratio` tokens in (at most `burst` stay), each retry takes one out. So over any
    number of calls n there are at most `ratio` * n + `burst` retries, however badly the agency does.
    """

    def __init__(self, ratio: float, burst: float) -> None:
        """Begin with a full bucket of `burst` tokens."""
        self._ratio = ratio
        self._burst = burst
        self._tokens = burst

    @property
    def left(self) -> float:
        """Retries that may be made now; a fraction is on its way to the next."""
        return self._tokens

    def deposit(self) -> None:
        """Count one first attempt."""
        self._tokens = min(self._burst, self._tokens + self._ratio)

    def withdraw(self) -> bool:
        """Take leave for one retry; False when the budget is spent."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class BulkheadFull(Exception):
    """As many calls wait as may wait, or this one waited as long as it may."""


class Bulkhead:
    """At most `concurrency` calls at once, at most `queue` more waiting; the rest are refused at once."""

    def __init__(self, concurrency: int, queue: int) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._queue = queue
        self._waiting = 0
        self.in_use = 0
        """Calls that hold a slot."""

    @property
    def waiting(self) -> int:
        """Calls that wait for one."""
        return self._waiting

    @asynccontextmanager
    async def slot(self, patience: float) -> AsyncIterator[None]:
        """Hold one slot, waiting for it at most `patience` seconds.

        Raises:
            BulkheadFull: the queue is full, or no slot came free in time.

        """
        if self._slots.locked() and self._waiting >= self._queue:
            raise BulkheadFull
        self._waiting += 1
        try:
            async with asyncio.timeout(patience):
                await self._slots.acquire()
        except TimeoutError:
            raise BulkheadFull from None
        finally:
            self._waiting -= 1
        self.in_use += 1
        try:
            yield
        finally:
            self.in_use -= 1
            self._slots.release()
