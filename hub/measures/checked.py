# SPDX-License-Identifier: EUPL-1.2
"""What cannot be true of a household is refused, by name and with the path of the field; no message holds a value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from hub.errors import InvalidInput
from hub.measures.household import Household, Member

LARGEST_AMOUNT = Decimal(1_000_000_000)
MOST_TOLD = 100
"""Members, vehicles, stays, changes: more than anybody has, and soon read."""
LAST_DAY = date(2199, 12, 31)
"""The last day that is reckoned with: months after it are still dates."""


class NegativeAmount(InvalidInput):
    """An amount, a number or a displacement is zero or more."""

    code = "NEGATIVE_AMOUNT"


class AmountOutOfRange(InvalidInput):
    """An amount is a finite number of euro, at most a thousand million."""

    code = "AMOUNT_OUT_OF_RANGE"


class DateInFuture(InvalidInput):
    """A birth, a registration or a stay begins on or before the day that is asked about."""

    code = "DATE_IN_FUTURE"


class DateTooFar(InvalidInput):
    """A household is looked at on a day up to the end of the year 2199."""

    code = "DATE_TOO_FAR"


class InvalidPeriod(InvalidInput):
    """A period ends after it begins."""

    code = "INVALID_PERIOD"


class TooManyTold(InvalidInput):
    """A household has at most 100 members, 100 vehicles and 100 stays, and 100 things that change it."""

    code = "TOO_MANY_TOLD"


class OneApplicant(InvalidInput):
    """Exactly one member of a household applies."""

    code = "ONE_APPLICANT"


class SamePersonTwice(InvalidInput):
    """Each member is another person, and nobody is their own spouse."""

    code = "SAME_PERSON_TWICE"


class SpousesDisagree(InvalidInput):
    """A spouse is a member of the household, and two spouses name each other."""

    code = "SPOUSES_DISAGREE"


def check_amount(value: Decimal | None, path: Sequence[str | int]) -> None:
    """Refuse what is no amount of money.

    Raises:
        NegativeAmount: it is below zero.
        AmountOutOfRange: it is not finite, or beyond what anybody has.

    """
    if value is None:
        return
    if not value.is_finite() or value > LARGEST_AMOUNT:
        raise AmountOutOfRange(path=list(path))
    if value < 0:
        raise NegativeAmount(path=list(path))


def check_day(day: date, path: Sequence[str | int]) -> None:
    """Refuse a day no calendar reaches.

    Raises:
        DateTooFar: it is after `LAST_DAY`.

    """
    if day > LAST_DAY:
        raise DateTooFar(path=list(path))


def check_household(household: Household, on: date) -> None:
    """Refuse a household that cannot be.

    Raises:
        NegativeAmount, AmountOutOfRange, TooManyTold, DateInFuture, InvalidPeriod, OneApplicant, SamePersonTwice,
        SpousesDisagree: with `path`, the way to the field.

    """
    for value, name in (
        (household.isee, "isee"),
        (household.family_income, "familyIncome"),
        (household.home_value, "homeValue"),
        (household.other_real_estate, "otherRealEstate"),
        (household.movable_assets, "movableAssets"),
        (household.annual_rent, "annualRent"),
        (household.annual_mortgage, "annualMortgage"),
    ):
        check_amount(value, (name,))
    if household.boats_and_aircraft is not None and household.boats_and_aircraft < 0:
        raise NegativeAmount(path=["boatsAndAircraft"])
    stays = household.residence.stays or ()
    for told, way in (
        (household.members, ["members"]),
        (household.vehicles or (), ["vehicles"]),
        (stays, ["residence", "stays"]),
    ):
        if len(told) > MOST_TOLD:
            raise TooManyTold(path=way)
    _check_members(household.members, on)
    for place, vehicle in enumerate(household.vehicles or ()):
        if vehicle.displacement < 0:
            raise NegativeAmount(path=["vehicles", place, "displacement"])
        if vehicle.first_registered > on:
            raise DateInFuture(path=["vehicles", place, "firstRegistered"])
    for place, stay in enumerate(stays):
        if stay.since > on:
            raise DateInFuture(path=["residence", "stays", place, "since"])
        if stay.until is not None and stay.until <= stay.since:
            raise InvalidPeriod(path=["residence", "stays", place, "until"])


def _check_members(members: Sequence[Member], on: date) -> None:
    by_key: dict[str, Member] = {}
    for place, member in enumerate(members):
        if member.birth_date > on:
            raise DateInFuture(path=["members", place, "birthDate"])
        if by_key.setdefault(member.key, member) is not member:
            raise SamePersonTwice(path=["members", place, "key"])
    for place, member in enumerate(members):
        if member.spouse is None:
            continue
        if member.spouse == member.key:
            raise SamePersonTwice(path=["members", place, "spouse"])
        other = by_key.get(member.spouse)
        if other is None or other.spouse not in (None, member.key):
            raise SpousesDisagree(path=["members", place, "spouse"])
    if sum(member.applicant for member in members) != 1:
        raise OneApplicant(path=["members"])
