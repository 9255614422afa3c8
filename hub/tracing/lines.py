# SPDX-License-Identifier: EUPL-1.2
"""Spans of the access log: how long an answer waits until its line is durable."""

from __future__ import annotations

from hub.access.line import Look
from hub.access.log import AccessLog
from hub.spans import span
from hub.store.statement import Connection
from hub.store.vocabulary import AccessOutcome


class TracedLog(AccessLog):
    """The log, as one process writes it; each line's way into it a span."""

    async def write(
        self,
        look: Look,
        outcome: AccessOutcome,
        subjects: str = "{}",
        positions: str | None = None,
        reached: int | None = None,
    ) -> None:
        """Return once the line is durable, as `AccessLog.write` does."""
        with span("access_log.commit", attributes={"snodo.access.outcome": outcome.value}):
            await super().write(look, outcome, subjects, positions, reached)

    async def write_within(
        self,
        connection: Connection,
        look: Look,
        subjects: str = "{}",
        outcome: AccessOutcome = AccessOutcome.ANSWERED,
    ) -> None:
        """Write the line in an open transaction, as `AccessLog.write_within` does."""
        with span("access_log.line", attributes={"snodo.access.outcome": outcome.value}):
            await super().write_within(connection, look, subjects, outcome)
