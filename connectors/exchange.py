# SPDX-License-Identifier: EUPL-1.2
"""One resilient way to call out.

    call ── single flight ── deadline ── attempt 1 … n (budget, jitter, Retry-After)
                                            └─ prepare ── bulkhead ── breaker ── HTTP (timeout, size cap)

An agency's connector builds one `Exchange` for its agency, says how a request is *prepared* (anew for each
attempt: a ModI signature carries a `jti` that the agency accepts once), and gets the raw answer. Whether
an answer that came is right by the agency's contract is the connector's business, not this module's.
"""

from __future__ import annotations

import asyncio
import random as random_module
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import structlog

from connectors.breaker import Breaker, BreakerOpen, BreakerPolicy, State
from connectors.limits import Bulkhead, BulkheadFull, RetryBudget
from hub.errors import UpstreamInvalid, UpstreamUnavailable
from hub.single_flight import SingleFlight

_GRACE = 0.05
"""Seconds the caller's deadline lies behind the attempt's own, so that the breaker hears of a timeout."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """How one agency is called: seconds, counts, bytes, and the share of calls that may be retries."""

    deadline: float = 5.0
    attempt_timeout: float = 2.0
    attempts: int = 3
    first_backoff: float = 0.1
    longest_backoff: float = 1.0
    concurrency: int = 16
    queue: int = 64
    max_bytes: int = 5_000_000
    retry_ratio: float = 0.1
    retry_burst: float = 10.0
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)

    def __post_init__(self) -> None:
        if not 0 < self.attempt_timeout <= self.deadline:
            raise ValueError("0 < attempt_timeout <= deadline")
        if min(self.attempts, self.concurrency, self.max_bytes) < 1 or self.queue < 0:
            raise ValueError("attempts, concurrency and max_bytes are at least 1, queue at least 0")
        if not 0 < self.first_backoff <= self.longest_backoff:
            raise ValueError("0 < first_backoff <= longest_backoff")
        if not 0 <= self.retry_ratio <= 1 or self.retry_burst < 0:
            raise ValueError("retry_ratio lies in [0, 1], retry_burst is at least 0")


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why an attempt that may be repeated came to nothing, and when the agency asked to be left until."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One HTTP request, ready to go; `body` is sent byte for byte."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, raw; header names are found in any case."""

    status: int
    headers: httpx2.Headers
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without parameters, lower case; empty when the answer names none."""
        value: str = self.headers.get("content-type", "")
        return value.partition(";")[0].strip().lower()


Prepare = Callable[[], Awaitable[Outgoing]]
Failed = Callable[[Answer], bool]


def server_error(answer: Answer) -> bool:
    """Whether the agency says that it failed: any 5xx (SOAP faults are 500 too: their connector knows better)."""
    return answer.status >= 500


class Exchange:
    """All calls of the hub to one agency."""

    def __init__(
        self,
        agency: str,
        policy: Policy,
        http: httpx2.AsyncClient,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        """Take the agency's name as errors say it, and an HTTP client that the caller closes.

        `clock` is monotonic seconds, `now` the time of day (Retry-After may be a date), `random` in [0, 1).
        """
        self.agency = agency
        self._policy = policy
        self._http = http
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._random = random
        self._budget = RetryBudget(policy.retry_ratio, policy.retry_burst)
        self._bulkhead = Bulkhead(policy.concurrency, policy.queue)
        self._flights: SingleFlight[Answer] = SingleFlight()
        self._breakers: dict[str, Breaker] = {}

    @property
    def states(self) -> dict[str, State]:
        """The state of each operation's breaker, for /status and the metrics."""
        return {operation: breaker.state for operation, breaker in self._breakers.items()}

    def until(self) -> float:
        """The deadline, on this exchange's clock, of work that begins now and makes several calls."""
        return self._clock() + self._policy.deadline

    async def call(
        self,
        operation: str,
        prepare: Prepare,
        *,
        idempotent: bool,
        key: Hashable | None = None,
        until: float | None = None,
        failed: Failed = server_error,
    ) -> Answer:
        """Call one operation of the agency and return its answer: any status but 429 that `failed` passes.

        Args:
            operation: the breaker's name, never personal data.
            prepare: builds the request, anew for each attempt; what it raises is raised here.
            idempotent: whether a second attempt does no harm; only then is there one.
            key: callers with the same operation and key at the same time share one call. It must hold
                everything that makes the answer, or its trace at the agency, the caller's own.
            until: a deadline from `until()`; by default the policy's, from now.
            failed: which answers count as the agency's failure.

        Raises:
            UpstreamUnavailable: no connection, timeout, failure, 429, open breaker, full bulkhead, deadline.
            UpstreamInvalid: the answer is larger than `max_bytes`, or compressed though we asked it not to be.

        """
        limit = self.until() if until is None else until
        async with self._deadline(operation, limit + _GRACE):
            if key is None:
                return await self._attempts(operation, prepare, idempotent, limit, failed)
            return await self._flights.run(
                (operation, key), lambda: self._attempts(operation, prepare, idempotent, limit, failed)
            )

    async def _attempts(
        self, operation: str, prepare: Prepare, idempotent: bool, until: float, failed: Failed
    ) -> Answer:
        breaker = self._breaker(operation)
        self._budget.deposit()
        attempt = 1
        while True:
            outcome = await self._attempt(operation, breaker, prepare, until, failed)
            if isinstance(outcome, Answer):
                return outcome
            delay = max(self._backoff(attempt), outcome.retry_after or 0.0)
            if (
                not idempotent
                or attempt >= self._policy.attempts
                or self._clock() + delay >= until
                or breaker.wait > delay
                or not self._budget.withdraw()
            ):
                again = max(outcome.retry_after or self._policy.longest_backoff, breaker.wait)
                raise self._unavailable(operation, outcome.reason, again)
            await self._sleep(delay)
            attempt += 1

    async def _attempt(
        self, operation: str, breaker: Breaker, prepare: Prepare, until: float, failed: Failed
    ) -> Answer | _Trouble:
        if wait := breaker.wait:  # before a voucher is asked for, or a place in the queue
            raise self._open(operation, wait)
        async with self._deadline(operation, until):
            outgoing = await prepare()
        try:
            async with self._bulkhead.slot(until - self._clock()):
                return await self._through(operation, breaker, outgoing, until, failed)
        except BulkheadFull:
            again = self._policy.longest_backoff
            raise self._unavailable(operation, "too many calls are waiting for it", again) from None

    async def _through(
        self, operation: str, breaker: Breaker, outgoing: Outgoing, until: float, failed: Failed
    ) -> Answer | _Trouble:
        try:
            permit = breaker.enter()
        except BreakerOpen as closed:
            raise self._open(operation, closed.wait) from None
        allowed = min(self._policy.attempt_timeout, max(0.0, until - self._clock()))
        try:
            async with asyncio.timeout(allowed):
                answer = await self._send(outgoing)
            is_failure = failed(answer)
        except (TimeoutError, httpx2.TimeoutException):
            # An attempt that was given only the rest of a deadline says nothing about the agency.
            if allowed < self._policy.attempt_timeout / 2:
                permit.abandoned()
            else:
                permit.failed()
            return _Trouble("it did not answer in time")
        except httpx2.TransportError as error:
            permit.failed()
            return _Trouble(f"the connection failed ({type(error).__name__})")
        except UpstreamInvalid:
            permit.succeeded()  # it answers; what it says is another matter
            raise
        except BaseException:
            permit.abandoned()
            raise
        if is_failure:
            permit.failed()
            return _Trouble(f"it failed (HTTP {answer.status})", self._retry_after(answer))
        permit.succeeded()
        if answer.status == 429:
            return _Trouble("it is over its limit (HTTP 429)", self._retry_after(answer))
        return answer

    async def _send(self, outgoing: Outgoing) -> Answer:
        headers = {"Accept-Encoding": "identity", **outgoing.headers}
        async with self._http.stream(
            outgoing.method,
            outgoing.url,
            headers=headers,
            content=outgoing.body,
            follow_redirects=False,
            timeout=None,
        ) as response:
            # A compressed answer could grow past the cap inside the decoder: we asked for none.
            if response.headers.get("content-encoding", "").lower() in {"gzip", "deflate", "br", "zstd"}:
                raise UpstreamInvalid(
                    f"{self.agency} compressed an answer asked for as is.", agency=self.agency
                )
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > self._policy.max_bytes:
                    raise UpstreamInvalid(
                        f"{self.agency} sent more than {self._policy.max_bytes} bytes.", agency=self.agency
                    )
            return Answer(response.status_code, response.headers, bytes(body))

    def _breaker(self, operation: str) -> Breaker:
        breaker = self._breakers.get(operation)
        if breaker is None:
            breaker = Breaker(self._policy.breaker, self._clock, lambda state: self._tell(operation, state))
            self._breakers[operation] = breaker
        return breaker

    def _tell(self, operation: str, state: State) -> None:
        _log.warning("breaker", agency=self.agency, operation=operation, state=state.value)

    def _backoff(self, attempt: int) -> float:
        """Full jitter: anything between nothing and the exponential bound, in seconds."""
        return self._random() * min(
            self._policy.longest_backoff, self._policy.first_backoff * 2.0 ** (attempt - 1)
        )

    def _retry_after(self, answer: Answer) -> float | None:
        """Read `Retry-After` (RFC 9110 section 10.2.3): seconds or a date; None when absent or unreadable."""
        value: str = answer.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return float(value)
        try:
            moment = parsedate_to_datetime(value)
        except (TypeError, ValueError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - self._now()).total_seconds())

    def _open(self, operation: str, wait: float) -> UpstreamUnavailable:
        return self._unavailable(operation, "it has failed too often of late", wait)

    def _unavailable(
        self, operation: str, reason: str, retry_after: float | None = None
    ) -> UpstreamUnavailable:
        return UpstreamUnavailable(
            f"{self.agency} is not available for {operation}: {reason}.",
            agency=self.agency,
            retry_after=retry_after,
            operation=operation,
        )

    @asynccontextmanager
    async def _deadline(self, operation: str, until: float) -> AsyncIterator[None]:
        left = until - self._clock()
        try:
            if left <= 0:
                raise TimeoutError
            async with asyncio.timeout(left):
                yield
        except TimeoutError:
            again = self._policy.longest_backoff
            raise self._unavailable(operation, "the time for it is over", again) from None
