# SPDX-License-Identifier: EUPL-1.2
"""Where the flows stand, by one statement that reads what is open and not what is over."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest
from typer.testing import CliRunner

from connectors import flow_status
from connectors.flow_status import FlowStanding, Inward, Outward, flow_standing
from hub.cli import command_line
from hub.store.engine import Database
from hub.store.reference.demo import demo_key, load_demo_reference
from hub.store.vocabulary import DeliveryChannel
from tests.api.inhabitants import build_world

if TYPE_CHECKING:
    from tests.store.conftest import Planner

DAWN = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)
INPS, LAZIO = demo_key("agency", "inps"), demo_key("agency", "regione-12")


@pytest.fixture
async def empty(database: Database, owner: asyncpg.Connection[asyncpg.Record]) -> Database:
    await load_demo_reference(owner)
    return database


async def standing(database: Database) -> FlowStanding:
    async with database.write.acquire() as connection:
        return await flow_standing(connection)


async def test_where_nothing_was_pulled_and_nobody_is_told_there_is_nothing(empty: Database) -> None:
    assert await standing(empty) == FlowStanding((), ())


async def test_of_each_flow_what_waits_and_when_it_was_last_complete(
    empty: Database, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    runs = [
        (LAZIO, "pacts", DAWN, DAWN + timedelta(minutes=5)),
        (LAZIO, "pacts", DAWN + timedelta(days=1), DAWN + timedelta(days=1, minutes=7)),
        (LAZIO, "pacts", DAWN + timedelta(days=2), None),  # killed
        (LAZIO, "job-offers", DAWN, None),
        (INPS, "admitted-households", DAWN, DAWN + timedelta(minutes=1)),
    ]
    await owner.executemany(
        "INSERT INTO inbound_run (agency_id, flow, started_at, finished_at) VALUES ($1, $2, $3, $4)", runs
    )
    for key, flow, resolved in (
        ("1", "pacts", None),
        ("2", "pacts", None),
        ("3", "pacts", DAWN),
        ("4", "told-by-hand", None),
    ):
        await owner.execute(
            "INSERT INTO quarantined_record (agency_id, flow, record_key, payload, payload_digest, reason, resolved_at)"
            " SELECT $1, $2, $3, CASE WHEN $4::timestamptz IS NULL THEN '{}'::jsonb END,"
            " CASE WHEN $4 IS NOT NULL THEN repeat('0', 64) END, 'x', $4",
            LAZIO,
            flow,
            key,
            resolved,
        )
    assert (await standing(empty)).inward == (
        Inward("inps", "admitted-households", 0, True, DAWN + timedelta(minutes=1)),
        Inward("regione-12", "job-offers", 0, True, None),
        Inward("regione-12", "pacts", 2, True, DAWN + timedelta(days=1, minutes=7)),
        Inward("regione-12", "told-by-hand", 1, False, None),
    )


async def test_of_each_system_that_is_told_what_waits_and_what_stopped(
    empty: Database, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    await build_world(owner)
    await owner.execute(
        "INSERT INTO destination (agency_id, channel, types, areas, drawn_up_to, ended_at)"
        " SELECT id, 'REGION', '{HIRED}', '{}', 0, CASE code WHEN 'inps' THEN now() END FROM agency WHERE code IN ('inps', 'comune-h501')"
    )
    await owner.execute(
        "UPDATE destination SET ended_at = NULL WHERE agency_id = $1", LAZIO
    )  # the world's has ended
    counts = {
        row["state"]: row
        for row in await owner.fetch(
            "SELECT state, count(*) AS number, min(waiting_since) AS since FROM delivery d JOIN agency a ON a.id = d.agency_id"
            " WHERE a.code = 'regione-12' GROUP BY state"
        )
    }
    assert {"WAITING", "REFUSED", "EXHAUSTED", "ACCEPTED"} <= counts.keys()
    told = {one.agency_code: one for one in (await standing(empty)).outward}
    assert "inps" not in told, "it is told nothing more"
    assert told["comune-h501"] == Outward("comune-h501", DeliveryChannel.REGION, 0, 0, 0, None)
    assert told["regione-12"] == Outward(
        "regione-12",
        DeliveryChannel.REGION,
        counts["WAITING"]["number"],
        counts["REFUSED"]["number"],
        counts["EXHAUSTED"]["number"],
        counts["WAITING"]["since"],
    )


async def test_what_is_over_is_not_read(planner: Planner) -> None:
    connection = planner.connection
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        """
        INSERT INTO destination (agency_id, channel, types, areas, drawn_up_to)
            SELECT id, 'REGION', '{HIRED}', '{}', 0 FROM agency WHERE code = 'regione-12';
        INSERT INTO delivery (destination_id, position, event_id, agency_id, beneficiary_id, type, waiting_since, state, settled_at)
            SELECT d.id, f.position, e.id, d.agency_id, e.beneficiary_id, e.type, e.recorded_at,
                CASE WHEN f.position % 50 = 1 THEN 'WAITING' ELSE 'ACCEPTED' END, CASE WHEN f.position % 50 = 1 THEN NULL ELSE now() END
            FROM feed_entry f JOIN conditionality_event e ON e.id = f.event_id CROSS JOIN destination d
            WHERE e.beneficiary_id IS NOT NULL;
        INSERT INTO inbound_run (agency_id, flow, started_at, finished_at)
            SELECT a.id, flow, now() - n * interval '1 hour', now() - n * interval '1 hour' FROM agency a,
                unnest('{pacts,job-offers}'::text[]) AS flow, generate_series(1, 10000) AS n WHERE a.code IN ('inps', 'regione-12');
        INSERT INTO quarantined_record (agency_id, flow, record_key, payload, payload_digest, reason, resolved_at)
            SELECT a.id, 'pacts', n::text, CASE WHEN n % 100 = 0 THEN '{}'::jsonb END, CASE WHEN n % 100 <> 0 THEN repeat('0', 64) END,
                'x', CASE WHEN n % 100 <> 0 THEN now() END
            FROM agency a, generate_series(1, 20000) AS n WHERE a.code = 'regione-12';
        ANALYZE destination, delivery, inbound_run, quarantined_record;
        """
    )
    reads = await planner.reads(flow_status._statement().text)
    by = {(one.table, one.index) for one in reads if one.table not in ("agency", "destination")}
    run_index = "inbound_run_agency_id_flow_started_at_idx"
    # Two indexes have what waits, and nothing else: all of it is counted, by whichever.
    waits = {f"quarantined_record_{order}_idx" for order in ("waiting", "received")}
    [by_index] = [index for table, index in by if table == "quarantined_record"]
    assert by_index in waits
    assert by == {
        ("delivery", "delivery_open_idx"),
        ("inbound_run", run_index),
        ("quarantined_record", by_index),
    }
    await transaction.rollback()


async def test_the_command_says_of_each_flow_how_it_stands(
    empty: Database,
    owner: asyncpg.Connection[asyncpg.Record],
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await owner.executemany(
        "INSERT INTO inbound_run (agency_id, flow, started_at, finished_at) VALUES ($1, $2, $3, $4)",
        [(LAZIO, "pacts", DAWN, DAWN + timedelta(minutes=5)), (LAZIO, "job-offers", DAWN, None)],
    )
    await owner.execute(
        "INSERT INTO quarantined_record (agency_id, flow, record_key, payload, reason) VALUES ($1, 'pacts', '1', '{}', 'x')",
        LAZIO,
    )
    monkeypatch.setenv("SNODO_DATABASE_URL", database_url)
    asked = ["sync", "status"]
    ended = await asyncio.to_thread(lambda: CliRunner().invoke(command_line(asked), asked))
    assert ended.exit_code == 0, ended.output
    assert ended.stdout.splitlines() == [
        "No system is told anything; `snodo sync tell` registers one.",
        "regione-12 job-offers: 0 in quarantine; NEVER pulled to its end",
        "regione-12 pacts: 1 in quarantine; last pulled to its end on 2026-09-01 04:05 UTC",
    ]
