# SPDX-License-Identifier: EUPL-1.2
"""The months of a measure for a household that is told: what a job, a business, a birth would change, and nothing kept of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

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
from hub.measures.household import Member
from hub.measures.measure import Measure
from hub.measures.payments import calendar
from tests.api.looks import looks
from tests.api.test_measures import NONE, ON, SAME, TOLD, told

if TYPE_CHECKING:
    from tests.api.conftest import Service

CALENDAR = """query ($input: AssessmentInput!, $renewals: Int! = 0, $until: Date, $changes: HouseholdChangesInput) {
  assessEligibility(input: $input) { calendar(renewals: $renewals, courseUntil: $until, changes: $changes) {
    months { first kind amount extra reasons { code article sentence value limit unverified } } total againFrom } } }"""
JOB = {"employments": [{"on": "2025-05-10", "grossAYear": "4200"}]}
CHANGES: list[tuple[dict[str, Any], list[Change]]] = [
    ({}, []),
    (JOB, [EmploymentStarted(date(2025, 5, 10), Decimal(4200))]),
    (
        {"employments": [{"on": "2025-05-10", "grossAYear": "4200", "until": "2025-09-01"}]},
        [EmploymentStarted(date(2025, 5, 10), Decimal(4200), date(2025, 9, 1))],
    ),
    (
        {"allowances": [{"on": "2025-05-10", "grossAYear": "6000.50", "until": None}]},
        [AllowanceGranted(date(2025, 5, 10), Decimal("6000.50"))],
    ),
    (
        {
            "selfEmployments": [
                {
                    "on": "2025-04-03",
                    "quarters": [
                        {"first": "2025-04-01", "income": "1050"},
                        {"first": "2025-07-01", "income": "-3"},
                    ],
                }
            ]
        },
        [
            SelfEmploymentStarted(
                date(2025, 4, 3), {date(2025, 4, 1): Decimal(1050), date(2025, 7, 1): Decimal(-3)}
            )
        ],
    ),
    ({"businesses": ["2025-06-07"]}, [BusinessStarted(date(2025, 6, 7))]),
    (
        {
            "joined": [
                {
                    "on": "2025-06-07",
                    "member": NONE | {"key": "d", "birthDate": "2025-06-07", "inChildAllowance": True},
                }
            ]
        },
        [MemberJoined(date(2025, 6, 7), Member("d", date(2025, 6, 7), in_child_allowance=True))],
    ),
    ({"left": [{"on": "2025-06-07", "key": "b"}]}, [MemberLeft(date(2025, 6, 7), "b")]),
    (
        {"declarations": [{"on": "2026-01-20", "isee": "10140.01", "familyIncome": "0"}]},
        [NewDeclaration(date(2026, 1, 20), Decimal("10140.01"), Decimal(0))],
    ),
]


@pytest.mark.parametrize(
    ("given", "changes"), CHANGES, ids=[next(iter(given), "none") for given, _ in CHANGES]
)
async def test_the_months_are_those_of_the_rules(
    given: dict[str, Any], changes: list[Change], ask: Service
) -> None:
    answer = await ask(CALENDAR, input=TOLD, changes=given, renewals=1)
    assert answer.status == 200, answer.body
    found = answer.data["assessEligibility"]["calendar"]
    expected = calendar(Application(Measure.ADI, SAME), ON, renewals=1, changes=changes)
    assert [
        (one["first"], one["kind"], one["amount"], one["extra"], [why["sentence"] for why in one["reasons"]])
        for one in found["months"]
    ] == [
        (
            one.first.isoformat(),
            one.kind.value,
            str(one.amount),
            str(one.extra),
            [why.sentence for why in one.reasons],
        )
        for one in expected.months
    ]
    assert (found["total"], found["againFrom"]) == (str(expected.total), None)


async def test_each_of_them_changes_the_months(ask: Service) -> None:
    """So that none of them is read and forgotten."""
    totals = []
    for given, _ in CHANGES:
        answer = await ask(CALENDAR, input=TOLD, changes=given, renewals=1)
        totals.append(answer.data["assessEligibility"]["calendar"]["total"])
    assert len({*totals}) == len(totals)


async def test_a_course_extends_the_sfl(ask: Service) -> None:
    alone = [NONE | {"key": "a", "birthDate": "1985-05-05", "applicant": True, "inChildAllowance": False}]
    sfl = told(measure="SFL", members=alone, isee="4000", familyIncome="0", annualRent="0")
    months = [
        len((await ask(CALENDAR, input=sfl, until=until)).data["assessEligibility"]["calendar"]["months"])
        for until in (None, "2026-04-20")
    ]
    assert months == [12, 14]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"renewals": 6}, "RENEWALS_OUT_OF_RANGE", ["renewals"]),
        ({"input": told(on="2200-01-01")}, "DATE_TOO_FAR", ["on"]),
        (
            {"changes": {"employments": [{"on": "2025-05-10", "grossAYear": "-1"}]}},
            "NEGATIVE_AMOUNT",
            ["changes", "employments", 0, "grossAYear"],
        ),
        (
            {"changes": {"businesses": ["2025-05-10", "9999-12-31"]}},
            "DATE_TOO_FAR",
            ["changes", "businesses", 1],
        ),
        (
            {"changes": {"left": [{"on": "2025-05-10", "key": "x"}]}},
            "NOT_A_MEMBER",
            ["changes", "left", 0, "key"],
        ),
        (
            {"changes": {"left": [{"on": "2025-05-10", "key": "a"}]}},
            "ONE_APPLICANT",
            ["changes", "left", 0, "key"],
        ),
        (
            {
                "changes": {
                    "joined": [{"on": "2025-05-10", "member": {"key": "b", "birthDate": "2020-01-01"}}]
                }
            },
            "SAME_PERSON_TWICE",
            ["changes", "joined", 0, "member", "key"],
        ),
        (
            {
                "changes": {
                    "selfEmployments": [
                        {"on": "2025-05-10", "quarters": [{"first": "2025-04-01", "income": "1"}] * 2}
                    ]
                }
            },
            "NOT_A_QUARTER",
            ["changes", "selfEmployments", 0, "quarters", 1, "first"],
        ),
        ({"changes": {"businesses": ["2025-05-10"] * 101}}, "TOO_MANY_TOLD", ["changes"]),
    ],
)
async def test_what_cannot_happen_is_refused_by_name(
    given: dict[str, Any], code: str, path: list[Any], ask: Service
) -> None:
    answer = (await ask(CALENDAR, **({"input": TOLD} | given))).json
    [error] = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["path"]) == (code, path)


async def test_nothing_of_it_is_kept(ask: Service) -> None:
    async with looks(ask) as found:
        assert (await ask(CALENDAR, input=TOLD, changes=JOB)).status == 200
        assert (await ask(CALENDAR, input=TOLD, changes=JOB, renewals=6)).json["errors"]
    assert not found.lines
