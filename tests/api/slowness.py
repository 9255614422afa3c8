# SPDX-License-Identifier: EUPL-1.2
"""How slow this machine is at this moment, so that a bound in seconds of CPU means the same on a shared one."""

from __future__ import annotations

import time

USUAL = 0.0125
"""Seconds of CPU the sum below takes on the machine the bounds were set on, when nothing else runs."""


def slowness() -> float:
    """How many times as long as usual a piece of plain Python takes now; never less than 1."""
    began = time.process_time()
    total = 0
    for number in range(200_000):
        total += number
    assert total == 19_999_900_000
    return max(1.0, (time.process_time() - began) / USUAL)
