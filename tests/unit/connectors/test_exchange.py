# SPDX-License-Identifier: EUPL-1.2
"""The exchange over a transport in memory, with a clock and a sleep of the test's own."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime

import httpx2
import pytest

from connectors.breaker import BreakerPolicy, State
from connectors.exchange import Answer, Exchange, Outgoing, Policy
from hub.errors import UpstreamInvalid, UpstreamUnavailable

Handler = Callable[[httpx2.Request], Coroutine[None, None, httpx2.Response]]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FRAGILE = BreakerPolicy(least_calls=4, failure_rate=0.5, open_for=5.0, trials=1)


def reply(status: int, headers: dict[str, str] | None = None, content: bytes = b"") -> httpx2.Response:
    """An answer that still has to be read, as from a socket."""
    return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(content))


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Agency:
    """Answers with a script, then with 200; counts."""

    def __init__(self, *script: httpx2.Response | Exception) -> None:
        self.script = list(script)
        self.requests: list[httpx2.Request] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        turn = self.script.pop(0) if self.script else reply(200, content=b"{}")
        if isinstance(turn, Exception):
            raise turn
        return turn


def exchange(
    handler: Handler, policy: Policy | None = None, time: Time | None = None, random: float = 0.5
) -> Exchange:
    clock = time or Time()
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
    return Exchange(
        "TEST",
        policy or Policy(),
        http,
        clock=clock,
        now=lambda: NOON,
        sleep=clock.sleep,
        random=lambda: random,
    )


async def prepare() -> Outgoing:
    return Outgoing("POST", "http://agency.test/x", {"X-One": "1"}, b"question")


def refused() -> httpx2.ConnectError:
    return httpx2.ConnectError("refused")


async def test_the_raw_answer_comes_back_and_the_request_goes_out_as_prepared() -> None:
    agency = Agency(reply(404, headers={"Content-Type": "Application/JSON; charset=utf-8"}, content=b"{}"))
    answer = await exchange(agency).call("op", prepare, idempotent=True)
    assert (answer.status, answer.body, answer.media_type) == (404, b"{}", "application/json")
    sent = agency.requests[0]
    assert (sent.method, sent.content, sent.headers["x-one"]) == ("POST", b"question", "1")
    assert sent.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("trouble", [reply(500), reply(503), refused()])
async def test_idempotent_calls_are_retried_with_a_request_prepared_anew(
    trouble: httpx2.Response | Exception,
) -> None:
    agency = Agency(trouble)
    prepared = 0

    async def count() -> Outgoing:
        nonlocal prepared
        prepared += 1
        return Outgoing("POST", "http://agency.test/x", {"X-Attempt": str(prepared)})

    answer = await exchange(agency).call("op", count, idempotent=True)
    assert answer.status == 200
    assert [one.headers["x-attempt"] for one in agency.requests] == ["1", "2"]


async def test_other_calls_are_never_retried() -> None:
    agency = Agency(reply(500))
    with pytest.raises(UpstreamUnavailable) as caught:
        await exchange(agency).call("op", prepare, idempotent=False)
    assert len(agency.requests) == 1
    assert caught.value.agency == "TEST"
    assert caught.value.extensions["operation"] == "op"
    assert "HTTP 500" in caught.value.message


@pytest.mark.parametrize(
    ("random", "expected"), [(0.0, [0.0, 0.0, 0.0]), (0.5, [0.05, 0.1, 0.15]), (1.0, [0.1, 0.2, 0.3])]
)
async def test_backoff_is_exponential_with_full_jitter_and_a_ceiling(
    random: float, expected: list[float]
) -> None:
    time = Time()
    policy = Policy(attempts=4, first_backoff=0.1, longest_backoff=0.3)
    agency = Agency(*(reply(500) for _ in range(4)))
    with pytest.raises(UpstreamUnavailable):
        await exchange(agency, policy, time, random).call("op", prepare, idempotent=True)
    assert time.slept == pytest.approx(expected)


async def test_the_retry_budget_ends_retries_when_everything_fails() -> None:
    async def down(_: httpx2.Request) -> httpx2.Response:
        calls.append(1)
        return reply(500)

    calls: list[int] = []
    never_opens = BreakerPolicy(least_calls=10_000)
    target = exchange(down, Policy(attempts=3, retry_ratio=0.1, retry_burst=5, breaker=never_opens))
    for _ in range(100):
        with pytest.raises(UpstreamUnavailable):
            await target.call("op", prepare, idempotent=True)
    assert 100 < len(calls) <= 100 + 5 + 10


@pytest.mark.parametrize(
    ("value", "expected"),
    [("3", 3.0), ("Sun, 01 Mar 2026 12:00:02 GMT", 2.0), ("Sun, 01 Mar 2026 11:00:00 GMT", 0.05)],
)
async def test_retry_after_is_honoured_in_seconds_and_as_a_date(value: str, expected: float) -> None:
    time = Time()
    agency = Agency(reply(503, headers={"Retry-After": value}))
    await exchange(agency, Policy(deadline=10), time).call("op", prepare, idempotent=True)
    assert time.slept == [pytest.approx(expected)]


async def test_a_retry_after_beyond_the_deadline_is_passed_on_not_waited_for() -> None:
    time = Time()
    agency = Agency(reply(429, headers={"Retry-After": "30"}))
    with pytest.raises(UpstreamUnavailable) as caught:
        await exchange(agency, Policy(deadline=5), time).call("op", prepare, idempotent=True)
    assert caught.value.retry_after == 30
    assert caught.value.extensions["retryAfter"] == 30
    assert time.slept == []


@pytest.mark.parametrize(
    "value", ["86401", "1" * 20, "9" * 400, "9" * 5_000, "Fri, 31 Dec 9999 23:59:59 GMT"]
)
async def test_a_retry_after_is_believed_for_a_day_at_most(value: str) -> None:
    agency = Agency(reply(503, headers={"Retry-After": value}))
    with pytest.raises(UpstreamUnavailable) as caught:
        await exchange(agency).call("op", prepare, idempotent=True)
    assert caught.value.retry_after == 86_400
    assert caught.value.extensions["retryAfter"] == 86_400


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        f"Sun, 01 Mar {'9' * 30} 12:00:02 GMT",
        f"Sun, 01 Mar 2026 12:00:02 +{'9' * 30}",
        "Fri, 31 Dec 9999 23:59:59 -9999",
        "Sun, 01 Mar 20260 12:00:02 GMT",
    ],
)
async def test_an_unreadable_retry_after_is_no_retry_after(value: str) -> None:
    agency = Agency(reply(503, headers={"Retry-After": value}))
    with pytest.raises(UpstreamUnavailable) as caught:
        await exchange(agency, Policy(longest_backoff=1.0)).call("op", prepare, idempotent=False)
    assert caught.value.retry_after == 1.0


async def test_429_is_unavailable_but_says_nothing_against_the_agency() -> None:
    agency = Agency(*(reply(429) for _ in range(20)))
    target = exchange(agency, Policy(breaker=FRAGILE))
    for _ in range(10):
        with pytest.raises(UpstreamUnavailable, match="429"):
            await target.call("op", prepare, idempotent=False)
    assert target.states == {"op": State.CLOSED}


async def test_4xx_never_opens_the_breaker() -> None:
    agency = Agency(*(reply(400) for _ in range(20)))
    target = exchange(agency, Policy(breaker=FRAGILE))
    for _ in range(20):
        assert (await target.call("op", prepare, idempotent=True)).status == 400
    assert target.states == {"op": State.CLOSED}


async def test_the_breaker_is_per_operation_opens_on_failures_and_recovers() -> None:
    time = Time()
    agency = Agency(*(reply(502) for _ in range(4)))
    target = exchange(agency, Policy(attempts=1, breaker=FRAGILE), time)
    for _ in range(4):
        with pytest.raises(UpstreamUnavailable):
            await target.call("op", prepare, idempotent=True)
    prepared = False

    async def never() -> Outgoing:
        nonlocal prepared
        prepared = True
        return await prepare()

    with pytest.raises(UpstreamUnavailable, match="too often") as caught:
        await target.call("op", never, idempotent=True)
    assert not prepared, "an open breaker does not even ask for a voucher"
    assert caught.value.retry_after == pytest.approx(5.0)
    assert len(agency.requests) == 4
    assert (await target.call("other", prepare, idempotent=True)).status == 200
    time.now += 5
    assert (await target.call("op", prepare, idempotent=True)).status == 200
    assert target.states == {"op": State.CLOSED, "other": State.CLOSED}


async def test_what_counts_as_failure_is_the_connectors_to_say() -> None:
    def soap_fault_is_an_answer(answer: Answer) -> bool:
        return answer.status >= 500 and answer.media_type != "text/xml"

    agency = Agency(reply(500, headers={"Content-Type": "text/xml"}, content=b"<Fault/>"))
    answer = await exchange(agency).call("op", prepare, idempotent=True, failed=soap_fault_is_an_answer)
    assert (answer.status, answer.body) == (500, b"<Fault/>")


async def test_a_slow_agency_is_left_after_the_attempts_time_and_counts_as_failing() -> None:
    async def slow(_: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(30)
        return reply(200)

    target = exchange(slow, Policy(attempts=1, attempt_timeout=0.02, deadline=0.02, breaker=FRAGILE))
    for _ in range(4):
        with pytest.raises(UpstreamUnavailable, match="in time"):
            await target.call("op", prepare, idempotent=True)
    assert target.states["op"] is State.OPEN


async def test_a_slow_preparation_ends_with_the_deadline_and_counts_for_nothing() -> None:
    async def slow() -> Outgoing:
        await asyncio.sleep(30)
        return await prepare()

    agency = Agency()
    target = exchange(agency, Policy(attempt_timeout=0.02, deadline=0.02, breaker=FRAGILE))
    for _ in range(6):
        with pytest.raises(UpstreamUnavailable, match="time for it is over"):
            await target.call("op", slow, idempotent=True)
    assert target.states["op"] is State.CLOSED
    assert agency.requests == []


async def test_an_error_of_the_preparation_is_the_callers() -> None:
    async def fails() -> Outgoing:
        raise UpstreamUnavailable(agency="PDND")

    with pytest.raises(UpstreamUnavailable) as caught:
        await exchange(Agency()).call("op", fails, idempotent=True)
    assert caught.value.agency == "PDND"


async def test_reading_stops_at_the_size_cap() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1_000):
            sent += 100
            yield b"x" * 100

    agency = Agency(httpx2.Response(200, content=endless()))
    with pytest.raises(UpstreamInvalid, match="more than 1000 bytes"):
        await exchange(agency, Policy(max_bytes=1_000)).call("op", prepare, idempotent=True)
    assert sent <= 1_200
    assert len(agency.requests) == 1, "another attempt would bring the same"


async def test_an_answer_of_exactly_the_cap_passes() -> None:
    agency = Agency(reply(200, content=b"x" * 1_000))
    assert (
        len((await exchange(agency, Policy(max_bytes=1_000)).call("op", prepare, idempotent=True)).body)
        == 1_000
    )


async def test_a_compressed_answer_is_refused_since_its_size_is_not_known() -> None:
    agency = Agency(reply(200, headers={"Content-Encoding": "gzip"}, content=gzip.compress(b"x" * 9_000)))
    with pytest.raises(UpstreamInvalid, match="compressed"):
        await exchange(agency).call("op", prepare, idempotent=True)


async def test_the_same_key_at_the_same_time_is_one_request() -> None:
    agency = Agency()
    target = exchange(agency)
    answers = await asyncio.gather(*(target.call("op", prepare, idempotent=True, key="k") for _ in range(10)))
    assert len(agency.requests) == 1
    assert {answer.body for answer in answers} == {b"{}"}
    await asyncio.gather(
        target.call("op", prepare, idempotent=True, key="other"),
        target.call("op2", prepare, idempotent=True, key="k"),
        target.call("op", prepare, idempotent=True),
        target.call("op", prepare, idempotent=True),
    )
    assert len(agency.requests) == 5


async def test_beyond_concurrency_and_queue_calls_are_refused_at_once() -> None:
    release = asyncio.Event()
    inside = most = 0

    async def slow(_: httpx2.Request) -> httpx2.Response:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await release.wait()
        inside -= 1
        return reply(200)

    target = exchange(slow, Policy(concurrency=2, queue=1))
    running = [asyncio.create_task(target.call("op", prepare, idempotent=True)) for _ in range(3)]
    await asyncio.sleep(0.01)
    with pytest.raises(UpstreamUnavailable, match="waiting"):
        await target.call("op", prepare, idempotent=True)
    release.set()
    await asyncio.gather(*running)
    assert most == 2


async def test_redirects_are_not_followed() -> None:
    agency = Agency(reply(302, headers={"Location": "http://elsewhere.test/"}))
    assert (await exchange(agency).call("op", prepare, idempotent=True)).status == 302
    assert len(agency.requests) == 1


async def test_several_calls_can_share_one_deadline() -> None:
    time = Time()
    target = exchange(Agency(), Policy(deadline=5, attempt_timeout=1), time)
    until = target.until()
    await target.call("op", prepare, idempotent=True, until=until)
    time.now += 5
    with pytest.raises(UpstreamUnavailable):
        await target.call("op", prepare, idempotent=True, until=until)


@pytest.mark.parametrize(
    "wrong",
    [
        {"deadline": 1.0, "attempt_timeout": 2.0},
        {"attempt_timeout": 0.0},
        {"attempts": 0},
        {"concurrency": 0},
        {"queue": -1},
        {"max_bytes": 0},
        {"first_backoff": 2.0, "longest_backoff": 1.0},
        {"retry_ratio": 1.5},
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Policy(**wrong)  # type: ignore[arg-type]
