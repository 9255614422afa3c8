# SPDX-License-Identifier: EUPL-1.2
"""Failed authentications, counted by address: each is a signature verified, or a look into the tables, for nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import Final

from starlette.types import Scope

from hub.access.call_windows import MINUTE
from hub.access.rate import RateLimited
from hub.http.addresses import Addresses

MOST_KNOWN: Final = 10_000
"""Addresses of one minute that are remembered; beyond it the first go."""


class TooManyAttempts(RateLimited):
    """Too many vouchers from this address were refused."""


class FailedAttempts:
    """The failed authentications of the present minute, in this process. `clock` gives Unix seconds.

    An address over the limit is still heard when it presents a voucher that was let in when it last came: behind one address there may
    be many.
    """

    def __init__(self, most: int, addresses: Addresses, clock: Callable[[], float]) -> None:
        self._most = most
        self._addresses = addresses
        self._clock = clock
        self._failed: dict[str, int] = {}
        self._over = 0
        """Addresses that have had as many as they may."""
        self._until = 0.0
        self.refused = 0
        """Requests refused for it, in all."""

    def address(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        """The address that is held to account for a request."""
        return self._addresses.of(scope, headers)

    def is_over(self, scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
        """Whether this request's address has had as many as it may."""
        # NOTE first, for every request of everybody: nothing is looked up while no address is over.
        if not self._over:
            return False
        self._begin_minute()
        return self._failed.get(self._addresses.of(scope, headers), 0) >= self._most

    def refuse(self) -> None:
        """Refuse a request of such an address.

        Raises:
            TooManyAttempts: always.

        """
        self.refused += 1
        seconds = max(ceil(self._until - self._clock()), 1)
        raise TooManyAttempts(
            f"{self._most} vouchers from this address were refused within a minute; mend what they said was wrong, and ask again "
            f"in {seconds} seconds.",
            limit=self._most,
            window="MINUTE",
            of="ADDRESS",
            retryAfter=seconds,
        )

    def failed(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        """Count one more."""
        self._begin_minute()
        address = self._addresses.of(scope, headers)
        number = self._failed.get(address, 0) + 1
        if number == 1 and len(self._failed) >= MOST_KNOWN:
            self._over -= self._failed.pop(next(iter(self._failed))) >= self._most
        self._failed[address] = number
        self._over += number == self._most

    def standing(self, scope: Scope, headers: Mapping[bytes, bytes]) -> tuple[int, int, float]:
        """Of this address: failures allowed in a minute, those still left, and the seconds until it ends."""
        self._begin_minute()
        failed = self._failed.get(self._addresses.of(scope, headers), 0)
        return self._most, max(self._most - failed, 0), self._until - self._clock()

    def _begin_minute(self) -> None:
        now = self._clock()
        if now >= self._until:
            self._failed.clear()
            self._over = 0
            self._until = now - now % MINUTE + MINUTE
