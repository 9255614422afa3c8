# SPDX-License-Identifier: EUPL-1.2
"""What migration 0003 meets in a database that is in use, and what its downgrade leaves; what is recorded of changes of grants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from hub.access.registration import register
from hub.errors import DatabaseError
from hub.store.engine import Database, connection_arguments
from hub.store.migrations import downgrade, migrate
from hub.store.reference.agency_codes import CITIZENS_AGENCY_ID, CITIZENS_PURPOSE_ID
from tests.store.test_registration import LAZIO

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
FIRST, SECOND, THIRD, OTHER = (UUID(int=number) for number in range(11, 15))
GIVEN = "INSERT INTO access_grant (id, purpose_id, scope, capabilities, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5::text::timestamptz, $6::text::timestamptz)"


@pytest.fixture
async def before(empty_url: str) -> AsyncIterator[Owner]:
    """A database as 0002 left it, with two purposes."""
    await asyncio.to_thread(migrate, empty_url, "0002")
    connection = await asyncpg.connect(**connection_arguments(empty_url))
    await connection.execute("INSERT INTO agency (code, name, kind) VALUES ('inps', 'INPS', 'INPS')")
    await connection.execute(
        "INSERT INTO purpose (purpose_id, agency_id, description) SELECT made, id, 'x' FROM agency, unnest($1::uuid[]) AS made",
        [UUID(int=2), UUID(int=3)],
    )
    yield connection
    await connection.close()


async def test_grants_that_disagree_are_all_named(before: Owner, empty_url: str) -> None:
    given = [
        (FIRST, 2, "NATIONAL", [], "2026-01-01", None),
        (SECOND, 2, "REGION", [], "2026-06-01", None),
        (THIRD, 2, "NATIONAL", ["RECORD_EVENTS"], "2025-01-01", "2026-01-01"),
        (OTHER, 3, "REGION", [], "2026-01-01", None),
    ]
    for key, purpose, *terms in given:
        await before.execute(GIVEN, key, UUID(int=purpose), *terms)
    with pytest.raises(DatabaseError) as refused:
        await asyncio.to_thread(migrate, empty_url)
    assert f"{FIRST} and {SECOND} of purpose {UUID(int=2)}" in refused.value.message
    assert "revoked_at" in refused.value.message
    for apart in (THIRD, OTHER):
        assert str(apart) not in refused.value.message
    await before.execute("UPDATE access_grant SET revoked_at = now() WHERE id = $1", SECOND)
    await asyncio.to_thread(migrate, empty_url)


async def test_a_feed_that_was_read_through_a_territory_is_named(before: Owner, empty_url: str) -> None:
    await before.execute(GIVEN, FIRST, UUID(int=2), "REGION", ["READ_FEED"], "2026-01-01", None)
    with pytest.raises(DatabaseError, match=f"READ_FEED.*{FIRST} of purpose {UUID(int=2)}"):
        await asyncio.to_thread(migrate, empty_url)


async def test_downgraded_the_people_are_gone_whatever_they_have(empty_url: str) -> None:
    await asyncio.to_thread(migrate, empty_url)
    connection = await asyncpg.connect(**connection_arguments(empty_url))
    await register(connection, LAZIO)
    # As a database that was amended by hand, or migrated before there were these rules.
    await connection.execute(
        f"""
        ALTER TABLE purpose DROP CONSTRAINT purpose_citizens_check;
        ALTER TABLE access_grant DROP CONSTRAINT access_grant_citizens_check;
        INSERT INTO purpose (purpose_id, agency_id, description) VALUES ('{OTHER}', '{CITIZENS_AGENCY_ID}', 'x');
        INSERT INTO access_grant (purpose_id, scope, field_set) VALUES ('{OTHER}', 'NATIONAL', 'citizen');
        ALTER TABLE purpose ADD CONSTRAINT purpose_citizens_check CHECK (true);
        ALTER TABLE access_grant ADD CONSTRAINT access_grant_citizens_check CHECK (true);
        """
    )
    await asyncio.to_thread(downgrade, empty_url, "0002")
    left = await connection.fetch("SELECT agency.code FROM agency JOIN purpose ON agency_id = agency.id")
    assert [row["code"] for row in left] == [LAZIO.agency_code]
    assert await connection.fetchval("SELECT count(*) FROM access_grant") == 1
    await connection.close()


async def test_nobody_writes_what_was_changed_but_the_change(owner: Owner, database: Database) -> None:
    await register(owner, LAZIO)
    before = await owner.fetchval("SELECT count(*) FROM access_change")
    row = "INSERT INTO access_change (door, subject, action) VALUES ('COMMAND_LINE', 'agency', 'CHANGED')"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for table access_change"):
        await database.write.execute(row)
    role = await database.write.fetchval("SELECT current_user")
    await database.write.execute("UPDATE agency SET name = 'Lazio' WHERE code = $1", LAZIO.agency_code)
    assert await owner.fetchval("SELECT count(*) FROM access_change") == before + 1
    assert not await owner.fetchval(
        "SELECT has_function_privilege($1, 'record_access_change()', 'EXECUTE')", role
    )


async def test_a_table_in_front_of_the_real_one_changes_nothing(owner: Owner, database: Database) -> None:
    """Who writes as the owner looks tables up as the owner says, whatever the session has made."""
    await register(owner, LAZIO)
    before = await owner.fetchval("SELECT count(*) FROM access_change")
    async with database.write.acquire() as connection, connection.transaction():
        await connection.execute(
            "CREATE TEMPORARY TABLE access_change (LIKE public.access_change) ON COMMIT DROP"
        )
        await connection.execute("SET LOCAL search_path = pg_temp, public")
        await connection.execute("UPDATE agency SET name = 'x' WHERE code = $1", LAZIO.agency_code)
    assert await owner.fetchval("SELECT count(*) FROM access_change") == before + 1
    assert await owner.fetchval(
        "SELECT count(*) FROM access_grant WHERE purpose_id = $1", UUID(CITIZENS_PURPOSE_ID)
    )
