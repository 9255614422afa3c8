# SPDX-License-Identifier: EUPL-1.2
"""The months of the access log: partitions made ahead, and dropped when they have been kept long enough.

Whoever runs this may only ask for it: the database's own functions do it, and refuse to drop what is younger than its least.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from hub.repeating import repeat
from hub.store.engine import Pool

log = structlog.get_logger()

AHEAD = 2
"""Months that are there before they begin."""
INTERVAL = 3_600.0
"""Seconds between two looks."""
_FORGET = """
    DELETE FROM erased_look WHERE NOT EXISTS (SELECT FROM access_log WHERE at = line_at AND id = line_id)
"""
_MISPLACED = "SELECT count(*) FROM access_log WHERE tableoid = 'access_log_default'::regclass"


@dataclass(frozen=True)
class Kept:
    """What a look at the months came to."""

    made: int
    dropped: list[str]
    misplaced: int
    """Lines outside the months: somebody must act, since the months they are of cannot be made."""


class LogMonths:
    """Keeps the months; as many processes may as like."""

    def __init__(self, pool: Pool, keep: int | None) -> None:
        """Take for how many months a partition is kept after it ended; None: for ever."""
        self._pool = pool
        self._keep = keep
        self.misplaced = 0

    async def look(self) -> Kept:
        """Make what is missing, drop what is old, count what is misplaced.

        Raises:
            asyncpg.PostgresError: the database refuses, because it keeps the log for longer, say.

        """
        async with self._pool.acquire() as connection:
            made = await connection.fetchval("SELECT make_access_log_months($1)", AHEAD)
            self.misplaced = await connection.fetchval(_MISPLACED)
            dropped: list[str] = []
            if self._keep is not None:
                dropped = await connection.fetchval("SELECT drop_access_log_months($1)", self._keep)
                await connection.execute(_FORGET)  # what names lines that have gone
        return Kept(made, dropped, self.misplaced)

    async def run(self) -> None:
        """Look every hour, until cancelled."""
        await repeat(self._turn, INTERVAL, "access_log.months_failed")

    async def _turn(self) -> None:
        kept = await self.look()
        if kept.made or kept.dropped:
            log.info("access_log.months", made=kept.made, dropped=kept.dropped)
        if kept.misplaced:
            log.error("access_log.misplaced", lines=kept.misplaced)
