# SPDX-License-Identifier: EUPL-1.2
"""How long to wait before a fact is sent again, and when to give up."""

from __future__ import annotations

from dataclasses import dataclass

_HIGHEST = 30
"""Doublings, beyond any `longest`."""


@dataclass(frozen=True, slots=True)
class Retries:
    """Seconds, and how often: the wait doubles from `first` to `longest`; between fifty attempts lie 20 to 40 hours, 30 on average.

    Between half of the bound and all of it, so that what failed together does not come back together.
    """

    first: float = 5.0
    longest: float = 3600.0
    most: int = 50

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.longest or self.most < 1:
            raise ValueError("0 < first <= longest, and at least one attempt")

    def wait(self, failures: int, random: float) -> float:
        """Seconds after so many failures in a row, 1 or more; `random` in [0, 1)."""
        bound = min(self.longest, self.first * 2.0 ** min(failures - 1, _HIGHEST))
        return bound * (0.5 + random / 2)
