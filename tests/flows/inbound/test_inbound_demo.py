# SPDX-License-Identifier: EUPL-1.2
"""The demo's flows over sockets, from the agencies to the tables."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import pytest

from connectors.inbound import pull_admitted_households, pull_region
from connectors.simulators.demo_world import (
    MALFORMED_PROTOCOL,
    OUTSIDE_PROTOCOL,
    ROME_CENTRE,
    ROME_PROTOCOL,
)
from hub.errors import ConfigurationError
from hub.store.engine import Database

if TYPE_CHECKING:
    from tests.flows.inbound.conftest import Agencies, Tables

    Look = Callable[[], Awaitable[Tables]]
Clock = Callable[[], datetime]
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def test_the_good_households_land_and_the_malformed_one_is_kept_with_its_reason(
    agencies: Agencies, hub: Database, clock: Clock, tables: Look
) -> None:
    report = await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock, page_size=7)
    assert (report.received, report.landed, report.quarantined, report.released) == (41, 40, 1, 0)
    found = await tables()
    assert len(found["household"]) == len(found["benefit"]) == 40
    good = [one for one in agencies.world.households if one.protocol != MALFORMED_PROTOCOL]
    assert {row[0] for row in found["beneficiary"]} == {p.fiscal_code for one in good for p in one.people}
    [kept] = found["quarantined_record"]
    agency, flow, key, payload, field, reason, version, is_told, _, resolved = kept
    assert (agency, flow, key, resolved) == ("inps", "admitted-households", MALFORMED_PROTOCOL, False)
    assert field == "beneficiari[0].cod_fiscale"
    assert "check letter" in reason
    [entry] = [one for one in agencies.world.inps.admissions if one.protocol == MALFORMED_PROTOCOL]
    assert (version, is_told) == (entry.reported_at, True)
    sent = json.loads(payload)["beneficiari"][0]
    assert not any(value in reason for value in (sent["cod_fiscale"], sent["des_cognome"], sent["des_nome"]))


async def test_territory_follows_the_municipality_and_the_centre_the_rule(
    agencies: Agencies, hub: Database, clock: Clock, tables: Look
) -> None:
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    people = {row[0]: row for row in (await tables())["beneficiary"]}

    def home(protocol: str) -> tuple[Any, ...]:
        """Protocol, municipality, region and centre of a household's applicant."""
        return people[agencies.world.household(protocol).people[0].fiscal_code][5:9]

    assert home(ROME_PROTOCOL) == (ROME_PROTOCOL, "H501", "12", ROME_CENTRE)
    assert home(OUTSIDE_PROTOCOL) == (OUTSIDE_PROTOCOL, "L219", "01", "L219C900001")
    centres = {(row[6], row[8]) for row in people.values()}
    assert ("E472", "E472C900034") in centres  # INPS names none, the municipality has one
    assert ("L219", None) in centres  # INPS names none, the municipality has two
    assert ("C034", None) in centres  # it has none


async def test_a_later_good_version_of_the_malformed_record_lands_and_resolves_it(
    agencies: Agencies, hub: Database, clock: Clock, tables: Look
) -> None:
    inps = agencies.inps_connector()
    await pull_admitted_households(hub.write, inps, clock=clock)
    agencies.world.inps.admissions.append(agencies.world.mended)
    report = await pull_admitted_households(hub.write, inps, clock=clock)
    assert (report.received, report.landed, report.quarantined) == (1, 1, 0)
    found = await tables()
    assert MALFORMED_PROTOCOL in {row[0] for row in found["household"]}
    assert [row[-1] for row in found["quarantined_record"]] == [True]


async def test_the_region_lands_whole_and_its_pacts_stand_on_the_people_of_inps(
    agencies: Agencies, hub: Database, clock: Clock, tables: Look
) -> None:
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    report = await pull_region(hub.write, agencies.region_connector(), clock=clock, page_size=9)
    assert [(one.received, one.quarantined) for one in (report.job_offers, report.training_courses)] == [
        (20, 0),
        (12, 0),
    ]
    assert report.pacts.landed == len(agencies.world.region.pacts) > 50
    found = await tables()
    assert {row[0] for row in found["pact"]} == {"regione-12"}
    kinds = {(row[2], row[3]) for row in found["pact"]}
    assert {("SERVICE", "ACTIVE"), ("SERVICE", "PROPOSED"), ("INCLUSION", "ACTIVE")} <= kinds
    assert ("DIGITAL_ACTIVATION", "COMPLETED") in kinds
    goals = sum(len(pact.record()["politicheAttive"]) for pact in agencies.world.region.pacts)
    assert len(found["pact_goal"]) == goals > 30
    assert {row[11] for row in found["job_offer"]} == {"OPEN", "CLOSED", "WITHDRAWN"}


async def test_pacts_that_came_before_their_people_land_once_these_have(
    agencies: Agencies, hub: Database, clock: Clock, tables: Look
) -> None:
    region = agencies.region_connector()
    first = await pull_region(hub.write, region, clock=clock)
    assert first.pacts.landed == 0
    assert first.pacts.quarantined == len(agencies.world.region.pacts)
    await pull_admitted_households(hub.write, agencies.inps_connector(), clock=clock)
    second = await pull_region(hub.write, region, clock=clock)
    assert (second.pacts.received, second.pacts.released) == (0, first.pacts.quarantined)
    found = await tables()
    assert len(found["pact"]) == first.pacts.quarantined
    pacts = [row for row in found["quarantined_record"] if row[1] == "pacts"]
    assert len(pacts) == first.pacts.quarantined
    assert all(row[-1] for row in pacts)


async def test_a_second_run_finds_nothing_new_and_changes_nothing(
    agencies: Agencies, hub: Database, clock: Clock, owner: Owner
) -> None:
    inps, region = agencies.inps_connector(), agencies.region_connector()
    await pull_admitted_households(hub.write, inps, clock=clock)
    await pull_region(hub.write, region, clock=clock)
    written = [
        "household",
        "benefit",
        "beneficiary",
        "agency_answer",
        "pact",
        "pact_goal",
        "job_offer",
        "training_course",
    ]

    async def rows() -> list[Any]:
        """Each row with the transaction that wrote it: an update that changes nothing would show too."""
        return [await owner.fetch(f"SELECT xmin::text, t.* FROM {table} t ORDER BY id") for table in written]

    before = await rows()
    again = await pull_admitted_households(hub.write, inps, clock=clock)
    assert (again.received, again.landed, again.quarantined, again.released) == (0, 0, 0, 0)
    assert again.watermark == "ammesse-000000041"
    assert (await pull_region(hub.write, region, clock=clock)).pacts.received == 0
    await owner.execute("UPDATE inbound_run SET watermark = NULL")  # INPS is made to tell everything again
    told_again = await pull_admitted_households(hub.write, inps, clock=clock, page_size=3)
    assert (told_again.received, told_again.landed, told_again.quarantined) == (41, 40, 1)
    assert (await pull_region(hub.write, region, clock=clock)).pacts.landed > 50
    assert await rows() == before


async def test_a_flow_of_an_agency_that_is_not_registered_says_so(
    agencies: Agencies, database: Database, clock: Clock
) -> None:
    with pytest.raises(ConfigurationError, match="inps"):
        await pull_admitted_households(database.write, agencies.inps_connector(), clock=clock)
