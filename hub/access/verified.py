# SPDX-License-Identifier: EUPL-1.2
"""The tokens found good lately, by their text, so that a warm request costs one look-up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from hub.access.jwks import KeySet


class Expiring(Protocol):
    """What a token says: good until `expires_at`, in Unix seconds."""

    @property
    def expires_at(self) -> float:
        """When it ends."""


T = TypeVar("T", bound=Expiring)


class VerifiedTokens(Generic[T]):
    """Remembers what the last `capacity` good tokens say. `clock` gives Unix seconds; `skew`: seconds it may differ."""

    def __init__(self, keys: KeySet, clock: Callable[[], float], skew: float, capacity: int) -> None:
        self._keys = keys
        self._clock = clock
        self._skew = skew
        self._capacity = capacity
        # NOTE: by the token itself, not its SHA-256, which would cost more than all the rest of a hit.
        self._found: OrderedDict[str, T] = OrderedDict()
        self._withdrawals = keys.withdrawals

    def get(self, token: str) -> T | None:
        """Give what a token says that was found good, if it still holds.

        It no longer holds once it has expired, or once a key has left its issuer's set since.
        """
        if self._withdrawals != self._keys.withdrawals:
            self._found.clear()
            self._withdrawals = self._keys.withdrawals
        found = self._found.get(token)
        if found is None or self._keys.due:
            return None
        if self._clock() >= found.expires_at + self._skew:
            del self._found[token]
            return None
        self._found.move_to_end(token)
        return found

    def put(self, token: str, found: T) -> None:
        """Remember a token that was found good just now."""
        self._found[token] = found
        if len(self._found) > self._capacity:
            self._found.popitem(last=False)
