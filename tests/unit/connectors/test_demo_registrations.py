# SPDX-License-Identifier: EUPL-1.2
"""The demo's people have pasts that could be: whole, in order, and of every kind."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from connectors.simulators.demo_world import DemoWorld, demo_world
from connectors.simulators.people import ABROAD_RECORD, RESIDENT_RECORD, SimulatedPerson


@pytest.fixture(scope="module")
def world() -> DemoWorld:
    return demo_world(date(2026, 11, 1))


@pytest.fixture(scope="module")
def people(world: DemoWorld) -> list[SimulatedPerson]:
    codes = [person.fiscal_code for household in world.households for person in household.people]
    found = [world.anpr.lookup(code) for code in codes]
    return [person for person in found if person is not None]


def test_nobody_is_registered_before_birth_or_twice_at_once(people: list[SimulatedPerson]) -> None:
    assert len(people) > 80
    for person in people:
        entries = sorted(person.registrations, key=lambda one: one.since)
        assert entries[0].since >= person.birth_date
        for entry, following in pairwise(entries):
            assert entry.until is not None
            assert entry.since < entry.until <= following.since


def test_everybody_is_registered_where_they_live(people: list[SimulatedPerson]) -> None:
    for person in people:
        (now,) = (one for one in person.registrations if one.until is None)
        (address,) = person.addresses
        assert now.record_type == RESIDENT_RECORD
        assert (now.since, now.municipality_istat) == (address.since, address.municipality_istat)


def test_there_are_pasts_of_every_kind(people: list[SimulatedPerson]) -> None:
    assert any(one.record_type == ABROAD_RECORD for person in people for one in person.registrations)
    assert any(person.cancellation is not None and person.cancellation.reason == "6" for person in people)
    permits = {None if person.permit is None else person.permit.kind for person in people}
    assert permits == {None, "1", "2"}
    assert {len(person.registrations) for person in people} >= {1, 2, 3}
