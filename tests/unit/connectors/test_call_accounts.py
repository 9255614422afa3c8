# SPDX-License-Identifier: EUPL-1.2
"""Each call is counted where it ends, the one line about a failed one names its trace, and the states say how an agency does."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from connectors.breaker import State
from connectors.calls import Outcome
from connectors.exchange import Exchange, Policy
from hub.errors import UpstreamInvalid, UpstreamUnavailable
from hub.trace import RECEIVED
from tests.spans import Gathered
from tests.unit.connectors.test_exchange import (
    FRAGILE,
    NOON,
    Agency,
    Time,
    exchange,
    prepare,
    refused,
    reply,
)

OURS = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def ends(target: Exchange, **more: Any) -> dict[Outcome, int]:
    """How one call to it ended."""
    with contextlib.suppress(UpstreamUnavailable, UpstreamInvalid):
        await target.call("op", prepare, idempotent=True, **more)
    return dict(target.accounts["op"].ended)


@pytest.mark.parametrize(
    ("turn", "outcome"),
    [
        (reply(200), Outcome.ANSWERED),
        (reply(404), Outcome.ANSWERED),
        (reply(500), Outcome.FAILED),
        (reply(429), Outcome.OVER_LIMIT),
        (refused(), Outcome.CONNECTION),
        (httpx2.ReadTimeout("slow"), Outcome.TIMEOUT),
        (reply(200, content=b"x" * 2_000), Outcome.TOO_LARGE),
        (reply(200, headers={"Content-Encoding": "gzip"}), Outcome.ENCODED),
    ],
)
async def test_a_call_is_counted_by_how_it_ended(turn: httpx2.Response | Exception, outcome: Outcome) -> None:
    target = exchange(Agency(turn), Policy(attempts=1, max_bytes=1_000))
    assert await ends(target) == {outcome: 1}
    account = target.accounts["op"]
    assert (account.attempts, account.retries, account.bytes_sent) == (1, 0, len(b"question"))
    answered = outcome in {Outcome.ANSWERED, Outcome.OVER_LIMIT, Outcome.TOO_LARGE, Outcome.ENCODED}
    assert (account.last_success_at, account.last_failure_at) == ((NOON, None) if answered else (None, NOON))


async def test_a_length_that_is_said_and_too_large_is_not_waited_for() -> None:
    class Endless(httpx2.AsyncByteStream):
        async def __aiter__(self) -> Any:
            raise AssertionError("nothing of it is read")
            yield b""

    huge = httpx2.Response(200, headers={"Content-Length": "1001"}, stream=Endless())
    assert await ends(exchange(Agency(huge), Policy(max_bytes=1_000))) == {Outcome.TOO_LARGE: 1}


async def test_a_call_that_is_not_made_is_counted_and_says_nothing_of_the_agency() -> None:
    time = Time()
    target = exchange(Agency(*(reply(503) for _ in range(4))), Policy(attempts=1, breaker=FRAGILE), time)
    for _ in range(5):
        await ends(target)
    account = target.accounts["op"]
    assert account.ended == {Outcome.FAILED: 4, Outcome.OPEN: 1}
    assert account.attempts == 4
    assert (await ends(target, until=time.now - 1))[Outcome.DEADLINE] == 1


async def test_a_preparation_that_fails_is_no_failure_of_the_agency() -> None:
    async def fails() -> Any:
        raise UpstreamUnavailable(agency="PDND")

    target = exchange(Agency())
    with pytest.raises(UpstreamUnavailable), capture_logs() as lines:
        await target.call("op", fails, idempotent=True)
    assert target.accounts["op"].ended == {Outcome.UNPREPARED: 1}
    assert lines == [], "PDND's exchange has said it"


async def test_whoever_goes_away_is_counted_and_leaves_its_place() -> None:
    begun = asyncio.Event()

    async def slow(_: httpx2.Request) -> httpx2.Response:
        begun.set()
        await asyncio.sleep(60)
        return reply(200)

    target = exchange(slow, Policy(concurrency=1, queue=1))
    first = asyncio.create_task(target.call("op", prepare, idempotent=True))
    await begun.wait()
    second = asyncio.create_task(target.call("op", prepare, idempotent=True))
    while not target.status.waiting:
        await asyncio.sleep(0)
    assert (target.status.in_use, target.status.waiting) == (1, 1)
    second.cancel()
    first.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert target.accounts["op"].ended == {Outcome.GIVEN_UP: 2}
    assert (target.status.in_use, target.status.waiting) == (0, 0)


async def test_retries_joiners_and_bytes_are_counted() -> None:
    agency = Agency(reply(500), refused(), reply(200, content=b"answer"))
    target = exchange(agency)
    await asyncio.gather(*(target.call("op", prepare, idempotent=True, key="k") for _ in range(10)))
    account = target.accounts["op"]
    assert account.ended == {Outcome.ANSWERED: 1}
    assert (account.attempts, account.retries, account.joined) == (3, 2, 9)
    assert (account.bytes_sent, account.bytes_received) == (3 * len(b"question"), len(b"answer"))


async def test_how_long_calls_last_stands_in_a_histogram() -> None:
    time = Time()

    async def takes(_: httpx2.Request) -> httpx2.Response:
        time.now += 0.3
        return reply(200)

    target = exchange(takes, time=time)
    await target.call("op", prepare, idempotent=True)
    await target.call("op", prepare, idempotent=True)
    account = target.accounts["op"]
    assert account.seconds == pytest.approx(0.6)
    assert sum(account.buckets) == account.buckets[6] == 2, "from 0.25 to 0.5 s"


async def test_the_states_say_since_when_and_how_much_failed() -> None:
    time = Time()
    target = exchange(
        Agency(reply(200), *(reply(502) for _ in range(4))), Policy(attempts=1, breaker=FRAGILE), time
    )
    await ends(target)
    time.now += 2
    status = target.status
    assert (status.agency, status.retry_budget, status.in_use, status.waiting) == ("TEST", 10.0, 0, 0)
    (closed,) = status.operations
    assert (closed.operation, closed.state, closed.window_calls, closed.failure_rate) == (
        "op",
        State.CLOSED,
        1,
        0.0,
    )
    assert closed.since == NOON - timedelta(seconds=2)
    for _ in range(3):
        await ends(target)
    time.now += 1
    (opened,) = target.status.operations
    assert (opened.state, opened.window_calls, opened.failure_rate) == (State.OPEN, 4, 0.75)
    assert opened.since == NOON - timedelta(seconds=1)
    assert (opened.last_success_at, opened.last_failure_at) == (NOON, NOON)
    time.now += 5
    (half_open,) = target.status.operations
    assert (half_open.state, half_open.since) == (State.HALF_OPEN, NOON - timedelta(seconds=1))


async def test_the_retry_budget_is_told() -> None:
    target = exchange(Agency(reply(500)), Policy(retry_burst=3))
    await target.call("op", prepare, idempotent=True)
    assert target.status.retry_budget == pytest.approx(2.0)


async def test_an_answer_that_cannot_be_read_is_counted_and_logged() -> None:
    target = exchange(Agency())
    await target.call("op", prepare, idempotent=True)
    with pytest.raises(UpstreamInvalid), capture_logs() as lines, target.reading("op"):
        raise UpstreamInvalid("TEST's answer is not JSON.", agency="TEST")
    assert target.accounts["op"].invalid == 1
    assert lines == [{"event": "answer.invalid", "log_level": "warning", "agency": "TEST", "operation": "op"}]


async def test_a_trace_is_not_handed_on_unasked() -> None:
    agency = Agency()
    token = RECEIVED.set(OURS)
    try:
        await exchange(agency).call("op", prepare, idempotent=True)
    finally:
        RECEIVED.reset(token)
    [sent] = agency.requests
    assert "traceparent" not in sent.headers


async def test_what_is_handed_on_is_a_child_of_the_attempt() -> None:
    agency, gathering = Agency(reply(500), reply(200)), Gathered()
    target = exchange(agency, Policy(attempts=2, hands_on_trace=True))
    with gathering.taking():
        await target.call("op", prepare, idempotent=True)
    attempts = [one.context for one in gathering.named(agency.requests[0].method)]
    assert [one.headers["traceparent"] for one in agency.requests] == [
        f"00-{one.trace_id:032x}-{one.span_id:016x}-01" for one in attempts if one is not None
    ]


async def test_a_call_that_was_joined_says_so() -> None:
    gathering = Gathered()
    target = exchange(Agency())
    with gathering.taking():
        await asyncio.gather(*(target.call("op", prepare, idempotent=True, key="same") for _ in range(2)))
    calls = gathering.named("TEST op")
    assert [(one.attributes or {})["snodo.call.outcome"] for one in calls] == ["answered", "joined"]


async def test_a_call_carries_the_trace_it_is_made_for_and_a_failed_one_names_it() -> None:
    agency = Agency(reply(500), reply(500))
    target = exchange(agency, Policy(attempts=2, hands_on_trace=True))
    token = RECEIVED.set(OURS)
    try:
        with pytest.raises(UpstreamUnavailable), capture_logs() as lines:
            await target.call("op", prepare, idempotent=True)
    finally:
        RECEIVED.reset(token)
    sent = [one.headers["traceparent"].split("-") for one in agency.requests]
    assert {(version, trace_id, flags) for version, trace_id, _, flags in sent} == {
        ("00", "4bf92f3577b34da6a3ce929d0e0e4736", "01")
    }
    assert len({parent for _, _, parent, _ in sent} | {"00f067aa0ba902b7"}) == 3, (
        "each call is a parent of its own"
    )
    (line,) = lines
    assert line.pop("seconds") >= 0
    assert line == {
        "event": "call.failed",
        "log_level": "warning",
        "agency": "TEST",
        "operation": "op",
        "outcome": "failed",
        "attempts": 2,
        "trace": "4bf92f3577b34da6a3ce929d0e0e4736",
    }


async def test_an_open_breaker_writes_no_line_per_call() -> None:
    target = exchange(Agency(*(reply(503) for _ in range(4))), Policy(attempts=1, breaker=FRAGILE))
    with capture_logs() as lines:
        for _ in range(50):
            await ends(target)
    assert sum(line["event"] == "call.failed" for line in lines) == 4
    assert sum(line["event"] == "breaker" for line in lines) == 1
