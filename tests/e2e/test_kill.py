# SPDX-License-Identifier: EUPL-1.2
"""The hub is killed (SIGKILL) while events are being recorded: each acknowledged event is in the feed exactly once."""

from __future__ import annotations

import asyncio
import itertools
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from connectors.simulators.consumers import CENTRE, register_demo_consumers
from connectors.simulators.keys import open_keys
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.registry import demo_registry
from tests.e2e.conftest import environment, hear

_numbers = itertools.count()
KILLS = 3
WRITERS = 8
RECORD = """mutation ($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event { id } userErrors { code } } }"""
FEED = """query ($after: String) {
  conditionalityFeed(after: $after, first: 200) { entries { position event { id } } endCursor hasMore } }"""


@asynccontextmanager
async def served(
    command: list[str], url: str, data_dir: Path
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """`snodo serve` in a process of its own, and its address."""
    said = data_dir / f"said-{next(_numbers)}"
    output = said.open("w")
    process = await asyncio.create_subprocess_exec(
        *command, "serve", "--port", "0", "--data-dir", str(data_dir),
        env=environment({"SNODO_DATABASE_URL": url, "SNODO_PDND_JWKS": str(data_dir / "demo" / "pdnd-jwks.json")}),
        stdout=output, stderr=output,
    )  # fmt: skip
    try:
        async with asyncio.timeout(90):
            while not (found := re.search(r"(http://\S+)/graphql", said.read_text())):
                assert process.returncode is None, said.read_text()
                await asyncio.sleep(0.05)
        yield process, found[1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        output.close()
        hear(said.read_text(), ())


class Desk:
    """Records one event after another; keeps what was acknowledged, and repeats what was not under the same key."""

    def __init__(self, number: int, fiscal_code: str, token: str) -> None:
        self.acknowledged: dict[str, str] = {}
        self._number = number
        self._fiscal_code = fiscal_code
        self._headers = {"authorization": f"Bearer {token}"}
        self._next = 0

    async def work(self, address: str, most: int = 10**9) -> None:
        """Record until the hub goes, or `most` more events are acknowledged."""
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
            for _ in range(most):
                key = f"desk-{self._number}-event-{self._next}"
                event = {
                    "idempotencyKey": key,
                    "fiscalCode": self._fiscal_code,
                    "type": "ACTIVITY_NOT_ATTENDED",
                    "occurredAt": datetime(
                        2026, 5, 1, self._number, self._next // 60 % 60, self._next % 60, tzinfo=UTC
                    ).isoformat(),
                    "note": key,
                }
                try:
                    answer = await http.post(
                        f"{address}/graphql",
                        json={"query": RECORD, "variables": {"input": event}},
                        headers=self._headers,
                    )
                except httpx2.TransportError:
                    return  # killed: whether it was recorded is not known, so the same key is sent again
                payload: dict[str, Any] = answer.json()["data"]["recordConditionalityEvent"]
                assert payload["userErrors"] == []
                self.acknowledged[key] = payload["event"]["id"]
                self._next += 1


async def read_feed(address: str, token: str, start: str, count: int) -> list[tuple[int, str]]:
    """Positions and event ids of at least `count` entries after `start`."""
    entries: list[tuple[int, str]] = []
    cursor = start
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
        async with asyncio.timeout(90):
            while len(entries) < count:
                answer = await http.post(
                    f"{address}/graphql",
                    json={"query": FEED, "variables": {"after": cursor}},
                    headers={"authorization": f"Bearer {token}"},
                )
                page = answer.json()["data"]["conditionalityFeed"]
                entries += [(entry["position"], entry["event"]["id"]) for entry in page["entries"]]
                cursor = page["endCursor"]
    return entries


@pytest.fixture
def database_url(populated_url: str) -> str:
    """A population whose feed is full."""
    return populated_url


async def test_each_acknowledged_event_is_in_the_feed_exactly_once(
    command: list[str], database_url: str, owner: asyncpg.Connection[asyncpg.Record], tmp_path: Path
) -> None:
    registry = demo_registry()
    keys = open_keys(tmp_path, registry)
    await register_demo_consumers(owner, registry)
    # What is recorded bears on a benefit: those of households that have had one alone are made to cover the days of this test.
    await owner.execute(
        "UPDATE benefit SET status = 'ACTIVE', period = daterange(least(lower(period), '2026-01-01'), NULL)"
        " WHERE household_id IN (SELECT household_id FROM benefit GROUP BY 1 HAVING count(*) = 1)"
    )
    people = await owner.fetch(
        "SELECT b.fiscal_code FROM beneficiary b JOIN employment_centre c ON c.id = b.employment_centre_id"
        " JOIN benefit g ON g.household_id = b.household_id"
        " WHERE c.code = $1 AND g.period @> daterange('2026-01-01', NULL) LIMIT $2",
        CENTRE, WRITERS,
    )  # fmt: skip
    assert len(people) == WRITERS
    start: int = await owner.fetchval("SELECT coalesce(max(position), 0) FROM feed_entry")
    centre, inps = (issue_voucher(registry, keys, name, lifespan=3_600) for name in ("centre", "inps"))
    desks = [Desk(number, person["fiscal_code"], centre) for number, person in enumerate(people)]

    for _ in range(KILLS):
        async with served(command, database_url, tmp_path) as (process, address):
            before = sum(len(desk.acknowledged) for desk in desks)
            working = [asyncio.create_task(desk.work(address)) for desk in desks]
            async with asyncio.timeout(90):
                while sum(len(desk.acknowledged) for desk in desks) < before + 100:
                    await asyncio.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            await asyncio.gather(*working)

    async with served(command, database_url, tmp_path) as (_, address):
        # What each desk does not know about it sends again, and then one more.
        await asyncio.gather(*(desk.work(address, most=2) for desk in desks))
        acknowledged = {event for desk in desks for event in desk.acknowledged.values()}
        recorded: int = await owner.fetchval(
            "SELECT count(*) FROM conditionality_event WHERE note LIKE 'desk-%'"
        )
        entries = await read_feed(address, inps, str(start), recorded)

    assert len(acknowledged) >= KILLS * 100
    assert recorded == len(acknowledged), "every attempt under one key is one event"
    assert dict.fromkeys(acknowledged, 1) == Counter(event for _, event in entries)
    assert [position for position, _ in entries] == list(range(start + 1, start + 1 + recorded))
