# SPDX-License-Identifier: EUPL-1.2
"""Which lines of the log were about somebody by a place that was erased: written by the erasure, kept as long as the line."""

from __future__ import annotations

from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from hub.access.log_months import LogMonths
from hub.store.engine import Database

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
PLACES = ("{[1,9]}", "{[4,5)}", "{[1,4),[5,9]}", None)
"""Of four lines; the first two have place 4."""


@pytest.fixture
def database_url(populated_url: str) -> str:
    """A population whose feed is full."""
    return populated_url


@pytest.fixture
async def person(owner: Owner) -> UUID:
    """Whose entry stood at place 4, which lines of the log had; it is erased."""
    for places in PLACES:
        await owner.execute(
            """INSERT INTO access_log (agency_id, client_id, purpose_id, selection_hash, asked, subjects, positions, outcome)
               SELECT id, id, id, sha256('x'), '{}', '{}', $1::text::int8multirange, 'ANSWERED' FROM agency LIMIT 1""",
            places,
        )
    found: UUID = await owner.fetchval(
        "SELECT beneficiary_id FROM conditionality_event e JOIN feed_entry f ON f.event_id = e.id WHERE position = 4"
    )
    await owner.execute(
        "SELECT erase_feed_content(4, (SELECT min(id::text)::uuid FROM agency), 'dpo', 'A reason')"
    )
    return found


async def test_the_erasure_writes_which_lines_and_no_place(owner: Owner, person: UUID) -> None:
    rows = await owner.fetch(
        "SELECT look.*, positions::text FROM erased_look look LEFT JOIN access_log ON at = line_at AND id = line_id ORDER BY line_at"
    )
    assert [(row["beneficiary_id"], row["positions"]) for row in rows] == [
        (person, "{[1,10)}"),
        (person, "{[4,5)}"),
    ]
    columns = await owner.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'erased_look'"
    )
    assert {row["column_name"] for row in columns} == {"beneficiary_id", "line_at", "line_id"}


async def test_a_row_stays_as_long_as_its_line(owner: Owner, database: Database, person: UUID) -> None:
    for statement in (
        "UPDATE erased_look SET line_id = uuidv7()",
        "DELETE FROM erased_look",
        "TRUNCATE erased_look",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(statement)
    for statement in (
        "UPDATE erased_look SET line_id = uuidv7()",
        "INSERT INTO erased_look (beneficiary_id, line_at, line_id) SELECT beneficiary_id, now(), uuidv7() FROM erased_look",
        "TRUNCATE erased_look",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await database.write.execute(statement)
    months = LogMonths(database.write, 24)
    await months.look()
    assert await owner.fetchval("SELECT count(*) FROM erased_look") == 2
    async with owner.transaction():  # as when its month is dropped
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute("DELETE FROM access_log WHERE positions = '{[4,5)}'")
    await months.look()
    left = await owner.fetch(
        "SELECT positions::text FROM erased_look JOIN access_log ON at = line_at AND id = line_id"
    )
    assert [row["positions"] for row in left] == ["{[1,10)}"]
