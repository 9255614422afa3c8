# SPDX-License-Identifier: EUPL-1.2
"""Who watches a flow is told of each page once it has landed: of how many where that can be known, and at the end of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import pytest

from connectors.cooperation import SapConnector
from connectors.declarations import land_declarations
from connectors.file_exchange import Format
from connectors.file_exchange.folders import LocalFolder
from connectors.inbound import pull_admitted_households, pull_communications, pull_region, pull_worker_records
from connectors.inbound.files import pull_files
from connectors.inbound.flow import PAGE_SIZE
from connectors.inbound.pacts import Pacts
from connectors.inbound.retrying import retry_waiting
from connectors.inbound.runs import agency_id_of
from connectors.reconciliation import reconcile_admitted_households, reconcile_files, reconcile_region
from connectors.simulators.filing_agency import FileSender
from hub.errors import UpstreamError
from hub.ledger.communications import HireTerms
from hub.store.engine import Database
from tests.flows.inbound.cooperating import NAMES, PACT, Region
from tests.flows.inbound.test_inbound_files import region_of
from tests.flows.inbound.test_reconciliation import EVER

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies, ScriptedInps

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Clock = Callable[[], datetime]
Word = tuple[int, int | None]


class Watcher:
    """Keeps what it is told, by what it is about."""

    def __init__(self) -> None:
        self.heard: dict[str, list[Word]] = {}

    def __call__(self, name: str, done: int, total: int | None) -> None:
        self.heard.setdefault(name, []).append((done, total))


def unknown_total(records: int, page: int) -> list[Word]:
    """What is told of a list whose length only its end tells."""
    ends = [*range(page, records, page), records]
    return [(end, None if end < records else records) for end in ends]


def known_total(records: int, page: int) -> list[Word]:
    """What is told of so many records."""
    return [(end, records) for end in [*range(page, records, page), records]]


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


async def test_a_service_s_list_is_told_page_by_page_and_its_length_at_the_end(
    agencies: Agencies, hub: Database, clock: Clock, watcher: Watcher
) -> None:
    region = agencies.region_connector()
    await pull_region(hub.write, region, clock=clock, page_size=7, progress=watcher)
    await pull_admitted_households(
        hub.write, agencies.inps_connector(), clock=clock, page_size=10, progress=watcher
    )
    world = agencies.world
    pacts = len(world.region.pacts)
    assert watcher.heard == {
        "regione-12 job-offers": unknown_total(len(world.region.offers), 7),
        "regione-12 training-courses": unknown_total(len(world.region.courses), 7),
        "regione-12 pacts": unknown_total(pacts, 7),
        # Nobody is known yet: each of them waits, and is tried once more at the end.
        "regione-12 pacts, tried again": known_total(pacts, 7),
        "inps admitted-households": unknown_total(len(world.inps.admissions), 10),
        "inps admitted-households, tried again": [(1, 1)],
    }


async def test_what_is_told_has_landed(
    hub: Database,
    agencies: Agencies,
    owner: Owner,
    clock: Clock,
    watcher: Watcher,
    scripted: type[ScriptedInps],
) -> None:
    inps = scripted([one.record() for one in agencies.world.inps.admissions])
    inps.fail_after = 3
    with pytest.raises(ConnectionError):
        await pull_admitted_households(hub.write, inps, clock=clock, page_size=10, progress=watcher)  # type: ignore[arg-type]
    assert watcher.heard == {"inps admitted-households": [(10, None), (20, None), (30, None)]}
    assert await owner.fetchval("SELECT received FROM inbound_run") == 30


async def test_of_a_region_s_people_those_that_are_left_are_counted(
    region: Region, hub: Database, clock: Clock
) -> None:
    async def pulled(connector: SapConnector, people: int) -> list[Word]:
        watcher = Watcher()
        try:
            await pull_worker_records(hub.write, connector, clock=clock, page_size=people, progress=watcher)
        except UpstreamError:
            assert len(watcher.heard) == 1
        return watcher.heard["regione-12 worker-records"]

    region.hold("ada", PACT)
    assert await pulled(region.connector(), 2) == [(2, 5), (4, 5), (5, 5)]
    assert await pulled(region.connector(), 100) == [(5, 5)]
    last = max(NAMES, key=lambda name: region.keys[name])
    region.simulator.stumbles = {region.codes[last]: "Server"}
    assert await pulled(region.connector(), 2) == [(2, 5), (4, 5)]
    region.simulator.stumbles.clear()
    assert await pulled(region.connector(), 2) == [(1, 1)], "the round goes on with who was left"


async def test_a_file_s_records_are_told_of_those_there_are_landed_or_read_again(
    agencies: Agencies, hub: Database, clock: Clock, watcher: Watcher, tmp_path: Path
) -> None:
    sender, offers = FileSender(tmp_path, Format.CSV), agencies.world.region.offers
    for name, some in (("offerte-1.csv", offers[:10]), ("offerte-2.csv.gz", offers[10:])):
        sender.send(name, "job_offers", some)
    region = region_of(tmp_path)
    folder = LocalFolder(tmp_path, region.receipts, region.agency_code)
    expected = {
        "offerte-1.csv": known_total(10, 4),
        "offerte-2.csv.gz": known_total(len(offers) - 10, 4),
    }
    await pull_files(hub.write, region, folder, clock=clock, page_size=4, progress=watcher)
    assert watcher.heard == expected
    again, compared = Watcher(), Watcher()
    await pull_files(hub.write, region, folder, clock=clock, page_size=4, progress=again)
    assert again.heard == {}, "nothing is under way"
    await reconcile_files(hub.write, region, folder, EVER, page_size=4, progress=compared)
    assert compared.heard == expected


async def test_a_service_s_flows_are_told_while_they_are_compared(
    agencies: Agencies, hub: Database, watcher: Watcher
) -> None:
    await reconcile_admitted_households(
        hub.write, agencies.inps_connector(), EVER, page_size=10, progress=watcher
    )
    await reconcile_region(hub.write, agencies.region_connector(), EVER, page_size=4, progress=watcher)
    world = agencies.world
    assert watcher.heard == {
        "inps admitted-households": unknown_total(len(world.inps.admissions), 10),
        "regione-12 job-offers": unknown_total(len(world.region.offers), 4),
        "regione-12 training-courses": unknown_total(len(world.region.courses), 4),
        "regione-12 pacts": unknown_total(len(world.region.pacts), 4),
    }


@pytest.mark.parametrize("files", [0, 3, 7])
async def test_the_files_of_a_folder_are_counted_and_none_is_named(
    hub: Database, clock: Clock, watcher: Watcher, tmp_path: Path, files: int
) -> None:
    for number in range(files):
        (tmp_path / f"RSSMRA80A01H501U-{number}.xml").write_text("<a/>")
    await pull_communications(
        hub.write,
        tmp_path,
        agency_code="regione-12",
        operator="op-1",
        clock=clock,
        terms=HireTerms(timedelta(seconds=60), 10_000),
        page_size=3,
        progress=watcher,
    )
    told = watcher.heard["regione-12 communications"]
    assert told[-1] == (files, files)
    # Of a folder that fills its pages there is one more, and nothing on it.
    assert sorted(set(told)) == known_total(files, 3)
    assert "RSSMRA" not in str(watcher.heard)


async def test_the_lines_of_declarations_are_told_by_the_hundred(hub: Database, watcher: Watcher) -> None:
    heard: list[Word] = []

    def steps(done: int, total: int | None) -> None:
        heard.append((done, total))

    async def land(lines: Sequence[str], total: int | None) -> list[Word]:
        heard.clear()
        async with hub.write.acquire() as connection:
            await land_declarations(connection, "inps", lines, total=total, steps=steps)
        return [*heard]

    assert await land(["{}"] * 250, 250) == [(99, 250), (199, 250), (250, 250)]
    assert await land(["\n"] * 150, None) == [(99, None), (150, 150)]
    assert await land([], 0) == [(0, 0)]


async def test_what_is_tried_again_is_told_of_all_that_is_still_to_be_tried(
    agencies: Agencies, hub: Database, clock: Clock
) -> None:
    region = agencies.region_connector()
    await pull_region(hub.write, region, clock=clock)
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    heard: list[Any] = []

    async def tried() -> int:
        heard.clear()
        async with hub.write.acquire() as connection:
            agency = await agency_id_of(connection, "regione-12")
        return await retry_waiting(
            hub.write, Pacts(region), agency, None, clock=clock, page_size=10,
            steps=lambda done, total: heard.append((done, total)),
        )  # fmt: skip

    pacts = len(agencies.world.region.pacts)
    assert pacts < PAGE_SIZE
    assert await tried() == pacts
    assert heard[:-1] == known_total(pacts, 10)
    assert heard[-1] == (pacts, pacts), "none of them waits for a second look"
    assert await tried() == 0
    assert heard == [], "nothing waits"
