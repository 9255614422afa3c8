# SPDX-License-Identifier: EUPL-1.2
"""Reconciliation of a region that sends files: those that were received are read again; what only a deleted one can tell is said to be so."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from connectors.file_exchange import FilingRegion, Format
from connectors.file_exchange.configuration import Encoding
from connectors.file_exchange.folders import LocalFolder
from connectors.file_exchange.limits import FileLimits
from connectors.inbound import pull_admitted_households
from connectors.reconciliation import Files, FlowComparison, Why, reconcile_files, reconcile_region
from connectors.reconciliation.comparison import Period
from connectors.simulators.filing_agency import FileSender
from hub.cli import command_line
from hub.errors import ConfigurationError
from hub.store.engine import Database
from tests.flows.inbound.test_inbound_files import pull as pull_folder
from tests.flows.inbound.test_inbound_files import region_of, times
from tests.flows.inbound.test_reconciliation import EVER, differing
from tests.spans import Gathered

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Clock = Callable[[], datetime]
FLOWS = ("job-offers", "training-courses", "pacts")


async def compared(hub: Database, region: FilingRegion, period: Period = EVER) -> dict[str, FlowComparison]:
    folder = LocalFolder(Path(region.folder), region.receipts, region.agency_code)
    found = await reconcile_files(hub.write, region, folder, period, page_size=7)
    return {one.flow: one for one in found}


@pytest.fixture
def sender(tmp_path: Path) -> FileSender:
    return FileSender(tmp_path, Format.CSV)


@pytest.fixture
async def received(
    hub: Database, agencies: Agencies, clock: Clock, tmp_path: Path, sender: FileSender
) -> FilingRegion:
    """A region whose world has come in two files of each flow, one of them packed: all of it has landed."""
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    world = agencies.world.region
    for name, flow, records in (
        ("offerte", "job_offers", world.offers),
        ("corsi", "training_courses", world.courses),
        ("patti", "pacts", world.pacts),
    ):
        sender.send(f"{name}-1.csv", flow, records[: len(records) // 2])
        sender.send(f"{name}-2.csv.gz", flow, records[len(records) // 2 :])
    region = region_of(tmp_path)
    await pull_folder(hub, region, clock)
    return region


async def test_what_was_received_is_the_same_as_by_rest(
    agencies: Agencies, hub: Database, received: FilingRegion
) -> None:
    found = await compared(hub, received)
    assert [*found] == [*FLOWS]
    assert not any(one.differs for one in found.values())
    assert {one.files for one in found.values()} == {Files(compared=2, gone=0)}
    by_rest = await reconcile_region(hub.write, agencies.region_connector(), EVER)
    assert [one.days for one in by_rest] == [one.days for one in found.values()]


async def test_each_flow_compared_has_a_span(
    agencies: Agencies, hub: Database, received: FilingRegion, owner: Owner
) -> None:
    await owner.execute("UPDATE job_offer SET places = places + 1")
    gathering = Gathered()
    with gathering.taking():
        await compared(hub, received)
        await reconcile_region(hub.write, agencies.region_connector(), EVER)
    told = [dict(one.attributes or {}) for one in gathering.named("reconciliation")]
    assert told == 2 * [
        {"snodo.agency": "regione-12", "snodo.flow": flow, "snodo.differs": flow == "job-offers"}
        for flow in FLOWS
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("DELETE FROM job_offer WHERE external_id = $1", Why.MISSING),
        ("UPDATE job_offer SET places = places + 1 WHERE external_id = $1", Why.CHANGED),
    ],
)
async def test_one_record_that_is_not_as_its_file_told_is_found(
    agencies: Agencies, hub: Database, received: FilingRegion, owner: Owner, change: str, why: Why
) -> None:
    key = agencies.world.region.offers[3].record()["idOfferta"]
    await owner.execute(change, key)
    found = await compared(hub, received)
    assert differing(found["job-offers"]) == [(key, why)]
    assert [name for name in FLOWS if found[name].differs] == ["job-offers"]


async def test_what_no_file_told_is_extra_while_all_of_them_are_there(
    hub: Database, received: FilingRegion, owner: Owner
) -> None:
    await owner.execute(
        "UPDATE job_offer SET external_id = 'LAZ-other' WHERE id = (SELECT id FROM job_offer ORDER BY id LIMIT 1)"
    )
    found = dict(differing((await compared(hub, received))["job-offers"]))
    assert found["LAZ-other"] is Why.EXTRA
    assert sorted(found.values()) == [Why.EXTRA, Why.MISSING]


async def test_what_only_a_deleted_file_told_is_unverified_and_the_rest_is_compared(
    agencies: Agencies, hub: Database, received: FilingRegion, owner: Owner, tmp_path: Path
) -> None:
    offers = [one.record()["idOfferta"] for one in agencies.world.region.offers]
    there, gone = offers[: len(offers) // 2], offers[len(offers) // 2 :]
    (tmp_path / "offerte-2.csv.gz").unlink()
    await owner.execute("UPDATE job_offer SET places = places + 1 WHERE external_id = $1", there[0])
    await owner.execute("DELETE FROM job_offer WHERE external_id = $1", there[1])
    found = (await compared(hub, received))["job-offers"]
    assert found.files == Files(compared=1, gone=1)
    expected = [(there[0], Why.CHANGED), (there[1], Why.MISSING), *((key, Why.UNVERIFIED) for key in gone)]
    assert differing(found) == sorted(expected)


async def test_a_later_version_that_a_deleted_file_told_is_unverified_and_no_change(
    agencies: Agencies,
    hub: Database,
    received: FilingRegion,
    sender: FileSender,
    clock: Clock,
    tmp_path: Path,
) -> None:
    was: Any = agencies.world.region.offers[0]
    later = dataclasses.replace(was, title="Altro", changed_at=was.changed_at + timedelta(days=1))
    sender.send("offerte-3.csv", "job_offers", [later])
    assert not (await compared(hub, received))["job-offers"].differs, "what was not received yet is not told"
    await pull_folder(hub, received, clock)
    assert not (await compared(hub, received))["job-offers"].differs
    (tmp_path / "offerte-3.csv").unlink()
    assert differing((await compared(hub, received))["job-offers"]) == [(was.number, Why.UNVERIFIED)]


async def test_the_order_of_the_files_is_that_in_which_they_were_received(
    agencies: Agencies, hub: Database, received: FilingRegion, sender: FileSender, clock: Clock
) -> None:
    """Of two with one version the one that came later stands, whatever the files are called."""
    was: Any = agencies.world.region.offers[0]
    sender.send("offerte-0.csv", "job_offers", [dataclasses.replace(was, title="Altro")])
    await pull_folder(hub, received, clock)
    found = (await compared(hub, received))["job-offers"]
    assert (found.differs, found.files) == (False, Files(compared=3, gone=0))


async def test_a_content_is_known_under_whichever_name_it_still_lies_there(
    agencies: Agencies,
    hub: Database,
    received: FilingRegion,
    sender: FileSender,
    clock: Clock,
    tmp_path: Path,
) -> None:
    offers = agencies.world.region.offers
    sender.send("offerte-ancora.csv", "job_offers", offers[: len(offers) // 2])
    await pull_folder(hub, received, clock)
    (tmp_path / "offerte-1.csv").unlink()
    found = (await compared(hub, received))["job-offers"]
    assert (found.differs, found.files) == (False, Files(compared=2, gone=0))


async def test_a_file_that_was_changed_under_its_name_and_time_is_not_what_was_received(
    hub: Database, received: FilingRegion, tmp_path: Path
) -> None:
    file = tmp_path / "offerte-1.csv"
    about, content = file.stat(), file.read_bytes()
    file.write_bytes(content.replace(b"1", b"2"))
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    found = (await compared(hub, received))["job-offers"]
    assert found.files == Files(compared=1, gone=1)
    assert {why for _, why in differing(found)} == {Why.UNVERIFIED}


async def test_what_waits_in_quarantine_is_said_to(
    agencies: Agencies, hub: Database, received: FilingRegion, sender: FileSender, clock: Clock
) -> None:
    was: Any = agencies.world.region.offers[0]
    other = dataclasses.replace(was, number="LAZ-new", belfiore="Z999")
    sender.send("offerte-3.csv", "job_offers", [other])
    await pull_folder(hub, received, clock)
    assert differing((await compared(hub, received))["job-offers"]) == [("LAZ-new", Why.QUARANTINED)]


async def test_nothing_lands_and_no_receipt_is_written(
    agencies: Agencies, hub: Database, owner: Owner, sender: FileSender, tmp_path: Path
) -> None:
    sender.send("offerte-1.csv", "job_offers", agencies.world.region.offers)
    before = times(tmp_path)
    found = await compared(hub, region_of(tmp_path))
    assert (found["job-offers"].days, found["job-offers"].files) == ((), Files(compared=0, gone=0))
    assert times(tmp_path) == before
    for table in ("received_file", "inbound_run", "job_offer"):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"limits": FileLimits(records=2)}, "offerte-1.csv was read when it came, and cannot be read"),
        (
            {"encoding": Encoding.UTF_8, "columns": {"job_offers": {"idOfferta": "ID"}}},
            "offerte-1.csv was read when",
        ),
    ],
    ids=["limits", "columns"],
)
async def test_a_file_that_the_regions_file_no_longer_fits_is_named(
    hub: Database, received: FilingRegion, changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        await compared(hub, dataclasses.replace(received, **changed))
    assert refused.value.message.startswith(sentence)


@pytest.fixture
def command(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("SNODO_DATABASE_URL", database_url)

    def invoke(*words: str) -> Result:
        asked = ["sync", "reconcile", *words]
        return CliRunner().invoke(command_line(asked), asked)

    return lambda *words: asyncio.to_thread(invoke, *words)


@pytest.mark.parametrize("by_setting", [True, False])
async def test_the_command_reads_the_regions_file_and_says_what_is_there_no_more(
    received: FilingRegion,
    command: Callable[..., Any],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    *,
    by_setting: bool,
) -> None:
    regions = tmp_path_factory.mktemp("regions")
    lines = [
        'kind = "batch"',
        'region = "12"',
        'format = "csv"',
        'encoding = "utf-8"',
        f'folder = "{tmp_path}"',
        "[files]",
    ]
    lines += [f'{flow} = "{pattern}"' for flow, pattern in received.files.items()]
    (regions / "lazio.toml").write_text("\n".join(lines), encoding="utf-8")
    if by_setting:
        monkeypatch.setenv("SNODO_REGIONS", str(regions))
    named = () if by_setting else ("--files", str(regions / "lazio.toml"))
    same = await command("regione-12", *named)
    assert same.exit_code == 0, same.output
    assert (
        "regione-12 pacts: the same on both sides\n  2 received files were read again: all there were.\n"
        in same.stdout
    )
    (tmp_path / "patti-1.csv").unlink()
    differs = await command("regione-12", *named)
    assert differs.exit_code == 1
    assert "regione-12 pacts: UNVERIFIED\n" in differs.stdout
    assert "1 received files were read again; 1 are not in the folder any more" in differs.stdout
    assert "regione-12 job-offers: the same on both sides" in differs.stdout
    told = {one["flow"]: one for one in json.loads((await command("regione-12", "--json", *named)).stdout)}
    assert told["pacts"]["files"] == {"compared": 1, "gone": 1}
    assert sum(day["unverified"] for day in told["pacts"]["days"]) > 0
    assert sum(day["missing"] + day["changed"] + day["extra"] for day in told["pacts"]["days"]) == 0


COOPERATING = """
kind = "application-cooperation"
region = "10"
[sap]
address = "https://pdd.example/PD/SPCServiziSAP/"
namespace = "http://pdd.example/PD/SPCServiziSAP/types"
"""


@pytest.mark.parametrize(
    ("content", "agency", "said"),
    [
        (
            COOPERATING,
            "regione-10",
            ("regione-10 cannot be compared by day", "snodo sync region --region 10", "snodo doctor person"),
        ),
        ('kind = "none"\nregion = "14"\n', "regione-14", ("regione-14 has no system of its own",)),
        (COOPERATING, "regione-03", ("regione-03 cannot be compared here", "--files")),
        (COOPERATING, "inps", ("inps cannot be compared here", "named by --files")),
    ],
    ids=["cooperation", "none", "unknown", "INPS"],
)
async def test_a_region_that_cannot_be_compared_is_said_why_and_what_can_be_done(
    hub: Database,
    command: Callable[..., Any],
    tmp_path: Path,
    content: str,
    agency: str,
    said: tuple[str, ...],
) -> None:
    (tmp_path / "one.toml").write_text(content, encoding="utf-8")
    answer = await command(agency, "--files", str(tmp_path))
    assert answer.exit_code == 1
    message = str(answer.exception or answer.output)
    assert all(words in message for words in said), message
