# SPDX-License-Identifier: EUPL-1.2
"""Hubs, worker and PostgreSQL are killed (SIGKILL) in no order while events are recorded and read.

Each acknowledged event is in the feed exactly once, positions are dense, nobody ever reads anything else at a position, and every
checkpoint holds for the feed that is there in the end. A few kills as a test; two hundred as `make soak` (SNODO_SOAK_KILLS).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import asyncpg
import pytest

from connectors.simulators.consumers import CENTRE, register_demo_consumers
from connectors.simulators.keys import open_keys
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.registry import demo_registry
from hub.ledger.checkpoint_key import make_key, read_signer
from hub.settings import Settings
from hub.store.embedded import embedded_server
from hub.store.engine import connection_arguments
from hub.store.migrations import migrate
from hub.store.population.seed import seed_population
from tests.conftest import POPULATION_DAY, open_folder
from tests.e2e.crashes.cluster import Cluster, running
from tests.e2e.crashes.desks import Desk
from tests.e2e.crashes.monitor import Monitor
from tests.e2e.crashes.readers import Reader

KILLS = int(os.environ.get("SNODO_SOAK_KILLS", "6"))
WRITERS = 8
READERS = 2
SLOW_COMMITS = """
CREATE FUNCTION wait_before_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(random() * 0.02);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON conditionality_event DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_before_commit();
"""
"""Transactions commit in another order than they began, up to 20 ms apart."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where this test's own server lives: others must not be there when it is killed."""
    with open_folder() as opened:
        yield opened


@pytest.fixture
async def url(folder: Path) -> AsyncIterator[str]:
    """Its database, with people and a feed."""
    with embedded_server(folder) as found:
        await asyncio.to_thread(migrate, found)
        owner = await asyncpg.connect(**connection_arguments(found))
        await seed_population(
            owner, beneficiaries=2_000, seed=1, today=POPULATION_DAY, progress=lambda *_: None
        )
        await owner.execute(SLOW_COMMITS)
        await owner.close()
        yield found


async def test_each_acknowledged_event_is_in_the_feed_exactly_once(
    command: list[str], url: str, tmp_path: Path
) -> None:
    random, registry = Random(f"{KILLS} kills"), demo_registry()
    keys = open_keys(tmp_path, registry)
    owner = await asyncpg.connect(**connection_arguments(url))
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
    start: int = await owner.fetchval("SELECT coalesce(max(position), 0) FROM feed_entry")
    await owner.close()
    assert len(people) == WRITERS
    centre, inps = (issue_voucher(registry, keys, name, lifespan=7_200) for name in ("centre", "inps"))

    make_key(tmp_path / "checkpoint.pem")
    cluster = Cluster(command, url, tmp_path, tmp_path / "checkpoint.pem")
    signer = read_signer(tmp_path / "checkpoint.pem", Settings().feed_origin)
    monitor = Monitor(signer.key, inps, cluster.addresses, Random("monitor"))
    desks = [
        Desk(number, person["fiscal_code"], centre, cluster.addresses, Random(number))
        for number, person in enumerate(people)
    ]
    readers = [Reader(start, inps, cluster.addresses, Random(-number)) for number in range(READERS)]
    stop, began = asyncio.Event(), time.monotonic()
    async with running(cluster), asyncio.TaskGroup() as group:
        writing = [group.create_task(desk.work(stop)) for desk in desks]
        reading = [group.create_task(reader.follow(stop)) for reader in readers]
        watching = group.create_task(monitor.follow(stop))
        while sum(cluster.kills.values()) < KILLS:
            # Between two kills something is recorded: else nothing would be tried.
            before = _acknowledged(desks) + random.randint(5, 60)
            while _acknowledged(desks) < before:
                await asyncio.sleep(0.01)
            await cluster.kill_any(random)
        before = _acknowledged(desks) + WRITERS
        while _acknowledged(desks) < before:
            await asyncio.sleep(0.01)
        stop.set()
        await asyncio.gather(*writing, *reading, watching)
        acknowledged = Counter(event for desk in desks for event in desk.acknowledged.values())
        for reader in readers:
            await reader.to(start + len(acknowledged))
        await monitor.to(start + len(acknowledged))
        verified = await monitor.verify()

    took = time.monotonic() - began
    owner = await asyncpg.connect(**connection_arguments(url))
    recorded: int = await owner.fetchval("SELECT count(*) FROM conditionality_event WHERE note LIKE 'desk-%'")
    positions = await owner.fetch(
        "SELECT position, event_id FROM feed_entry WHERE position > $1 ORDER BY position", start
    )
    await owner.close()
    print(
        f"{took:.0f} s, kills {cluster.kills}, {recorded} events acknowledged, {sum(desk.repeated for desk in desks)} attempts "
        f"unanswered, {sum(reader.restarts for reader in readers)} restarts of readers, {len(monitor.seen)} checkpoints, "
        f"{monitor.proved} proofs that one follows from another"
    )
    assert set(acknowledged.values()) == {1}, "two keys never share an event"
    assert recorded == len(acknowledged), "every attempt under one key is one event"
    assert [row["position"] for row in positions] == list(range(start + 1, start + 1 + recorded))
    in_feed = [f"evt_{row['event_id'].hex}" for row in positions]
    assert Counter(in_feed) == acknowledged
    for reader in readers:
        assert [reader.read[place] for place in range(start + 1, start + 1 + recorded)] == in_feed
    assert verified.proven == start + len(acknowledged), "the feed is what every checkpoint said"


def _acknowledged(desks: list[Desk]) -> int:
    return sum(len(desk.acknowledged) for desk in desks)
