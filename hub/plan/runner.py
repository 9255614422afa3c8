# SPDX-License-Identifier: EUPL-1.2
"""Where plans are run: each on a connection that reads."""

from __future__ import annotations

from hub.access.caller import Caller
from hub.plan.arguments import Variables
from hub.plan.plan import Plan
from hub.store.engine import Pool


class Runner:
    """Runs the plans of one process. Cancelling a run cancels its statement."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def run(self, plan: Plan, variables: Variables, caller: Caller) -> bytes:
        """The JSON of the root field, as PostgreSQL wrote it."""
        async with self._pool.acquire() as connection:
            return await plan.run(connection, variables, caller)
