# SPDX-License-Identifier: EUPL-1.2
"""Filling an empty database with a synthetic population, in one transaction.

Loads are made in a thread, some ahead of the COPY that runs: PostgreSQL, which checks every key and constraint of every row, takes
most of the time, and its process the other core. Dropping the secondary indexes and building them once at the end was measured: it
saves 4 of 65 seconds of that process for 200,000 beneficiaries, and would shut readers out; so they stay.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import TypeAlias

import asyncpg
from sqlalchemy import func, select

from hub.errors import DatabaseError
from hub.store.population.diary import EVENTS_PER_BENEFICIARY
from hub.store.population.places import read_places
from hub.store.population.population import Population
from hub.store.population.wire import Batch
from hub.store.reference.demo import load_demo_reference
from hub.store.statement import Statement
from hub.store.tables import FeedEntry

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with the stage (`beneficiaries`, `events`, `entries`, `foreign keys`, `statistics`), how much of it is done, and how much there is."""

LOADS_AHEAD = 4
"""Loads, of some ten megabytes each, that may wait for their COPY."""

ENTRIES_AT_ONCE = 50_000

_PLACES = "CREATE TEMPORARY TABLE feed_place (position bigint PRIMARY KEY, event_id uuid, sequenced_at timestamptz) ON COMMIT DROP"
_LANDS_IN = {"feed_entry": "feed_place"}
"""Where a batch is copied to that is not yet what its table holds: an entry is drawn when its event is there."""
_STAGE_OF = {"beneficiary": "beneficiaries", "conditionality_event": "events"}


class PopulationPresent(DatabaseError):
    """The database already holds beneficiaries: a synthetic population is only made in an empty one."""


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What was made: rows by table, the positions of the feed that are new, and the seconds COPY and everything took."""

    rows: Mapping[str, int]
    first_position: int
    last_position: int
    copy_seconds: Mapping[str, float]
    seconds: float


async def seed_population(
    connection: asyncpg.Connection[asyncpg.Record],
    *,
    beneficiaries: int,
    seed: int,
    today: date,
    progress: Progress,
) -> SeedReport:
    """Add the reference data of the demo and a population with its full feed; all of it or nothing.

    `connection` is the owner's, outside a transaction or inside one. Until it ends nobody else reads the tables that are filled:
    their foreign keys are set aside, and checked for all rows at once. The same arguments give the same rows, keys included, in
    every database whose reference data has the same keys.

    Raises:
        PopulationPresent: there are beneficiaries.
        ValueError: fewer than one beneficiary, or `today` before mid-2024.

    """
    started = perf_counter()
    rows: Counter[str] = Counter()
    spent: defaultdict[str, float] = defaultdict(float)
    async with connection.transaction():
        await load_demo_reference(connection)
        # Nobody records an event, takes a position or adds a person from here on.
        await connection.execute(
            "LOCK TABLE beneficiary, conditionality_event, feed_entry, feed_content IN SHARE ROW EXCLUSIVE MODE"
        )
        if await connection.fetchval("SELECT EXISTS (SELECT FROM beneficiary)"):
            raise PopulationPresent
        first_position = 1 + await _LAST_POSITION.fetchval(connection)
        whole = {"beneficiaries": beneficiaries, "events": beneficiaries * EVENTS_PER_BENEFICIARY}
        population = Population(
            beneficiaries=beneficiaries,
            seed=seed,
            today=today,
            places=await read_places(connection),
            first_position=first_position,
        )
        await connection.execute(_script("set_foreign_keys_aside.sql"))
        await connection.execute(_PLACES)
        async with aclosing(_made_ahead(population.loads())) as batches:
            async for batch in batches:
                before = perf_counter()
                await _copy(connection, batch)
                spent[batch.table] += perf_counter() - before
                rows[batch.table] += batch.rows
                if stage := _STAGE_OF.get(batch.table):
                    progress(stage, rows[batch.table], whole[stage])
        rows["feed_content"] = rows["feed_entry"]
        draw, last_position = _script("draw_entries.sql"), first_position + rows["feed_entry"] - 1
        for position in range(first_position, last_position + 1, ENTRIES_AT_ONCE):
            reached = min(position + ENTRIES_AT_ONCE - 1, last_position)
            await connection.execute(draw, position, reached)
            progress("entries", reached - first_position + 1, rows["feed_entry"])
        progress("foreign keys", 0, 1)
        await connection.execute(_script("put_foreign_keys_back.sql"))
        progress("foreign keys", 1, 1)
    progress("statistics", 0, 1)
    await connection.execute("ANALYZE")
    progress("statistics", 1, 1)
    return SeedReport(
        rows=MappingProxyType(dict(rows)),
        first_position=first_position,
        last_position=last_position,
        copy_seconds=MappingProxyType(dict(spent)),
        seconds=perf_counter() - started,
    )


def _script(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


async def _made_ahead(loads: Iterator[list[Batch]]) -> AsyncGenerator[Batch]:
    """The batches in their order, made in a thread while those before them are used; raises what making them raised."""
    waiting: asyncio.Queue[list[Batch] | None] = asyncio.Queue()
    room = asyncio.Semaphore(LOADS_AHEAD)

    async def make() -> None:
        try:
            while (load := await asyncio.to_thread(next, loads, None)) is not None:
                waiting.put_nowait(load)
                await room.acquire()
        finally:
            waiting.put_nowait(None)

    maker = asyncio.create_task(make())
    try:
        while (load := await waiting.get()) is not None:
            for batch in load:
                yield batch
            room.release()
        await maker
    finally:
        maker.cancel()


async def _copy(connection: asyncpg.Connection[asyncpg.Record], batch: Batch) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield batch.data

    table = _LANDS_IN.get(batch.table, batch.table)
    await connection.copy_to_table(table, columns=batch.columns, source=source(), format="binary")


_LAST_POSITION = Statement(select(func.coalesce(func.max(FeedEntry.position), 0)))
