# SPDX-License-Identifier: EUPL-1.2
"""What happens while a measure is paid: work, a business, allowances, members who join or leave, a new declaration.

Everything counts from the month after it happened. Income from work is reckoned by the year: what is above the disregard, once for the
household, is added to the family income (MIA draft; DL 48/2023 art. 3 c. 5-7); by RdC's law, a share of all of it (DL 4/2019 art. 3
c. 8). Self-employment changes nothing for the first months, then counts by the calendar quarter before, times four.
Whether allowances of active policies share the disregard with work is not verified; here they do, and what they count in says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from hub.measures.days import month_of, months_after, quarter_before
from hub.measures.household import Household, Member
from hub.measures.parameters import Parameters
from hub.measures.reasons import Reason

ZERO, QUARTERS = Decimal(0), Decimal(4)


@dataclass(frozen=True, slots=True)
class EmploymentStarted:
    """A member begins to work for another: gross pay, in euro a year. `until`: the first day it is over."""

    on: date
    gross_a_year: Decimal
    until: date | None = None


@dataclass(frozen=True, slots=True)
class AllowanceGranted:
    """A member is paid for taking part in an active policy: gross, in euro a year."""

    on: date
    gross_a_year: Decimal
    until: date | None = None


@dataclass(frozen=True, slots=True)
class SelfEmploymentStarted:
    """A member begins to work for themself; receipts less expenses of each calendar quarter, by its first day; may be a loss."""

    on: date
    by_quarter: Mapping[date, Decimal] = field(default_factory=dict)
    until: date | None = None


@dataclass(frozen=True, slots=True)
class BusinessStarted:
    """A member starts a business, alone or with others."""

    on: date


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """Someone comes into the household."""

    on: date
    member: Member


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """Someone leaves it, or dies."""

    on: date
    key: str


@dataclass(frozen=True, slots=True)
class NewDeclaration:
    """A new DSU, with what it says; income from work that it holds is no change any more."""

    on: date
    isee: Decimal
    family_income: Decimal


Work = EmploymentStarted | AllowanceGranted | SelfEmploymentStarted
Change = Work | BusinessStarted | MemberJoined | MemberLeft | NewDeclaration


@dataclass(frozen=True, slots=True)
class CountedWork:
    """What work adds to the family income, in euro a year; None: a quarter is not known."""

    added: Decimal | None
    reasons: tuple[Reason, ...]


def household_in(month: date, household: Household, changes: Sequence[Change]) -> Household:
    """The household as it counts in a month, without income from work."""
    for change in sorted(changes, key=_day):
        if not _counts(change.on, month):
            continue
        if isinstance(change, MemberJoined):
            household = replace(household, members=(*household.members, change.member))
        elif isinstance(change, MemberLeft):
            # NOTE who stays has no spouse in the household any more: else the two would disagree.
            members = tuple(
                replace(member, spouse=None) if member.spouse == change.key else member
                for member in household.members
                if member.key != change.key
            )
            household = replace(household, members=members)
        elif isinstance(change, NewDeclaration):
            household = replace(household, isee=change.isee, family_income=change.family_income)
    return household


def counted_work(month: date, changes: Sequence[Change], p: Parameters) -> CountedWork:
    """What work that began counts for in a month."""
    declared = max(
        (change.on for change in changes if isinstance(change, NewDeclaration) and _counts(change.on, month)),
        default=date.min,
    )
    earned, shared = ZERO, False
    for change in changes:
        if isinstance(change, Work) and change.on > declared and _lasts(change, month):
            found = _earned(change, month, p)
            if found is None:
                return CountedWork(None, (_quarter_not_known(p),))
            earned += found
            shared = shared or (isinstance(change, AllowanceGranted) and found > 0)
    if not earned:
        return CountedWork(ZERO, ())
    disregard, share = p.work_disregard, p.work_share
    added = max(ZERO, earned - (disregard.value if disregard else ZERO))
    if share is not None:
        added *= share.value
    row = disregard or share
    reason = Reason(
        "WORK",
        row.source if row else p.law,
        "Income from work counts above the disregard, once for the household, or for its share.",
        added,
        row.value if row else None,
        shared or row is None or row.unverified,
    )
    return CountedWork(added, (reason,))


def business_payment(
    change: BusinessStarted, first_month: date, monthly: Decimal, p: Parameters
) -> Reason | None:
    """The one-off for starting a business, due if it starts within the first months; its value is the payment."""
    times, ceiling, within = p.business_payments, p.business_payment_ceiling, p.business_within_months
    if times is None or ceiling is None or within is None:
        return None
    if not first_month <= change.on < months_after(first_month, within.value):
        return None
    return Reason(
        "BUSINESS_STARTED",
        times.source,
        "So many monthly payments at once for who starts a business in the first months.",
        min(monthly, ceiling.value) * times.value,
        ceiling.value,
        times.unverified or ceiling.unverified or within.unverified,
    )


def notice_due(started: date, p: Parameters) -> date | None:
    """By when work must be told of; None where the measure names no term."""
    return None if p.work_notice_days is None else started + timedelta(days=p.work_notice_days.value)


def _counts(day: date, month: date) -> bool:
    return month_of(day) < month


def _lasts(change: Work, month: date) -> bool:
    return _counts(change.on, month) and (change.until is None or month < change.until)


def _earned(change: Work, month: date, p: Parameters) -> Decimal | None:
    if not isinstance(change, SelfEmploymentStarted):
        return change.gross_a_year
    grace = p.self_employment_grace_months
    if grace is not None and month <= months_after(month_of(change.on), grace.value):
        return ZERO
    quarter = quarter_before(month)
    if months_after(quarter, 3) <= change.on:
        return ZERO  # nothing was earned in a quarter before the work began
    found = change.by_quarter.get(quarter)
    # A loss of one activity takes nothing off what another earns.
    return None if found is None else max(ZERO, found) * QUARTERS


def _quarter_not_known(p: Parameters) -> Reason:
    row = p.self_employment_grace_months
    return Reason(
        "SELF_EMPLOYMENT",
        row.source if row else p.law,
        "The income of the calendar quarter before is not known.",
        unverified=row.unverified if row else True,
    )


def _day(change: Change) -> date:
    return change.on
