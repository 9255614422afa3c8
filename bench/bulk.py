# SPDX-License-Identifier: EUPL-1.2
"""Recording a thousand events at once, beside PostgreSQL's own load generator inserting as many in one statement."""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx2

from bench import cpu, pgbench
from bench.figures import Figure
from bench.questions import body
from bench.served import Served, data_of
from hub.store.engine import connection_arguments

EVENTS, CONNECTIONS = 1_000, 4
BATCHES = 12
"""Of each connection, in a round."""
RATE = 20_000
DRAINED, LOOK = 120.0, 0.05
"""Seconds the sequencer may take for what was recorded, and between two looks at it."""
FIRST = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
RECORD = """mutation RecordMany($input: RecordConditionalityEventsInput!) {
  recordConditionalityEvents(input: $input) {
    results { event { id type occurredAt recordedAt note } userErrors { code message path } }
    userErrors { code message path }
  }
}"""


async def bulk(hub: Served, codes: Sequence[str], rounds: int) -> list[Figure]:
    """Events/s over several connections, what they cost in CPU, and the same of pgbench."""
    url = hub.world.url
    people = await pgbench.prepare(url)
    facts = _facts(codes)
    rates, limits, served, stored = list[float](), list[float](), list[float](), list[float]()
    try:
        await _send(hub, [_batch(facts) for _ in range(CONNECTIONS)])  # warm
        for _ in range(rounds):
            batches = [_batch(facts) for _ in range(CONNECTIONS * BATCHES)]
            before = cpu.seconds(hub.process), cpu.seconds(hub.world.postmaster)
            began = time.perf_counter()
            await _send(hub, batches)
            took = time.perf_counter() - began
            after = cpu.seconds(hub.process), cpu.seconds(hub.world.postmaster)
            rates.append(EVENTS * len(batches) / took)
            served.append((after[0] - before[0]) / len(batches) * 1e3)
            stored.append((after[1] - before[1]) / len(batches) * 1e3)
            await _drained(url)
            transactions = pgbench.rate(
                url, people, connections=CONNECTIONS, seconds=2, script=pgbench.MANY, events=EVENTS
            )
            limits.append(transactions * EVENTS)
            await _drained(url)
    finally:
        await pgbench.forget(url)
    ratios = [one / other for one, other in zip(rates, limits, strict=True)]
    return [
        Figure("ledger.bulk", round(statistics.median(rates)), "events/s", RATE, "higher"),
        Figure("ledger.bulk.pgbench.rate", round(statistics.median(limits)), "events/s", None, "higher"),
        Figure(
            "ledger.bulk.pgbench.rate_ratio", round(statistics.median(ratios), 3), "ratio", None, "higher"
        ),
        Figure("ledger.bulk.server_cpu", round(statistics.median(served), 1), "ms/1000", None, "lower"),
        Figure("ledger.bulk.postgresql_cpu", round(statistics.median(stored), 1), "ms/1000", None, "lower"),
    ]


def _facts(codes: Sequence[str]) -> Iterator[dict[str, str]]:
    """Events without end, no two of which are one fact or have one key."""
    run, number = secrets.token_hex(12), 0
    while True:
        yield {
            "idempotencyKey": f"{run}{number:08}",
            "fiscalCode": codes[number % len(codes)],
            "type": "CONVOCATION_ATTENDED",
            "occurredAt": (FIRST + timedelta(microseconds=number)).isoformat(),
            "note": "Came as convened.",
        }
        number += 1


def _batch(facts: Iterator[dict[str, str]]) -> bytes:
    return body(RECORD, {"input": {"events": [next(facts) for _ in range(EVENTS)], "atomic": False}})


async def _send(hub: Served, batches: Sequence[bytes]) -> None:
    """Send them all, so many at a time."""
    waiting = iter(batches)
    headers = {
        "authorization": f"Bearer {hub.world.voucher('centre')}",
        "content-type": "application/json",
        "accept-encoding": "identity",
    }

    async def desk() -> None:
        async with httpx2.AsyncClient(base_url=hub.url, headers=headers, trust_env=False, timeout=60) as http:
            for batch in waiting:
                answer = await http.post("/graphql", content=batch)
                if b'"userErrors":[]}' not in answer.content[-40:]:
                    raise SystemExit(f"A batch was not recorded: {data_of(answer.content, hub.name)}"[:500])

    await asyncio.gather(*(desk() for _ in range(CONNECTIONS)))


async def _drained(url: str) -> None:
    """Wait until the sequencer has given every event its position."""
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        for _ in range(int(DRAINED / LOOK)):
            if not await connection.fetchval("SELECT EXISTS (SELECT FROM outbox_message)"):
                return
            await asyncio.sleep(LOOK)
        raise SystemExit(f"The sequencer has not given all events their positions in {DRAINED:.0f} s.")
    finally:
        await connection.close()
