# SPDX-License-Identifier: EUPL-1.2
"""The demo's world: one and the same for every agency, and the same every time."""

from __future__ import annotations

from datetime import date

import pytest

from connectors.inps import PROVISIONAL_CODES
from connectors.inps.admitted import read_household
from connectors.records.delivery import Refusal
from connectors.regional import PROVISIONAL_CODES as REGIONAL_CODES
from connectors.regional.courses import decode_course
from connectors.regional.offers import decode_offer
from connectors.regional.pacts import decode_pact
from connectors.simulators.demo_people import municipality
from connectors.simulators.demo_world import (
    MALFORMED_PROTOCOL,
    OUTSIDE_PROTOCOL,
    ROME_CENTRE,
    ROME_PROTOCOL,
    demo_world,
)
from hub.store.fiscal_code import parse_fiscal_code
from hub.store.reference.demo import demo_centres

DAYS = [date(2026, 11, 21), date(2024, 2, 29), date(2027, 1, 1), date(2026, 3, 31)]


@pytest.mark.parametrize("day", DAYS)
def test_the_same_people_are_everywhere(day: date) -> None:
    world = demo_world(day)
    people = {person.fiscal_code for household in world.households for person in household.people}
    assert len(world.households) == 41
    assert 80 <= len(people) <= 120
    assert all(parse_fiscal_code(code) == code for code in people)
    for household in world.households:
        registered = {p.fiscal_code for p in world.anpr.family(household.protocol)}
        assert registered == {p.fiscal_code for p in household.people}
    told = {m.fiscal_code for one in world.inps.admissions for m in one.members}
    malformed = next(one for one in world.inps.admissions if one.protocol == MALFORMED_PROTOCOL)
    assert told - people == {malformed.members[0].fiscal_code}
    pacts = [decode_pact(pact.record(), REGIONAL_CODES) for pact in world.region.pacts]
    assert {one.fiscal_code for one in pacts if one.fiscal_code} <= people
    assert {one.inps_protocol for one in pacts if one.inps_protocol} <= {
        one.protocol for one in world.households
    }


@pytest.mark.parametrize("day", DAYS)
def test_every_record_but_the_one_is_good_and_none_is_of_the_future(day: date) -> None:
    world = demo_world(day)
    delivered = [read_household(one.record(), PROVISIONAL_CODES) for one in world.inps.admissions]
    assert [one.key for one in delivered if isinstance(one.content, Refusal)] == [MALFORMED_PROTOCOL]
    assert not isinstance(read_household(world.mended.record(), PROVISIONAL_CODES).content, Refusal)
    assert all(one.version is not None and one.version.date() < day for one in delivered)
    for offer in world.region.offers:
        assert decode_offer(offer.record(), REGIONAL_CODES).published_on < day
    for course in world.region.courses:
        decode_course(course.record(), REGIONAL_CODES)
    for pact in world.region.pacts:
        decoded = decode_pact(pact.record(), REGIONAL_CODES)
        assert max(filter(None, (decoded.proposed_on, decoded.signed_on, decoded.ends_on))) < day
    assert (len(world.region.offers), len(world.region.courses)) == (20, 12)


def test_the_named_households_are_where_the_demo_says() -> None:
    world = demo_world(DAYS[0])
    home, outside = world.household(ROME_PROTOCOL).admission, world.household(OUTSIDE_PROTOCOL).admission
    assert (home.members[0].belfiore, home.members[0].centre) == ("H501", ROME_CENTRE)
    assert ROME_CENTRE in {centre.code for centre in demo_centres()}
    assert (outside.members[0].belfiore, municipality("L219").region_code) == ("L219", "01")
    assert world.anpr.lookup(world.person.fiscal_code) is not None
    assert world.outsider.fiscal_code == outside.members[0].fiscal_code


def test_it_is_the_same_every_time_and_has_odd_codes_too() -> None:
    first, second = demo_world(DAYS[0]), demo_world(DAYS[0])
    assert [one.record() for one in first.inps.admissions] == [one.record() for one in second.inps.admissions]
    assert [one.record() for one in first.region.pacts] == [one.record() for one in second.region.pacts]
    codes = [person.fiscal_code for one in first.households for person in one.people]
    assert any(len(code) == 11 for code in codes)
    assert any(len(code) == 16 and not code[14].isdigit() for code in codes)
