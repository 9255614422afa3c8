# SPDX-License-Identifier: EUPL-1.2
"""What cannot happen to a household is refused, by name and with the path of the field; no message holds a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TypeAlias

from hub.errors import InvalidInput
from hub.measures.changes import (
    AllowanceGranted,
    BusinessStarted,
    Change,
    EmploymentStarted,
    MemberJoined,
    MemberLeft,
    NewDeclaration,
    SelfEmploymentStarted,
)
from hub.measures.checked import (
    MOST_TOLD,
    DateInFuture,
    InvalidPeriod,
    OneApplicant,
    SamePersonTwice,
    SpousesDisagree,
    TooManyTold,
    check_amount,
    check_day,
)
from hub.measures.days import quarter_of
from hub.measures.household import Household

Path: TypeAlias = Sequence[str | int]


class NotAMember(InvalidInput):
    """Who leaves a household is of it, or has joined it by then."""

    code = "NOT_A_MEMBER"


class NotAQuarter(InvalidInput):
    """A calendar quarter is told once, by its first day: that of January, April, July or October."""

    code = "NOT_A_QUARTER"


def check_changes(household: Household, changes: Sequence[tuple[Change, Path]]) -> None:
    """Refuse changes of a household that cannot be; each with the way to it.

    Raises:
        TooManyTold, DateTooFar, NegativeAmount, AmountOutOfRange, InvalidPeriod, NotAQuarter, DateInFuture, SamePersonTwice,
        SpousesDisagree, OneApplicant, NotAMember: with `path`, the way to the field.

    """
    if len(changes) > MOST_TOLD:
        raise TooManyTold(path=["changes"])
    for change, path in changes:
        _check(change, path)
    _check_members(household, sorted(changes, key=_day))


def _check(change: Change, path: Path) -> None:
    check_day(change.on, [*path] if isinstance(change, BusinessStarted) else [*path, "on"])
    match change:
        case EmploymentStarted() | AllowanceGranted():
            check_amount(change.gross_a_year, [*path, "grossAYear"])
            _check_end(change.on, change.until, path)
        case SelfEmploymentStarted():
            for place, (quarter, income) in enumerate(change.by_quarter.items()):
                if quarter != quarter_of(quarter):
                    raise NotAQuarter(path=[*path, "quarters", place, "first"])
                check_amount(income.copy_abs(), [*path, "quarters", place, "income"])
            _check_end(change.on, change.until, path)
        case MemberJoined():
            if change.member.birth_date > change.on:
                raise DateInFuture(path=[*path, "member", "birthDate"])
        case NewDeclaration():
            check_amount(change.isee, [*path, "isee"])
            check_amount(change.family_income, [*path, "familyIncome"])
        case BusinessStarted() | MemberLeft():
            pass


def _check_end(on: date, until: date | None, path: Path) -> None:
    if until is not None and until <= on:
        raise InvalidPeriod(path=[*path, "until"])


def _check_members(household: Household, changes: Sequence[tuple[Change, Path]]) -> None:
    """Who joins and leaves, day after day: the applicant stays, for the right is asked for by them."""
    members = {member.key: member for member in household.members}
    for change, path in changes:
        if isinstance(change, MemberJoined):
            # Who joins on one day joins together: a couple may name each other.
            beside = {
                one.member.key: one.member
                for one, _ in changes
                if isinstance(one, MemberJoined) and one.on == change.on
            }
            joining, way = change.member, [*path, "member"]
            if joining.key in members or joining.spouse == joining.key:
                raise SamePersonTwice(path=[*way, "key" if joining.key in members else "spouse"])
            if joining.applicant:
                raise OneApplicant(path=[*way, "applicant"])
            if joining.spouse is not None:
                other = members.get(joining.spouse) or beside.get(joining.spouse)
                if other is None or other.spouse not in (None, joining.key):
                    raise SpousesDisagree(path=[*way, "spouse"])
            if len(members) >= MOST_TOLD:
                raise TooManyTold(path=way)
            members[joining.key] = joining
        elif isinstance(change, MemberLeft):
            leaving = members.pop(change.key, None)
            if leaving is None:
                raise NotAMember(path=[*path, "key"])
            if leaving.applicant:
                raise OneApplicant(path=[*path, "key"])
            for key, member in members.items():
                if member.spouse == leaving.key:  # and may marry again
                    members[key] = replace(member, spouse=None)


def _day(one: tuple[Change, Path]) -> date:
    return one[0].on
