# SPDX-License-Identifier: EUPL-1.2
"""The ledger and its feed: recording beside pgbench, how soon an event is visible, the stream beside COPY, pages far in.

Everything is measured on the world's database while one hub serves it, in turns within one run; what was recorded is taken out again.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import httpx2

from bench import pgbench
from bench.bulk import bulk
from bench.figures import Figure
from bench.load import load
from bench.memory import look
from bench.questions import Question, body
from bench.served import Served, ask, data_of
from bench.world import forget_recorded
from hub.ledger.sequencer import CHANNEL
from hub.store.engine import connection_arguments

CONNECTIONS, SECONDS = 32, 2
OVER_PGBENCH = 0.7
VISIBLE = 100.0
"""Milliseconds from the beginning of an event's transaction to its position, at most, for 99 of 100."""
OVER_COPY = 1.5
FAR = 1.2
"""p50 of a page at the end of the feed, at most so many times that of one at its beginning."""
STREAM_GROWTH = 32.0
"""MiB a server may grow by while it streams the whole feed."""
PAGE = """query Page($after: String) { conditionalityFeed(after: $after, first: 500) {
  entries { position fiscalCode inpsProtocol event { id type occurredAt } } endCursor hasMore } }"""
LINES = "SELECT '{\"content\":' || coalesce(c.content, 'null') || ',\"entry\":' || f.entry || '}' FROM feed_entry f JOIN feed_content c USING (position) ORDER BY position"


async def ledger(hub: Served, single: Question, rounds: int) -> list[Figure]:
    """All figures of the ledger."""
    found = [*await beside_pgbench(hub, single, rounds)]
    found += await visible(hub, single)
    found += await bulk(hub, [variables["input"]["fiscalCode"] for variables in single.asked], rounds)
    connection = await asyncpg.connect(**connection_arguments(hub.world.url))
    try:
        await forget_recorded(connection)
    finally:
        await connection.close()
    found += await pages(hub, rounds)
    found += await stream(hub, rounds)
    return found


async def far(hub: Served, rounds: int) -> list[Figure]:
    """Pages far into a long feed, and the whole of it as a stream; nothing is recorded."""
    found = [*await pages(hub, rounds), *await stream(hub, rounds)]
    return [replace(figure, name=figure.name.replace("ledger", "far", 1)) for figure in found]


async def beside_pgbench(hub: Served, single: Question, rounds: int) -> Iterable[Figure]:
    """Requests/s of the mutation that records one event, over pgbench's transactions/s."""
    url, rates, limits = hub.world.url, list[float](), list[float]()
    people = await pgbench.prepare(url)
    try:
        _of_hub(hub, single)  # warm: statements prepared, pages of the tables and their indexes read
        for _ in range(rounds):
            rates.append(_of_hub(hub, single))
            limits.append(pgbench.rate(url, people, connections=CONNECTIONS, seconds=SECONDS))
    finally:
        await pgbench.forget(url)
    ratios = [one / other for one, other in zip(rates, limits, strict=True)]
    return [
        Figure("ledger.single.rate", round(statistics.median(rates)), "events/s", None, "higher"),
        Figure("ledger.pgbench.rate", round(statistics.median(limits)), "events/s", None, "higher"),
        Figure(
            "ledger.pgbench.rate_ratio", round(statistics.median(ratios), 3), "ratio", OVER_PGBENCH, "higher"
        ),
    ]


def _of_hub(hub: Served, single: Question) -> float:
    voucher, bodies = hub.world.voucher(single.consumer), hub.dialect.bodies(single)
    done = load(f"{hub.url}/graphql", voucher, bodies, connections=CONNECTIONS, seconds=SECONDS)
    return done.requests / done.seconds


async def visible(hub: Served, single: Question) -> list[Figure]:
    """How long after its transaction began an event has its position, while the hub records as fast as it can."""
    listener = await asyncpg.connect(**connection_arguments(hub.world.url))
    told: list[tuple[int, datetime]] = []
    await listener.add_listener(CHANNEL, lambda *said: told.append((int(said[3]), datetime.now(UTC))))
    before: int = await listener.fetchval("SELECT coalesce(max(position), 0) FROM feed_entry")
    pace = await asyncio.to_thread(_of_hub, hub, single)  # the listener hears meanwhile
    await asyncio.sleep(1)
    rows = await listener.fetch(
        "SELECT f.position, e.recorded_at FROM feed_entry f JOIN conditionality_event e ON e.id = f.event_id"
        " WHERE f.position > $1 ORDER BY f.position",
        before,
    )
    await listener.close()
    waits, place = [], 0
    for last, at in told:
        while place < len(rows) and rows[place]["position"] <= last:
            waits.append((at - rows[place]["recorded_at"]).total_seconds() * 1e3)
            place += 1
    cuts = statistics.quantiles(waits, n=100)
    return [
        Figure("ledger.visible.pace", round(pace), "events/s", None, "higher"),
        Figure("ledger.visible.p50", round(cuts[49], 1), "ms", None, "lower"),
        Figure("ledger.visible.p99", round(cuts[98], 1), "ms", VISIBLE, "lower"),
    ]


async def pages(hub: Served, rounds: int) -> list[Figure]:
    """A page of 500 at the end of the feed beside one at its beginning."""
    last = await _scalar(hub, "SELECT max(position) FROM feed_entry")
    voucher = hub.world.voucher("inps")
    places = {"begin": 0, "end": last - 500}
    taken: dict[str, list[float]] = {name: [] for name in places}
    with httpx2.Client(trust_env=False, timeout=60) as http:
        for _ in range(20 * rounds):
            for name, after in places.items():
                began = time.perf_counter()
                data_of(ask(http, hub.url, voucher, body(PAGE, {"after": str(after)})), "the hub")
                taken[name].append((time.perf_counter() - began) * 1e3)
    begin, end = (statistics.median(times) for times in taken.values())
    return [
        Figure("ledger.page.positions", last, "entries", None, "higher"),
        Figure("ledger.page.begin.p50", round(begin, 2), "ms", None, "lower"),
        Figure("ledger.page.end.p50", round(end, 2), "ms", None, "lower"),
        Figure("ledger.page.end_ratio", round(end / begin, 3), "ratio", FAR, "lower"),
    ]


async def stream(hub: Served, rounds: int) -> list[Figure]:
    """The whole feed as NDJSON beside COPY of the same lines, and what the server grows by meanwhile."""
    count = await _scalar(hub, "SELECT max(position) FROM feed_entry")
    streamed, copied = [], []
    before = look(hub, 0).server
    for _ in range(max(2, rounds // 2)):
        streamed.append(await _streamed(hub, count))
        copied.append(await _copied(hub))
    growth = look(hub, 0).server - before
    ratios = [one / other for one, other in zip(streamed, copied, strict=True)]
    return [
        Figure("ledger.stream.rate", round(count / statistics.median(streamed)), "entries/s", None, "higher"),
        Figure("ledger.copy.rate", round(count / statistics.median(copied)), "entries/s", None, "higher"),
        Figure("ledger.stream.copy_ratio", round(statistics.median(ratios), 3), "ratio", OVER_COPY, "lower"),
        Figure("ledger.stream.growth", round(growth / 1024, 1), "MiB", STREAM_GROWTH, "lower"),
    ]


async def _streamed(hub: Served, count: int) -> float:
    lines = 0
    async with _client(hub, "inps") as http:
        began = time.perf_counter()
        async with http.stream("GET", "/feeds/conditionality", params={"after": "0"}) as answer:
            if answer.status_code != 200:
                raise SystemExit(f"The stream answers {answer.status_code}: {(await answer.aread())[:300]!r}")
            async for piece in answer.aiter_raw():
                lines += piece.count(b"\n")
        took = time.perf_counter() - began
    if lines != count:
        raise SystemExit(f"The stream gave {lines:,} lines of {count:,}.")
    return took


async def _copied(hub: Served) -> float:
    connection = await asyncpg.connect(**connection_arguments(hub.world.url))
    seen = 0

    async def take(piece: bytes) -> None:
        nonlocal seen
        seen += len(piece)

    try:
        began = time.perf_counter()
        await connection.copy_from_query(LINES, output=take)
        return time.perf_counter() - began
    finally:
        await connection.close()


async def _scalar(hub: Served, query: str) -> int:
    connection = await asyncpg.connect(**connection_arguments(hub.world.url))
    try:
        found: int = await connection.fetchval(query)
        return found
    finally:
        await connection.close()


@asynccontextmanager
async def _client(hub: Served, consumer: str) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {
        "authorization": f"Bearer {hub.world.voucher(consumer)}",
        "content-type": "application/json",
        "accept-encoding": "identity",
    }
    async with httpx2.AsyncClient(base_url=hub.url, headers=headers, trust_env=False, timeout=120) as http:
        yield http
