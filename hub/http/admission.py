# SPDX-License-Identifier: EUPL-1.2
"""Who is let in: known by a voucher, and not more often than allowed. Every answer says how often that is (ModI's X-RateLimit-*)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import ceil
from typing import Protocol, TypeAlias

from starlette.types import Scope

from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.access.rate import Allowance, CallsUsedUp, RateLimited, RateLimiter
from hub.errors import ClientError
from hub.http.attempts import FailedAttempts
from hub.http.authentication import UPGRADE, Allow, Headers
from hub.http.watch import UnderWay

Told: TypeAlias = Sequence[tuple[bytes, bytes]]


class Identifies(Protocol):
    """Says who asks, by a request's headers (`hub.http.authentication.Authenticator`)."""

    async def authenticate(
        self, headers: Headers, method: str | None, allow: Allow
    ) -> tuple[Caller, Operator | None]:
        """See `Authenticator.authenticate`."""

    def knows(self, headers: Headers) -> bool:
        """See `Authenticator.knows`."""


class Admission:
    """Lets requests in, and counts them. `clock` gives Unix seconds."""

    def __init__(
        self,
        authenticator: Identifies,
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
        try:
            known = await self.identify(scope, headers)
            under_way.caller = known[0]
            allowance = self._limiter.take(known[0]) or await self._limiter.wait(known[0])
        except CallsUsedUp as refused:
            bound = refused.bound
            under_way.headers = told(bound.limit, 0, bound.window.end - self._clock())
            raise
        under_way.headers = _standing(allowance)
        return known

    async def identify(self, scope: Scope, headers: Headers) -> tuple[Caller, Operator | None]:
        """Who asks, without a call. Raises as `admit` does; for the consumer's calls only before a proof or evidence is looked at."""
        if self._attempts.is_over(scope, headers) and not self._authenticator.knows(headers):
            self._attempts.refuse()
        try:
            return await self._authenticator.authenticate(
                headers, scope.get("method", UPGRADE), self._limiter.check
            )
        except RateLimited:  # it is known who asks
            raise
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

    def failed(self, scope: Scope, headers: Headers) -> None:
        """Count a failure of its address that was none of a voucher's."""
        self._attempts.failed(scope, headers)

    def address(self, scope: Scope, headers: Headers) -> str:
        """The address that is held to account for a request."""
        return self._attempts.address(scope, headers)

    def told_to_nobody(self, scope: Scope, headers: Headers) -> Told:
        """The headers of an answer to somebody who is not known: how many more failures its address may have."""
        return told(*self._attempts.standing(scope, headers))


def _standing(allowance: Allowance) -> Told:
    bound = allowance.bound
    assert bound is not None, "a call was taken from it"
    # NOTE this is done for every call of everybody: the time is that of the call, and asked for no more.
    return told(bound.limit, bound.left + allowance.held, bound.window.end - allowance.used_at)


def told(limit: int, remaining: int, seconds: float) -> Told:
    """Calls of a window, those left of it, and the seconds until it ends, as ModI has them."""
    return _limit(limit), (b"x-ratelimit-remaining", b"%d" % remaining), _reset(ceil(seconds))


@lru_cache
def _limit(calls: int) -> tuple[bytes, bytes]:
    return b"x-ratelimit-limit", b"%d" % calls


@lru_cache
def _reset(seconds: int) -> tuple[bytes, bytes]:
    return b"x-ratelimit-reset", b"%d" % seconds
