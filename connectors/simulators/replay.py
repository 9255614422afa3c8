# SPDX-License-Identifier: EUPL-1.2
"""Memory of the `jti`s a provider has taken, until they would be expired anyway."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class SeenTokens:
    """Which tokens were used, by issuer and `jti`; belongs to one event loop."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Take a clock in seconds since the epoch."""
        self._now = now
        self._uses: dict[tuple[str, str], str] = {}
        self._ends: list[tuple[float, tuple[str, str]]] = []

    def first_use(self, issuer: str, jti: object, expires_at: float) -> bool:
        """Whether this token was never seen; it is now. A token without a `jti` is never new."""
        return self._use(issuer, jti, expires_at, "") is None and isinstance(jti, str)

    def same_use(self, issuer: str, jti: object, expires_at: float, use: str) -> bool:
        """Whether this token is new, or was seen in this one use only. Without a `jti`: never."""
        return isinstance(jti, str) and self._use(issuer, jti, expires_at, use) in {None, use}

    def _use(self, issuer: str, jti: object, expires_at: float, use: str) -> str | None:
        """Give the use this token was seen in before; note this one if there was none."""
        if not isinstance(jti, str):
            return None
        while self._ends and self._ends[0][0] <= self._now():
            self._uses.pop(heapq.heappop(self._ends)[1], None)
        known = self._uses.get((issuer, jti))
        if known is None:
            self._uses[issuer, jti] = use
            heapq.heappush(self._ends, (expires_at, (issuer, jti)))
        return known
