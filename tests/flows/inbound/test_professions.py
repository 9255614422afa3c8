# SPDX-License-Identifier: EUPL-1.2
"""What a pact names as experience and skills, told by a region: as it lands by REST and by files, and what a later version makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import pytest

from connectors.file_exchange import FilingRegion, Format
from connectors.file_exchange.folders import LocalFolder
from connectors.inbound import pull_admitted_households, pull_region
from connectors.inbound.files import pull_files
from connectors.simulators.filing_agency import FileSender
from connectors.simulators.region_world import SimulatedPact
from hub.store.engine import Database
from tests.flows.inbound.cooperating import PACT, Pull, Region

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies

Clock = Callable[[], datetime]
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Professions = tuple[str, ...] | None
STORED = "SELECT professions, updated_at FROM pact WHERE external_id = $1"
TOLD: Sequence[Professions] = (("5.2.2.1", "4.1"), ("4.1", "5.2.2.1"), (), None, ("8",), None, ())
"""Versions of one pact, the later after the earlier."""


@dataclass(frozen=True, slots=True)
class Misspelt:
    """A pact whose record has something else for its professions."""

    pact: SimulatedPact
    professions: Any

    def record(self) -> dict[str, Any]:
        """Write it."""
        return {**self.pact.record(), "qualifiche": self.professions}


@pytest.fixture
async def pact(hub: Database, agencies: Agencies, clock: Clock) -> SimulatedPact:
    """One of somebody the hub knows, which is all the region has."""
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    world = agencies.world.region
    [one] = [
        one for one in world.pacts if isinstance(one, SimulatedPact) and one.policies and one.fiscal_code
    ][:1]
    world.pacts.clear()
    return one


def version(pact: SimulatedPact, number: int, professions: Professions) -> SimulatedPact:
    return replace(pact, changed_at=pact.changed_at + timedelta(hours=number), professions=professions)


async def stored(owner: Owner, pact: SimulatedPact) -> Professions:
    row = await owner.fetchrow(STORED, str(pact.number))
    assert row is not None
    return None if row["professions"] is None else tuple(row["professions"])


async def test_by_rest_the_latest_version_replaces_what_was_named(
    hub: Database, agencies: Agencies, pact: SimulatedPact, owner: Owner, clock: Clock
) -> None:
    for number, professions in enumerate(TOLD):
        agencies.world.region.pacts.append(version(pact, number, professions))
        report = await pull_region(hub.write, agencies.region_connector(), clock=clock)
        assert report.pacts.quarantined == 0
        assert await stored(owner, pact) == professions
    assert await owner.fetchval("SELECT count(*) FROM pact") == 1


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (Format.NDJSON, TOLD),
        (Format.XML, TOLD),
        # In CSV nothing says that a pact names none.
        (Format.CSV, [one for one in TOLD if one != ()]),
    ],
)
async def test_by_files_it_is_the_same(
    hub: Database,
    pact: SimulatedPact,
    owner: Owner,
    clock: Clock,
    tmp_path: Path,
    written: Format,
    told: Sequence[Professions],
) -> None:
    sender = FileSender(tmp_path, written)
    region = FilingRegion("regione-12", written, str(tmp_path), {"pacts": "patti*"})
    folder = LocalFolder(tmp_path, region.receipts, region.agency_code)
    for number, professions in enumerate(told):
        sender.send(f"patti-{number}", "pacts", [version(pact, number, professions)])
        [report] = await pull_files(hub.write, region, folder, clock=clock, page_size=7)
        assert (report.run.landed, report.run.quarantined) == (1, 0)
        assert await stored(owner, pact) == professions


async def test_an_older_version_changes_nothing_and_another_of_the_same_moment_does(
    hub: Database, agencies: Agencies, pact: SimulatedPact, owner: Owner, clock: Clock
) -> None:
    async def tell(number: int, professions: Professions) -> Professions:
        agencies.world.region.pacts.append(version(pact, number, professions))
        await pull_region(hub.write, agencies.region_connector(), clock=clock)
        return await stored(owner, pact)

    assert await tell(2, None) is None
    # As a region's that begins to tell them, without another change of the pact.
    assert await tell(2, ("5.2",)) == ("5.2",)
    assert await tell(1, ("4.1",)) == ("5.2",)
    assert await tell(2, ()) == ()


@pytest.mark.parametrize(
    ("professions", "field"),
    [
        ([{"codQualifica": "5.2"}, {"codQualifica": "cuoco"}], "qualifiche[1].codQualifica"),
        ([{"codQualifica": "5.2"}] * 21, "qualifiche"),
        ("5.2", "qualifiche"),
    ],
)
async def test_one_that_is_wrong_waits_with_its_field_until_a_right_one_comes(
    hub: Database,
    agencies: Agencies,
    pact: SimulatedPact,
    owner: Owner,
    clock: Clock,
    professions: Any,
    field: str,
) -> None:
    world = agencies.world.region
    world.pacts.append(version(pact, 0, ("4.1",)))
    await pull_region(hub.write, agencies.region_connector(), clock=clock)
    world.pacts.append(Misspelt(version(pact, 1, None), professions))
    report = await pull_region(hub.write, agencies.region_connector(), clock=clock)
    assert (report.pacts.landed, report.pacts.quarantined) == (0, 1)
    waiting = "SELECT record_key, field FROM quarantined_record WHERE flow = 'pacts' AND resolved_at IS NULL"
    assert [tuple(row.values()) for row in await owner.fetch(waiting)] == [(str(pact.number), field)]
    assert await stored(owner, pact) == ("4.1",), "what landed before stays"
    world.pacts.append(version(pact, 2, ("5.2",)))
    await pull_region(hub.write, agencies.region_connector(), clock=clock)
    assert await owner.fetch(waiting) == []
    assert await stored(owner, pact) == ("5.2",)


async def test_the_demos_pacts_name_what_its_offers_ask_for_and_what_none_does(agencies: Agencies) -> None:
    world = agencies.world.region
    offered = [one.record()["codQualifica"] for one in world.offers]
    named = [one.professions for one in world.pacts if isinstance(one, SimulatedPact) and one.kind == "PSP"]
    codes = {code for one in named if one is not None for code in one}
    asked_for = {code for code in codes if any(f"{one}.".startswith(f"{code}.") for one in offered)}
    assert len(asked_for) >= 4
    assert codes - asked_for
    assert None in named


async def test_a_region_by_application_cooperation_tells_none(
    region: Region, pull: Pull, owner: Owner
) -> None:
    region.hold("ada", PACT)
    await pull()
    assert [row["professions"] for row in await owner.fetch("SELECT professions FROM pact")] == [None]
