# SPDX-License-Identifier: EUPL-1.2
"""What must hold of every household: order, monotony, sums, and that what is not known is never decided against anybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import InvalidInput
from hub.measures.assessment import Application, Assessment, assess
from hub.measures.changes import (
    AllowanceGranted,
    BusinessStarted,
    Change,
    EmploymentStarted,
    NewDeclaration,
    SelfEmploymentStarted,
)
from hub.measures.days import months_after
from hub.measures.household import Disability, Household, Member, Vehicle, VehicleKind
from hub.measures.measure import Measure
from hub.measures.parameters import Parameters, parameters
from hub.measures.payments import MonthKind, calendar
from hub.measures.reasons import Verdict, together
from hub.measures.residence import Residence, Stay, StayTitle
from hub.measures.worlds import Scale, scale_of, worlds

ON = {
    Measure.RDC: (date(2019, 3, 1), date(2023, 12, 31)),
    Measure.MIA: (date(2023, 9, 1), date(2026, 12, 31)),
    Measure.ADI: (date(2024, 1, 1), date(2026, 12, 31)),
    Measure.SFL: (date(2023, 9, 1), date(2026, 12, 31)),
}
MEANS_TESTED = (Measure.RDC, Measure.MIA, Measure.ADI)
euro = st.decimals(0, 20_000, places=2)
little = st.decimals(0, 9_000, places=2)


@st.composite
def days(draw: st.DrawFn, measure: Measure) -> date:
    return draw(st.dates(*ON[measure]))


@st.composite
def someone(draw: st.DrawFn, key: str, *, applicant: bool = False) -> Member:
    return Member(
        key=key,
        birth_date=draw(st.dates(date(1935, 1, 1), date(2000 if applicant else 2018, 12, 31))),
        applicant=applicant,
        disability=draw(st.sampled_from(Disability)),
        carer=draw(st.booleans()),
        disadvantaged=draw(st.booleans()),
        in_child_allowance=draw(st.booleans()),
        in_public_structure=not applicant and draw(st.booleans()),
    )


@st.composite
def households(draw: st.DrawFn, members: int = 6) -> Household:
    size = draw(st.integers(1, members))
    vehicles = draw(
        st.lists(
            st.builds(
                Vehicle,
                st.sampled_from(VehicleKind),
                st.integers(0, 2000),
                st.dates(date(2010, 1, 1), date(2019, 1, 1)),
            ),
            max_size=2,
        )
    )
    return Household(
        members=(
            draw(someone("0", applicant=True)),
            *(draw(someone(str(n))) for n in range(1, size)),
        ),
        residence=Residence(StayTitle.CITIZEN, (Stay(date(1990, 1, 1)),)),
        isee=draw(little),
        family_income=draw(little),
        home_value=Decimal(0),
        other_real_estate=Decimal(0),
        movable_assets=draw(little),
        vehicles=tuple(vehicles),
        boats_and_aircraft=0,
        annual_rent=draw(st.one_of(st.just(Decimal(0)), little)),
        annual_mortgage=draw(st.one_of(st.just(Decimal(0)), little)),
    )


def asked(measure: Measure, household: Household, on: date) -> Assessment:
    return assess(Application(measure, household), on)


def scale(household: Household, p: Parameters, on: date) -> Scale:
    return scale_of(worlds(household, p, on))


def monthly(found: Assessment) -> Decimal:
    """What is due a month; nothing without the right."""
    if found.entitlement is None:
        return Decimal(0)
    assert found.entitlement.monthly is not None
    return found.entitlement.monthly


@pytest.mark.parametrize("measure", MEANS_TESTED)
@settings(max_examples=40)
@given(st.data())
def test_more_income_never_raises_the_amount(measure: Measure, data: st.DataObject) -> None:
    on, household, more = data.draw(days(measure)), data.draw(households()), data.draw(euro)
    assert household.family_income is not None
    richer = replace(household, family_income=household.family_income + more)
    assert monthly(asked(measure, richer, on)) <= monthly(asked(measure, household, on))


@settings(max_examples=40)
@given(st.data())
def test_more_income_never_raises_the_indemnity_of_who_has_no_right_to_the_adi_anyway(
    data: st.DataObject,
) -> None:
    """Who loses the ADI by more income may have a right to the SFL then: its own threshold is the higher one from 2025."""
    on, more, income = data.draw(days(Measure.SFL)), data.draw(euro), data.draw(euro)
    alone = Member("0", date(1980, 1, 1), applicant=True)
    household = replace(data.draw(households()), members=(alone,), family_income=income)
    richer = replace(household, family_income=income + more)
    assert monthly(asked(Measure.SFL, richer, on)) <= monthly(asked(Measure.SFL, household, on))


@pytest.mark.parametrize("measure", Measure)
@settings(max_examples=25)
@given(st.data())
def test_an_added_adult_never_lowers_the_scale(measure: Measure, data: st.DataObject) -> None:
    on, household = data.draw(days(measure)), data.draw(households())
    adult = replace(
        data.draw(someone("new")), birth_date=data.draw(st.dates(date(1935, 1, 1), date(2000, 1, 1)))
    )
    larger = replace(household, members=(*household.members, adult))
    p = parameters(measure, on)
    assert scale(larger, p, on).least >= scale(household, p, on).least >= 1


@pytest.mark.parametrize("measure", Measure)
@settings(max_examples=25)
@given(st.data())
def test_the_scale_keeps_to_its_caps(measure: Measure, data: st.DataObject) -> None:
    on, household = data.draw(days(measure)), data.draw(households(12))
    p = parameters(measure, on)
    found = scale(household, p, on)
    assert p.scale_cap is not None
    assert p.scale_cap_severe is not None
    assert found.value is not None
    assert 1 <= found.value <= found.cap
    assert found.cap in (p.scale_cap.value, p.scale_cap_severe.value)
    assert found.value == min(1 + sum(share.weight for share in found.shares), found.cap)


@pytest.mark.parametrize("measure", Measure)
@settings(max_examples=25)
@given(st.data())
def test_the_order_of_members_is_irrelevant(measure: Measure, data: st.DataObject) -> None:
    on, household = data.draw(days(measure)), data.draw(households())
    members = list(household.members)
    Random(data.draw(st.integers(0, 99))).shuffle(members)
    one, other = asked(measure, household, on), asked(measure, replace(household, members=tuple(members)), on)
    assert other.requirements == one.requirements
    assert other.entitlement == one.entitlement
    assert other.scale.value == one.scale.value
    assert sorted(map(repr, other.scale.shares)) == sorted(map(repr, one.scale.shares))


@pytest.mark.parametrize("measure", Measure)
@settings(max_examples=25)
@given(st.data())
def test_amounts_are_never_negative_and_whole_cents(measure: Measure, data: st.DataObject) -> None:
    on, household = data.draw(days(measure)), data.draw(households())
    found = asked(measure, household, on)
    assert found.verdict is together(finding.verdict for finding in found.requirements)
    assert (found.entitlement is None) == (found.verdict is not Verdict.SATISFIED)
    if found.entitlement is not None:
        assert found.entitlement.annual is not None
        amount = monthly(found)
        assert 0 <= amount == amount.quantize(Decimal("0.01"))
        assert abs(amount * 12 - found.entitlement.annual) <= Decimal("0.07")
        assert found.entitlement.reasons


FACTS = (
    "isee",
    "family_income",
    "home_value",
    "other_real_estate",
    "movable_assets",
    "vehicles",
    "boats_and_aircraft",
    "annual_rent",
    "annual_mortgage",
)
OF_MEMBERS = ("disability", "carer", "disadvantaged", "in_child_allowance", "in_public_structure")


def untold(names: Iterable[str]) -> dict[str, Any]:
    return dict.fromkeys(names)


@pytest.mark.parametrize("measure", Measure)
@settings(max_examples=40)
@given(st.data())
def test_what_is_not_known_is_never_decided_otherwise_than_it_would_be(
    measure: Measure, data: st.DataObject
) -> None:
    """Taking facts away leaves each verdict, or makes it undetermined; and so with the amount and the scale."""
    on, household = data.draw(days(measure)), data.draw(households())
    forgotten = data.draw(st.sets(st.sampled_from(FACTS)))
    less = replace(household, **untold(forgotten))
    members = [
        replace(
            member,
            **untold(data.draw(st.sets(st.sampled_from(OF_MEMBERS)))),
        )
        for member in household.members
    ]
    less = replace(less, members=tuple(members))
    if not same_allowances(household, less, on):
        return
    p = parameters(measure, on)
    whole, part = scale(household, p, on), scale(less, p, on)
    assert part.least <= whole.least <= whole.most <= part.most
    known, unknown = asked(measure, household, on), asked(measure, less, on)
    before = {finding.reason.code: finding.verdict for finding in known.requirements}
    for finding in unknown.requirements:
        if finding.verdict is not Verdict.UNDETERMINED and finding.reason.code in before:
            assert finding.verdict is before[finding.reason.code]
    if unknown.verdict is not Verdict.UNDETERMINED:
        assert unknown.verdict is known.verdict
    if unknown.entitlement is not None and unknown.entitlement.monthly is not None:
        assert unknown.entitlement.monthly == monthly(known)


def same_allowances(household: Household, less: Household, on: date) -> bool:
    """Whether what is left of the facts does not contradict what they were."""
    return all(
        now.child_allowance(on) in (None, before.child_allowance(on))
        for now, before in zip(less.members, household.members, strict=True)
    )


@pytest.mark.parametrize("measure", Measure)
@settings(max_examples=8)
@given(st.data())
def test_a_calendar_goes_month_by_month_and_pays_no_more_than_is_due(
    measure: Measure, data: st.DataObject
) -> None:
    first, household = data.draw(days(measure)), data.draw(households(3))
    changes: list[Change] = [
        EmploymentStarted(months_after(first, data.draw(st.integers(0, 9))), data.draw(euro)),
        BusinessStarted(months_after(first, data.draw(st.integers(0, 14)))),
    ]
    application = Application(measure, household)
    found = calendar(application, first, renewals=data.draw(st.integers(0, 2)), changes=changes)
    assert found.months
    for one, following in pairwise(found.months):
        assert months_after(one.first, 1) == following.first
        assert one.kind is not MonthKind.ENDED
    for month in found.months:
        assert month.amount >= 0 <= month.extra
        due = asked(measure, household, max(month.first, first))
        assert month.amount <= max(monthly(due), Decimal(0))


@pytest.mark.parametrize("measure", MEANS_TESTED)
@settings(max_examples=8)
@given(st.data())
def test_a_calendars_total_is_what_each_month_is_assessed_at(measure: Measure, data: st.DataObject) -> None:
    """Of a household nothing happens to, in its first period: each month by itself, until one is not due."""
    first, household = data.draw(days(measure)).replace(day=1), data.draw(households(3))
    found = calendar(Application(measure, household), first)
    due = Decimal(0)
    for place, month in enumerate(found.months):
        assert month.first == months_after(first, place)
        if month.kind is MonthKind.PAID:
            due += monthly(asked(measure, household, month.first))
        else:
            assert month.kind is MonthKind.ENDED
    assert found.total == due


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (EmploymentStarted(date(2025, 2, 1), Decimal(-1)), "grossAYear"),
        (AllowanceGranted(date(2025, 2, 1), Decimal(-1)), "grossAYear"),
        (NewDeclaration(date(2025, 2, 1), Decimal(-1), Decimal(0)), "isee"),
        (NewDeclaration(date(2025, 2, 1), Decimal(0), Decimal("NaN")), "familyIncome"),
        (SelfEmploymentStarted(date(2025, 2, 1), {date(2025, 1, 1): Decimal("NaN")}), "quarters"),
    ],
)
def test_a_change_that_cannot_be_is_refused(change: Change, path: str) -> None:
    applicant = Member("0", date(1950, 1, 1), applicant=True)
    application = Application(Measure.ADI, Household(members=(applicant,)))
    with pytest.raises(InvalidInput) as refused:
        calendar(application, date(2025, 1, 1), changes=[BusinessStarted(date(2025, 2, 1)), change])
    found = refused.value.extensions["path"]
    assert isinstance(found, list)
    assert found[:3] == ["changes", 1, path]
