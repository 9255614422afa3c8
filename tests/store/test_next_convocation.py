# SPDX-License-Identifier: EUPL-1.2
"""beneficiary.next_convocation_at is the earliest convocation without an outcome, whatever is done to convocations."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.store.engine import connection_arguments

FIRST = datetime(2026, 9, 1, 9, tzinfo=UTC)
STRAY = """
    SELECT count(*) FROM beneficiary b WHERE next_convocation_at IS DISTINCT FROM (
        SELECT coalesce(min(scheduled_at), 'infinity') FROM convocation c WHERE c.beneficiary_id = b.id AND outcome IS NULL)
"""
ADD = "INSERT INTO convocation (beneficiary_id, scheduled_at, channel, reason, outcome) VALUES ($1, $2, 'PHONE', 'OTHER', $3)"


async def test_what_is_seeded_agrees(populated_url: str) -> None:
    connection = await asyncpg.connect(**connection_arguments(populated_url))
    assert await connection.fetchval(STRAY) == 0
    counts = await connection.fetchrow(
        "SELECT count(*) FILTER (WHERE next_convocation_at < 'infinity') AS some, count(*) AS whole FROM beneficiary"
    )
    assert counts is not None
    assert 0 < counts["some"] < counts["whole"]
    await connection.close()


WHO, DAY, OUTCOME = st.integers(0, 3), st.integers(0, 5), st.sampled_from([None, "PRESENT"])
STEP: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just(ADD), WHO, DAY, OUTCOME),
    st.tuples(st.just("UPDATE convocation SET beneficiary_id = $2 WHERE beneficiary_id = $1"), WHO, WHO),
    st.tuples(st.just("UPDATE convocation SET outcome = $2 WHERE scheduled_at = $1"), DAY, OUTCOME),
    st.tuples(st.just("UPDATE convocation SET scheduled_at = $2 WHERE beneficiary_id = $1"), WHO, DAY),
    st.tuples(st.just("DELETE FROM convocation WHERE beneficiary_id = $1"), WHO),
    st.tuples(st.just("TRUNCATE convocation")),
).map(lambda step: (step[0], *_values(step[0], step[1:])))
"""A statement and its values; people by number."""


def _values(statement: str, numbers: tuple[Any, ...]) -> tuple[Any, ...]:
    days = {ADD: 1, "UPDATE convocation SET outcome": 0, "UPDATE convocation SET scheduled_at": 1}
    place = next((place for start, place in days.items() if statement.startswith(start)), None)
    return tuple(FIRST + timedelta(days=one) if index == place else one for index, one in enumerate(numbers))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(steps=st.lists(STEP, max_size=8))
async def test_statements_of_any_kind(steps: list[tuple[Any, ...]], populated_url: str) -> None:
    connection = await asyncpg.connect(**connection_arguments(populated_url))
    people = [row["id"] for row in await connection.fetch("SELECT id FROM beneficiary ORDER BY id LIMIT 4")]
    transaction = connection.transaction()
    await transaction.start()
    for statement, *values in steps:
        await connection.execute(statement, *(people[one] if isinstance(one, int) else one for one in values))
    assert await connection.fetchval(STRAY) == 0
    await transaction.rollback()
    await connection.close()


async def test_two_transactions_at_once(populated_url: str) -> None:
    """The later one sees what the earlier one, which it waited for, has added."""
    one = await asyncpg.connect(**connection_arguments(populated_url))
    other = await asyncpg.connect(**connection_arguments(populated_url))
    person = await one.fetchval("SELECT id FROM beneficiary LIMIT 1")
    transaction = one.transaction()
    await transaction.start()
    await one.execute(ADD, person, FIRST - timedelta(days=4000), None)
    waiting = asyncio.create_task(other.execute(ADD, person, FIRST - timedelta(days=3000), None))
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    watcher = await asyncpg.connect(**connection_arguments(populated_url))
    async with asyncio.timeout(10):
        while not await watcher.fetchval(query):
            await asyncio.sleep(0.01)
    await transaction.commit()
    await waiting
    assert await one.fetchval(STRAY) == 0
    for connection in (one, other, watcher):
        await connection.close()
