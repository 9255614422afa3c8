# SPDX-License-Identifier: EUPL-1.2
"""Who is let in: known by a voucher, and not more often than allowed. Every answer says how often that is (ModI's X-RateLimit-*)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import TypeAlias

from starlette.types import Scope

from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.access.rate import CallsUsedUp, RateLimiter
from hub.errors import ClientError
from hub.http.attempts import FailedAttempts
from hub.http.authentication import Authenticator, Headers
from hub.http.watch import UnderWay

Told: TypeAlias = Sequence[tuple[bytes, bytes]]


class Admission:
    """Lets requests in, and counts them. `clock` gives Unix seconds."""

    def __init__(
        self,
        authenticator: Authenticator,
        limiter: RateLimiter,
        attempts: FailedAttempts,
        clock: Callable[[], float],
    ) -> None:
        self._authenticator = authenticator
        self._limiter = limiter
        self._attempts = attempts
        self._clock = clock

    async def admit(
        self, scope: Scope, headers: Headers, under_way: UnderWay
    ) -> tuple[Caller, Operator | None]:
        """Who asks, for one call of theirs; the headers of the answer are left with the request.

        Raises:
            RateLimited: a limit is reached; of the consumer's calls, or of its address's failures.
            ClientError: the voucher does not hold, or has no grant.

        """
        known = await self.identify(scope, headers)
        under_way.caller = known[0]
        try:
            allowance = self._limiter.take(known[0]) or await self._limiter.wait(known[0])
        except CallsUsedUp as refused:
            under_way.headers = self._told(refused.bound.limit, 0, refused.bound.window.end)
            raise
        under_way.headers = self._told(allowance.limit, allowance.remaining, allowance.ends_at)
        return known

    async def identify(self, scope: Scope, headers: Headers) -> tuple[Caller, Operator | None]:
        """Who asks, without a call. Raises as `admit` does, but for the consumer's calls."""
        if self._attempts.is_over(scope, headers) and not self._authenticator.knows(headers):
            self._attempts.refuse()
        try:
            return await self._authenticator.authenticate(headers)
        except ClientError:
            self._attempts.failed(scope, headers)
            raise

    async def count(self, caller: Caller) -> None:
        """Count one call of somebody who is known already.

        Raises:
            RateLimited: a limit is reached.

        """
        if self._limiter.take(caller) is None:
            await self._limiter.wait(caller)

    def told_to_nobody(self, scope: Scope, headers: Headers) -> Told:
        """The headers of an answer to somebody who is not known: how many more failures its address may have."""
        return self._told(*self._attempts.standing(scope, headers))

    def _told(self, limit: int, remaining: int, ends_at: float) -> Told:
        """`X-RateLimit-Reset` is in seconds from now, as ModI has it."""
        return (
            (b"x-ratelimit-limit", b"%d" % limit),
            (b"x-ratelimit-remaining", b"%d" % remaining),
            (b"x-ratelimit-reset", b"%d" % max(ceil(ends_at - self._clock()), 0)),
        )
