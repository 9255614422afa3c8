# SPDX-License-Identifier: EUPL-1.2
"""The account given of one request: whom it was shown, written down before it is."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from hub.access.line import Look
from hub.access.log import AccessLog, AccessLogUnavailable
from hub.access.seen import Seen
from hub.store.engine import Pool
from hub.store.statement import Connection
from hub.store.vocabulary import AccessOutcome


class Account:
    """One request, and whom its answer is about, as far as it was read."""

    __slots__ = ("_log", "look", "seen")

    def __init__(self, log: AccessLog, look: Look) -> None:
        self._log = log
        self.look = look
        self.seen = Seen()

    def anew(self, look: Look | None = None) -> Account:
        """An account of a further answer to the same request; `look`: who asks by then, where that may have changed."""
        return Account(self._log, look or self.look)

    async def answered(self) -> None:
        """Write down that the answer is given, and about whom. What is read from now on is a further answer.

        Raises:
            AccessLogUnavailable: it must not be given.

        """
        seen, self.seen = self.seen, Seen()
        await self._log.write(
            self.look, AccessOutcome.ANSWERED, seen.subjects(), seen.positions(), seen.reached
        )

    async def answered_within(self, connection: Connection) -> None:
        """The same in the open transaction of `connection`, so that one is not done without the other."""
        await self._log.write_within(connection, self.look, self.seen.subjects())

    def shows(self, keys: Iterable[UUID]) -> None:
        """These people are told of, too, beside those whose rows a statement marked."""
        self.seen.keys.update((str(key).encode(), None) for key in keys)

    async def refused(self) -> None:
        """Write down that it was refused: nothing was read. Raises as `answered` does."""
        await self._log.write(self.look, AccessOutcome.REFUSED)

    async def failed(self) -> None:
        """Write down that nothing was given, if that can be written: no answer depends on it."""
        with suppress(AccessLogUnavailable):
            await self._log.write(self.look, AccessOutcome.FAILED)

    async def foresee(self, pool: Pool) -> None:
        """Prepare for a line that is written with what a command does."""
        if not self._log.knows(self.look.operation.selection):
            async with pool.acquire() as connection:
                await self._log.know(connection, [self.look.operation.selection])
