# SPDX-License-Identifier: EUPL-1.2
"""What the database keeps true of evidence and of justified reasons, whoever writes."""

from __future__ import annotations

from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from hub.store.engine import Database

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

COLUMNS = "agency_id, beneficiary_id, household_id, fiscal_code, inps_protocol, measure"
LIKE = f"""
    INSERT INTO conditionality_event (type, occurred_at, justified_reason, {COLUMNS})
    SELECT $1, now(), $2, {COLUMNS} FROM conditionality_event LIMIT 1 RETURNING id
"""
ADD = "INSERT INTO event_evidence (event_id, ordinal, sha256, media_type, reference, title) VALUES ($1, $2, $3, $4, $5, $6)"
HASH = bytes(32)


@pytest.fixture
def database_url(populated_url: str) -> str:
    """A population whose feed is full."""
    return populated_url


@pytest.fixture
async def event(owner: Owner) -> UUID:
    """One with a document."""
    async with owner.transaction():
        found: UUID = await owner.fetchval(LIKE, "HIRED", None)
        await owner.execute(ADD, found, 1, HASH, "a/b", "r", None)
    return found


async def test_evidence_comes_with_its_event_and_stays(owner: Owner, database: Database, event: UUID) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="recorded with its event"):
        await owner.execute(ADD, event, 2, HASH, "a/b", "r", None)
    for change in (
        "UPDATE event_evidence SET title = 'x'",
        "DELETE FROM event_evidence",
        "TRUNCATE event_evidence",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(change)
        async with database.write.acquire() as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await connection.execute(change)
    assert await owner.fetchval("SELECT count(*) FROM event_evidence WHERE event_id = $1", event) == 1


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ((0, HASH, "a/b", "r", None), "ordinal"),
        ((21, HASH, "a/b", "r", None), "ordinal"),
        ((1, bytes(31), "a/b", "r", None), "sha256"),
        ((1, HASH, "ab", "r", None), "media_type"),
        ((1, HASH, "a/b", "", None), "reference"),
        ((1, HASH, "a/b", "x" * 1_001, None), "reference"),
        ((1, HASH, "a/b", "r", ""), "title"),
        ((1, HASH, "a/b", "r", "x" * 201), "title"),
    ],
)
async def test_its_bounds(owner: Owner, values: tuple[object, ...], constraint: str) -> None:
    async with owner.transaction():
        event = await owner.fetchval(LIKE, "HIRED", None)
        with pytest.raises(asyncpg.CheckViolationError, match=f"event_evidence_{constraint}_check"):
            async with owner.transaction():
                await owner.execute(ADD, event, *values)


async def test_a_justified_absence_alone_has_a_reason(owner: Owner) -> None:
    assert await owner.fetchval(LIKE, "ABSENCE_JUSTIFIED", "PREGNANCY")
    with pytest.raises(asyncpg.CheckViolationError, match="conditionality_event_justified_check"):
        await owner.execute(LIKE, "CONVOCATION_MISSED", "PREGNANCY")
    with pytest.raises(asyncpg.CheckViolationError, match="conditionality_event_justified_reason_check"):
        await owner.execute(LIKE, "ABSENCE_JUSTIFIED", "LAZINESS")
