# SPDX-License-Identifier: EUPL-1.2
"""Callers that were found in the tables, and refusals: each remembered for some seconds at most, until word of a change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeAlias, TypeVar

from hub.access.caller import Caller
from hub.errors import ClientError
from hub.single_flight import SingleFlight
from hub.store.announcements import Word

LONGEST = 2.0
"""Seconds anything is remembered at most: a revoked grant ends within them, were word of it lost."""
MOST = 10_000
"""Callers and refusals that are remembered; beyond it those found first go."""

Found: TypeAlias = "tuple[Caller | ClientError, float]"
"""What the tables say of somebody, and for how many seconds at most."""
K = TypeVar("K", bound=Hashable)


class Remembered(Generic[K]):
    """What the tables said, by whom it was asked about. Who asks about the same at the same time shares one look at them.

    A refusal is remembered as a caller is: whoever is refused again and again costs no more looks than who is let in.
    """

    def __init__(self, clock: Callable[[], float], changed: Word) -> None:
        """Take a clock in seconds that only grows, and the word upon which all is looked for anew."""
        self._clock = clock
        self._changed = changed
        self._found: dict[K, tuple[float, int, Caller | ClientError]] = {}
        self._looks = SingleFlight[Found]()

    def get(self, key: K) -> Caller | None:
        """The caller, if what was found may still be believed; None means: ask `find`. Raises the refusal, if that was found."""
        known = self._found.get(key)
        if known is None or known[1] != self._changed.heard or self._clock() >= known[0]:
            return None
        return _let_in(known[2])

    async def find(self, key: K, look: Callable[[], Awaitable[Found]]) -> Caller:
        """The caller, by a look at the tables. Raises the refusal that was found, and what the look raises: that is not remembered."""
        return _let_in((await self.found(key, look))[0])

    async def found(self, key: K, look: Callable[[], Awaitable[Found]]) -> Found:
        """The same, be it a refusal, and for how long it may be believed."""
        heard, now = self._changed.heard, self._clock()
        known = self._found.get(key)
        if known is not None and known[1] == heard and now < known[0]:
            return known[2], known[0] - now

        async def looked() -> Found:
            # NOTE both read before the tables are: what changes meanwhile is asked for again.
            asked_at = self._clock()
            found, seconds = await look()
            self._found.pop(key, None)
            if len(self._found) >= MOST:
                del self._found[next(iter(self._found))]
            self._found[key] = (asked_at + seconds, heard, found)
            return found, seconds

        # NOTE with what was heard: who asks after a change does not join a look that began before it.
        return await self._looks.run((key, heard), looked)

    def clear(self) -> None:
        """Forget all."""
        self._found.clear()


def _let_in(found: Caller | ClientError) -> Caller:
    if isinstance(found, ClientError):
        raise found.with_traceback(None)  # NOTE or it would grow by the frames of everybody it is told
    return found
