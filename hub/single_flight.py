# SPDX-License-Identifier: EUPL-1.2
"""Callers who ask the same thing at the same time share one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

V = TypeVar("V")


@dataclass(slots=True, eq=False)
class _Flight(Generic[V]):
    task: asyncio.Task[V]
    passengers: int = 0
    unattended: bool = False


class SingleFlight(Generic[V]):
    """At most one piece of work per key at a time.

    The work ends with the last caller who waits for it: one caller's cancellation does not take the answer
    from the others. Work begun with `start` goes on with nobody waiting, until it is done or `aclose`.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[V]] = {}

    async def run(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """Wait for the work of this key, beginning it if nobody has; raises what the work raises."""
        flight = self._under_way(key) or self._begin(key, work)
        flight.passengers += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.passengers -= 1
            if not flight.passengers and not flight.unattended and not flight.task.done():
                self._land(key, flight)
                flight.task.cancel()

    def start(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, V]]) -> None:
        """Begin the work of this key, unless it is under way, and do not wait for it."""
        flight = self._under_way(key) or self._begin(key, work)
        flight.unattended = True

    async def aclose(self) -> None:
        """Cancel what is under way and wait for its end."""
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _under_way(self, key: Hashable) -> _Flight[V] | None:
        """Give a flight that can still be joined: one that has just ended is not, whatever it ended with."""
        flight = self._flights.get(key)
        return None if flight is None or flight.task.done() else flight

    def _begin(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, V]]) -> _Flight[V]:
        flight = _Flight(asyncio.get_running_loop().create_task(work()))
        self._flights[key] = flight
        flight.task.add_done_callback(lambda task: self._done(key, flight, task))
        return flight

    def _done(self, key: Hashable, flight: _Flight[V], task: asyncio.Task[V]) -> None:
        self._land(key, flight)
        if not task.cancelled():
            task.exception()  # taken note of: with nobody waiting the loop would complain that nobody did

    def _land(self, key: Hashable, flight: _Flight[V]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
