# SPDX-License-Identifier: EUPL-1.2
"""The loop that tells other systems what was recorded here: draw, take, tell, settle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from connectors.outbound.drawing import draw
from connectors.outbound.fact import Receipt, Recipient
from connectors.outbound.retries import Retries
from connectors.outbound.taking import Address, Settled, Taken, ready, settle, take
from hub.errors import UpstreamError, UpstreamInvalid, UpstreamRefused, UpstreamUnavailable
from hub.repeating import repeat
from hub.spans import Value, span
from hub.store.engine import Pool
from hub.store.vocabulary import AttemptOutcome, DeliveryState

INTERVAL = 1.0
"""Seconds between two looks."""
AT_ONCE = 16
"""Deliveries of a destination that are on their way at the same time, each about another person."""
LEASE = timedelta(minutes=2)
"""How long a delivery is ours: well beyond any call's deadline."""
FOR_GOOD = frozenset({400, 409, 422})
"""HTTP statuses by which a recipient refuses what is said. By others it refuses who says it, or is not itself: that passes."""

log = structlog.get_logger()


class Dispatcher:
    """Tells each destination its facts; as many processes may as like.

    Args:
        pool: of connections that write; none is held while a recipient is waited for.
        recipients: the connectors there are, by channel and agency; what is for others waits.
        now: the time of day, with an offset.
        random: in [0, 1).
        retries: how long to wait, and when to give up.

    """

    def __init__(
        self,
        pool: Pool,
        recipients: Mapping[Address, Recipient],
        now: Callable[[], datetime],
        random: Callable[[], float],
        retries: Retries | None = None,
    ) -> None:
        self._pool = pool
        self._recipients = recipients
        self._now = now
        self._random = random
        self._retries = retries or Retries()

    async def look(self) -> int:
        """Draw what is new, and tell all that is due; how many attempts were made."""
        await draw(self._pool, self._now())
        attempts = 0
        while taken := await self._take():
            attempts += len(taken)
            # NOTE each to its end, whatever becomes of another: what was answered is noted.
            for done in await asyncio.gather(*map(self._tell, taken), return_exceptions=True):
                if isinstance(done, BaseException):
                    raise done
        return attempts

    async def run(self) -> None:
        """Look every second, until cancelled."""
        await repeat(self._turn, INTERVAL, "deliveries.failed")

    async def _turn(self) -> None:
        if attempts := await self.look():
            log.info("deliveries", attempts=attempts)

    async def _take(self) -> list[Taken]:
        now = self._now()
        async with self._pool.acquire() as connection, connection.transaction():
            taken: list[Taken] = []
            for one in await ready(connection, self._recipients.keys(), now):
                # A recipient that did not answer is tried with one: not all that waits is counted as tried in vain.
                most = 1 if one.failures else AT_ONCE
                taken += await take(connection, one, most, now, LEASE)
            return taken

    async def _tell(self, taken: Taken) -> None:
        channel, agency = taken.destination.address
        about: dict[str, Value] = {
            "snodo.agency": agency,
            "snodo.channel": channel.value,
            "snodo.attempt": taken.attempt,
        }
        with span("delivery", attributes=about) as noted:
            settled = await self._told(taken)
            noted.note({"snodo.outcome": settled.outcome.value, "snodo.delivery.state": settled.state.value})
            async with self._pool.acquire() as connection, connection.transaction():
                await settle(connection, taken, settled, self._now())
        if settled.state in (DeliveryState.REFUSED, DeliveryState.EXHAUSTED):
            log.warning(
                "delivery.dead",
                delivery=str(taken.fact.key),
                agency=taken.destination.address[1],
                state=settled.state.value,
                code=settled.code,
            )

    async def _told(self, taken: Taken) -> Settled:
        recipient = self._recipients[taken.destination.address]
        try:
            return self._answered(await recipient.tell(taken.fact))
        except UpstreamError as error:
            return self._not_told(taken, error)
        except Exception as error:
            # NOTE what no connector may raise is this fact's trouble alone, and it too comes to an end. Its message may hold anything.
            agency = taken.destination.address[1]
            log.error(
                "delivery.broken", delivery=str(taken.fact.key), agency=agency, error=type(error).__name__
            )
            return self._not_told(taken, UpstreamInvalid("Its connector failed.", agency=agency))

    @staticmethod
    def _answered(receipt: Receipt) -> Settled:
        if receipt.accepted:
            return Settled(AttemptOutcome.ACCEPTED, DeliveryState.ACCEPTED, receipt.code)
        return Settled(AttemptOutcome.REFUSED, DeliveryState.REFUSED, receipt.code)

    def _not_told(self, taken: Taken, error: UpstreamError) -> Settled:
        status = error.extensions.get("status") if isinstance(error, UpstreamRefused) else None
        code = None if status is None else f"HTTP {status}"
        if status in FOR_GOOD:
            return Settled(AttemptOutcome.REFUSED, DeliveryState.REFUSED, code)
        invalid = isinstance(error, UpstreamInvalid)
        outcome = AttemptOutcome.INVALID if invalid else AttemptOutcome.UNAVAILABLE
        # What its answer is like may be this fact's doing; that it does not answer is not.
        rests = None if invalid else self._after(taken.destination.failures + 1, error)
        if taken.tries >= self._retries.most:
            return Settled(outcome, DeliveryState.EXHAUSTED, code, rests_until=rests)
        again = self._after(taken.tries, error)
        return Settled(outcome, DeliveryState.WAITING, code, not_before=again, rests_until=rests)

    def _after(self, failures: int, error: UpstreamError) -> datetime:
        """When to try again: after so many failures, and not before the recipient says."""
        asked = (error.retry_after or 0.0) if isinstance(error, UpstreamUnavailable) else 0.0
        wait = max(self._retries.wait(failures, self._random()), asked)
        return self._now() + timedelta(seconds=wait)
