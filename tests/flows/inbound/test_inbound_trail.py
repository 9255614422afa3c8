# SPDX-License-Identifier: EUPL-1.2
"""How what came in is told: from whom, under which number, when it was changed there, when it landed, by which run."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from connectors.inbound import pull_admitted_households, pull_region
from hub.cli.trail import told
from hub.ledger.inbound_trail import LandedPact
from hub.ledger.trail import Trail, read_trail
from hub.store.engine import Database

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
DAWN = datetime(2026, 9, 21, 4, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Ticking:
    """A clock that is a second later each time somebody looks."""

    def __init__(self, start: datetime) -> None:
        self.at = start

    def __call__(self) -> datetime:
        self.at += SECOND
        return self.at


async def trail_of(hub: Database, code: str) -> Trail:
    async with hub.write.acquire() as connection:
        return await read_trail(connection, code)


def a_service_pact(agencies: Agencies) -> Any:
    return next(one for one in agencies.world.region.pacts if one.record()["codTipoPatto"] == "PSP")


async def pull(agencies: Agencies, hub: Database, start: datetime) -> None:
    await pull_region(hub.write, agencies.region_connector(), clock=Ticking(start))


async def test_a_pact_says_who_told_it_when_it_landed_and_by_which_run(
    agencies: Agencies, hub: Database, owner: Owner
) -> None:
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=lambda: DAWN)
    await pull(agencies, hub, DAWN)
    sent = a_service_pact(agencies)
    trail = await trail_of(hub, sent.fiscal_code)
    [pact] = [one for one in trail.inbound.pacts if one.origin.number == str(sent.number)]
    run = await owner.fetchrow("SELECT started_at, finished_at FROM inbound_run WHERE flow = 'pacts'")
    region = await owner.fetchval("SELECT name FROM agency WHERE code = 'regione-12'")
    assert run is not None
    assert pact.origin.agency == region
    assert pact.origin.changed_at == sent.changed_at
    assert pact.origin.run_started_at == run["started_at"]
    assert pact.origin.landed_at is not None
    assert run["started_at"] < pact.origin.landed_at < run["finished_at"]
    said = "\n".join(told(trail))
    assert f"told by {region} under its number {sent.number}, changed there on" in said
    assert f"by the run of pacts that began on {run['started_at']:%Y-%m-%d %H:%M} UTC." in said
    assert "told by INPS of the household, last by its report of" in said
    assert sent.fiscal_code not in said


async def test_another_run_that_was_under_way_at_the_time_is_not_said_to_have_brought_it(
    agencies: Agencies, hub: Database, owner: Owner
) -> None:
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=lambda: DAWN)
    await pull(agencies, hub, DAWN)
    began = await owner.fetchval("SELECT started_at FROM inbound_run WHERE flow = 'pacts'")
    await owner.execute(
        "INSERT INTO inbound_run (agency_id, flow, started_at)"
        " SELECT agency_id, flow, started_at + interval '1 millisecond' FROM inbound_run WHERE flow = 'pacts'"
    )
    sent = a_service_pact(agencies)
    [pact] = [
        one
        for one in (await trail_of(hub, sent.fiscal_code)).inbound.pacts
        if one.origin.number == str(sent.number)
    ]
    assert (pact.origin.flow, pact.origin.run_started_at) == ("pacts", began)


async def test_told_again_it_landed_when_it_did_and_changed_it_landed_anew(
    agencies: Agencies, hub: Database, owner: Owner
) -> None:
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=lambda: DAWN)
    await pull(agencies, hub, DAWN)
    sent = a_service_pact(agencies)

    async def landed() -> LandedPact:
        pacts = (await trail_of(hub, sent.fiscal_code)).inbound.pacts
        return next(one for one in pacts if one.origin.number == str(sent.number))

    first = await landed()
    await owner.execute("UPDATE inbound_run SET watermark = NULL")
    await pull(agencies, hub, DAWN + timedelta(hours=1))
    assert await landed() == first, "nothing new was said"
    later = dataclasses.replace(sent, changed_at=sent.changed_at + timedelta(minutes=1))
    agencies.world.region.pacts.append(later)
    await pull(agencies, hub, DAWN + timedelta(hours=2))
    anew = await landed()
    assert anew.origin.changed_at == later.changed_at
    assert anew.origin.landed_at is not None
    assert anew.origin.landed_at > DAWN + timedelta(hours=2)
    assert anew.origin.run_started_at is not None
    assert anew.origin.run_started_at > DAWN + timedelta(hours=2)


async def test_one_that_waited_in_quarantine_landed_when_it_was_released(
    agencies: Agencies, hub: Database
) -> None:
    await pull(agencies, hub, DAWN)
    sent = a_service_pact(agencies)
    trail = await trail_of(hub, sent.fiscal_code)
    assert (trail.person, trail.inbound.pacts) == (None, ())
    assert str(sent.number) in [one.key for one in trail.aside]
    said = "\n".join(told(trail))
    assert f"pacts, number {sent.number}, waits since" in said
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=lambda: DAWN)
    await pull(agencies, hub, DAWN + timedelta(hours=1))
    trail = await trail_of(hub, sent.fiscal_code)
    [pact] = [one for one in trail.inbound.pacts if one.origin.number == str(sent.number)]
    assert pact.origin.landed_at is not None
    assert pact.origin.landed_at > DAWN + timedelta(hours=1)
    assert trail.aside == []


async def test_a_pact_of_the_household_that_could_not_land_is_found_for_each_of_its_people(
    agencies: Agencies, hub: Database
) -> None:
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=lambda: DAWN)
    region: list[Any] = agencies.world.region.pacts
    pact = next(one for one in region if one.record()["codTipoPatto"] == "PI" and one.fiscal_code is None)
    region[:] = [dataclasses.replace(pact, event="99")]
    await pull(agencies, hub, DAWN)
    people = agencies.world.household(pact.protocol).people
    for one in people:
        [aside] = (await trail_of(hub, one.fiscal_code)).aside
        assert (aside.flow, aside.key, aside.field) == ("pacts", str(pact.number), "ultimoEvento.evento")
    others = [one for one in agencies.world.households if one.protocol != pact.protocol]
    assert [
        one.key for one in (await trail_of(hub, others[0].people[0].fiscal_code)).aside if one.flow == "pacts"
    ] == []
