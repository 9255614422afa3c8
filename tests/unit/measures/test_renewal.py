# SPDX-License-Identifier: EUPL-1.2
"""A renewal is told by the months a benefit is granted for, never by how many reports there were of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.measures.days import months_after
from hub.measures.measure import Measure
from hub.measures.renewal import NEVER, UNTOLD, Renewal, renewal

BEGAN = date(2021, 4, 1)
OVER = date(2022, 10, 1)  # eighteen months (DL 4/2019 art. 3 c. 6)
JULY, LATER = date(2021, 7, 1), date(2022, 12, 1)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([], UNTOLD),
        ([(BEGAN, None)], Renewal(untold_from=OVER)),
        # A new report of the same benefit: another amount, a suspension.
        ([(BEGAN, JULY), (JULY, None)], Renewal(untold_from=OVER)),
        ([(JULY, None), (BEGAN, JULY)], Renewal(untold_from=OVER)),
        ([(BEGAN, OVER)], Renewal(untold_from=OVER)),
        # Paid in full, the month without, and again.
        ([(BEGAN, OVER), (LATER, None)], Renewal(renewed_on=LATER)),
        ([(BEGAN, JULY), (JULY, OVER), (LATER, None)], Renewal(renewed_on=LATER)),
        # Begun again before the months were over: a new application, or the same.
        ([(BEGAN, JULY), (date(2021, 9, 1), None)], Renewal(untold_from=date(2021, 9, 1))),
        ([(BEGAN, JULY), (LATER, None)], Renewal(untold_from=OVER)),
        # Reports that overlap.
        ([(BEGAN, None), (JULY, OVER)], Renewal(untold_from=OVER)),
        ([(date(2018, 1, 1), None)], UNTOLD),
    ],
)
def test_what_the_terms_tell(terms: list[tuple[date, date | None]], expected: Renewal) -> None:
    assert renewal(Measure.RDC, terms) == expected


def test_the_reduced_measure_is_granted_for_twelve() -> None:
    began = date(2024, 1, 1)
    assert renewal(Measure.MIA, [(began, None)]) == Renewal(untold_from=date(2025, 1, 1))
    twelve = renewal(Measure.MIA, [(began, date(2025, 1, 1)), (date(2025, 3, 1), None)])
    assert twelve == Renewal(renewed_on=date(2025, 3, 1))


def test_on_a_day() -> None:
    found = Renewal(renewed_on=LATER, untold_from=OVER)
    assert [found.on(day) for day in (BEGAN, OVER, LATER, NEVER)] == [False, None, True, True]
    assert UNTOLD.on(BEGAN) is None


@given(st.lists(st.integers(1, 540), max_size=6))
def test_reports_of_one_benefit_never_make_a_renewal(days: list[int]) -> None:
    starts = sorted({BEGAN + timedelta(days=number) for number in [0, *days]})
    terms = [*zip(starts, [*starts[1:], None], strict=True)]
    found = renewal(Measure.RDC, terms)
    assert found == Renewal(untold_from=months_after(BEGAN, 18))
    assert found.on(OVER - timedelta(days=1)) is False
