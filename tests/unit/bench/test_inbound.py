# SPDX-License-Identifier: EUPL-1.2
"""What the bench tells the hub can land whole, and what its rounds come to; the measuring itself is run by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bench.figures import Figure
from bench.inbound import AIM, Landed, told
from bench.inbound_told import (
    changed_course,
    changed_household,
    changed_offer,
    changed_pact,
    courses,
    households,
    offers,
    pacts,
)
from connectors.inps import PROVISIONAL_CODES as INPS_CODES
from connectors.inps import AdmittedHousehold
from connectors.inps.admitted import read_household
from connectors.records.delivery import Delivered, Refusal
from connectors.regional.codes import PROVISIONAL_CODES
from connectors.regional.resources import COURSES, OFFERS, PACTS, Resource, read_record
from connectors.simulators.region_world import SimulatedRecord

PLACES = ("H501", "L219", "E472")
COUNT = 1_000


def read(resource: Resource[Any], records: Sequence[SimulatedRecord]) -> dict[str, Delivered[Any]]:
    found = [read_record(resource, one.record(), PROVISIONAL_CODES, {}) for one in records]
    assert not [one.content for one in found if isinstance(one.content, Refusal)]
    return {one.key: one for one in found}


@pytest.mark.parametrize(
    ("resource", "made", "changed"),
    [
        (OFFERS, offers(COUNT, PLACES), changed_offer),
        (COURSES, courses(COUNT, PLACES), changed_course),
        (PACTS, pacts(households(COUNT, PLACES)), changed_pact),
    ],
    ids=["offers", "courses", "pacts"],
)
def test_each_record_can_be_read_and_says_something_else_at_its_later_version(
    resource: Resource[Any], made: Sequence[SimulatedRecord], changed: Callable[[Any], SimulatedRecord]
) -> None:
    first, later = read(resource, made), read(resource, [changed(one) for one in made])
    assert len(first) == COUNT
    assert first.keys() == later.keys()
    for key, before in first.items():
        after = later[key]
        assert before.version is not None
        assert after.version is not None
        assert before.version < after.version
        assert before.content != after.content


def test_each_household_can_be_read_and_has_another_benefit_at_its_later_version() -> None:
    admissions = households(COUNT, PLACES)
    told = [read_household(one.record(), INPS_CODES) for one in admissions]
    again = [read_household(changed_household(one).record(), INPS_CODES) for one in admissions]
    before, after = ({one.key: one.content for one in each} for each in (told, again))
    assert len(before) == COUNT
    assert before.keys() == after.keys()
    people = set[str]()
    for key, content in before.items():
        changed = after[key]
        assert isinstance(content, AdmittedHousehold)
        assert isinstance(changed, AdmittedHousehold)
        assert content.reported_at < changed.reported_at
        assert content.starts_on < changed.starts_on, "so that one benefit ends where another begins"
        people |= {one.fiscal_code for one in content.members}
    assert len(people) == sum(len(one.members) for one in admissions), "nobody is in two households"


def test_only_new_records_have_an_aim_and_it_is_of_the_middle_round() -> None:
    rounds = [Landed(10_000, wall, client=1.0, postgres=1.5) for wall in (1.0, 4.0, 1.25, 8.0, 2.5)]
    new, changed = by_name(told("offers.new", rounds)), by_name(told("offers.changed", rounds))
    rate = new["inbound.offers.new.rate"]
    assert (rate.value, rate.aim, rate.meets) == (4_000, AIM, False)
    assert changed["inbound.offers.changed.rate"].aim is None
    assert new["inbound.offers.new.cpu_rate"].value == 4_000
    assert new["inbound.offers.new.client_cpu"].value == 0.1
    assert new["inbound.offers.new.postgres_cpu"].value == 0.15


def by_name(found: Sequence[Figure]) -> dict[str, Figure]:
    return {one.name: one for one in found}
