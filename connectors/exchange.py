# SPDX-License-Identifier: EUPL-1.2
"""One resilient way to call out.

    call ── single flight ── deadline ── attempt 1 … n (budget, jitter, Retry-After)
                                            └─ prepare ── bulkhead ── breaker ── HTTP (timeout, size cap)

An agency's connector builds one `Exchange` for its agency, says how a request is *prepared* (anew for each
attempt: a ModI signature carries a `jti` that the agency accepts once), and gets the raw answer. Whether
an answer that came is right by the agency's contract is the connector's business, not this module's; that it
was not is counted here (`reading`).

Each call is counted where it ends (`connectors.calls`), and a call that the agency failed is one line of the log. A call is a
span, and each attempt one below it (`hub.spans`): never with the URL, which may hold a path or a query of somebody's.
"""

from __future__ import annotations

import asyncio
import random as random_module
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import structlog

from connectors.breaker import Breaker, BreakerOpen, BreakerPolicy, State
from connectors.calls import WITHOUT_AGENCY, CallAccount, ConnectorStatus, OperationStatus, Outcome
from connectors.limits import Bulkhead, BulkheadFull, RetryBudget
from hub.errors import UpstreamInvalid, UpstreamUnavailable
from hub.single_flight import SingleFlight
from hub.spans import Kind, Value, span
from hub.trace import HEADER, trace, traceparent

_GRACE = 0.05
"""Seconds the caller's deadline lies behind the attempt's own, so that the breaker hears of a timeout."""
LONGEST_REST = 86_400.0
"""Seconds for which an agency's `Retry-After` is believed at most: a slip of its clock or its hand must not silence it for years."""

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
    hands_on_trace: bool = False
    """Whether an attempt carries `traceparent` (W3C Trace Context)."""
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

    outcome: Outcome
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


@dataclass(slots=True, eq=False)
class _Call:
    """One call while it is under way: what it is, and how it would be said to have ended."""

    operation: str
    prepare: Prepare
    idempotent: bool
    until: float
    failed: Failed
    trace: tuple[str, str]
    outcome: Outcome = Outcome.GIVEN_UP
    """NOTE as long as nothing else was said of it, it was cancelled."""
    attempts: int = 0
    joined: bool = False
    """Whether it shared a call that another had begun."""


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
        name: str | None = None,
        note: str | None = None,
    ) -> None:
        """Take the agency's name as errors say it, and an HTTP client that the caller closes.

        `clock` is monotonic seconds, `now` the time of day (Retry-After may be a date), `random` in [0, 1); `name`: its own
        in figures, where an agency has two exchanges; `note`: a sentence where the agency is never called.
        """
        self.agency = agency
        self.name = name or agency
        self.note = note
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
        self.accounts: dict[str, CallAccount] = {}
        """Of each operation that was called."""

    @property
    def http(self) -> httpx2.AsyncClient:
        """What it calls by: for a look at an address, which is no call."""
        return self._http

    @property
    def states(self) -> dict[str, State]:
        """The state of each operation's breaker, for /status and the metrics."""
        return {operation: breaker.state for operation, breaker in self._breakers.items()}

    @property
    def status(self) -> ConnectorStatus:
        """How the agency does, as this process has seen it."""
        return ConnectorStatus(
            self.name,
            self._budget.left,
            self._bulkhead.in_use,
            self._bulkhead.waiting,
            tuple(self._operation_status(operation) for operation in sorted(self.accounts)),
            self.note,
        )

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
        with span(f"{self.name} {operation}", attributes=self._named(operation)) as noted:
            call = _Call(operation, prepare, idempotent, limit, failed, trace())
            try:
                return await self._made(call, key)
            finally:
                breaker = self._breakers.get(operation)
                noted.note(
                    {
                        "snodo.call.outcome": "joined" if call.joined else call.outcome.value,
                        "snodo.call.attempts": call.attempts,
                        "snodo.breaker.state": (State.CLOSED if breaker is None else breaker.state).value,
                    }
                )

    async def _made(self, call: _Call, key: Hashable | None) -> Answer:
        operation = call.operation
        if call.until <= self._clock():
            self._account(operation).end(Outcome.DEADLINE, 0.0, self._now())
            raise self._late(call)
        async with self._deadline(call, call.until + _GRACE):
            if key is None:
                return await self._counted(call)
            begun: list[_Call] = []

            def begin() -> Coroutine[Any, Any, Answer]:
                begun.append(call)
                return self._counted(call)

            try:
                return await self._flights.run((operation, key), begin)
            finally:
                if not begun:
                    call.joined = True
                    self._account(operation).joined += 1

    def _named(self, operation: str) -> dict[str, str]:
        return {"snodo.agency": self.name, "snodo.agency.operation": operation}

    @contextmanager
    def reading(self, operation: str) -> Iterator[None]:
        """Count and log an answer that is read in the block, where it turns out to be none the contract allows."""
        try:
            yield
        except UpstreamInvalid:
            self._account(operation).invalid += 1
            _log.warning("answer.invalid", agency=self.agency, operation=operation)
            raise

    async def _counted(self, call: _Call) -> Answer:
        account, began = self._account(call.operation), self._clock()
        try:
            return await self._attempts(call, account)
        finally:
            seconds = self._clock() - began
            account.end(call.outcome, seconds, self._now())
            if call.outcome is not Outcome.ANSWERED and call.outcome not in WITHOUT_AGENCY:
                # NOTE as many lines as calls were made: an open breaker makes none.
                _log.warning(
                    "call.failed",
                    agency=self.agency,
                    operation=call.operation,
                    outcome=call.outcome.value,
                    attempts=call.attempts,
                    seconds=round(seconds, 3),
                    trace=call.trace[0],
                )

    async def _attempts(self, call: _Call, account: CallAccount) -> Answer:
        breaker = self._breaker(call.operation)
        self._budget.deposit()
        attempt = 1
        while True:
            outcome = await self._attempt(call, account, breaker)
            if isinstance(outcome, Answer):
                call.outcome = Outcome.ANSWERED
                return outcome
            delay = max(self._backoff(attempt), outcome.retry_after or 0.0)
            if (
                not call.idempotent
                or attempt >= self._policy.attempts
                or self._clock() + delay >= call.until
                or breaker.wait > delay
                or not self._budget.withdraw()
            ):
                again = max(outcome.retry_after or self._policy.longest_backoff, breaker.wait)
                raise self._ended(call, outcome.outcome, outcome.reason, again)
            account.retries += 1
            await self._sleep(delay)
            attempt += 1

    async def _attempt(self, call: _Call, account: CallAccount, breaker: Breaker) -> Answer | _Trouble:
        if wait := breaker.wait:  # before a voucher is asked for, or a place in the queue
            raise self._open(call, wait)
        async with self._deadline(call, call.until):
            try:
                outgoing = await call.prepare()
            except Exception:
                call.outcome = Outcome.UNPREPARED
                raise
        try:
            async with self._bulkhead.slot(call.until - self._clock()):
                return await self._through(call, account, breaker, outgoing)
        except BulkheadFull:
            again = self._policy.longest_backoff
            raise self._ended(call, Outcome.FULL, "too many calls are waiting for it", again) from None

    async def _through(
        self, call: _Call, account: CallAccount, breaker: Breaker, outgoing: Outgoing
    ) -> Answer | _Trouble:
        try:
            permit = breaker.enter()
        except BreakerOpen as closed:
            raise self._open(call, closed.wait) from None
        allowed = min(self._policy.attempt_timeout, max(0.0, call.until - self._clock()))
        call.attempts += 1
        account.attempts += 1
        account.bytes_sent += len(outgoing.body)
        try:
            answer = await self._tried(call, outgoing, allowed)
            is_failure = call.failed(answer)
        except (TimeoutError, httpx2.TimeoutException):
            # An attempt that was given only the rest of a deadline says nothing about the agency.
            if allowed < self._policy.attempt_timeout / 2:
                permit.abandoned()
            else:
                permit.failed()
            return _Trouble(Outcome.TIMEOUT, "it did not answer in time")
        except httpx2.TransportError as error:
            permit.failed()
            return _Trouble(Outcome.CONNECTION, f"the connection failed ({type(error).__name__})")
        except _Unreadable as unreadable:
            permit.succeeded()  # it answers; what it says is another matter
            call.outcome = unreadable.outcome
            raise UpstreamInvalid(unreadable.sentence, agency=self.agency) from None
        except BaseException:
            permit.abandoned()
            raise
        account.bytes_received += len(answer.body)
        if is_failure:
            permit.failed()
            return _Trouble(Outcome.FAILED, f"it failed (HTTP {answer.status})", self._retry_after(answer))
        permit.succeeded()
        if answer.status == 429:
            return _Trouble(Outcome.OVER_LIMIT, "it is over its limit (HTTP 429)", self._retry_after(answer))
        return answer

    async def _tried(self, call: _Call, outgoing: Outgoing, seconds: float) -> Answer:
        """The answer to one attempt, within its time."""
        about: dict[str, Value] = {
            **self._named(call.operation),
            "http.request.method": outgoing.method,
            "http.request.resend_count": call.attempts - 1,
        }
        with span(outgoing.method, Kind.CLIENT, about) as noted:
            if self._policy.hands_on_trace:
                header = {HEADER: traceparent(*call.trace), **outgoing.headers}
                outgoing = replace(outgoing, headers=header)
            async with asyncio.timeout(seconds):
                answer = await self._send(outgoing)
            noted.note({"http.response.status_code": answer.status})
            if answer.status >= 400:
                noted.fail(str(answer.status))
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
                raise _Unreadable(Outcome.ENCODED, f"{self.agency} compressed an answer asked for as is.")
            most = self._policy.max_bytes
            too_large = _Unreadable(Outcome.TOO_LARGE, f"{self.agency} sent more than {most} bytes.")
            told = response.headers.get("content-length", "")
            if told.isascii() and told.isdigit() and int(told) > most:
                raise too_large
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > most:
                    raise too_large
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
        """Read `Retry-After` (RFC 9110 section 10.2.3), seconds or a date: a day at most; None when absent or unreadable."""
        value: str = answer.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return min(float(value), LONGEST_REST)
        try:
            moment = parsedate_to_datetime(value)
        except (TypeError, ValueError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return min(max(0.0, (moment - self._now()).total_seconds()), LONGEST_REST)

    def _open(self, call: _Call, wait: float) -> UpstreamUnavailable:
        return self._ended(call, Outcome.OPEN, "it has failed too often of late", wait)

    def _late(self, call: _Call) -> UpstreamUnavailable:
        return self._ended(call, Outcome.DEADLINE, "the time for it is over", self._policy.longest_backoff)

    def _ended(
        self, call: _Call, outcome: Outcome, reason: str, retry_after: float | None = None
    ) -> UpstreamUnavailable:
        call.outcome = outcome
        return UpstreamUnavailable(
            f"{self.agency} is not available for {call.operation}: {reason}.",
            agency=self.agency,
            retry_after=retry_after,
            operation=call.operation,
        )

    def _account(self, operation: str) -> CallAccount:
        return self.accounts.setdefault(operation, CallAccount())

    def _operation_status(self, operation: str) -> OperationStatus:
        account, breaker = self.accounts[operation], self._breaker(operation)
        calls, failures = breaker.counted
        return OperationStatus(
            operation,
            breaker.state,
            self._now() - timedelta(seconds=self._clock() - breaker.since),
            calls,
            failures / calls if calls else 0.0,
            account.last_success_at,
            account.last_failure_at,
        )

    @asynccontextmanager
    async def _deadline(self, call: _Call, until: float) -> AsyncIterator[None]:
        left = until - self._clock()
        try:
            if left <= 0:
                raise TimeoutError
            async with asyncio.timeout(left):
                yield
        except TimeoutError:
            raise self._late(call) from None


class _Unreadable(Exception):
    """An answer that is not read to its end."""

    def __init__(self, outcome: Outcome, sentence: str) -> None:
        self.outcome, self.sentence = outcome, sentence
        super().__init__(sentence)
