# SPDX-License-Identifier: EUPL-1.2
"""What a history of registrations proves, disproves, and leaves open; case by case, and for every history."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.measures.checked import DateInFuture
from hub.measures.measure import Measure
from hub.measures.parameters import AfterTheLaw, BeforeTheLaw, parameters
from hub.measures.registry_check import (
    Citizenship,
    NotRequired,
    Register,
    RegisterHistory,
    Registration,
    RegistryCheckKind,
    RegistryOutcome,
    StayPermit,
    StayRecord,
    check_can_be_made,
    conclusion,
    residence_findings,
    stay_findings,
)
from hub.measures.residence import StayTitle

ON = date(2026, 3, 1)
ADI = parameters(Measure.ADI, ON)
WHOLE_FROM = date(2022, 1, 18)
BORN = date(1980, 6, 15)
PROVEN, DISPROVEN, OPEN = RegistryOutcome
DAY = timedelta(days=1)


def resident(since: date | None, until: date | None = None) -> Registration:
    return Registration(Register.RESIDENTS, since, until)


def abroad(since: date | None, until: date | None = None) -> Registration:
    return Registration(Register.ABROAD, since, until)


def history(
    *registrations: Registration, told_until: date = ON + DAY, **more: date | None
) -> RegisterHistory:
    known = {"born": BORN, **more}
    return RegisterHistory(registrations, WHOLE_FROM, told_until, **known)


def outcomes(told: RegisterHistory, on: date = ON) -> tuple[RegistryOutcome, RegistryOutcome]:
    """Of the years, and of the last two."""
    years, last = residence_findings(told, ADI, on)
    assert (years.reason.code, last.reason.code) == ("RESIDENCE", "CONTINUOUS_RESIDENCE")
    return years.outcome, last.outcome


CASES = {
    "since birth": (history(resident(BORN)), (PROVEN, PROVEN)),
    "moved between municipalities, without a day between": (
        history(resident(BORN, date(2025, 1, 1)), resident(date(2025, 1, 1))),
        (PROVEN, PROVEN),
    ),
    "moved, with a day between": (
        history(resident(BORN, date(2025, 1, 1)), resident(date(2025, 1, 2))),
        (PROVEN, DISPROVEN),
    ),
    "five years to the day": (history(resident(date(2021, 3, 1))), (PROVEN, PROVEN)),
    "five years less a day: of before, the municipality may know": (
        history(resident(date(2021, 3, 2))),
        (OPEN, PROVEN),
    ),
    "the last two years to the day": (
        history(resident(BORN, date(2023, 1, 1)), resident(date(2024, 3, 1))),
        (PROVEN, PROVEN),
    ),
    "the last two years less a day": (
        history(resident(BORN, date(2023, 1, 1)), resident(date(2024, 3, 2))),
        (PROVEN, DISPROVEN),
    ),
    "came two months ago": (history(resident(date(2026, 1, 1))), (OPEN, DISPROVEN)),
    "a child that came two months ago: all its days do not suffice": (
        history(resident(date(2026, 1, 1)), born=date(2022, 6, 1)),
        (DISPROVEN, DISPROVEN),
    ),
    "moved abroad and back": (
        history(resident(BORN, date(2010, 1, 1)), abroad(date(2010, 1, 1), date(2023, 5, 1)), resident(date(2023, 5, 1))),
        (PROVEN, PROVEN),
    ),
    "born abroad, came three years ago": (
        history(abroad(BORN, date(2023, 3, 1)), resident(date(2023, 3, 1))),
        (DISPROVEN, PROVEN),
    ),
    "lives abroad": (history(resident(BORN, date(2020, 1, 1)), abroad(date(2020, 1, 1))), (PROVEN, DISPROVEN)),
    "not found, and registered again: of the time between the register tells little": (
        history(
            resident(BORN, date(2025, 1, 1)), resident(date(2025, 6, 1)), struck_off_on=date(2025, 1, 1)
        ),
        (PROVEN, OPEN),
    ),
    "not found since": (history(resident(BORN, date(2025, 1, 1)), struck_off_on=date(2025, 1, 1)), (PROVEN, OPEN)),
    "not found, back, and gone for another reason": (
        history(
            resident(BORN, date(2024, 6, 1)),
            resident(date(2024, 9, 1), date(2025, 6, 1)),
            struck_off_on=date(2024, 6, 1),
        ),
        (PROVEN, DISPROVEN),
    ),
    "on both registers at once: it contradicts itself": (
        history(resident(BORN), abroad(date(2025, 1, 1))),
        (PROVEN, OPEN),
    ),
    "a record of no known type": (history(Registration(None, BORN)), (OPEN, OPEN)),
    "a record of no known type beside a known one": (
        history(resident(BORN), Registration(None, date(2020, 1, 1))),
        (PROVEN, PROVEN),
    ),
    "no first day": (history(resident(None)), (OPEN, OPEN)),
    "abroad, with no first day": (history(abroad(None, date(2024, 1, 1)), resident(date(2024, 1, 1))), (OPEN, PROVEN)),
    "nothing at all": (history(), (OPEN, DISPROVEN)),
    "asked before the day": (history(resident(BORN), told_until=date(2026, 2, 1)), (PROVEN, OPEN)),
    "no day of birth": (history(resident(date(2023, 1, 1)), born=None), (OPEN, PROVEN)),
    "registered and cancelled on one day": (
        history(resident(BORN), resident(date(2025, 1, 1), date(2025, 1, 1))),
        (PROVEN, PROVEN),
    ),
    "nothing after the day counts": (history(resident(BORN, ON)), (PROVEN, PROVEN)),
    "cancelled the day before": (history(resident(BORN, ON - DAY)), (PROVEN, DISPROVEN)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_history(name: str) -> None:
    told, expected = CASES[name]
    assert outcomes(told) == expected


def test_reasons_name_the_article_and_what_was_compared() -> None:
    years, last = residence_findings(history(resident(date(2023, 1, 1))), ADI, ON)
    assert years.reason.article == "DL 48/2023 art. 2 c. 2 lett. a n. 2"
    assert (years.reason.value, years.reason.limit) == (
        (ON - date(2023, 1, 1)).days,
        (ON - date(2021, 3, 1)).days,
    )
    assert (last.reason.value, last.reason.limit) == (date(2023, 1, 1), date(2024, 3, 1))
    assert "municipality" in years.reason.sentence
    (_, gone) = residence_findings(history(resident(BORN, date(2025, 1, 1))), ADI, ON)
    assert gone.reason.value is None


def test_the_years_are_those_of_the_measure() -> None:
    came = history(resident(date(2016, 1, 1)), told_until=date(2023, 6, 2))
    on = date(2023, 6, 1)
    (years, _) = residence_findings(came, parameters(Measure.RDC, on), on)
    assert years.outcome is OPEN  # ten years
    (years, _) = residence_findings(history(resident(date(2016, 1, 1))), ADI, ON)
    assert years.outcome is PROVEN  # five


DAYS = st.dates(date(1990, 1, 1), date(2026, 6, 1))
REGISTERS = st.sampled_from([Register.RESIDENTS, Register.RESIDENTS, Register.ABROAD, None])


@st.composite
def registrations(draw: st.DrawFn) -> Registration:
    since = draw(st.none() | DAYS)
    until = draw(st.none() | DAYS)
    if since is not None and until is not None and until < since:
        since, until = until, since
    return Registration(draw(REGISTERS), since, until)


HISTORIES = st.builds(
    lambda entries, struck, told: history(*entries, struck_off_on=struck, told_until=told),
    st.lists(registrations(), max_size=6),
    st.none() | DAYS,
    st.dates(date(2026, 1, 1), date(2026, 6, 1)),
)


@given(HISTORIES, st.data())
def test_the_order_of_entries_means_nothing(told: RegisterHistory, data: st.DataObject) -> None:
    other = replace(told, registrations=tuple(data.draw(st.permutations(told.registrations))))
    assert residence_findings(told, ADI, ON) == residence_findings(other, ADI, ON)


@given(HISTORIES, DAYS, DAYS)
def test_a_gap_never_helps(told: RegisterHistory, one: date, other: date) -> None:
    """Days taken out of every registration: proven is only what was, and, but for who was not found, nothing is more open than before."""
    first, last = sorted((one, other))
    cut = replace(told, registrations=tuple(_cut(told.registrations, first, last)))
    order = [DISPROVEN, OPEN, PROVEN]
    for before, after in zip(outcomes(told), outcomes(cut), strict=True):
        assert after is not PROVEN or before is PROVEN
        if told.struck_off_on is None and first >= WHOLE_FROM:
            assert order.index(after) <= order.index(before)


def _cut(entries: tuple[Registration, ...], first: date, last: date) -> list[Registration]:
    left = []
    for one in entries:
        if one.register is not Register.RESIDENTS:
            left.append(one)
            continue
        if one.since is None or one.since < first:
            left.append(replace(one, until=first if one.until is None else min(one.until, first)))
        if one.until is None or one.until > last:
            # The rest has a first day only where the whole had one.
            since = None if one.since is None else max(one.since, last)
            if since is not None:
                left.append(replace(one, since=since))
    return left


@given(HISTORIES)
def test_what_is_unsaid_is_held_against_nobody(told: RegisterHistory) -> None:
    """Entries whose register is not known leave open at worst what silence would."""
    unsaid = replace(told, registrations=(*told.registrations, Registration(None, None)))
    for before, after in zip(outcomes(told), outcomes(unsaid), strict=True):
        assert after is not DISPROVEN
        assert before is not PROVEN or after is PROVEN


@given(HISTORIES)
def test_the_conclusion_is_the_worst_that_is_sure(told: RegisterHistory) -> None:
    found = residence_findings(told, ADI, ON)
    several = {finding.outcome for finding in found}
    assert conclusion(found) is (DISPROVEN if DISPROVEN in several else OPEN if OPEN in several else PROVEN)


def record(
    *citizenships: Citizenship, permit: StayPermit | None = None, told_until: date = ON + DAY
) -> StayRecord:
    return StayRecord(citizenships, permit, told_until)


LONG_TERM = StayPermit(StayTitle.LONG_TERM, date(2020, 1, 1), None)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (record(Citizenship(True)), PROVEN),
        (record(Citizenship(False), Citizenship(True, date(2020, 1, 1))), PROVEN),
        (record(Citizenship(True, ON)), PROVEN),
        (record(Citizenship(True, ON + DAY)), OPEN),
        (record(Citizenship(None)), OPEN),
        (record(), OPEN),
        (record(Citizenship(False)), OPEN),
        (record(Citizenship(True), told_until=ON), OPEN),
        (record(Citizenship(False), permit=LONG_TERM), PROVEN),
        (record(permit=replace(LONG_TERM, expires_on=ON)), PROVEN),
        (record(permit=replace(LONG_TERM, expires_on=ON - DAY)), OPEN),
        (record(permit=replace(LONG_TERM, issued_on=ON)), PROVEN),
        (record(permit=replace(LONG_TERM, issued_on=ON + DAY)), OPEN),
        (record(permit=replace(LONG_TERM, issued_on=None)), OPEN),
        (record(permit=StayPermit(None, date(2020, 1, 1), None)), OPEN),
    ],
)
def test_a_title_to_stay(told: StayRecord, expected: RegistryOutcome) -> None:
    (finding,) = stay_findings(told, ADI, ON)
    assert finding.outcome is expected
    assert finding.reason.code == "STAY"


TITLES = st.builds(StayPermit, st.none() | st.sampled_from(StayTitle), st.none() | DAYS, st.none() | DAYS)


@given(
    st.lists(st.builds(Citizenship, st.none() | st.booleans(), st.none() | DAYS), max_size=4),
    st.none() | TITLES,
    DAYS,
)
def test_the_register_never_disproves_a_title(
    citizenships: list[Citizenship], permit: StayPermit | None, told_until: date
) -> None:
    (finding,) = stay_findings(StayRecord(tuple(citizenships), permit, told_until), ADI, ON)
    assert finding.outcome is not DISPROVEN


@pytest.mark.parametrize("kind", RegistryCheckKind)
def test_a_check_there_is_nothing_for(kind: RegistryCheckKind) -> None:
    assert check_can_be_made(kind, Measure.ADI, ON, ON) is ADI
    with pytest.raises(DateInFuture):
        check_can_be_made(kind, Measure.ADI, ON + DAY, ON)
    with pytest.raises(BeforeTheLaw):
        check_can_be_made(kind, Measure.ADI, date(2023, 12, 31), ON)
    with pytest.raises(AfterTheLaw):
        check_can_be_made(kind, Measure.RDC, date(2024, 1, 1), ON)
    with pytest.raises(NotRequired):
        check_can_be_made(kind, Measure.MIA, ON, ON)
