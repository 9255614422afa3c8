# SPDX-License-Identifier: EUPL-1.2
"""Migration 0007 on a feed that has entries: each gets the bytes the sequencer would have written, and all can be proved."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TypeAlias

import asyncpg
import pytest

from hub.ledger.canonical import read_line
from hub.ledger.sequencer import sequence
from hub.ledger.stored_feed import verify_stored
from hub.store.engine import connection_arguments
from hub.store.migrations import downgrade, migrate

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
COUNT = 40
BEFORE = """
    INSERT INTO agency (code, name, kind) VALUES ('cpi-h501c900031', 'Centro', 'EMPLOYMENT_CENTRE');
    INSERT INTO municipality (belfiore_code, istat_code, name, province, region_code, valid_from)
        VALUES ('H501', '058091', 'Roma', 'RM', '12', '1990-01-01'), ('L219', '001272', 'Torino', 'TO', '01', '1990-01-01');
    BEGIN;
    INSERT INTO household (id, inps_protocol, measure, municipality_id, region_code, benefit_id)
        SELECT md5('home' || belfiore_code)::uuid, 'INPS-' || belfiore_code, 'ADI', id, region_code, md5('benefit' || belfiore_code)::uuid
        FROM municipality;
    INSERT INTO benefit (id, household_id, measure, period, status, monthly_amount)
        SELECT benefit_id, id, measure, '[2026-01-01,)', 'ACTIVE', 500 FROM household;
    COMMIT;
    INSERT INTO beneficiary (fiscal_code, given_name, family_name, birth_date, sex, household_id, municipality_id, region_code,
            employment_status, obligation)
        SELECT CASE h.region_code WHEN '12' THEN 'RSSMRA80A01H501U' ELSE 'RSSMRA80A41H501Y' END, 'Anna "la Rossa"', 'È ',
            '1980-01-01', 'F', h.id, h.municipality_id, h.region_code, 'UNEMPLOYED', 'OBLIGED' FROM household h;
    INSERT INTO conditionality_event (type, occurred_at, recorded_at, agency_id, beneficiary_id, household_id, fiscal_code,
            inps_protocol, measure, note, operator)
        SELECT 'CONVOCATION_MISSED', timestamptz '2026-05-01 09:00:00.000001+02' + n * interval '1 hour', '2026-06-01 10:00Z', a.id, p.id, h.id,
            p.fiscal_code, h.inps_protocol, 'ADI', CASE n % 3 WHEN 0 THEN E'Nota "x" \\ \n🦊' END, CASE n % 2 WHEN 0 THEN 'op' END
        FROM generate_series(1, 40) AS n JOIN agency a ON a.code LIKE 'cpi-%'
            JOIN beneficiary p ON p.region_code = CASE n % 2 WHEN 0 THEN '12' ELSE '01' END JOIN household h ON h.id = p.household_id;
    UPDATE beneficiary SET fiscal_code = 'PRVGNN90R10H501Q' WHERE region_code = '12';
    INSERT INTO feed_entry (position, event_id, sequenced_at)
        SELECT row_number() OVER (ORDER BY occurred_at DESC), id, recorded_at + interval '1 second' FROM conditionality_event;
"""


@pytest.fixture
async def before(empty_url: str) -> AsyncIterator[Owner]:
    """A database as 0006 left it, with a feed of forty entries."""
    await asyncio.to_thread(migrate, empty_url, "0006")
    connection = await asyncpg.connect(**connection_arguments(empty_url))
    await connection.execute(BEFORE)
    assert await connection.fetchval("SELECT count(*) FROM feed_entry") == COUNT
    yield connection
    await connection.close()


async def test_each_entry_has_its_bytes(before: Owner, empty_url: str) -> None:
    was = await before.fetch("SELECT * FROM feed_entry ORDER BY position")
    await asyncio.to_thread(migrate, empty_url)
    rows = await before.fetch(
        """SELECT f.*, c.content, c.record_salt, e.fiscal_code, e.inps_protocol
           FROM feed_entry f JOIN feed_content c USING (position) JOIN conditionality_event e ON e.id = f.event_id ORDER BY position"""
    )
    assert [(row["position"], row["event_id"], row["sequenced_at"]) for row in rows] == [
        tuple(row) for row in was
    ]
    for row in rows:
        line = read_line(f'{{"content":{row["content"]},"entry":{row["entry"]}}}'.encode())
        assert line.position == row["position"]
        content = json.loads(row["content"])
        assert (content["fiscalCode"], content["inpsProtocol"]) == (row["fiscal_code"], row["inps_protocol"])
        assert (content["region"], content["municipality"]) == (row["region_code"], row["municipality_code"])
        # As it was when it was recorded: the person's code has changed since.
        assert row["fiscal_code"] == {"12": "RSSMRA80A01H501U", "01": "RSSMRA80A41H501Y"}[row["region_code"]]
    assert {row["region_code"] for row in rows} == {"12", "01"}
    assert (
        len({row["record_salt"] for row in rows} | {json.loads(row["content"])["salt"] for row in rows})
        > COUNT
    )
    async with before.transaction(isolation="repeatable_read"):
        assert (await verify_stored(before, None)).lines == COUNT


async def test_the_feed_goes_on_after_them_and_stays_append_only(before: Owner, empty_url: str) -> None:
    await asyncio.to_thread(migrate, empty_url)
    for statement in (
        "UPDATE feed_entry SET region_code = '03'",
        "UPDATE feed_entry SET position = position + 1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await before.execute(statement)
    await before.execute(
        """WITH more AS (INSERT INTO conditionality_event (type, occurred_at, agency_id, beneficiary_id, household_id, fiscal_code,
                             inps_protocol, measure)
               SELECT 'PACT_SIGNED', now(), agency_id, beneficiary_id, household_id, fiscal_code, inps_protocol, measure
               FROM conditionality_event LIMIT 3 RETURNING id)
           INSERT INTO outbox_message (topic, subject_id) SELECT 'feed', id FROM more"""
    )
    assert await sequence(before) == 3
    async with before.transaction(isolation="repeatable_read"):
        assert (await verify_stored(before, None)).lines == COUNT + 3


async def test_up_down_and_up_again_it_is_proved_anew(before: Owner, empty_url: str) -> None:
    await asyncio.to_thread(migrate, empty_url)
    await asyncio.to_thread(downgrade, empty_url, "0006")
    assert await before.fetchval("SELECT count(*) FROM feed_entry") == COUNT
    await asyncio.to_thread(migrate, empty_url)
    await before.reload_schema_state()
    async with before.transaction(isolation="repeatable_read"):
        assert (await verify_stored(before, None)).lines == COUNT
