# SPDX-License-Identifier: EUPL-1.2
"""`snodo doctor person`: one person's facts in sentences, step by step, and a line of the access log for every look."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest
from typer.testing import CliRunner

from hub.cli import command_line
from hub.cli.trail import told
from hub.ledger.trail import read_trail
from hub.store.engine import Database
from hub.store.reference.demo import demo_key, load_demo_reference
from tests.api.inhabitants import build_world
from tests.api.world import UNKNOWN_CODE, World

PURPOSE = "00000000-0000-4000-8000-0000000000aa"


@pytest.fixture
async def world(database: Database, owner: asyncpg.Connection[asyncpg.Record]) -> World:
    await load_demo_reference(owner)
    made = await build_world(owner)
    await owner.execute(
        "INSERT INTO purpose (purpose_id, agency_id, description) VALUES ($1, $2, 'Assistenza')",
        PURPOSE,
        demo_key("agency", "inps"),
    )
    return made


async def lines(database: Database, code: str) -> list[str]:
    async with database.write.acquire() as connection:
        return list(told(await read_trail(connection, code)))


async def test_each_fact_says_where_it_stopped(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World
) -> None:
    person = world.people["crowd-0"]
    said = "\n".join(await lines(database, person.fiscal_code))
    rows = await owner.fetch(
        "SELECT d.*, f.position AS place FROM delivery d JOIN feed_entry f ON f.event_id = d.event_id WHERE d.beneficiary_id = $1",
        person.id,
    )
    assert {row["state"] for row in rows} >= {"WAITING", "ACCEPTED"}
    for row in rows:
        delivery = f"dlv_{row['id'].hex}"
        assert f"In the feed at position {row['place']:,} since" in said
        assert (f"`snodo sync retry {delivery}`" in said) == (row["state"] in ("REFUSED", "EXHAUSTED"))
    assert "WAITS: INPS has not acknowledged" in said
    assert "It was taken back since" in said
    for secret in (person.fiscal_code, "Rossi"):
        assert secret not in said


async def test_what_is_not_in_the_feed_stopped_before_it(database: Database, world: World) -> None:
    said = await lines(database, world.people["torino-in-rome"].fiscal_code)
    assert any("STOPPED here: it is not in the feed." in line for line in said)


async def test_what_could_not_land_is_found_by_the_code_wherever_it_stands(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World
) -> None:
    content = json.dumps({"beneficiari": [{"x": 1}, {"cod_fiscale": UNKNOWN_CODE}]})
    for resolved, payload, digest in (("NULL", content, None), ("now()", None, "0" * 64)):
        await owner.execute(
            "INSERT INTO quarantined_record"
            " (agency_id, flow, record_key, payload, payload_digest, field, reason, resolved_at)"
            f" VALUES ($1, 'admitted-households', $2, $3, $4, 'cod_stato', 'The code is not known.', {resolved})",
            demo_key("agency", "inps"),
            resolved,
            payload,
            digest,
        )
    nobody, aside = await lines(database, UNKNOWN_CODE)
    assert "admitted-households, number NULL, waits since" in aside
    assert nobody.startswith("The hub knows nobody by this code")
    assert aside.startswith("STOPPED on its way in: a record of")
    assert "The code is not known. (cod_stato)" in aside
    nothing, *others = await lines(database, world.people["child"].fiscal_code)
    assert nothing.startswith("No fact about this person")
    assert not [line for line in others if line.startswith("STOPPED")]


async def test_communications_say_who_sent_them_and_what_waits_for_its_day(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World
) -> None:
    person = world.people["child"]
    await owner.execute(
        "INSERT INTO communication (code, kind, state, agency_id, beneficiary_id, starts_on, employer_code)"
        " VALUES ('1200026000000001', 'UNILAV', 'WAITING', $1, $2, '2026-12-01', '12345678901')",
        demo_key("agency", "regione-12"),
        person.id,
    )
    name = await owner.fetchval("SELECT name FROM agency WHERE code = 'regione-12'")
    [line] = [line for line in await lines(database, person.fiscal_code) if "1200026000000001" in line]
    assert line.startswith(f"Communication 1200026000000001 (UNILAV): received from {name} on")
    assert line.endswith("WAITS for the day it begins, 2026-12-01.")
    assert "12345678901" not in line


async def test_a_pact_that_was_made_here_or_landed_before_says_so(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World
) -> None:
    row = await owner.fetchrow(
        "UPDATE pact SET source_agency_id = NULL, external_id = NULL, landed_at = NULL, inbound_run_id = NULL"
        " WHERE beneficiary_id IS NOT NULL"
        " RETURNING kind, created_on, (SELECT fiscal_code FROM beneficiary b WHERE b.id = beneficiary_id) AS code"
    )
    assert row is not None
    said = await lines(database, row["code"])
    assert [
        line
        for line in said
        if line.startswith(f"{row['kind']} pact, proposed on {row['created_on']}")
        and line.endswith(": made at the hub.")
    ]
    await owner.execute(
        "UPDATE pact SET source_agency_id = $1, external_id = id::text", demo_key("agency", "regione-12")
    )
    said = await lines(database, row["code"])
    assert [line for line in said if line.endswith("; when it landed here was not kept then.")]


async def test_an_activity_says_where_it_came_from_or_that_it_was_made_here(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World
) -> None:
    person = world.people["north"]
    rows = await owner.fetch(
        "SELECT a.*, g.name, r.flow, r.started_at FROM activity a LEFT JOIN agency g ON g.id = a.source_agency_id"
        " LEFT JOIN inbound_run r ON r.id = a.inbound_run_id WHERE a.beneficiary_id = $1 ORDER BY a.starts_on DESC, a.id DESC",
        person.id,
    )
    lines_of_activities = [
        line for line in await lines(database, person.fiscal_code) if " activity from " in line
    ]
    assert len(lines_of_activities) == len(rows)
    ways = set()
    for row, line in zip(rows, lines_of_activities, strict=True):
        until = f" to {row['ends_on']}" if row["ends_on"] else ""
        begun = f"{row['kind']} activity from {row['starts_on']}{until}, {row['status']}: "
        told_by = f"told by {row['name']} under its number {row['external_id']}, changed there on {row['updated_at']:%Y-%m-%d %H:%M} UTC; "
        landed = f"landed here on {row['landed_at']:%Y-%m-%d %H:%M} UTC" if row["landed_at"] else ""
        if row["name"] is None:
            expected = "made at the hub."
        elif row["landed_at"] is None:
            expected = f"{told_by}when it landed here was not kept then."
        elif row["flow"] is None:
            expected = f"{told_by}{landed}."
        else:
            expected = f"{told_by}{landed}, by the run of {row['flow']} that began on {row['started_at']:%Y-%m-%d %H:%M} UTC."
        assert line == begun + expected
        assert row["title"] not in line
        ways.add((row["name"] is None, row["landed_at"] is None, row["flow"] is None))
    assert len(ways) > 1, "told and made here"
    others = {
        row["external_id"]
        for row in await owner.fetch(
            "SELECT external_id FROM activity WHERE beneficiary_id <> $1 AND external_id IS NOT NULL",
            person.id,
        )
    }
    assert others
    assert not [line for line in lines_of_activities for other in others if f"number {other}," in line]


async def test_that_a_region_could_not_be_asked_about_somebody_is_found_by_the_person(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World
) -> None:
    person, other = world.people["child"], world.people["north"]
    await owner.execute(
        "INSERT INTO quarantined_record (agency_id, flow, record_key, payload, reason)"
        " VALUES ($1, 'worker-records', 'person:' || $2, jsonb_build_object('person', $2::text), 'It did not answer.')",
        demo_key("agency", "regione-12"),
        str(person.id),
    )
    [line] = [
        one for one in await lines(database, person.fiscal_code) if one.startswith("STOPPED on its way")
    ]
    assert line.endswith("It did not answer.")
    assert "number" not in line
    assert str(person.id) not in line
    assert not [one for one in await lines(database, other.fiscal_code) if "It did not answer." in one]


def _ask(url: str, code: str, *words: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    monkeypatch.setenv("SNODO_DATABASE_URL", url)
    asked = ["doctor", "person", "--purpose", PURPOSE, "--by", "m.rossi", *words]
    ended = CliRunner().invoke(command_line(asked), asked, input=f"{code}\n")
    return ended.exit_code, ended.stdout + str(ended.exception or "")


async def test_a_look_is_written_down_before_anything_is_said(
    database_url: str,
    owner: asyncpg.Connection[asyncpg.Record],
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = world.people["crowd-0"]
    await owner.execute(
        "UPDATE activity SET beneficiary_id = $1, pact_id = NULL WHERE landed_at IS NOT NULL", person.id
    )
    code, said = await asyncio.to_thread(_ask, database_url, person.fiscal_code, monkeypatch=monkeypatch)
    assert code == 0, said
    assert "In the feed at position" in said
    assert " activity from " in said
    line = await owner.fetchrow("SELECT * FROM access_log")
    assert line is not None
    assert (line["agency_id"], str(line["purpose_id"])) == (demo_key("agency", "inps"), PURPOSE)
    assert (line["user_id"], line["loa"], line["operation"]) == (
        "m.rossi",
        "command line",
        "snodo doctor person",
    )
    assert (line["subjects"], line["outcome"]) == ([person.id], "ANSWERED")
    assert person.fiscal_code not in str(dict(line))
    stored = await owner.fetchval(
        "SELECT coordinates FROM access_selection WHERE selection_hash = $1", line["selection_hash"]
    )
    assert {"Activity.origin", "Delivery.state"} <= set(stored)


@pytest.mark.parametrize("code", ["", "RSSMRA80A01H501A", "x"])
async def test_what_is_no_fiscal_code_is_refused_without_being_said(
    database_url: str, world: World, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    status, said = await asyncio.to_thread(_ask, database_url, code, monkeypatch=monkeypatch)
    assert status == 1
    assert not code or len(code) < 2 or code not in said


async def test_without_a_registered_purpose_nobody_looks(
    database_url: str,
    owner: asyncpg.Connection[asyncpg.Record],
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await owner.execute("UPDATE purpose SET revoked_at = now() WHERE purpose_id = $1", PURPOSE)
    code, said = await asyncio.to_thread(
        _ask, database_url, world.people["north"].fiscal_code, monkeypatch=monkeypatch
    )
    assert code == 1
    assert "No such purpose is registered" in said
    assert await owner.fetchval("SELECT count(*) FROM access_log") == 0


def test_what_is_logged_is_of_the_schema() -> None:
    from hub.cli.trail import SHOWN
    from schema.build import build_schema

    assert list(SHOWN) == sorted(SHOWN)
    assert set(SHOWN) <= build_schema()[1].fields.levels.keys()
