# SPDX-License-Identifier: EUPL-1.2
"""The month-by-month calendar of a measure: what is paid in each month, and why.

Each month is assessed anew, by the law of its first day (the first month: of the day that is given) and the household as it is then; a right that is lost does not come back within
one calendar: it takes a new application. Sources: DL 4/2019 art. 3 c. 6; DL 48/2023 art. 3 c. 2 and art. 12 c. 7; the MIA draft.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from hub.errors import InvalidInput
from hub.measures.assessment import Application, Assessment, assess
from hub.measures.changes import (
    BusinessStarted,
    Change,
    business_payment,
    counted_work,
    household_in,
)
from hub.measures.checked import check_day
from hub.measures.checked_changes import check_changes
from hub.measures.days import month_of, months_after
from hub.measures.eligibility import is_protected
from hub.measures.entitlement import Duration, duration, to_the_cent
from hub.measures.parameters import AfterTheLaw, Parameters, parameters
from hub.measures.reasons import Reason, Verdict

ZERO = Decimal(0)
MOST_RENEWALS = 5
"""The law names no last renewal of the ADI; beyond these years a calendar says nothing."""


class RenewalsOutOfRange(InvalidInput):
    """A calendar is reckoned for up to 5 renewals."""

    code = "RENEWALS_OUT_OF_RANGE"


class MonthKind(StrEnum):
    """What a month is."""

    PAID = "PAID"
    FIRST_OF_RENEWAL = "FIRST_OF_RENEWAL"
    """Paid in part, from 2026."""
    STOP = "STOP"
    """Between a period and its renewal."""
    UNDETERMINED = "UNDETERMINED"
    """A fact is not known: nothing is reckoned."""
    ENDED = "ENDED"
    """The right is lost; the calendar ends here."""


@dataclass(frozen=True, slots=True)
class Month:
    """One month, by its first day; euro. `extra` is paid once, beside the amount."""

    first: date
    kind: MonthKind
    amount: Decimal
    extra: Decimal
    reasons: tuple[Reason, ...]

    @property
    def paid(self) -> Decimal:
        """All that is paid in it."""
        return self.amount + self.extra


@dataclass(frozen=True, slots=True)
class Calendar:
    """The months of a measure, in order. `again_from`: the first day of a new application after a reduced measure."""

    months: tuple[Month, ...]
    again_from: date | None

    @property
    def total(self) -> Decimal:
        """All that is paid."""
        return sum((month.paid for month in self.months), ZERO)


def calendar(
    application: Application,
    first: date,
    *,
    renewals: int = 0,
    changes: Sequence[Change] = (),
    course_until: date | None = None,
) -> Calendar:
    """The calendar of a measure whose first payment is for the month of `first`, renewed so many times as the law allows.

    `course_until`: the day a course ends that the person takes part in (SFL is extended while it goes on).

    Raises:
        BeforeTheLaw, AfterTheLaw: the measure was not in force in the first month.
        DateTooFar: the first month lies beyond what is reckoned.
        RenewalsOutOfRange: more renewals than are reckoned.
        NegativeAmount and the like: the household, or what changes it, cannot be.

    """
    check_day(first, ["on"])
    check_changes(
        application.household, [(change, ["changes", place]) for place, change in enumerate(changes)]
    )
    if not 0 <= renewals <= MOST_RENEWALS:
        raise RenewalsOutOfRange(path=["renewals"])
    start = month_of(first)
    months = list[Month]()
    reduced = _is_reduced(application, first)
    for month, kind in _plan(application, start, renewals, course_until, reduced=reduced):
        try:
            p = parameters(application.measure, month)
        except AfterTheLaw:
            break
        made = _month(application, p, month, kind, first, changes, months)
        months.append(made)
        if made.kind is MonthKind.ENDED:
            break
    wait = duration(parameters(application.measure, start), reduced=reduced).wait
    had = [month.first for month in months if month.kind is not MonthKind.ENDED]
    again = months_after(had[-1], 1 + wait) if wait and had else None
    return Calendar(tuple(months), again)


def _is_reduced(application: Application, on: date) -> bool:
    due = assess(application, on).entitlement
    return bool(due is not None and due.reduced)


def _plan(
    application: Application,
    start: date,
    renewals: int,
    course_until: date | None,
    *,
    reduced: bool,
) -> Iterator[tuple[date, MonthKind]]:
    """Every month the durations allow, whatever else may end it."""
    lasts = duration(parameters(application.measure, start), reduced=reduced)
    month = start
    for _ in range(lasts.months):
        yield month, MonthKind.PAID
        month = months_after(month, 1)
    yield from _extension(application, month, course_until)
    for _ in range(min(renewals, 1) if reduced else renewals):
        try:
            p = parameters(application.measure, month)
        except AfterTheLaw:
            return
        lasts = duration(p, reduced=reduced)
        for _ in range(lasts.stop if lasts.renewal else 0):
            yield month, MonthKind.STOP
            month = months_after(month, 1)
        for place in range(lasts.renewal):
            yield month, MonthKind.PAID if place else MonthKind.FIRST_OF_RENEWAL
            month = months_after(month, 1)


def _extension(
    application: Application, month: date, course_until: date | None
) -> Iterator[tuple[date, MonthKind]]:
    if course_until is None:
        return
    try:
        lasts: Duration = duration(parameters(application.measure, month), reduced=False)
    except AfterTheLaw:
        return
    for _ in range(lasts.extension):
        if month > course_until:
            return
        yield month, MonthKind.PAID
        month = months_after(month, 1)


def _month(
    application: Application,
    p: Parameters,
    month: date,
    kind: MonthKind,
    first: date,
    changes: Sequence[Change],
    before: Sequence[Month],
) -> Month:
    # The first month is that of the day itself: who was born before it is of the household.
    day = max(month, first)
    found = _assessed(application, p, month, day, changes)
    if isinstance(found, Reason):
        return Month(month, MonthKind.UNDETERMINED, ZERO, ZERO, (found,))
    assessed, reasons = found
    if assessed.verdict is Verdict.NOT_SATISFIED:
        lost = tuple(f.reason for f in assessed.requirements if f.verdict is Verdict.NOT_SATISFIED)
        return Month(month, MonthKind.ENDED, ZERO, ZERO, lost)
    if (used := _year_used_up(application, p, month, day, changes, before)) is not None:
        return used
    due = assessed.entitlement
    if due is None or due.monthly is None:
        open_ = tuple(f.reason for f in assessed.requirements if f.verdict is Verdict.UNDETERMINED)
        return Month(month, MonthKind.UNDETERMINED, ZERO, ZERO, due.reasons if due else open_)
    amount, kind, why = _of_kind(kind, due.monthly, p)
    extra = [
        payment
        for change in changes
        if isinstance(change, BusinessStarted) and months_after(month_of(change.on), 1) == month
        if (payment := business_payment(change, month_of(first), due.monthly, p)) is not None
    ]
    paid_once = sum((r.value for r in extra if isinstance(r.value, Decimal)), ZERO)
    return Month(month, kind, amount, paid_once, (*due.reasons, *reasons, *why, *extra))


def _assessed(
    application: Application, p: Parameters, month: date, day: date, changes: Sequence[Change]
) -> tuple[Assessment, tuple[Reason, ...]] | Reason:
    household = household_in(month, application.household, changes)
    work = counted_work(month, changes, p)
    if work.added is None:
        return work.reasons[0]
    if household.family_income is not None and work.added:
        household = replace(household, family_income=household.family_income + work.added)
    return assess(Application(application.measure, household), day), work.reasons


def _of_kind(
    kind: MonthKind, monthly: Decimal, p: Parameters
) -> tuple[Decimal, MonthKind, tuple[Reason, ...]]:
    """What a month of a kind pays of a monthly amount."""
    if kind is MonthKind.STOP:
        row = p.stop_contribution
        if row is None:
            return ZERO, kind, ()
        paid = min(monthly, row.value)
        reason = Reason(
            "STOP_CONTRIBUTION",
            row.source,
            "An extra contribution for the stop month, up to a ceiling.",
            paid,
            row.value,
            row.unverified,
        )
        return paid, kind, (reason,)
    share = p.first_renewal_share
    if kind is MonthKind.FIRST_OF_RENEWAL and share is not None:
        paid = to_the_cent(monthly * share.value)
        reason = Reason(
            "FIRST_OF_RENEWAL",
            share.source,
            "The first month of a renewal is paid in part.",
            paid,
            share.value,
            share.unverified,
        )
        return paid, kind, (reason,)
    return monthly, MonthKind.PAID, ()


def _year_used_up(
    application: Application,
    p: Parameters,
    month: date,
    day: date,
    changes: Sequence[Change],
    before: Sequence[Month],
) -> Month | None:
    """The month, where the year's are used up that households without anybody the law protects are paid (RdC in 2023).

    It is undetermined where it is not known whether the household is one.
    """
    row, age = p.months_a_year, p.protected_age
    if row is None or age is None:
        return None
    household = household_in(month, application.household, changes)
    protected = is_protected(household, p, age.value, day)
    if protected:
        return None
    paid = sum(one.first.year == month.year and one.paid > 0 for one in before)
    if paid < row.value:
        return None
    reason = Reason(
        "MONTHS_A_YEAR",
        row.source,
        "A household without a minor, a disabled or an older member is paid so many months of the year."
        if protected is False
        else "Whether a member is disabled is not known: a household without one is paid so many months of the year.",
        paid,
        row.value,
        row.unverified,
    )
    kind = MonthKind.ENDED if protected is False else MonthKind.UNDETERMINED
    return Month(month, kind, ZERO, ZERO, (reason,))
