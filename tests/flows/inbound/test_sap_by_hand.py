# SPDX-License-Identifier: EUPL-1.2
"""`snodo sap`: what a region says of one person's record, and what it is sent, by hand; written down before the region hears of it."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from connectors.sap import SapRefused, read_sap
from hub.cli import command_line
from hub.errors import ConfigurationError, InvalidInput, SnodoError, UpstreamRefused
from hub.store.engine import Database
from tests.flows.inbound.cooperating import COURSE, PACT, Region

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Run: TypeAlias = Callable[..., Awaitable[Result]]
PURPOSE = "0199a000-0000-7000-8000-000000000abc"


@pytest.fixture
async def run(
    hub: Database,
    owner: Owner,
    region: Region,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
    tmp_path: Path,
) -> Run:
    """`snodo sap …`, of a hub whose file names the region, under a purpose of its agency's."""
    folder = tmp_path / "regions"
    folder.mkdir()
    at = region.connector().region
    (folder / "lazio.toml").write_text(
        f'kind = "application-cooperation"\nregion = "12"\n[sap]\naddress = "{at.address}"\nnamespace = "{at.namespace}"\n'
        '[egov]\nsender = "Nazionale"\ngateway = "SPCNazionale"\nrecipient = "LAZIO"\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("SNODO_DATABASE_URL", database_url)
    monkeypatch.setenv("SNODO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SNODO_REGIONS", str(folder))
    await owner.execute(
        "INSERT INTO purpose (purpose_id, agency_id, description) SELECT $1, id, 'x' FROM agency WHERE code = 'regione-12'",
        PURPOSE,
    )

    async def running(*words: str, code: str = "", under: bool = True) -> Result:
        asked = [
            "sap",
            *words,
            *(["--region", "12", "--purpose", PURPOSE, "--by", "m.rossi"] if under else []),
        ]
        return await asyncio.to_thread(
            lambda: CliRunner().invoke(command_line(asked), asked, input=f"{code}\n")
        )

    return running


async def looks(owner: Owner) -> list[tuple[Any, ...]]:
    rows = await owner.fetch("SELECT operation, user_id, subjects, outcome FROM access_log ORDER BY at, id")
    return [tuple(row.values()) for row in rows]


def refused(result: Result) -> SnodoError:
    assert isinstance(result.exception, SnodoError), result.output
    return result.exception


async def test_which_sap_a_person_has_and_who_holds_it(run: Run, region: Region, owner: Owner) -> None:
    region.hold("ada", PACT, code="AA00000001Z")
    found = await run("holder", code=region.codes["ada"])
    assert found.exit_code == 0, found.output
    assert found.stdout.strip() == (
        "The region has the SAP AA00000001Z; the SAP AA00000001Z is held by H501C000523, region 08 (as the labour systems number them)."
    )
    none = await run("holder", code=region.codes["bea"])
    assert none.stdout.strip() == "The region has no SAP of this person; nobody is said to hold one."
    assert await looks(owner) == [
        ("snodo sap holder", "m.rossi", [region.keys["ada"]], "ANSWERED"),
        ("snodo sap holder", "m.rossi", [region.keys["bea"]], "ANSWERED"),
    ]
    assert region.codes["ada"] not in found.output + repr(
        [dict(one) for one in await owner.fetch("SELECT * FROM access_log")]
    )


async def test_a_record_is_fetched_mended_sent_and_cancelled(
    run: Run, region: Region, tmp_path: Path, owner: Owner
) -> None:
    region.hold("ada", PACT, code="AA00000001Z")
    file = tmp_path / "ada.xml"
    fetched = await run("fetch", "--to", str(file), code=region.codes["ada"])
    assert fetched.exit_code == 0, fetched.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_sap(file.read_bytes()).sap.person.fiscal_code == region.codes["ada"]
    before = len(await looks(owner))
    for taken, words in ((file, "name a new one"), (tmp_path / "nowhere" / "x.xml", "cannot be written")):
        assert words in refused(await run("fetch", "--to", str(taken), code=region.codes["ada"])).message
    assert len(await looks(owner)) == before, "nobody was asked"
    assert (await run("check", str(file), under=False)).stdout.strip() == "It breaks no rule."

    sent = await run("send", str(file))
    assert (sent.exit_code, sent.stdout.strip()) == (0, "OK, as AA00000001Z")
    region.simulator.verdict = "KO"
    again = await run("send", str(file))
    assert (again.exit_code, again.stdout.strip()) == (1, "KO: SAP non accettata")
    region.simulator.verdict = None
    ended = await run("cancel", "AA00000001Z")
    assert (ended.exit_code, ended.stdout.strip()) == (0, "OK")
    assert region.simulator.by_code == {}
    twice = await run("cancel", "AA00000001Z")
    assert (twice.exit_code, twice.stdout.strip()) == (1, "KO: SAP non accettata")
    gone = await run("fetch", "--to", str(tmp_path / "none.xml"), code=region.codes["ada"])
    assert (gone.exit_code, gone.stdout.strip()) == (1, "The region has no SAP of this person.")
    assert not (tmp_path / "none.xml").exists()
    who = [(one[0], one[2]) for one in await looks(owner)]
    ada = [region.keys["ada"]]
    assert who == [
        ("snodo sap fetch", ada), ("snodo sap send", ada), ("snodo sap send", ada),
        ("snodo sap cancel", []), ("snodo sap cancel", []), ("snodo sap fetch", ada),
    ]  # fmt: skip


async def test_a_document_that_breaks_a_rule_is_told_and_not_sent(
    run: Run, region: Region, tmp_path: Path, owner: Owner
) -> None:
    region.hold("ada", COURSE, code="AA00000001Z")
    file = tmp_path / "wrong.xml"
    file.write_text(
        region.simulator.by_code["AA00000001Z"].replace("0800000002B", "08-broken"), encoding="utf-8"
    )
    checked = await run("check", str(file), under=False)
    assert checked.exit_code == 1
    assert "A policy identifier is two digits" in checked.stdout
    error = refused(await run("send", str(file)))
    assert isinstance(error, SapRefused)
    assert region.codes["ada"] not in checked.output + error.message
    assert await looks(owner) == [], "nothing was asked or sent"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "There is no file"),
        (b"", "not well-formed"),
        (b"<x/>", "lavoratore|SAP"),
        (b"x" * 1_000_001, "1,000,000 bytes"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><lavoratore>&b;</lavoratore>', "."),
    ],
    ids=["none", "empty", "other", "too large", "entities"],
)
async def test_what_is_no_document_is_told(
    run: Run, tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "document.xml"
    if content is not None:
        file.write_bytes(content)
    for command, under in (("check", False), ("send", True)):
        error = refused(await run(command, str(file), under=under))
        assert isinstance(error, InvalidInput)
        assert any(one in error.message for one in words.split("|")), error.message


async def test_what_cannot_be_asked_is_told_and_nothing_is_written_down(
    run: Run, region: Region, owner: Owner
) -> None:
    assert "fiscal code" in refused(await run("holder", code="x")).message
    assert "11 letters and digits" in refused(await run("cancel", "x")).message
    elsewhere = await run(
        "holder", "--region", "13", "--purpose", PURPOSE, code=region.codes["ada"], under=False
    )
    assert isinstance(refused(elsewhere), ConfigurationError)
    unknown = "0199a000-0000-7000-8000-00000000dead"
    nobody = await run(
        "holder", "--region", "12", "--purpose", unknown, code=region.codes["ada"], under=False
    )
    assert "No such purpose" in refused(nobody).message
    assert await looks(owner) == []
    assert region.simulator.asked == []


async def test_a_region_that_refuses_is_said_so_and_who_asked_stands(
    run: Run, region: Region, owner: Owner
) -> None:
    region.simulator.stumbles[region.codes["ada"]] = "Client"
    assert isinstance(refused(await run("holder", code=region.codes["ada"])), UpstreamRefused)
    assert [one[0] for one in await looks(owner)] == ["snodo sap holder"]
