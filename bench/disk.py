# SPDX-License-Identifier: EUPL-1.2
"""How long the disk takes to make a write durable: each answer about people waits for one, and a recording for another."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

BLOCK = 8_192
"""Bytes of a write, as PostgreSQL's log of changes has them."""
BLOCKS = 512
TIMES = 300


def fdatasync(folder: Path) -> dict[str, float]:
    """Milliseconds from one small write to its durability, in a file whose length does not change: `p50` and `p99`."""
    taken = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        handle = file.fileno()
        os.write(handle, bytes(BLOCK * BLOCKS))
        os.fsync(handle)
        for number in range(TIMES):
            os.pwrite(handle, bytes(BLOCK), number % BLOCKS * BLOCK)
            began = time.perf_counter()
            os.fdatasync(handle)
            taken.append((time.perf_counter() - began) * 1e3)
    cuts = statistics.quantiles(taken, n=100)
    return {"p50": round(cuts[49], 3), "p99": round(cuts[98], 3)}
