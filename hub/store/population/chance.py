# SPDX-License-Identifier: EUPL-1.2
"""Seeded chance: one stream per subject, and weighted words that cost one multiplication to draw."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Generic, TypeVar

Item = TypeVar("Item")


def stream(seed: int, subject: str) -> Random:
    """The numbers of one subject: the same for the same seed on every machine, whatever the other subjects draw."""
    return Random(f"{seed}/{subject}")  # noqa: S311 (reproducible on purpose; nothing here is a secret)


class Draw(Generic[Item]):
    """Items with weights in parts per thousand (rounded, at least one part each)."""

    __slots__ = ("_parts",)

    def __init__(self, weighted: Sequence[tuple[Item, float]]) -> None:
        whole = sum(weight for _, weight in weighted)
        self._parts = [item for item, weight in weighted for _ in range(max(1, round(1000 * weight / whole)))]

    def __call__(self, chance: Random) -> Item:
        """One item."""
        return self._parts[int(chance.random() * len(self._parts))]
