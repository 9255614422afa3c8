# SPDX-License-Identifier: EUPL-1.2
"""Keys shaped as UUID version 7 (RFC 9562), drawn from a seeded stream instead of the clock: 16 bytes each."""

from __future__ import annotations

from random import Random

_VERSION = 7 << 76
_VARIANT = 2 << 62
_LOW = (1 << 62) - 1


def key(at: int, chance: Random) -> bytes:
    """A key of the moment `at` (milliseconds of the Unix epoch)."""
    noise = chance.getrandbits(74)
    return (at << 80 | _VERSION | (noise >> 62) << 64 | _VARIANT | noise & _LOW).to_bytes(16, "big")


class OrderedKeys:
    """Keys that rise with every call, also within one millisecond: the twelve bits after the version count."""

    __slots__ = ("_chance", "_count", "_last")

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._last = -1
        self._count = 0

    def next(self, at: int) -> bytes:
        """The next key; `at` (milliseconds) never goes back, and holds at most 4,096 keys.

        Raises:
            ValueError: it goes back, or holds more.

        """
        if at < self._last:
            raise ValueError("time goes back")
        self._count = self._count + 1 if at == self._last else 0
        if self._count > 0xFFF:
            raise ValueError("too many keys in one millisecond")
        self._last = at
        return (at << 80 | _VERSION | self._count << 64 | _VARIANT | self._chance.getrandbits(62)).to_bytes(
            16, "big"
        )
