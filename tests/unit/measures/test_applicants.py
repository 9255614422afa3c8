# SPDX-License-Identifier: EUPL-1.2
"""A household of which it is not known who applies: what holds whoever does is decided, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.measures.applicants import APPLICANT, NobodyInHousehold, assess_any
from hub.measures.assessment import Application, Assessment, assess
from hub.measures.household import Household
from hub.measures.measure import Measure
from hub.measures.parameters import BeforeTheLaw
from hub.measures.reasons import Verdict, together
from tests.unit.measures.people import household

ON = date(2025, 6, 1)
ADULTS = st.lists(
    st.tuples(
        st.integers(18, 80), st.sampled_from(["", " disabled", " severe", " carer", " disability unknown"])
    ),
    min_size=1,
    max_size=4,
)


def applications(measure: Measure, told: Household) -> list[Application]:
    """One for each member that may be the applicant."""
    return [
        Application(
            measure,
            replace(
                told, members=tuple(replace(member, applicant=member is chosen) for member in told.members)
            ),
        )
        for chosen in told.members
    ]


def assessed(measure: Measure, told: Household) -> Assessment:
    return assess_any(measure, applications(measure, told), ON)


def test_one_application_is_assessed_as_it_is() -> None:
    told = household("40; 10", ON)
    one = Application(Measure.ADI, told)
    assert assess_any(Measure.ADI, [one], ON) == assess(one, ON)


def test_who_applies_decides_the_scale_of_the_adi() -> None:
    found = assessed(Measure.ADI, household("40; 38 disabled", ON))
    assert found.verdict is Verdict.UNDETERMINED
    assert found.requirements[0].reason.code == APPLICANT
    assert (found.scale.least, found.scale.most, found.scale.value) == (Decimal(1), Decimal("1.5"), None)
    assert (found.entitlement, found.duration) == (None, None)


def test_the_age_of_the_sfl_is_that_of_who_applies() -> None:
    found = assessed(Measure.SFL, household("30; 61", ON))
    (age,) = [one for one in found.requirements if one.reason.code == "APPLICANT_AGE"]
    assert (age.verdict, age.reason.value, age.reason.limit) == (Verdict.UNDETERMINED, None, None)
    assert "who of the household applies" in age.reason.sentence


def test_what_is_not_met_whoever_applies_is_not_met() -> None:
    found = assessed(Measure.ADI, household("40; 38 disabled", ON, isee=Decimal(20_000)))
    assert found.verdict is Verdict.NOT_SATISFIED
    assert found.entitlement is None


def test_nobody_is_no_household() -> None:
    with pytest.raises(NobodyInHousehold) as refused:
        assess_any(Measure.ADI, [], ON)
    assert refused.value.extensions == {"path": ["on"]}
    with pytest.raises(BeforeTheLaw):
        assess_any(Measure.ADI, [], date(2023, 12, 31))


@given(people=ADULTS, measure=st.sampled_from([Measure.ADI, Measure.MIA, Measure.SFL]))
def test_the_answer_holds_whoever_applies(people: Sequence[tuple[int, str]], measure: Measure) -> None:
    told = household("; ".join(f"{years}{condition}" for years, condition in people), ON)
    found = assessed(measure, told)
    each = [assess(one, ON) for one in applications(measure, told)]
    assert found.verdict is together(finding.verdict for finding in found.requirements)
    if found.verdict is not Verdict.UNDETERMINED:
        assert {one.verdict for one in each} == {found.verdict}
    if found.entitlement is not None:
        assert {one.entitlement and one.entitlement.annual for one in each} == {found.entitlement.annual}
    assert found.scale.least == min(one.scale.least for one in each)
    assert found.scale.most == max(one.scale.most for one in each)
    for finding in found.requirements:
        if finding.verdict is not Verdict.UNDETERMINED:
            assert {
                one.verdict
                for other in each
                for one in other.requirements
                if one.reason.code == finding.reason.code
            } == {finding.verdict}
