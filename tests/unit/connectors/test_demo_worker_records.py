# SPDX-License-Identifier: EUPL-1.2
"""The SAPs of the demo's Piemonte: of the same people as everywhere, and good by the rules the hub checks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from connectors.cooperation import CooperatingRegion, NoActivity, SapActivity, policies_of, read_policy
from connectors.records.delivery import Refusal
from connectors.region_files import read_region
from connectors.regional import RegionalPact
from connectors.sap import SapDocument, read_policy_id, read_sap
from connectors.sap.policy_id import control_letter
from connectors.simulators.demo_regions import cooperating_region_file, demo_cooperating_region
from connectors.simulators.demo_worker_records import SYSTEM, demo_worker_records
from connectors.simulators.demo_world import LAZIO, PIEMONTE, SEED, DemoWorld, demo_world
from connectors.simulators.worker_record import SimulatedRecord
from hub.store.vocabulary import ActivityKind, ActivityStatus, PactStatus

DAYS = [date(2026, 11, 23), date(2024, 2, 29), date(2027, 1, 1), date(2026, 3, 31)]


def documents(world: DemoWorld, day: date) -> list[SapDocument]:
    return [read_sap(one.document().encode()) for one in demo_worker_records(world.of_region(PIEMONTE), day)]


@pytest.mark.parametrize("seed", [SEED, 1, -7])
@pytest.mark.parametrize("day", DAYS)
def test_every_document_keeps_every_rule(day: date, seed: int) -> None:
    found = documents(demo_world(day, seed), day)
    assert [one.problems for one in found] == [()] * len(found)
    policies = [policy for one in found for policy in one.sap.policies]
    for policy in policies:
        assert policy.identifier
        assert policy.promoter
        assert policy.kind
        assert policy.proposed_on
        made = read_policy_id(policy.identifier)
        assert made.system == SYSTEM
        assert made.letter == control_letter(policy.promoter, policy.kind, policy.proposed_on)
    assert len({one.identifier for one in policies}) == len(policies)
    assert len({one.sap.submission.identifier for one in found}) == len(found)


def test_they_are_of_who_is_bound_to_work_in_piemonte() -> None:
    day = DAYS[0]
    world = demo_world(day)
    people = {
        member.fiscal_code: person
        for household in world.of_region(PIEMONTE)
        for person, member in zip(household.people, household.admission.members, strict=True)
        if member.role == "PL"
    }
    found = {one.sap.person.fiscal_code: one.sap for one in documents(world, day)}
    assert found.keys() == people.keys()
    for code, sap in found.items():
        said = sap.person
        expected = people[code or ""]
        assert (said.family_name, said.given_name, said.sex) == (
            expected.family_name,
            expected.given_name,
            expected.sex,
        )
        assert (said.birth_date, said.birthplace) == (
            expected.birth_date,
            expected.birth_place.belfiore_code,
        )
        resident = world.anpr.lookup(code or "")
        assert resident is not None
        assert sap.residence.postcode == resident.addresses[0].postal_code
    assert not {one.protocol for one in world.of_region(PIEMONTE)} & {
        one.protocol for one in world.of_region(LAZIO)
    }


def test_a_hub_with_the_region_s_file_takes_every_policy(tmp_path: Path) -> None:
    day = DAYS[0]
    file = tmp_path / "piemonte.toml"
    file.write_text(cooperating_region_file("http://127.0.0.1:8186"), encoding="utf-8")
    region = read_region(file)
    assert isinstance(region, CooperatingRegion)
    assert (region.region_code, region.address) == (PIEMONTE, "http://127.0.0.1:8186/PD/SPCServiziSAP/")
    landed = [
        read_policy(policy, region.activities)
        for one in documents(demo_world(day), day)
        for policy in policies_of(one)
    ]
    records = [one.content for one in landed]
    assert not [one for one in records if isinstance(one, Refusal)]
    assert not [one for one in records if isinstance(one, NoActivity)]
    pacts = Counter(one.status for one in records if isinstance(one, RegionalPact))
    activities = [one for one in records if isinstance(one, SapActivity)]
    assert {PactStatus.ACTIVE, PactStatus.REFUSED} <= pacts.keys()
    assert {one.kind for one in activities} == {ActivityKind.TRAINING, ActivityKind.PLACEMENT}
    assert {ActivityStatus.STARTED, ActivityStatus.COMPLETED} <= {one.status for one in activities}
    assert all(one.pact is not None for one in activities)


def test_the_same_seed_makes_the_same_people_and_another_others() -> None:
    day = DAYS[0]

    def codes(seed: int) -> set[str]:
        return {person.fiscal_code for one in demo_world(day, seed).households for person in one.people}

    assert codes(5) == codes(5)
    assert demo_world(day).person == demo_world(day, SEED).person
    assert not [one for one in codes(5) & codes(6) if not one.isdigit()]
    assert [one.protocol for one in demo_world(day, 5).households] == [
        one.protocol for one in demo_world(day, 6).households
    ]


def test_what_is_agreed_with_the_region_is_what_it_takes() -> None:
    region = demo_cooperating_region(demo_world(DAYS[0]), DAYS[0])
    assert region.reasons == frozenset({"ASSENZA", "ANNULLAMENTO"})
    assert region.by_code


def test_a_person_s_name_may_hold_what_xml_does_not() -> None:
    (first, *_) = demo_worker_records(demo_world(DAYS[0]).of_region(PIEMONTE), DAYS[0])
    assert first.worker is not None
    named = replace(first, worker=replace(first.worker, family_name="D'Amico & <figli>"))
    assert isinstance(named, SimulatedRecord)
    assert read_sap(named.document().encode()).sap.person.family_name == "D'Amico & <figli>"
