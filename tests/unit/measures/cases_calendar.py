# SPDX-License-Identifier: EUPL-1.2
"""Cases of the calendar: what is paid month by month, renewed, changed and ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from hub.measures.assessment import Application
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
from hub.measures.checked import DateInFuture
from hub.measures.household import Member, Vehicle, VehicleKind
from hub.measures.measure import Measure
from hub.measures.payments import Calendar, Month, MonthKind, calendar
from hub.measures.residence import Stay
from tests.unit.measures.cases import Page, Table
from tests.unit.measures.people import household

WORDS = {
    MonthKind.PAID: "",
    MonthKind.FIRST_OF_RENEWAL: " (first of a renewal)",
    MonthKind.STOP: " (stop)",
    MonthKind.UNDETERMINED: " undetermined",
    MonthKind.ENDED: " ended",
}


def told(found: Calendar) -> str:
    """Runs of equal months, and the total."""
    runs = [(words, list(months)) for words, months in groupby(found.months, in_words)]
    return "; ".join(f"{len(months)} × {words}" for words, months in runs) + f": {found.total}"


def in_words(month: Month) -> str:
    if month.kind in (MonthKind.UNDETERMINED, MonthKind.ENDED):
        return WORDS[month.kind].strip()
    extra = f" + {month.extra}" if month.extra else ""
    return f"{month.amount}{extra}{WORDS[month.kind]}"


def plan(measure: str, first: str, who: str, renewals: str) -> str:
    day = date.fromisoformat(first)
    application = Application(Measure(measure), household(who, day))
    return told(calendar(application, day, renewals=int(renewals)))


def course(first: str, until: str) -> str:
    day = date.fromisoformat(first)
    application = Application(Measure.SFL, household("40", day))
    return told(calendar(application, day, course_until=date.fromisoformat(until)))


def changed(measure: Measure, first: date, who: str, changes: Sequence[Change], **known: Any) -> Calendar:
    return calendar(Application(measure, household(who, first, **known)), first, changes=changes)


def employed(measure: str, on: str, gross: str) -> str:
    first = date(2019, 10, 1) if measure == "RDC" else date(2025, 1, 1)
    who = "40" if measure == "RDC" else "60"
    change = EmploymentStarted(date.fromisoformat(on), Decimal(gross))
    return told(changed(Measure(measure), first, who, [change]))


def several(measure: str, first_gross: str, second_gross: str) -> str:
    changes: list[Change] = [
        EmploymentStarted(date(2025, 3, 10), Decimal(first_gross)),
        AllowanceGranted(date(2025, 3, 20), Decimal(second_gross)),
    ]
    found = changed(Measure(measure), date(2025, 1, 1), "60; 40", changes)
    doubted = any(one.code == "WORK" and one.unverified for month in found.months for one in month.reasons)
    return f"{told(found)}{', unverified' if doubted else ''}"


def self_employed(measure: str, on: str, first: str, second: str, third: str) -> str:
    quarters = {
        date(2025, 3 * place + 1, 1): Decimal(income)
        for place, income in enumerate((first, second, third))
        if income != "unknown"
    }
    change = SelfEmploymentStarted(date.fromisoformat(on), quarters)
    months = changed(Measure(measure), date(2025, 1, 1), "60", [change]).months[:10]
    return told(Calendar(months, None))


def business(measure: str, on: str) -> str:
    first = date(2019, 10, 1) if measure == "RDC" else date(2025, 1, 1)
    who = "40" if measure == "RDC" else "60; 60"
    found = changed(Measure(measure), first, who, [BusinessStarted(date.fromisoformat(on))])
    return str(sum((month.extra for month in found.months), Decimal(0)))


def members(who: str, what: str, on: str) -> str:
    day = date.fromisoformat(on)
    word, _, age = what.partition(" of ")
    change: Change
    if word == "joins":
        born = date(day.year - int(age), 1, 1) if int(age) else day
        change = MemberJoined(day, Member(key="new", birth_date=born, in_child_allowance=int(age) < 18))
    else:
        change = MemberLeft(day, key=age)
    return told(changed(Measure.ADI, date(2025, 1, 1), who, [change]))


def declared(on: str, isee: str, income: str) -> str:
    change = NewDeclaration(date.fromisoformat(on), Decimal(isee), Decimal(income))
    work = EmploymentStarted(date(2025, 2, 1), Decimal(5000))
    return told(changed(Measure.ADI, date(2025, 1, 1), "60", [work, change]))


def begun(measure: str, on: str, who: str, what: str) -> str:
    day = date.fromisoformat(on)
    told_ = household(who, day)
    began = date.fromisoformat(what[-10:])
    if what.startswith("a child"):
        child = Member(key="new", birth_date=began, in_child_allowance=True)
        told_ = replace(told_, members=(*told_.members, child))
    elif what.startswith("a car"):
        told_ = replace(told_, vehicles=(Vehicle(VehicleKind.CAR, 1601, began),))
    else:
        assert told_.residence.stays is not None
        stays = (*told_.residence.stays, Stay(began))
        told_ = replace(told_, residence=replace(told_.residence, stays=stays))
    try:
        return told(calendar(Application(Measure(measure), told_), day)).rpartition(":")[0]
    except DateInFuture as refused:
        return refused.code


def again(who: str, lost: str) -> str:
    first = date(2024, 1, 1)
    changes: list[Change] = []
    if lost != "never":
        changes.append(NewDeclaration(date.fromisoformat(lost), Decimal(7201), Decimal(0)))
    found = changed(Measure.MIA, first, who, changes)
    return f"{told(found).rpartition(':')[0]} → {found.again_from or '–'}"


PAGE = Page(
    "calendar.md",
    "Month by month: cases",
    "Each row is a test. “18 × 500.00: 9000.00” are eighteen months of 500 euro, 9,000 in all. Each month is assessed anew, by the law of its\n"
    "first day; a right that is lost ends the calendar. What happens counts from the month after.",
    (
        Table(
            "Periods and renewals",
            "RdC 18 months, a stop of one, 18 more. MIA 18, a stop, 12; reduced 12 and 6. ADI 18, a stop, 12; in 2025 the stop month has an extra\n"
            "contribution of up to 500; from 2026 there is no stop, and the first month of a renewal is paid at half. In 2023 RdC pays seven\n"
            "months to households without a minor, a disabled or an older member, and ends with the year.",
            ("measure", "first month", "household", "renewals", "calendar"),
            (
                ("RDC", "2019-10-01", "60", "0", "18 × 500.00: 9000.00"),
                ("RDC", "2019-10-01", "60", "1", "18 × 500.00; 1 × 0 (stop); 18 × 500.00: 18000.00"),
                ("RDC", "2023-01-01", "60", "0", "12 × 500.00: 6000.00"),
                ("RDC", "2023-01-01", "59", "0", "7 × 500.00; 1 × ended: 3500.00"),
                ("RDC", "2023-01-01", "40; 10", "0", "12 × 600.00: 7200.00"),
                ("RDC", "2023-01-01", "40 disadvantaged", "0", "7 × 500.00; 1 × ended: 3500.00"),
                ("RDC", "2023-01-01", "40 disability unknown", "0", "7 × 500.00; 5 × undetermined: 3500.00"),
                ("RDC", "2022-10-01", "40", "0", "10 × 500.00; 1 × ended: 5000.00"),
                ("MIA", "2023-10-01", "60", "0", "18 × 500.00: 9000.00"),
                ("MIA", "2023-10-01", "60", "1", "18 × 500.00; 1 × 0 (stop); 12 × 500.00: 15000.00"),
                (
                    "MIA",
                    "2023-10-01",
                    "60",
                    "2",
                    "18 × 500.00; 1 × 0 (stop); 12 × 500.00; 1 × 0 (stop); 12 × 500.00: 21000.00",
                ),
                ("MIA", "2023-10-01", "40", "0", "12 × 375.00: 4500.00"),
                ("MIA", "2023-10-01", "40 disadvantaged", "0", "12 × 375.00: 4500.00"),
                ("MIA", "2023-10-01", "40", "1", "18 × 375.00: 6750.00"),
                ("MIA", "2023-10-01", "40", "2", "18 × 375.00: 6750.00"),
                ("ADI", "2024-01-01", "60", "0", "12 × 500.00; 6 × 541.67: 9250.02"),
                (
                    "ADI",
                    "2024-01-01",
                    "60",
                    "1",
                    "12 × 500.00; 6 × 541.67; 1 × 500 (stop); 12 × 541.67: 16250.06",
                ),
                (
                    "ADI",
                    "2024-06-01",
                    "60",
                    "1",
                    "7 × 500.00; 11 × 541.67; 1 × 500 (stop); 1 × 270.84 (first of a renewal); 11 × 541.67: 16187.58",
                ),
                (
                    "ADI",
                    "2024-07-01",
                    "60",
                    "1",
                    "6 × 500.00; 12 × 541.67; 1 × 270.84 (first of a renewal); 11 × 541.67: 15729.25",
                ),
                (
                    "ADI",
                    "2024-07-01",
                    "67",
                    "1",
                    "6 × 630.00; 12 × 682.50; 1 × 341.25 (first of a renewal); 11 × 682.50: 19818.75",
                ),
                ("SFL", "2023-09-01", "40", "0", "12 × 350.00: 4200.00"),
                ("SFL", "2024-07-01", "40", "0", "6 × 350.00; 6 × 500.00: 5100.00"),
                ("SFL", "2025-01-01", "40", "1", "12 × 500.00: 6000.00"),
                ("ADI", "2025-01-01", "40; 38", "0", "1 × ended: 0"),
            ),
            plan,
        ),
        Table(
            "What begins in the first month",
            "The first payment is for the month of a day, and that month is assessed on that day: what began in it before counts.",
            ("measure", "day", "household", "and", "calendar"),
            (
                ("ADI", "2025-03-20", "60", "a child born on 2025-03-10", "18 × 622.92"),
                ("ADI", "2025-03-20", "40", "a child born on 2025-03-10", "18 × 622.92"),
                ("ADI", "2025-03-20", "60", "a child born on 2025-03-21", "DATE_IN_FUTURE"),
                ("ADI", "2025-03-20", "60", "a car of 1601 cc registered on 2025-03-10", "1 × ended"),
                ("ADI", "2025-03-20", "60", "a second stay since 2025-03-10", "18 × 541.67"),
                ("MIA", "2025-03-20", "40", "a child born on 2025-03-10", "18 × 550.00"),
            ),
            begun,
        ),
        Table(
            "A new application after the reduced MIA",
            "Eighteen months after the last that was paid.",
            ("household", "right lost by a declaration of", "paid → again from"),
            (
                ("40", "never", "12 × 375.00 → 2026-07-01"),
                ("40", "2024-04-15", "4 × 375.00; 1 × ended → 2025-11-01"),
                ("60", "never", "18 × 500.00 → –"),
            ),
            again,
        ),
        Table(
            "SFL: while a course goes on",
            "Up to 12 more months, from 2025, while a course goes on that had not ended when the twelve months did.",
            ("first month", "course until", "calendar"),
            (
                ("2025-01-01", "2025-12-31", "12 × 500.00: 6000.00"),
                ("2025-01-01", "2026-01-01", "13 × 500.00: 6500.00"),
                ("2025-01-01", "2026-06-15", "18 × 500.00: 9000.00"),
                ("2025-01-01", "2027-06-15", "24 × 500.00: 12000.00"),
                ("2023-09-01", "2024-12-31", "12 × 350.00: 4200.00"),
                ("2024-01-01", "2025-02-15", "12 × 350.00; 2 × 500.00: 5200.00"),
            ),
            course,
        ),
        Table(
            "A job is taken",
            "Up to 3,000 gross a year, once for the household, changes nothing; what is above counts as family income. By RdC's law 80 % of all\n"
            "of it does (unverified).",
            ("measure", "on", "gross a year", "calendar"),
            (
                ("ADI", "2025-03-10", "3000", "18 × 541.67: 9750.06"),
                ("ADI", "2025-03-10", "3000.12", "3 × 541.67; 15 × 541.66: 9749.91"),
                ("ADI", "2025-03-10", "4200", "3 × 541.67; 15 × 441.67: 8250.06"),
                ("ADI", "2025-03-10", "9499.99", "3 × 541.67; 15 × 40.00: 2225.01"),
                ("ADI", "2025-03-10", "9500", "3 × 541.67; 1 × ended: 1625.01"),
                ("ADI", "2025-03-01", "4200", "3 × 541.67; 15 × 441.67: 8250.06"),
                ("ADI", "2025-03-31", "4200", "3 × 541.67; 15 × 441.67: 8250.06"),
                ("MIA", "2025-03-10", "3000", "18 × 500.00: 9000.00"),
                ("MIA", "2025-03-10", "4200", "3 × 500.00; 15 × 400.00: 7500.00"),
                ("RDC", "2019-12-10", "1500", "3 × 500.00; 15 × 400.00: 7500.00"),
                ("SFL", "2025-03-10", "4200", "1 × ended: 0"),
            ),
            employed,
        ),
        Table(
            "A job and an allowance",
            "Allowances of active policies share the disregard with work (unverified).",
            ("measure", "job, gross a year", "allowance, gross a year", "calendar"),
            (
                ("ADI", "1500", "1500", "18 × 541.67: 9750.06, unverified"),
                ("ADI", "3000", "1200", "3 × 541.67; 15 × 441.67: 8250.06, unverified"),
                ("ADI", "0", "4200", "3 × 541.67; 15 × 441.67: 8250.06, unverified"),
                ("ADI", "4200", "0", "3 × 541.67; 15 × 441.67: 8250.06"),
                ("MIA", "0", "4200", "3 × 700.00; 15 × 600.00: 11100.00, unverified"),
            ),
            several,
        ),
        Table(
            "Self-employment",
            "Two months unchanged; then the income of the calendar quarter before, times four, counts above 3,000. The first ten months of 2025;\n"
            "income of the first, second and third quarter.",
            ("measure", "on", "first quarter", "second", "third", "calendar"),
            (
                ("ADI", "2025-01-15", "750", "750", "750", "10 × 541.67: 5416.70"),
                ("ADI", "2025-01-15", "1050", "750", "750", "3 × 541.67; 3 × 441.67; 4 × 541.67: 5116.70"),
                (
                    "ADI",
                    "2025-01-15",
                    "750",
                    "1050",
                    "1350",
                    "6 × 541.67; 3 × 441.67; 1 × 341.67: 4916.70",
                ),
                ("ADI", "2025-02-15", "1050", "750", "750", "4 × 541.67; 2 × 441.67; 4 × 541.67: 5216.70"),
                ("ADI", "2025-03-15", "1050", "750", "750", "5 × 541.67; 1 × 441.67; 4 × 541.67: 5316.70"),
                ("ADI", "2025-04-15", "unknown", "750", "750", "10 × 541.67: 5416.70"),
                (
                    "ADI",
                    "2025-01-15",
                    "unknown",
                    "750",
                    "750",
                    "3 × 541.67; 3 × undetermined; 4 × 541.67: 3791.69",
                ),
                ("ADI", "2025-01-15", "-1050", "750", "750", "10 × 541.67: 5416.70"),
                ("MIA", "2025-01-15", "1050", "750", "750", "3 × 500.00; 3 × 400.00; 4 × 500.00: 4700.00"),
            ),
            self_employed,
        ),
        Table(
            "A business is started",
            "Six monthly payments of up to 500 (RdC: 780) at once, if within the first twelve months.",
            ("measure", "on", "paid once"),
            (
                ("MIA", "2025-01-01", "3000"),
                ("MIA", "2025-12-31", "3000"),
                ("MIA", "2026-01-01", "0"),
                ("MIA", "2024-12-31", "0"),
                ("ADI", "2025-06-15", "3000"),
                ("ADI", "2026-01-01", "0"),
                ("RDC", "2019-12-15", "3000.00"),
                ("SFL", "2025-06-15", "0"),
            ),
            business,
        ),
        Table(
            "Members join or leave",
            "ADI from January 2025. A household that loses the member its right hangs on loses the right.",
            ("household", "what", "on", "calendar"),
            (
                ("40; 10", "joins of 0", "2025-03-10", "3 × 622.92; 15 × 704.17: 12431.31"),
                ("40; 10", "joins of 38", "2025-03-10", "18 × 622.92: 11212.56"),
                ("40; 60", "joins of 61", "2025-03-31", "3 × 758.33; 15 × 975.00: 16899.99"),
                ("40; 10; 8", "leaves of 1", "2025-03-10", "3 × 704.17; 15 × 622.92: 11456.31"),
                ("40; 10", "leaves of 1", "2025-03-10", "3 × 622.92; 1 × ended: 1868.76"),
                ("60; 10", "leaves of 1", "2025-03-10", "3 × 622.92; 15 × 541.67: 9993.81"),
            ),
            members,
        ),
        Table(
            "A new declaration",
            "ADI from January 2025, of one person of 60 who has worked since February for 5,000 a year: what a later DSU holds is no change any\n"
            "more.",
            ("on", "ISEE", "family income", "calendar"),
            (
                ("2025-06-15", "2000", "2000", "2 × 541.67; 16 × 375.00: 7083.34"),
                ("2025-06-15", "5000", "5000", "2 × 541.67; 4 × 375.00; 12 × 125.00: 4083.34"),
                ("2025-06-15", "10140.01", "0", "2 × 541.67; 4 × 375.00; 1 × ended: 2583.34"),
            ),
            declared,
        ),
    ),
)
