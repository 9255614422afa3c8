# SPDX-License-Identifier: EUPL-1.2
"""Migration 0033 on pacts that are there, what the column then holds and refuses, and what its downgrade leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeAlias

import asyncpg
import pytest

from hub.store.engine import connection_arguments
from hub.store.migrations import downgrade, migrate

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
BEFORE = """
    INSERT INTO municipality (belfiore_code, istat_code, name, province, region_code, valid_from)
        VALUES ('H501', '058091', 'Roma', 'RM', '12', '1990-01-01');
    BEGIN;
    INSERT INTO household (inps_protocol, measure, municipality_id, region_code, benefit_id)
        SELECT 'INPS-1', 'ADI', id, '12', md5('b')::uuid FROM municipality;
    INSERT INTO benefit (id, household_id, measure, period, status, monthly_amount)
        SELECT benefit_id, id, measure, '[2026-01-01,)', 'ACTIVE', 500 FROM household;
    COMMIT;
    INSERT INTO pact (kind, status, household_id, created_on, period)
        SELECT 'INCLUSION', 'PROPOSED', id, '2026-08-01', '[2026-08-01,)' FROM household;
"""
PUT = "UPDATE pact SET professions = $1 RETURNING professions"


@pytest.fixture
async def migrated(empty_url: str) -> AsyncIterator[Owner]:
    """A database as 0032 left it, with a pact, brought to 0033."""
    await asyncio.to_thread(migrate, empty_url, "0032")
    connection = await asyncpg.connect(**connection_arguments(empty_url))
    await connection.execute(BEFORE)
    await asyncio.to_thread(migrate, empty_url, "0033")
    yield connection
    await connection.close()


async def test_of_a_pact_from_before_it_is_not_known_and_the_way_back_leaves_the_pact(
    migrated: Owner, empty_url: str
) -> None:
    assert [row["professions"] for row in await migrated.fetch("SELECT professions FROM pact")] == [None]
    columns = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'pact' AND column_name = 'professions'"
    functions = "SELECT count(*) FROM pg_proc WHERE proname = 'are_professions'"
    assert (await migrated.fetchval(columns), await migrated.fetchval(functions)) == (1, 1)
    await migrated.execute(PUT, ["5.2"])
    await asyncio.to_thread(downgrade, empty_url, "0032")
    assert (await migrated.fetchval(columns), await migrated.fetchval(functions)) == (0, 0)
    assert await migrated.fetchval("SELECT count(*) FROM pact") == 1


@pytest.mark.parametrize(
    "professions",
    [None, [], ["5"], ["5.2", "5.2.2.1"], ["9.1.1.1.0.1"], ["6.10.12"], ["5"] * 20],
    ids=["not known", "none", "a group", "two", "six places", "of two digits", "as many as may be"],
)
async def test_what_a_pact_may_name(migrated: Owner, professions: list[str] | None) -> None:
    assert await migrated.fetchval(PUT, professions) == professions


@pytest.mark.parametrize(
    "professions",
    [
        ["5"] * 21, [None], ["5", None], [""], ["0.1"], ["52"], ["5.2."], ["5.123"], ["5.1.1.1.1.1.1"], ["x"], ["5.2 4.1"], ["5.2\n"],
        ["5.2\n4.1"], ["cuoco", "5"], [["5"], ["6"]],
    ],
)  # fmt: skip
async def test_what_no_pact_names(migrated: Owner, professions: list[str | None]) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="pact_professions_check"):
        await migrated.execute(PUT, professions)
