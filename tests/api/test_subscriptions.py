# SPDX-License-Identifier: EUPL-1.2
"""The feed, followed over server-sent events: every entry once and in order, whoever comes, goes, is slow or loses a right."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from connectors.simulators.pdnd import issue_voucher
from hub.access.registration import revoke
from hub.plan.feed import read_followed
from tests.incremental import events_as_they_come

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

FOLLOW = """subscription ($after: String, $first: Int! = 500) {
  conditionalityFeed(after: $after, first: $first) { entries { position event { id } } endCursor hasMore } }"""
RECORD = """mutation ($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event { id } userErrors { code } } }"""

_numbers = itertools.count()


async def record(hub: Service, count: int = 1) -> list[str]:
    """Record so many events; their ids."""
    ids = []
    for _ in range(count):
        number = next(_numbers)
        given = {
            "idempotencyKey": f"followed-{number}",
            "fiscalCode": hub.world.people["north"].fiscal_code,
            "type": "CONVOCATION_MISSED",
            "occurredAt": f"2026-08-01T09:00:00.{number:06}Z",
        }
        recorded = (await hub(RECORD, input=given)).data["recordConditionalityEvent"]
        assert recorded["userErrors"] == []
        ids.append(recorded["event"]["id"])
    return ids


Events = AsyncIterator[tuple[str, Any]]


@asynccontextmanager
async def following(
    hub: Service, query: str = FOLLOW, *, token: str | None = None, method: str = "POST", **variables: Any
) -> AsyncIterator[Events]:
    """The events of a subscription, as they come."""
    request: dict[str, Any] = {"json": {"query": query, "variables": variables}}
    if method == "GET":
        request = {"params": {"query": query}}
    async with hub.client.stream(
        method,
        f"{hub.url}/graphql",
        headers={
            "authorization": f"Bearer {token or hub.token('inps')}",
            "accept": "text/event-stream",
        },
        **request,
    ) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["cache-control"] == "no-store"
        yield events_as_they_come(answer.aiter_raw())


async def pages(events: Events, until: int) -> list[Any]:
    """Pages until one holds the position."""
    found: list[Any] = []
    while not found or found[-1]["entries"][-1]["position"] < until:
        name, response = await asyncio.wait_for(anext(events), 10)
        if name == "next":
            found.append(response["data"]["conditionalityFeed"])
    return found


def positions(found: list[Any]) -> list[int]:
    return [entry["position"] for page in found for entry in page["entries"]]


async def last_position(hub: Service) -> int:
    position: int = await hub.owner.fetchval("SELECT coalesce(max(position), 0) FROM feed_entry")
    return position


async def _sequenced(hub: Service) -> int:
    while await hub.owner.fetchval(
        "SELECT EXISTS (SELECT FROM outbox_message WHERE topic = 'feed' AND dead_at IS NULL)"
    ):
        await asyncio.sleep(0.01)
    return await last_position(hub)


async def test_first_what_there_is_then_what_comes(open_hub: Opener) -> None:
    async with open_hub("follow") as hub:
        await record(hub, 5)
        there = await _sequenced(hub)
        for method in ("POST", "GET"):
            query = FOLLOW if method == "POST" else FOLLOW.replace("= 500", "= 2")
            async with following(hub, query, method=method, first=2) as events:
                found = await pages(events, there)
                assert positions(found) == list(range(1, there + 1))
                assert all(len(page["entries"]) <= 2 for page in found)
                assert [page["hasMore"] for page in found] == [True] * (len(found) - 1) + [False]
                started = time.monotonic()
                ids = await record(hub)
                (page,) = await pages(events, there + 1)
                assert time.monotonic() - started < 4
                assert [entry["event"]["id"] for entry in page["entries"]] == ids
                assert page["endCursor"] == str(there + 1)
                there += 1
        async with following(hub, after=str(there - 1)) as events:
            assert positions(await pages(events, there)) == [there]


async def test_no_entry_is_lost_or_doubled_at_the_seam(open_hub: Opener) -> None:
    """Followers begin while events are recorded from several sides: each gets every entry beyond its cursor once, in order."""
    async with open_hub("seam") as hub:
        start = await _sequenced(hub)
        aim = start + 60

        async def follow(delay: float, after: int, first: int) -> list[int]:
            await asyncio.sleep(delay)
            async with following(hub, after=str(after), first=first) as events:
                return positions(await pages(events, aim))

        *_, a, b, c, d = await asyncio.gather(
            *(record(hub, 15) for _ in range(4)),
            follow(0.0, start, 1),
            follow(0.05, 0, 7),
            follow(0.1, start, 500),
            follow(0.2, start, 2),
        )
        assert a == c == d == list(range(start + 1, aim + 1))
        assert b == list(range(1, aim + 1))


async def test_who_may_not_read_the_feed_may_not_follow_it(ask: Service) -> None:
    for accept in ("text/event-stream", "application/json"):
        answer = await ask.send(
            json={"query": FOLLOW},
            headers={"authorization": f"Bearer {ask.token('centre')}", "accept": accept},
        )
        code = ["FORBIDDEN"] if accept == "text/event-stream" else ["NOT_ACCEPTABLE"]
        assert (answer.status, answer.codes) == (403 if code == ["FORBIDDEN"] else 406, code)


@pytest.mark.parametrize("accept", ["application/json", "multipart/mixed, application/json"])
async def test_a_subscription_needs_events(accept: str, ask: Service) -> None:
    answer = await ask.send(
        json={"query": FOLLOW}, headers={"authorization": f"Bearer {ask.token('inps')}", "accept": accept}
    )
    assert (answer.status, answer.codes) == (406, ["NOT_ACCEPTABLE"])
    assert await ask.metric("snodo_subscriptions_open") == 0


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"first": 0}, "INVALID_PAGE"),
        ({"first": -1}, "INVALID_PAGE"),
        ({"first": 1_000_000}, "INVALID_PAGE"),
        ({"after": "yesterday"}, "INVALID_CURSOR"),
        ({"after": "-1"}, "INVALID_CURSOR"),
        ({"after": "999999"}, "CURSOR_AHEAD"),
        ({"first": "x"}, "BAD_USER_INPUT"),
    ],
)
async def test_a_page_that_cannot_be(variables: dict[str, Any], code: str, ask: Service) -> None:
    async with following(ask, **variables) as events:
        name, response = await anext(events)
        assert name == "next"
        assert [error["extensions"]["code"] for error in response["errors"]] == [code]
        assert (await anext(events))[0] == "complete"


async def _end_of(events: Events) -> list[str]:
    """The codes of the error a subscription ends with."""
    codes: list[str] = []
    while True:
        name, response = await asyncio.wait_for(anext(events), 10)
        if name == "complete":
            return codes
        codes = [error["extensions"]["code"] for error in response.get("errors", [])]


async def test_a_revoked_grant_ends_it_at_once(open_hub: Opener) -> None:
    """Though nothing was published: word of the change wakes who follows."""
    async with open_hub("revoked-follower") as hub:
        there = await _sequenced(hub)
        async with following(hub) as events:
            await pages(events, there)
            await revoke(hub.owner, UUID(hub.registry.consumer("inps").purpose_for("hub").purpose_id))
            assert await _end_of(events) == ["FORBIDDEN"]


async def test_an_expired_voucher_ends_it_at_the_next_page(open_hub: Opener) -> None:
    async with open_hub("expired-follower", clock_skew=0.0) as hub:
        there = await _sequenced(hub)
        token = issue_voucher(hub.registry, hub.keys, "inps", lifespan=2)
        async with following(hub, token=token) as events:
            await pages(events, there)
            await asyncio.sleep(2.1)
            await record(hub)
            assert await _end_of(events) == ["UNAUTHENTICATED"]


async def test_followers_that_wait_hold_no_connection(open_hub: Opener) -> None:
    async with open_hub("waiting", read_connections=1) as hub:
        there = await _sequenced(hub)
        async with _several(hub, 12) as followers:
            for events in followers:
                await pages(events, there)
            assert await hub.metric("snodo_subscriptions_open") == 12
            assert await hub.metric("snodo_streams_open") == 12
            await asyncio.wait_for(hub("{ beneficiaries { totalCount } }"), 5)
            await record(hub)
            for events in followers:
                assert positions(await pages(events, there + 1)) == [there + 1]
        await _none_open(hub)


@asynccontextmanager
async def _several(hub: Service, count: int) -> AsyncIterator[list[Events]]:
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(following(hub)) for _ in range(count)]


async def _none_open(hub: Service) -> None:
    """Whoever has gone is noticed at once."""
    started = time.monotonic()
    while await hub.metric("snodo_subscriptions_open") or await hub.metric("snodo_streams_open"):
        assert time.monotonic() - started < 10
        await asyncio.sleep(0.02)


async def test_one_subscription_too_many(open_hub: Opener) -> None:
    async with open_hub("crowded", max_subscriptions=1) as hub:
        async with following(hub):
            answer = await hub.send(
                json={"query": FOLLOW},
                headers={"authorization": f"Bearer {hub.token('inps')}", "accept": "text/event-stream"},
            )
            assert (answer.status, answer.codes) == (503, ["TOO_MANY_STREAMS"])
        await _none_open(hub)
        async with following(hub) as events:
            assert (await anext(events))[0] == "next"


async def test_a_lost_listener_loses_nothing(open_hub: Opener) -> None:
    async with open_hub("deaf", feed_poll_interval=0.2) as hub:
        there = await _sequenced(hub)
        async with following(hub) as events:
            await pages(events, there)
            ended = await hub.owner.fetchval(
                """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')"""
            )
            assert ended >= 1
            await record(hub, 2)
            assert positions(await pages(events, there + 2)) == [there + 1, there + 2]
            await asyncio.sleep(0.5)  # it listens again, on another connection
            await record(hub)
            assert positions(await pages(events, there + 3)) == [there + 3]


async def test_a_stream_without_news_shows_that_it_lives(open_hub: Opener) -> None:
    async with open_hub("silent", stream_silence=0.05) as hub:
        there = await _sequenced(hub)
        async with following(hub, after=str(there)) as events:
            for _ in range(3):
                assert await asyncio.wait_for(anext(events), 10) == (":", None)


async def test_live_fields_of_the_followed(ask: Service) -> None:
    query = FOLLOW.replace("event { id }", "event { id beneficiary { sex residence { source } } }")
    async with following(ask, query, first=2) as events:
        _, response = await anext(events)
        assert [error["path"] for error in response["errors"]] == [
            ["conditionalityFeed", "entries", place, "event", "beneficiary", "residence"] for place in (0, 1)
        ]
        assert positions([response["data"]["conditionalityFeed"]]) == [1, 2]
        assert "$" not in str(response["data"])
        _, later = await anext(events)
        assert positions([later["data"]["conditionalityFeed"]])[0] == 3


async def test_aliases_and_pages_without_entries(ask: Service) -> None:
    query = 'subscription { feed: conditionalityFeed(first: 2, after: "1") { __typename c: endCursor } }'
    async with following(ask, query) as events:
        assert (await anext(events))[1] == {
            "data": {"feed": {"__typename": "ConditionalityFeedPage", "c": "3"}}
        }


async def test_a_slow_reader_is_waited_for(open_hub: Opener) -> None:
    """It gets all of it in the end; meanwhile it holds no connection, and the hub makes no page it cannot send."""
    long_page = FOLLOW.replace("event { id }", "event { id " + " ".join(
        f"n{number}: beneficiary {{ id fiscalCode household {{ id inpsProtocol }} }}" for number in range(60)
    ) + " }")  # fmt: skip
    async with open_hub("slow", read_connections=1) as hub:
        await record(hub, 40)
        there = await _sequenced(hub)
        host, port = hub.url.removeprefix("http://").split(":")
        from urllib.parse import quote

        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(
            f"GET /graphql?query={quote(long_page)}&variables=%7B%22first%22%3A1%7D HTTP/1.1\r\nhost: {host}\r\n"
            f"accept: text/event-stream\r\nauthorization: Bearer {hub.token('inps')}\r\n\r\n".encode()
        )
        await reader.readline()
        await asyncio.sleep(0.3)
        await asyncio.wait_for(hub("{ beneficiaries { totalCount } }"), 5)
        seen = b""
        while seen.count(b"event: next") < there:
            seen += await asyncio.wait_for(reader.read(65536), 10)
        writer.close()
        await _none_open(hub)


async def test_the_hub_closes_what_is_open_and_leaves_nothing_behind(open_hub: Opener) -> None:
    before = asyncio.all_tasks()
    async with open_hub("closing") as hub:
        there = await _sequenced(hub)
        async with following(hub) as events:
            await pages(events, there)
            started = time.monotonic()
            await hub.hub.close_streams()
            assert await anext(events) == ("complete", None)
            assert time.monotonic() - started < 8
        answer = await hub.send(
            json={"query": FOLLOW},
            headers={"authorization": f"Bearer {hub.token('inps')}", "accept": "text/event-stream"},
        )
        assert answer.codes == ["TOO_MANY_STREAMS"]
    started = time.monotonic()
    while left := asyncio.all_tasks() - before:  # other hubs of this test process have theirs for a moment
        assert time.monotonic() - started < 10, left
        await asyncio.sleep(0.01)


def test_reading_a_page_that_is_followed() -> None:
    page = read_followed(b'12 2 true {"a": "b c"}')
    assert (page.end, page.has_entries, page.has_more, page.json) == (12, True, True, b'{"a": "b c"}')
    assert not read_followed(b"0 0 false {}").has_entries
