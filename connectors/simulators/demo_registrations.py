# SPDX-License-Identifier: EUPL-1.2
"""Where the demo's people were registered before, and of which states they are citizens: most lives are plain, some are not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from connectors.simulators.demo_people import DemoPerson
from connectors.simulators.people import (
    ABROAD_RECORD,
    ITALIAN,
    RESIDENT_RECORD,
    SimulatedAddress,
    SimulatedCancellation,
    SimulatedCitizenship,
    SimulatedPermit,
    SimulatedRegistration,
)

_LEFT, _CAME_BACK = date(2016, 3, 1), date(2019, 9, 15)


@dataclass(frozen=True, slots=True, repr=False)
class DemoPast:
    """What ANPR holds of a person beside name and address."""

    registrations: tuple[SimulatedRegistration, ...]
    since: date
    """Of the residence where the person is registered now."""
    cancellation: SimulatedCancellation | None = None
    citizenships: tuple[SimulatedCitizenship, ...] = (ITALIAN,)
    permit: SimulatedPermit | None = None


def demo_past(number: int, person: DemoPerson, address: SimulatedAddress, as_of: date) -> DemoPast:
    """The past of a person of the household of this number, on a day."""
    moved = max(address.since or person.birth_date, person.birth_date)
    match number % 11:
        case 3 if person.birth_date < _LEFT:
            return _was_abroad(person, address, moved)
        case 5 if person.birth_date < as_of - timedelta(days=1_000):
            return _was_not_found(person, address, as_of)
        case 7:
            permit = SimulatedPermit("2", f"S{number:08d}", as_of - timedelta(days=800), None)
            return _from_abroad(address, moved, SimulatedCitizenship("201", "ALBANIA"), permit)
        case 9:
            came = max(as_of - timedelta(days=600), person.birth_date)
            permit = SimulatedPermit(
                "1", f"S{number:08d}", as_of - timedelta(days=300), as_of + timedelta(days=400)
            )
            return _from_abroad(address, came, SimulatedCitizenship("436", "MAROCCO"), permit)
        case _:
            return DemoPast(_moved_once(person, address, moved), moved)


def _moved_once(
    person: DemoPerson, address: SimulatedAddress, moved: date
) -> tuple[SimulatedRegistration, ...]:
    here = _here(address, moved, None)
    if moved == person.birth_date:
        return (here,)
    return (here, _there(person, person.birth_date, moved))  # the newest first: ANPR promises no order


def _was_abroad(person: DemoPerson, address: SimulatedAddress, moved: date) -> DemoPast:
    back = max(moved, _CAME_BACK)
    entries = [_there(person, person.birth_date, _LEFT), _here(address, back, None)]
    abroad = _there(person, _LEFT, _CAME_BACK)
    entries.append(replace(abroad, record_type=ABROAD_RECORD))
    if back > _CAME_BACK:
        entries.append(_there(person, _CAME_BACK, back))
    return DemoPast(tuple(entries), back)


def _was_not_found(person: DemoPerson, address: SimulatedAddress, as_of: date) -> DemoPast:
    struck_off, back = as_of - timedelta(days=500), as_of - timedelta(days=300)
    entries = (_there(person, person.birth_date, struck_off), _here(address, back, None))
    return DemoPast(entries, back, SimulatedCancellation("6", struck_off))


def _from_abroad(
    address: SimulatedAddress, came: date, citizenship: SimulatedCitizenship, permit: SimulatedPermit
) -> DemoPast:
    return DemoPast((_here(address, came, None),), came, None, (citizenship,), permit)


def _here(address: SimulatedAddress, since: date, until: date | None) -> SimulatedRegistration:
    return SimulatedRegistration(
        RESIDENT_RECORD,
        since,
        until,
        address.municipality_istat,
        address.municipality_name,
        address.province,
    )


def _there(person: DemoPerson, since: date, until: date | None) -> SimulatedRegistration:
    place = person.birth_place
    return SimulatedRegistration(
        RESIDENT_RECORD, since, until, place.istat_code, place.name.upper(), place.province
    )
