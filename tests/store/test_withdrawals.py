# SPDX-License-Identifier: EUPL-1.2
"""What the database keeps true of withdrawals, whoever writes; and whose feed they are in."""

from __future__ import annotations

import asyncio
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest

from hub.ledger.sequencer import sequence
from hub.ledger.stored_feed import verify_stored
from hub.store.engine import Database, connection_arguments
from tests.store.test_feed_proofs import SIGNER, caught_up

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

COLUMNS = "agency_id, beneficiary_id, household_id, fiscal_code, inps_protocol, measure, pact_id"
WITHDRAW = f"""
    INSERT INTO conditionality_event (type, occurred_at, withdraws_event_id, note, {COLUMNS})
    SELECT $2, now(), id, $3, {COLUMNS} FROM conditionality_event WHERE id = $1 RETURNING id
"""
STANDING = "type NOT IN ('EVENT_WITHDRAWN', 'CONTENT_ERASED') AND id NOT IN (SELECT withdraws_event_id FROM conditionality_event WHERE withdraws_event_id IS NOT NULL)"


@pytest.fixture
def database_url(populated_url: str) -> str:
    """A population whose feed is full."""
    return populated_url


@pytest.fixture
async def event(owner: Owner) -> UUID:
    """One that is not withdrawn."""
    found: UUID = await owner.fetchval(
        f"SELECT id FROM conditionality_event WHERE {STANDING} ORDER BY id LIMIT 1"
    )
    return found


async def withdraw(
    owner: Owner, event: UUID, kind: str = "EVENT_WITHDRAWN", reason: str | None = "x"
) -> UUID:
    found: UUID = await owner.fetchval(WITHDRAW, event, kind, reason)
    return found


async def test_a_withdrawal_stands_for_one_event(owner: Owner, event: UUID) -> None:
    withdrawal = await withdraw(owner, event)
    with pytest.raises(asyncpg.UniqueViolationError, match="withdraws_event_id_key"):
        await withdraw(owner, event)
    with pytest.raises(asyncpg.CheckViolationError, match="of what it takes back"):
        await withdraw(owner, withdrawal)


async def test_two_at_once_are_one(owner: Owner, database_url: str, event: UUID) -> None:
    other = await asyncpg.connect(**connection_arguments(database_url))
    try:
        transaction = owner.transaction()
        await transaction.start()
        await withdraw(owner, event)
        waiting = asyncio.create_task(withdraw(other, event))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await transaction.commit()
        with pytest.raises(asyncpg.UniqueViolationError):
            await waiting
    finally:
        await other.close()


@pytest.mark.parametrize("reason", [None, ""])
async def test_it_has_a_reason(owner: Owner, event: UUID, reason: str | None) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="conditionality_event_reason_check"):
        await withdraw(owner, event, reason=reason)


async def test_its_type_is_its_own(owner: Owner, event: UUID) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="of type EVENT_WITHDRAWN"):
        await withdraw(owner, event, "ABSENCE_JUSTIFIED")
    with pytest.raises(asyncpg.CheckViolationError, match="conditionality_event_withdrawal_check"):
        await owner.execute(
            f"INSERT INTO conditionality_event (type, occurred_at, note, {COLUMNS})"
            f" SELECT 'EVENT_WITHDRAWN', now(), 'x', {COLUMNS} FROM conditionality_event WHERE id = $1",
            event,
        )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("agency_id", "(SELECT id FROM agency WHERE kind = 'INPS')"),
        ("beneficiary_id", "(SELECT id FROM beneficiary WHERE id <> e.beneficiary_id LIMIT 1)"),
        ("household_id", "(SELECT id FROM household WHERE id <> e.household_id LIMIT 1)"),
        ("fiscal_code", "'PRVGNN90R10H501Q'"),
        ("inps_protocol", "inps_protocol || '0'"),
        ("measure", "CASE measure WHEN 'ADI' THEN 'SFL' ELSE 'ADI' END"),
        ("pact_id", "(SELECT id FROM pact WHERE id IS DISTINCT FROM e.pact_id LIMIT 1)"),
    ],
)
async def test_it_is_of_what_it_takes_back(owner: Owner, event: UUID, column: str, value: str) -> None:
    columns = COLUMNS.replace(column, value)
    with pytest.raises(asyncpg.CheckViolationError, match="about the same person"):
        await owner.execute(
            f"INSERT INTO conditionality_event (type, occurred_at, withdraws_event_id, note, {COLUMNS})"
            f" SELECT 'EVENT_WITHDRAWN', now(), id, 'x', {columns} FROM conditionality_event e WHERE id = $1",
            event,
        )


async def test_it_is_in_the_feeds_its_event_is_in_wherever_the_household_lives(
    database: Database, owner: Owner, event: UUID
) -> None:
    of_entry = "SELECT region_code, municipality_code FROM feed_entry WHERE event_id = $1"
    before = await owner.fetchrow(of_entry, event)
    assert before is not None
    household = await owner.fetchval("SELECT household_id FROM conditionality_event WHERE id = $1", event)
    moved = await owner.fetchval(
        "UPDATE household SET (municipality_id, region_code) = (SELECT id, region_code FROM municipality WHERE region_code <> $2 LIMIT 1)"
        " WHERE id = $1 RETURNING region_code",
        household,
        before["region_code"],
    )
    later = await owner.fetchval(
        f"INSERT INTO conditionality_event (type, occurred_at, {COLUMNS})"
        f" SELECT 'HIRED', now(), {COLUMNS} FROM conditionality_event WHERE id = $1 RETURNING id",
        event,
    )
    withdrawal = await withdraw(owner, event)
    for one in (later, withdrawal):
        await owner.execute("INSERT INTO outbox_message (topic, subject_id) VALUES ('feed', $1)", one)
    async with database.write.acquire() as connection:
        assert await sequence(connection) == 2
    assert (await owner.fetchrow(of_entry, later))["region_code"] == moved != before["region_code"]  # type: ignore[index]
    assert await owner.fetchrow(of_entry, withdrawal) == before
    await caught_up(database)
    assert (await verify_stored(owner, SIGNER.key)).lines > 0


async def test_an_event_and_its_withdrawal_may_get_their_positions_together(
    database: Database, owner: Owner, event: UUID
) -> None:
    again: Any = await owner.fetchval(
        f"INSERT INTO conditionality_event (type, occurred_at, operator, {COLUMNS})"
        f" SELECT 'HIRED', now(), $2, {COLUMNS} FROM conditionality_event WHERE id = $1 RETURNING id",
        event,
        str(uuid4()),
    )
    for one in (again, await withdraw(owner, again)):
        await owner.execute("INSERT INTO outbox_message (topic, subject_id) VALUES ('feed', $1)", one)
    async with database.write.acquire() as connection:
        assert await sequence(connection) == 2
    rows = await owner.fetch(
        "SELECT event_id, region_code, municipality_code FROM feed_entry ORDER BY position DESC LIMIT 2"
    )
    assert rows[1]["event_id"] == again
    assert rows[0][1:] == rows[1][1:]
