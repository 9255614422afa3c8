# SPDX-License-Identifier: EUPL-1.2
"""Migration 0032 on pacts that have landed: each gets the run that was under way then; and what the tables hold of origins."""

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
    INSERT INTO agency (code, name, kind) VALUES ('regione-12', 'Lazio', 'REGION'), ('regione-01', 'Piemonte', 'REGION');
    INSERT INTO municipality (belfiore_code, istat_code, name, province, region_code, valid_from)
        VALUES ('H501', '058091', 'Roma', 'RM', '12', '1990-01-01');
    BEGIN;
    INSERT INTO household (inps_protocol, measure, municipality_id, region_code, benefit_id)
        SELECT 'INPS-1', 'ADI', id, '12', md5('b')::uuid FROM municipality;
    INSERT INTO benefit (id, household_id, measure, period, status, monthly_amount)
        SELECT benefit_id, id, measure, '[2026-01-01,)', 'ACTIVE', 500 FROM household;
    COMMIT;
    INSERT INTO inbound_run (agency_id, flow, started_at, finished_at)
        SELECT a.id, r.flow, r.began::timestamptz, r.ended::timestamptz FROM agency a JOIN (VALUES
            ('regione-12', 'pacts', '2026-09-01 02:00Z', '2026-09-01 03:00Z'),
            ('regione-12', 'communications', '2026-09-01 02:10Z', '2026-09-01 03:00Z'),
            ('regione-12', 'pacts', '2026-09-02 02:00Z', NULL),
            ('regione-01', 'worker-records', '2026-09-01 02:00Z', '2026-09-01 03:00Z')
        ) AS r (code, flow, began, ended) ON r.code = a.code;
    INSERT INTO pact (kind, status, household_id, created_on, period, source_agency_id, external_id, landed_at)
        SELECT 'INCLUSION', 'PROPOSED', h.id, '2026-08-01', '[2026-08-01,)', a.id, p.number, p.landed::timestamptz
        FROM household h, (VALUES
            ('regione-12', 'in-the-first', '2026-09-01 02:30Z'),
            ('regione-12', 'between-them', '2026-09-01 12:00Z'),
            ('regione-12', 'in-one-cut-off', '2026-09-03 12:00Z'),
            ('regione-12', 'before-it-was-kept', NULL),
            ('regione-01', 'by-cooperation', '2026-09-01 02:30Z'),
            (NULL, NULL, NULL)
        ) AS p (code, number, landed) LEFT JOIN agency a ON a.code = p.code;
"""
FOUND = """
    SELECT coalesce(p.external_id, 'made here'), r.flow, r.started_at::date::text FROM pact p LEFT JOIN inbound_run r ON r.id = p.inbound_run_id
    ORDER BY 1
"""


@pytest.fixture
async def migrated(empty_url: str) -> AsyncIterator[Owner]:
    """A database as 0031 left it, with pacts that landed in every way, brought to now."""
    await asyncio.to_thread(migrate, empty_url, "0031")
    connection = await asyncpg.connect(**connection_arguments(empty_url))
    await connection.execute(BEFORE)
    await asyncio.to_thread(migrate, empty_url)
    yield connection
    await connection.close()


async def test_each_pact_has_the_run_that_was_under_way_when_it_landed(
    migrated: Owner, empty_url: str
) -> None:
    assert [tuple(row.values()) for row in await migrated.fetch(FOUND)] == [
        ("before-it-was-kept", None, None),
        ("between-them", None, None),
        ("by-cooperation", "worker-records", "2026-09-01"),
        ("in-one-cut-off", "pacts", "2026-09-02"),
        ("in-the-first", "pacts", "2026-09-01"),
        ("made here", None, None),
    ]
    await asyncio.to_thread(downgrade, empty_url, "0031")
    landed = await migrated.fetchval("SELECT count(*) FROM pact WHERE landed_at IS NOT NULL")
    assert landed == 4, "when each landed was kept before"


@pytest.mark.parametrize(
    "change",
    [
        "inbound_run_id = (SELECT id FROM inbound_run LIMIT 1), source_agency_id = NULL, external_id = NULL, landed_at = NULL",
        "landed_at = now(), source_agency_id = NULL, external_id = NULL",
        "landed_at = now(), external_id = NULL",
    ],
    ids=["a run without a time", "a time without a source", "a time without a number"],
)
async def test_what_landed_was_told_by_somebody(migrated: Owner, change: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="pact_landed_check"):
        await migrated.execute(f"UPDATE pact SET {change} WHERE external_id = 'in-the-first'")
