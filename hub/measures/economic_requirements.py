# SPDX-License-Identifier: EUPL-1.2
"""What a household may have: ISEE, income, real estate, movable assets, vehicles, boats and aircraft.

Sources: DL 4/2019 art. 2 c. 1 lett. b and c; DL 48/2023 art. 2 c. 2 lett. b and c, art. 12 c. 2; the MIA draft.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from hub.measures.days import months_after
from hub.measures.household import Disability, Household, Vehicle, VehicleKind
from hub.measures.limits import Limit, Requirement
from hub.measures.parameters import Amount, Count, Parameters
from hub.measures.reasons import Finding, Verdict
from hub.measures.scale import FIRST_MINORS
from hub.measures.worlds import World, Worlds

ISEE = Requirement(
    "ISEE",
    "The ISEE is within the limit.",
    "The ISEE is above the limit.",
    "The ISEE is not known: a valid DSU is needed.",
)
FAMILY_INCOME = Requirement(
    "FAMILY_INCOME",
    "The family income is below the threshold times the equivalence scale.",
    "The family income is not below the threshold times the equivalence scale.",
    "The family income, or a fact its threshold depends on, is not known.",
)
REAL_ESTATE = Requirement(
    "REAL_ESTATE",
    "The real estate besides the home is within the limit.",
    "The real estate besides the home is above the limit; a home of too great a value counts whole.",
    "The value of the real estate, or of the home, is not known.",
)
MOVABLE_ASSETS = Requirement(
    "MOVABLE_ASSETS",
    "The movable assets are within the limit for this household.",
    "The movable assets are above the limit for this household.",
    "The movable assets, or a disability their limit depends on, are not known.",
)
LARGE_CARS = Requirement(
    "LARGE_CARS",
    "No car of a greater displacement was first registered in the months before.",
    "A car of a greater displacement was first registered in the months before.",
    "The household's vehicles are not known.",
)
NEW_CARS = Requirement(
    "NEW_CARS",
    "No car was first registered in the months before.",
    "A car was first registered in the months before.",
    "The household's vehicles are not known.",
)
LARGE_MOTORCYCLES = Requirement(
    "LARGE_MOTORCYCLES",
    "No motorcycle of a greater displacement was first registered in the months before.",
    "A motorcycle of a greater displacement was first registered in the months before.",
    "The household's vehicles are not known.",
)
BOATS_AND_AIRCRAFT = Requirement(
    "BOATS_AND_AIRCRAFT",
    "The household has no ship, pleasure boat or aircraft.",
    "The household has a ship, a pleasure boat or an aircraft.",
    "Whether the household has ships, pleasure boats or aircraft is not known.",
)


def economic_requirements(
    household: Household, p: Parameters, on: date, possible: Worlds
) -> Iterator[Finding]:
    """Each requirement the measure has, decided on a day."""
    if p.isee_ceiling is not None:
        yield ISEE.compared(household.isee, Limit.of(p.isee_ceiling))
    if p.income_threshold is not None:
        yield FAMILY_INCOME.compared(household.family_income, income_limit(household, p, possible))
    if p.real_estate_ceiling is not None:
        yield _real_estate(household, p, p.real_estate_ceiling)
    if p.movable_base is not None:
        yield MOVABLE_ASSETS.compared(household.movable_assets, movable_limit(p, possible))
    yield from _vehicles(household, p, on)
    if p.boats_and_aircraft is not None:
        yield _boats(household.boats_and_aircraft, p.boats_and_aircraft)


def income_limit(household: Household, p: Parameters, possible: Worlds) -> Limit:
    """The threshold times the scale: that of the elderly or of tenants where it is theirs."""
    least = income_threshold(p, possible[0], rents=bool(household.annual_rent))
    most = least
    if len(possible) > 1 or household.annual_rent is None:
        most = income_threshold(p, possible[-1], rents=household.annual_rent != 0)
    return Limit(
        least.value * possible[0].scale,
        most.value * possible[-1].scale,
        least.source,
        possible[0].unverified or possible[-1].unverified or least.unverified or most.unverified,
        least.inclusive,
    )


def income_threshold(p: Parameters, world: World, *, rents: bool) -> Amount:
    """The row that holds for a household, before the scale."""
    found = p.income_threshold
    assert found is not None
    for row, theirs in (
        (p.income_threshold_elderly, world.elderly),
        (p.income_threshold_renting, rents),
    ):
        if row is not None and theirs and row.value > found.value:
            found = row
    return found


def movable_limit(p: Parameters, possible: Worlds) -> Limit:
    """The base, so much more for each member, and beyond that cap for minors after the second and for disabilities."""
    assert p.movable_base is not None
    least, unverified = _movable(p, possible[0])
    most = least
    if len(possible) > 1:
        most, unverified = _movable(p, possible[-1])
    return Limit(least, most, p.movable_base.source, unverified)


def _movable(p: Parameters, world: World) -> tuple[Decimal, bool]:
    assert p.movable_base is not None
    members = world.members
    limit, unverified = p.movable_base.value, p.movable_base.unverified
    if p.movable_per_member is not None:
        limit += p.movable_per_member.value * (len(members) - 1)
    if p.movable_members_ceiling is not None:
        limit = min(limit, p.movable_members_ceiling.value)
    disabled = sum([member.disability is Disability.DISABLED for member in members])
    severe = sum([member.disability is Disability.SEVERE for member in members])
    for row, times in (
        (p.movable_per_further_minor, max(0, world.minors - FIRST_MINORS)),
        (p.movable_per_disabled, disabled),
        (p.movable_per_severely_disabled, severe),
    ):
        if row is not None and times:
            limit += row.value * times
            unverified = unverified or row.unverified
    return limit, unverified


def _real_estate(household: Household, p: Parameters, ceiling: Amount) -> Finding:
    other, home = household.other_real_estate, household.home_value
    known, complete, unverified = other or Decimal(0), other is not None, ceiling.unverified
    if p.home_ceiling is not None:
        if home is None:
            complete = False
        elif not p.home_ceiling.admits(home):
            # By another reading of the law only what is above counts: where that would do, the answer hangs on the reading.
            unverified = unverified or known + home - p.home_ceiling.value <= ceiling.value
            known += home
    value = known if complete or known else None
    limit = Limit(ceiling.value, ceiling.value, ceiling.source, unverified, ceiling.inclusive)
    return REAL_ESTATE.compared(value, limit, complete=complete)


def _vehicles(household: Household, p: Parameters, on: date) -> Iterator[Finding]:
    if p.car_displacement is not None and p.car_months is not None:
        yield _large(LARGE_CARS, VehicleKind.CAR, household, p.car_displacement, p.car_months, on)
    if p.any_car_months is not None:
        yield _new(household, p.any_car_months, on)
    if p.motorcycle_displacement is not None and p.motorcycle_months is not None:
        yield _large(
            LARGE_MOTORCYCLES,
            VehicleKind.MOTORCYCLE,
            household,
            p.motorcycle_displacement,
            p.motorcycle_months,
            on,
        )


def _large(
    requirement: Requirement,
    kind: VehicleKind,
    household: Household,
    displacement: Count,
    months: Count,
    on: date,
) -> Finding:
    unverified = displacement.unverified or months.unverified
    if household.vehicles is None:
        verdict, largest = Verdict.UNDETERMINED, None
    else:
        since = months_after(on, -months.value)
        recent = [one.displacement for one in _that_count(household.vehicles, kind, since)]
        largest = max(recent, default=0)
        verdict = Verdict.NOT_SATISFIED if largest > displacement.value else Verdict.SATISFIED
    return requirement.found(verdict, displacement.source, largest, displacement.value, unverified=unverified)


def _new(household: Household, months: Count, on: date) -> Finding:
    since = months_after(on, -months.value)
    if household.vehicles is None:
        return NEW_CARS.found(Verdict.UNDETERMINED, months.source, None, since, unverified=months.unverified)
    days = [one.first_registered for one in _that_count(household.vehicles, VehicleKind.CAR, since)]
    verdict = Verdict.NOT_SATISFIED if days else Verdict.SATISFIED
    return NEW_CARS.found(
        verdict, months.source, max(days, default=None), since, unverified=months.unverified
    )


def _that_count(vehicles: tuple[Vehicle, ...], kind: VehicleKind, since: date) -> Iterator[Vehicle]:
    # "In the months before": the day itself, so many months ago, is still one of them.
    return (
        one
        for one in vehicles
        if one.kind is kind and not one.disability_relief and one.first_registered >= since
    )


def _boats(number: int | None, row: Count) -> Finding:
    if number is None:
        verdict = Verdict.UNDETERMINED
    else:
        verdict = Verdict.SATISFIED if number <= row.value else Verdict.NOT_SATISFIED
    return BOATS_AND_AIRCRAFT.found(verdict, row.source, number, row.value, unverified=row.unverified)
