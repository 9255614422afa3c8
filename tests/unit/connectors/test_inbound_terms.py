# SPDX-License-Identifier: EUPL-1.2
"""The periods of a benefit: in whichever order reports come, the later one overrules from its first day on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from connectors.inbound.terms import Term, current, with_report
from hub.store.vocabulary import BenefitStatus, Measure

T0 = datetime(2026, 1, 1, tzinfo=UTC)
D0 = date(2026, 1, 1)


def term(version: int, start: int, end: int | None, key: int | None = None) -> Term:
    return Term(
        id=None if key is None else UUID(int=key),
        starts_on=D0 + timedelta(days=start),
        before=None if end is None else D0 + timedelta(days=end),
        measure=Measure.ADI,
        status=BenefitStatus.ACTIVE,
        monthly_amount=Decimal(version),
        reported_at=T0 + timedelta(hours=version),
    )


def told(*reports: Term) -> list[Term]:
    terms: list[Term] = []
    for report in reports:
        terms = with_report(terms, report)
    return terms


def test_a_later_report_cuts_the_earlier_one_at_its_start() -> None:
    assert told(term(1, 0, None), term(2, 90, 300)) == [term(1, 0, 90), term(2, 90, 300)]


def test_a_later_report_that_starts_no_later_replaces_the_earlier_one() -> None:
    assert told(term(1, 31, None), term(2, 0, None)) == [term(2, 0, None)]
    assert told(term(1, 31, None), term(2, 31, 60)) == [term(2, 31, 60)]


def test_what_a_report_does_not_reach_stays_as_it_was() -> None:
    assert told(term(1, 0, 30), term(2, 90, None)) == [term(1, 0, 30), term(2, 90, None)]


def test_a_report_that_comes_late_lands_only_before_what_is_known() -> None:
    assert told(term(2, 90, None), term(1, 0, None)) == [term(1, 0, 90), term(2, 90, None)]
    assert told(term(2, 0, 30), term(1, 10, None)) == [term(2, 0, 30)]


def test_a_repetition_keeps_the_row_it_repeats() -> None:
    there = [term(1, 0, 90, key=1), term(2, 90, None, key=2)]
    assert with_report(there, term(1, 0, None)) == there
    assert with_report(there, term(2, 90, None)) == there


REPORTS = st.dictionaries(
    st.integers(1, 8),
    st.tuples(st.integers(0, 12), st.none() | st.integers(1, 8)),
    min_size=1,
).map(
    lambda found: [
        term(version, start, None if length is None else start + length)
        for version, (start, length) in found.items()
    ]
)


@given(reports=REPORTS, data=st.data())
def test_the_order_and_repetition_of_reports_do_not_matter(reports: list[Term], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(reports)) + data.draw(st.lists(st.sampled_from(reports)))
    assert told(*shuffled) == told(*sorted(reports, key=lambda one: one.reported_at))


@given(reports=REPORTS)
def test_on_each_day_holds_what_the_latest_report_that_had_begun_says(reports: list[Term]) -> None:
    terms = told(*reports)
    for day in (D0 + timedelta(days=n) for n in range(25)):
        begun = [one for one in reports if one.starts_on <= day]
        word = max(begun, key=lambda one: one.reported_at, default=None)
        covered = word is not None and (word.before is None or day < word.before)
        holding = [t for t in terms if t.starts_on <= day and (t.before is None or day < t.before)]
        assert [t.monthly_amount for t in holding] == ([word.monthly_amount] if word and covered else [])


@given(reports=REPORTS)
def test_the_current_term_is_the_latest_reports(reports: list[Term]) -> None:
    assert current(told(*reports)).reported_at == max(one.reported_at for one in reports)
