# SPDX-License-Identifier: EUPL-1.2
"""Cases of what cannot be: each is refused by name, with the way to the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hub.errors import InvalidInput
from hub.measures.assessment import Application, assess
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
from hub.measures.household import Household, Member, Vehicle, VehicleKind
from hub.measures.measure import Measure, measure_named
from hub.measures.payments import calendar
from hub.measures.residence import Residence, Stay
from tests.unit.measures.cases import Page, Table
from tests.unit.measures.people import household

DAY = date(2025, 3, 1)
FINE = household("40; 38; 10", DAY)


def member(place: int, **what: Any) -> Household:
    members = list(FINE.members)
    members[place] = replace(members[place], **what)
    return replace(FINE, members=tuple(members))


def having(**what: Any) -> Household:
    return replace(FINE, **what)


def crowd(size: int) -> Household:
    others = (Member(str(place), date(1990, 1, 1)) for place in range(1, size))
    return having(members=(FINE.members[0], *others))


def lived(since: date, until: date | None = None) -> Household:
    return having(residence=Residence(None, (Stay(since, until),)))


def driving(displacement: int, day: date) -> Household:
    return having(vehicles=(Vehicle(VehicleKind.CAR, displacement, day),))


TOLD: Mapping[str, Callable[[], Household]] = {
    "an ISEE of -0.01": lambda: having(isee=Decimal("-0.01")),
    "a family income of -1": lambda: having(family_income=Decimal(-1)),
    "other real estate of -1": lambda: having(other_real_estate=Decimal(-1)),
    "a home of -1": lambda: having(home_value=Decimal(-1)),
    "movable assets of -1": lambda: having(movable_assets=Decimal(-1)),
    "a rent of -1": lambda: having(annual_rent=Decimal(-1)),
    "a mortgage of -1": lambda: having(annual_mortgage=Decimal(-1)),
    "an ISEE that is no number": lambda: having(isee=Decimal("NaN")),
    "an infinite income": lambda: having(family_income=Decimal("Infinity")),
    "an income of 1,000,000,000.01": lambda: having(family_income=Decimal("1000000000.01")),
    "-1 boats": lambda: having(boats_and_aircraft=-1),
    "a car of -1 cc": lambda: driving(-1, DAY),
    "a car registered tomorrow": lambda: driving(1200, date(2025, 3, 2)),
    "a member born tomorrow": lambda: member(2, birth_date=date(2025, 3, 2)),
    "a stay that begins tomorrow": lambda: lived(date(2025, 3, 2)),
    "a stay that ends on its first day": lambda: lived(date(2020, 1, 1), date(2020, 1, 1)),
    "two members that are one person": lambda: member(1, key="0"),
    "someone who is their own spouse": lambda: member(1, spouse="1"),
    "two spouses who are the same person": lambda: having(
        members=(
            Member("0", date(1980, 1, 1), applicant=True, spouse="1"),
            Member("0", date(1980, 1, 1), spouse="0"),
        )
    ),
    "a spouse who is no member": lambda: member(1, spouse="9"),
    "a spouse who names another": lambda: having(
        members=(
            replace(FINE.members[0], spouse="1"),
            replace(FINE.members[1], spouse="2"),
            FINE.members[2],
        )
    ),
    "100 members": lambda: crowd(100),
    "101 members": lambda: crowd(101),
    "101 vehicles": lambda: having(vehicles=(Vehicle(VehicleKind.CAR, 900, date(2000, 1, 1)),) * 101),
    "101 stays": lambda: having(residence=Residence(None, (Stay(date(2000, 1, 1)),) * 101)),
    "nobody": lambda: having(members=()),
    "nobody who applies": lambda: member(0, applicant=False),
    "two who apply": lambda: member(1, applicant=True),
}


def work(what: Decimal, until: date | None = None) -> EmploymentStarted:
    return EmploymentStarted(date(2025, 5, 5), what, until)


def own(first: date, income: Decimal, until: date | None = None) -> SelfEmploymentStarted:
    return SelfEmploymentStarted(date(2025, 5, 5), {first: income}, until)


def joined(key: str, born: date = date(2025, 5, 5), **what: Any) -> MemberJoined:
    return MemberJoined(date(2025, 5, 5), Member(key, born, **what))


HAPPENED: Mapping[str, Callable[[], Sequence[Change]]] = {
    "a job at -0.01": lambda: [work(Decimal("-0.01"))],
    "a job at 1,000,000,000.01": lambda: [work(Decimal("1000000000.01"))],
    "a job that ends on its first day": lambda: [work(Decimal(1), date(2025, 5, 5))],
    "a job that ends on its second day": lambda: [work(Decimal(1), date(2025, 5, 6))],
    "an allowance of -1": lambda: [AllowanceGranted(date(2025, 5, 5), Decimal(-1))],
    "a job that begins in 2200": lambda: [EmploymentStarted(date(2200, 1, 1), Decimal(1))],
    "a business that begins in 9999": lambda: [BusinessStarted(date(9999, 12, 31))],
    "a business that begins on 31 December 2199": lambda: [BusinessStarted(date(2199, 12, 31))],
    "a quarter that begins in February": lambda: [own(date(2025, 2, 1), Decimal(1))],
    "a quarter that begins on 2 April": lambda: [own(date(2025, 4, 2), Decimal(1))],
    "a loss of 1 in a quarter": lambda: [own(date(2025, 4, 1), Decimal(-1))],
    "a quarter that is no number": lambda: [own(date(2025, 4, 1), Decimal("NaN"))],
    "own work that ends before it begins": lambda: [own(date(2025, 4, 1), Decimal(1), date(2025, 5, 4))],
    "a declaration with an ISEE of -1": lambda: [NewDeclaration(date(2025, 5, 5), Decimal(-1), Decimal(0))],
    "a declaration with an income of -1": lambda: [NewDeclaration(date(2025, 5, 5), Decimal(0), Decimal(-1))],
    "a child who joins the day before it is born": lambda: [joined("new", date(2025, 5, 6))],
    "someone who joins under the key of another": lambda: [joined("1")],
    "someone who joins, being their own spouse": lambda: [joined("new", spouse="new")],
    "someone who joins, whose spouse is no member": lambda: [joined("new", spouse="9")],
    "someone who joins and applies too": lambda: [joined("new", applicant=True)],
    "someone who joins and leaves": lambda: [MemberLeft(date(2025, 6, 1), "new"), joined("new")],
    "someone who leaves before they join": lambda: [joined("new"), MemberLeft(date(2025, 5, 1), "new")],
    "someone who leaves and comes back": lambda: [MemberLeft(date(2025, 5, 1), "1"), joined("1")],
    "someone who leaves a spouse behind": lambda: [
        joined("new", spouse="1"),
        MemberLeft(date(2025, 6, 1), "1"),
    ],
    "someone who leaves twice": lambda: [MemberLeft(date(2025, 5, 5), "1")] * 2,
    "the applicant leaves": lambda: [MemberLeft(date(2025, 5, 5), "0")],
    "100 jobs": lambda: [work(Decimal(1))] * 100,
    "101 jobs": lambda: [work(Decimal(1))] * 101,
}


def cannot_happen(happened: str) -> str:
    return refusal(lambda: calendar(Application(Measure.ADI, FINE), DAY, changes=HAPPENED[happened]()))


def reckoned(on: str, renewals: str) -> str:
    day = date.fromisoformat(on)
    application = Application(Measure.ADI, household("60", day))
    return refusal(lambda: calendar(application, day, renewals=int(renewals)))


def refused(told: str) -> str:
    return refusal(lambda: assess(Application(Measure.ADI, TOLD[told]()), DAY))


def of_day(measure: str, on: str) -> str:
    return refusal(
        lambda: assess(
            Application(measure_named(measure), household("40", date.fromisoformat(on))),
            date.fromisoformat(on),
        )
    )


def refusal(ask: Callable[[], object]) -> str:
    try:
        ask()
    except InvalidInput as error:
        path = error.extensions["path"]
        assert isinstance(path, list)
        return f"`{error.code}` at {'.'.join(map(str, path))}"
    return "answered"


PAGE = Page(
    "refusals.md",
    "What cannot be: cases",
    "Each row is a test. A household that cannot be is refused, and nothing is assessed; the path is the way to the field, places counted from 0.\n"
    "No message holds a value.",
    (
        Table(
            "Households",
            "A household of three on 1 March 2025, and what is wrong about it.",
            ("told", "refused"),
            (
                ("an ISEE of -0.01", "`NEGATIVE_AMOUNT` at isee"),
                ("a family income of -1", "`NEGATIVE_AMOUNT` at familyIncome"),
                ("other real estate of -1", "`NEGATIVE_AMOUNT` at otherRealEstate"),
                ("a home of -1", "`NEGATIVE_AMOUNT` at homeValue"),
                ("movable assets of -1", "`NEGATIVE_AMOUNT` at movableAssets"),
                ("a rent of -1", "`NEGATIVE_AMOUNT` at annualRent"),
                ("a mortgage of -1", "`NEGATIVE_AMOUNT` at annualMortgage"),
                ("an ISEE that is no number", "`AMOUNT_OUT_OF_RANGE` at isee"),
                ("an infinite income", "`AMOUNT_OUT_OF_RANGE` at familyIncome"),
                ("an income of 1,000,000,000.01", "`AMOUNT_OUT_OF_RANGE` at familyIncome"),
                ("-1 boats", "`NEGATIVE_AMOUNT` at boatsAndAircraft"),
                ("a car of -1 cc", "`NEGATIVE_AMOUNT` at vehicles.0.displacement"),
                ("a car registered tomorrow", "`DATE_IN_FUTURE` at vehicles.0.firstRegistered"),
                ("a member born tomorrow", "`DATE_IN_FUTURE` at members.2.birthDate"),
                ("a stay that begins tomorrow", "`DATE_IN_FUTURE` at residence.stays.0.since"),
                ("a stay that ends on its first day", "`INVALID_PERIOD` at residence.stays.0.until"),
                ("two members that are one person", "`SAME_PERSON_TWICE` at members.1.key"),
                ("someone who is their own spouse", "`SAME_PERSON_TWICE` at members.1.spouse"),
                ("two spouses who are the same person", "`SAME_PERSON_TWICE` at members.1.key"),
                ("a spouse who is no member", "`SPOUSES_DISAGREE` at members.1.spouse"),
                ("a spouse who names another", "`SPOUSES_DISAGREE` at members.0.spouse"),
                ("100 members", "answered"),
                ("101 members", "`TOO_MANY_TOLD` at members"),
                ("101 vehicles", "`TOO_MANY_TOLD` at vehicles"),
                ("101 stays", "`TOO_MANY_TOLD` at residence.stays"),
                ("nobody", "`ONE_APPLICANT` at members"),
                ("nobody who applies", "`ONE_APPLICANT` at members"),
                ("two who apply", "`ONE_APPLICANT` at members"),
            ),
            refused,
        ),
        Table(
            "What happens to a household",
            "The same household, and what is told to change it.",
            ("told", "refused"),
            (
                ("a job at -0.01", "`NEGATIVE_AMOUNT` at changes.0.grossAYear"),
                ("a job at 1,000,000,000.01", "`AMOUNT_OUT_OF_RANGE` at changes.0.grossAYear"),
                ("a job that ends on its first day", "`INVALID_PERIOD` at changes.0.until"),
                ("a job that ends on its second day", "answered"),
                ("an allowance of -1", "`NEGATIVE_AMOUNT` at changes.0.grossAYear"),
                ("a job that begins in 2200", "`DATE_TOO_FAR` at changes.0.on"),
                ("a business that begins in 9999", "`DATE_TOO_FAR` at changes.0"),
                ("a business that begins on 31 December 2199", "answered"),
                ("a quarter that begins in February", "`NOT_A_QUARTER` at changes.0.quarters.0.first"),
                ("a quarter that begins on 2 April", "`NOT_A_QUARTER` at changes.0.quarters.0.first"),
                ("a loss of 1 in a quarter", "answered"),
                ("a quarter that is no number", "`AMOUNT_OUT_OF_RANGE` at changes.0.quarters.0.income"),
                ("own work that ends before it begins", "`INVALID_PERIOD` at changes.0.until"),
                ("a declaration with an ISEE of -1", "`NEGATIVE_AMOUNT` at changes.0.isee"),
                ("a declaration with an income of -1", "`NEGATIVE_AMOUNT` at changes.0.familyIncome"),
                (
                    "a child who joins the day before it is born",
                    "`DATE_IN_FUTURE` at changes.0.member.birthDate",
                ),
                ("someone who joins under the key of another", "`SAME_PERSON_TWICE` at changes.0.member.key"),
                (
                    "someone who joins, being their own spouse",
                    "`SAME_PERSON_TWICE` at changes.0.member.spouse",
                ),
                (
                    "someone who joins, whose spouse is no member",
                    "`SPOUSES_DISAGREE` at changes.0.member.spouse",
                ),
                ("someone who joins and applies too", "`ONE_APPLICANT` at changes.0.member.applicant"),
                ("someone who joins and leaves", "answered"),
                ("someone who leaves before they join", "`NOT_A_MEMBER` at changes.1.key"),
                ("someone who leaves and comes back", "answered"),
                ("someone who leaves a spouse behind", "answered"),
                ("someone who leaves twice", "`NOT_A_MEMBER` at changes.1.key"),
                ("the applicant leaves", "`ONE_APPLICANT` at changes.0.key"),
                ("100 jobs", "answered"),
                ("101 jobs", "`TOO_MANY_TOLD` at changes"),
            ),
            cannot_happen,
        ),
        Table(
            "How far a calendar reaches",
            "A household of one of 60, by the ADI.",
            ("day", "renewals", "refused"),
            (
                ("2199-12-31", "5", "answered"),
                ("2200-01-01", "0", "`DATE_TOO_FAR` at on"),
                ("2025-01-01", "6", "`RENEWALS_OUT_OF_RANGE` at renewals"),
                ("2025-01-01", "-1", "`RENEWALS_OUT_OF_RANGE` at renewals"),
            ),
            reckoned,
        ),
        Table(
            "Days and measures",
            "A measure is asked about on a day on which it was the law; the MIA, from the day it was planned for.",
            ("measure", "on", "refused"),
            (
                ("RDC", "2019-02-28", "`BEFORE_THE_LAW` at on"),
                ("RDC", "2019-03-01", "answered"),
                ("RDC", "2023-12-31", "answered"),
                ("RDC", "2024-01-01", "`AFTER_THE_LAW` at on"),
                ("MIA", "2023-08-31", "`BEFORE_THE_LAW` at on"),
                ("ADI", "2023-12-31", "`BEFORE_THE_LAW` at on"),
                ("ADI", "2024-01-01", "answered"),
                ("SFL", "2023-08-31", "`BEFORE_THE_LAW` at on"),
                ("SFL", "2023-09-01", "answered"),
                ("REI", "2024-01-01", "`UNKNOWN_MEASURE` at measure"),
            ),
            of_day,
        ),
    ),
)
