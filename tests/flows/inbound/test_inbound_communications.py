# SPDX-License-Identifier: EUPL-1.2
"""A folder of mandatory communications: the good ones land, each bad one is kept aside with its reason and no person, run after run."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from connectors.inbound import RunReport, pull_communications
from connectors.xml import XmlLimits
from hub.errors import ConfigurationError
from hub.ledger.communications import HireTerms
from hub.store.engine import Database
from tests.api.inhabitants import build_world
from tests.api.world import UNKNOWN_CODE, World
from tests.unit.connectors.communication_documents import unilav, unisomm

Clock = Callable[[], datetime]


@pytest.fixture
async def world(hub: Database, owner: asyncpg.Connection[asyncpg.Record]) -> World:
    return await build_world(owner)


async def pull(hub: Database, folder: Path, clock: Clock, **more: Any) -> RunReport:
    return await pull_communications(
        hub.write,
        folder,
        **{
            "agency_code": "regione-12",
            "operator": "op-1",
            "clock": clock,
            "terms": HireTerms(timedelta(seconds=60), 10_000),
            "limits": XmlLimits(bytes=20_000),
            "page_size": 3,
            **more,
        },
    )


def counted(report: RunReport) -> tuple[int, int, int, int]:
    return report.received, report.landed, report.quarantined, report.released


async def states(owner: asyncpg.Connection[asyncpg.Record]) -> dict[str, str]:
    rows = await owner.fetch("SELECT code, state FROM communication")
    return {row["code"][-2:]: row["state"] for row in rows}


async def aside(owner: asyncpg.Connection[asyncpg.Record]) -> dict[str, tuple[str | None, str, bool]]:
    rows = await owner.fetch("SELECT * FROM quarantined_record WHERE flow = 'communications'")
    return {row["record_key"]: (row["field"], row["reason"], row["resolved_at"] is not None) for row in rows}


def code(number: int) -> str:
    return f"12{number:014}"


@pytest.fixture
def folder(tmp_path: Path, world: World) -> Path:
    """Two good hires, one of nobody, one ahead, one that comes twice, and every fault."""
    north, east, rome = (world.people[name].fiscal_code for name in ("north", "east", "scattered-rome"))
    documents: dict[str, str | bytes] = {
        "01.xml": unilav(code=code(1), worker=north),
        "02.XML": unisomm(code=code(2), worker=east),
        "03.xml": unilav(code=code(3), worker=UNKNOWN_CODE),
        "04.xml": unilav(code=code(4), worker=rome, begins="2026-10-01"),
        "05.xml": unilav(code=code(1), worker=north),
        "06-changed.xml": unilav(code=code(2), worker=east),
        "07-extension.xml": unilav(code=code(7), worker=north, kind="02"),
        "08-cut.xml": unilav(code=code(8), worker=north)[:700],
        "09-bomb.xml": '<!DOCTYPE a [<!ENTITY x "ha">]><a>&x;</a>',
        "10-large.xml": b" " * 20_001,
        "11-wrong.xml": unilav(code=code(11), worker="RSSMRA80A01H501A"),
        "12-latin.xml": unilav(code=code(12), worker=north).replace("ACME", "PERCH\u00c9").encode("latin-1"),
        "readme.txt": "nothing of it is read",
    }
    for name, document in documents.items():
        (tmp_path / name).write_bytes(document if isinstance(document, bytes) else document.encode())
    (tmp_path / "folder.xml").mkdir()
    return tmp_path


async def test_each_file_lands_or_is_kept_aside(
    hub: Database, owner: asyncpg.Connection[asyncpg.Record], folder: Path, world: World, clock: Clock
) -> None:
    report = await pull(hub, folder, clock)
    assert counted(report) == (12, 5, 7, 0)
    assert await states(owner) == {
        "01": "RECORDED", "02": "RECORDED", "03": "NO_BENEFICIARY", "04": "WAITING",
    }  # fmt: skip
    found = await aside(owner)
    known = {key: one for key, one in found.items() if not key.startswith("sha256:")}
    assert {key: (field, resolved) for key, (field, _, resolved) in known.items()} == {
        f"{code(2)} 06-changed.xml": ("communicationCode", False),
        code(7): ("UniLav/TipoComunicazione", False),
        code(11): ("UniLav/Lavoratore/AnagraficaCompleta/codice-fiscale", False),
    }
    reasons = sorted(reason for key, (_, reason, _) in found.items() if key.startswith("sha256:"))
    assert [reason.partition(":")[0].partition(";")[0] for reason in reasons] == [
        "The XML has 20001 bytes",
        "The XML has a document type declaration (DOCTYPE), and none is read",
        "The XML is not in the charset it says.",
        "The XML is not well-formed, or is cut short",
    ]
    # Neither a fiscal code nor a name: the folder has them, and whoever may look there.
    kept = await owner.fetchval("SELECT string_agg(q::text, ' ') FROM quarantined_record AS q")
    for person in world.people.values():
        assert person.fiscal_code not in kept
    assert "ACME" not in kept
    events = await owner.fetch(
        "SELECT e.type, e.operator, a.code FROM conditionality_event AS e JOIN agency AS a ON a.id = e.agency_id"
        " JOIN communication AS c ON c.event_id = e.id"
    )
    assert [tuple(row) for row in events] == [("HIRED", "op-1", "regione-12")] * 2


async def test_a_folder_is_taken_again_and_changes_nothing(
    hub: Database, owner: asyncpg.Connection[asyncpg.Record], folder: Path, clock: Clock
) -> None:
    await pull(hub, folder, clock)
    before, kept = await owner.fetch("SELECT * FROM communication ORDER BY code"), await aside(owner)
    events = await owner.fetchval("SELECT count(*) FROM conditionality_event")
    assert counted(await pull(hub, folder, clock, page_size=500)) == (12, 5, 7, 0)
    assert await owner.fetch("SELECT * FROM communication ORDER BY code") == before
    assert await aside(owner) == kept
    assert await owner.fetchval("SELECT count(*) FROM conditionality_event") == events


async def test_what_was_mended_lands_and_is_settled(
    hub: Database, owner: asyncpg.Connection[asyncpg.Record], folder: Path, world: World, clock: Clock
) -> None:
    await pull(hub, folder, clock)
    (folder / "11-wrong.xml").write_text(unilav(code=code(11), worker=world.people["latina"].fiscal_code))
    (folder / "00-new.xml").write_text(
        unilav(code=code(20), worker=world.people["scattered-rome"].fiscal_code)
    )
    (folder / "07-extension.xml").unlink()
    assert counted(await pull(hub, folder, clock)) == (12, 7, 5, 0)
    found = await aside(owner)
    assert found[code(11)][2]
    assert found[code(7)] == ("file", "The file is not in the folder any more.", False)
    assert (await states(owner))["20"] == "RECORDED"


async def test_what_says_something_else_is_settled_when_its_file_no_longer_does(
    hub: Database, owner: asyncpg.Connection[asyncpg.Record], folder: Path, world: World, clock: Clock
) -> None:
    key, east = f"{code(2)} 06-changed.xml", world.people["east"].fiscal_code
    for _ in range(2):
        await pull(hub, folder, clock)
        assert not (await aside(owner))[key][2], (
            "the good one of its code lands each time, and is what it is at odds with"
        )
    (folder / "06-changed.xml").write_text(unisomm(code=code(2), worker=east))
    await pull(hub, folder, clock)
    assert (await aside(owner))[key][2]


async def test_what_says_something_else_and_is_moved_away_waits_to_be_looked_at(
    hub: Database, owner: asyncpg.Connection[asyncpg.Record], folder: Path, clock: Clock
) -> None:
    await pull(hub, folder, clock)
    (folder / "06-changed.xml").unlink()
    for _ in range(2):
        await pull(hub, folder, clock)
    found = await aside(owner)
    assert found[f"{code(2)} 06-changed.xml"] == ("file", "The file is not in the folder any more.", False)
    assert code(2) not in found


async def test_corrections_and_annulments_land_in_whatever_order_the_files_are(
    hub: Database, owner: asyncpg.Connection[asyncpg.Record], tmp_path: Path, world: World, clock: Clock
) -> None:
    north, east = (world.people[name].fiscal_code for name in ("north", "east"))
    documents = {
        "01-corrects-02.xml": unilav(
            code=code(41), earlier=code(40), worker=north, begins="2026-09-11", kind="03"
        ),
        "02-first.xml": unilav(code=code(40), worker=north),
        "03-first.xml": unisomm(code=code(42), worker=east),
        "04-annuls-03.xml": unisomm(code=code(43), earlier=code(42), worker=east, kind="04"),
        "05-corrects-nothing.xml": unilav(code=code(45), earlier=code(44), worker=east, kind="03"),
    }
    for name, document in documents.items():
        (tmp_path / name).write_text(document)
    assert counted(await pull(hub, tmp_path, clock, page_size=2)) == (5, 3, 2, 1)
    for _ in range(2):
        assert await states(owner) == {
            "40": "RECORDED",
            "41": "RECORDED",
            "42": "RECORDED",
            "43": "ANNULMENT",
        }
        standing = await owner.fetch(
            "SELECT e.fiscal_code, e.occurred_at FROM conditionality_event AS e JOIN idempotency_key AS k ON k.result_id = e.id"
            " WHERE k.key LIKE 'communication %' AND e.type = 'HIRED'"
            " AND NOT EXISTS (SELECT FROM conditionality_event AS w WHERE w.withdraws_event_id = e.id)"
        )
        assert [tuple(row) for row in standing] == [(north, datetime(2026, 9, 10, 22, tzinfo=UTC))]
        found = await aside(owner)
        assert found[code(41)][2]
        assert (found[code(45)][0], found[code(45)][2]) == ("earlierCode", False)
        await pull(hub, tmp_path, clock, page_size=2)


async def test_a_file_that_another_names_is_not_read_elsewhere(
    hub: Database, owner: asyncpg.Connection[asyncpg.Record], folder: Path, world: World, clock: Clock
) -> None:
    """What the quarantine says of a file is a name within the folder, and never a way out of it."""
    secret = folder.parent / "secret.xml"
    secret.write_text(unilav(code=code(30), worker=world.people["north"].fiscal_code))
    await pull(hub, folder, clock)
    await owner.execute(
        "UPDATE quarantined_record SET payload = jsonb_set(payload, '{file}', to_jsonb($1::text)) WHERE record_key = $2",
        os.path.join("..", "secret.xml"),  # noqa: PTH118 (the text as it would be written)
        code(7),
    )
    (folder / "07-extension.xml").unlink()
    await pull(hub, folder, clock)
    assert "30" not in await states(owner)


@pytest.mark.parametrize(("agency", "said"), [("nobody", "No agency has the code"), ("inps", "Hires are of")])
async def test_an_agency_that_cannot_is_refused(
    agency: str, said: str, hub: Database, tmp_path: Path, clock: Clock
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        await pull(hub, tmp_path, clock, agency_code=agency)


async def test_a_folder_that_is_none_is_refused(hub: Database, tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(ConfigurationError, match="is no folder"):
        await pull(hub, tmp_path / "nowhere", clock)
