# SPDX-License-Identifier: EUPL-1.2
"""The database that is measured on: made once under bench/data, and found there again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import asyncpg

from bench.questions import FEED_SIZE
from connectors.simulators.consumers import CENTRE, register_demo_consumers
from connectors.simulators.keys import DemoKeys, open_keys
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.registry import Registry, demo_registry
from hub.store.embedded import embedded_server
from hub.store.engine import connection_arguments
from hub.store.migrations import migrate
from hub.store.population.seed import seed_population

SEED, TODAY = 1, date(2026, 11, 21)
PEOPLE = 1_000
"""How many of the centre's people are asked for in turn."""
FEED_PAGES = 40
LONGEST_PROOF = 1_200.0
"""Seconds in which a hub has the tree of a seeded feed, ten million entries long."""
BEHIND = """SELECT (SELECT coalesce(max(position), 0) FROM feed_entry) >= 256 * (1 + coalesce(max(index) + 1, 0))
    OR EXISTS (SELECT FROM outbox_message)
    FROM feed_tile WHERE level = 0"""
"""Whether entries have no position, or stand in no tile though a whole one could be made of them."""


@dataclass(frozen=True)
class World:
    """A seeded database, whose consumers are known to the hub."""

    url: str
    data_dir: Path
    registry: Registry
    keys: DemoKeys

    def voucher(self, consumer: str) -> str:
        """A voucher that outlives the bench."""
        return issue_voucher(self.registry, self.keys, consumer, lifespan=7_200)

    @property
    def postmaster(self) -> int:
        """The process whose children are PostgreSQL's."""
        return int((self.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


@contextmanager
def open_world(data_dir: Path, beneficiaries: int) -> Iterator[World]:
    """The world with so many beneficiaries, made if it is not there; its server runs until the block ends."""
    data_dir.mkdir(parents=True, exist_ok=True)
    registry = demo_registry()
    with embedded_server(data_dir) as url:
        migrate(url)
        asyncio.run(_fill(url, registry, beneficiaries))
        yield World(url, data_dir, registry, open_keys(data_dir, registry))
        asyncio.run(_forget(url))


async def _fill(url: str, registry: Registry, beneficiaries: int) -> None:
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        found = await connection.fetchval("SELECT count(*) FROM beneficiary")
        if not found:
            await seed(connection, beneficiaries)
        elif found != beneficiaries:
            raise SystemExit(
                f"The bench's database holds {found:,} beneficiaries, not {beneficiaries:,}: remove bench/data/{beneficiaries}."
            )
        await register_demo_consumers(connection, registry)
        await forget_recorded(connection)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")  # or what was written now would be while something is measured
    finally:
        await connection.close()


async def _forget(url: str) -> None:
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        await forget_recorded(connection)
    finally:
        await connection.close()


async def forget_recorded(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Remove the events a bench has recorded, so that every run finds the database the seed made.

    What is append-only is guarded by triggers, which do not fire in a replica's session: only a superuser can ask for one.
    The seed's events came without an idempotency key.
    """
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for statement in (
            "DELETE FROM outbox_message",
            "DELETE FROM feed_content c USING feed_entry f, idempotency_key k WHERE c.position = f.position AND k.result_id = f.event_id",
            "DELETE FROM feed_proposal p USING feed_entry f, idempotency_key k WHERE p.position = f.position AND k.result_id = f.event_id",
            "DELETE FROM feed_entry f USING idempotency_key k WHERE f.event_id = k.result_id",
            "DELETE FROM conditionality_event e USING idempotency_key k WHERE e.id = k.result_id",
            "DELETE FROM idempotency_key",
            # What was proved of entries that have gone is proved anew when others take their places.
            "DELETE FROM feed_checkpoint WHERE size > (SELECT coalesce(max(position), 0) FROM feed_entry)",
            "DELETE FROM feed_tile WHERE (index + 1) * 256::numeric ^ (level + 1) > (SELECT coalesce(max(position), 0) FROM feed_entry)",
        ):
            await connection.execute(statement)


def await_proofs(url: str) -> None:
    """Wait until the hub that serves this database has the whole feed in its tree: it would build it while it is measured.

    Ends the bench where it takes longer than `LONGEST_PROOF`.
    """
    asyncio.run(_await_proofs(url))


async def _await_proofs(url: str) -> None:
    connection = await asyncpg.connect(**connection_arguments(url))
    until = time.monotonic() + LONGEST_PROOF
    try:
        while await connection.fetchval(BEHIND):
            if time.monotonic() > until:
                raise SystemExit("The hub does not bring its tree up to the feed.")
            await asyncio.sleep(0.2)
    finally:
        await connection.close()


async def seed(connection: asyncpg.Connection[asyncpg.Record], beneficiaries: int) -> float:
    """Fill an empty database; the seconds it took."""
    print(f"Seeding {beneficiaries:,} beneficiaries …", flush=True)
    began = time.perf_counter()
    await seed_population(
        connection,
        beneficiaries=beneficiaries,
        seed=SEED,
        today=TODAY,
        progress=lambda _stage, _done, _whole: None,
    )
    return time.perf_counter() - began


async def read_people(url: str) -> tuple[list[str], list[str]]:
    """Fiscal codes of the demo centre's people who have a benefit, in no order of theirs; and places in the feed, as its cursors."""
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        codes = await connection.fetch(
            "SELECT fiscal_code FROM beneficiary JOIN household ON household.id = household_id JOIN benefit ON benefit.id = benefit_id"
            " WHERE employment_centre_id = (SELECT id FROM employment_centre WHERE code = $1)"
            " AND status = 'ACTIVE' AND period @> daterange('2026-11-01', '2026-11-22') ORDER BY md5(fiscal_code) LIMIT $2",
            CENTRE,
            PEOPLE,
        )
        last = await connection.fetchval("SELECT max(position) FROM feed_entry")
    finally:
        await connection.close()
    return (
        [row["fiscal_code"] for row in codes],
        [str(position) for position in range(0, last - FEED_SIZE, max(FEED_SIZE, last // FEED_PAGES))],
    )
