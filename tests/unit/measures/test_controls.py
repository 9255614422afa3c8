# SPDX-License-Identifier: EUPL-1.2
"""Samples that can be drawn again, and the indicators of the plan of controls."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidInput
from hub.measures.checked import NegativeAmount
from hub.measures.controls import (
    POINTS,
    Check,
    Indicators,
    InvalidCheck,
    InvalidPlan,
    Outcome,
    Signal,
    indicators,
    risk_weight,
)
from hub.measures.sampling import (
    ALGORITHM,
    InvalidSample,
    Unit,
    Why,
    allocate,
    digest_of,
    draw,
    draw_strata,
    number_of,
)
from tests.unit.measures.cases import REFERENCE

PAGE = REFERENCE / "controls.md"
SEED = "Lotto, Roma, 2026-11-21: 11 23 45 67 89"

UNITS = st.lists(
    st.builds(
        Unit,
        id=st.text("ABCDEF0123456789", min_size=1, max_size=8),
        weight=st.integers(1, 50),
        must=st.sampled_from([False, False, False, True]),
        stratum=st.sampled_from(["N", "C", "S"]),
    ),
    max_size=40,
    unique_by=lambda unit: unit.id,
)
SEEDS = st.text("abc 123", min_size=1, max_size=12).filter(str.strip)


@st.composite
def draws(data: st.DrawFn) -> tuple[list[Unit], int, str]:
    """Units, a size that fits them, a seed."""
    units = data(UNITS)
    size = data(st.integers(sum(unit.must for unit in units), len(units)))
    return units, size, data(SEEDS)


@given(draws(), st.randoms(use_true_random=False))
def test_a_sample_has_its_size_and_who_must_be_whatever_the_order(
    drawn: tuple[list[Unit], int, str], chance: object
) -> None:
    units, size, seed = drawn
    sample = draw(units, size, seed)
    assert len({one.unit.id for one in sample.chosen}) == len(sample.chosen) == size
    assert {unit for unit in units if unit.must} == {one.unit for one in sample.chosen if one.why is Why.MUST}
    assert {one.unit for one in sample.chosen} <= set(units)
    shuffled = list(units)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert draw(shuffled, size, seed) == sample
    assert draw(iter(units), size, seed) == sample


@given(draws())
def test_a_larger_sample_holds_the_smaller(drawn: tuple[list[Unit], int, str]) -> None:
    units, size, seed = drawn
    whole = draw(units, len(units), seed)
    assert whole.chosen[:size] == draw(units, size, seed).chosen


@given(draws(), st.integers(1, 100))
def test_more_risk_never_takes_a_unit_out(drawn: tuple[list[Unit], int, str], more: int) -> None:
    units, size, seed = drawn
    for number, unit in enumerate(units):
        riskier = replace(unit, weight=unit.weight + more)
        before = {one.unit.id for one in draw(units, size, seed).chosen}
        after = {
            one.unit.id for one in draw([*units[:number], riskier, *units[number + 1 :]], size, seed).chosen
        }
        assert unit.id not in before or unit.id in after


def test_the_draw_is_the_published_one() -> None:
    units = [Unit(f"A-{number:04}", weight=number % 5 + 1, must=number == 7) for number in range(1, 41)]
    text = {unit.id: f"{ALGORITHM}\n{SEED}\n{unit.id}".encode() for unit in units}
    exact = {unit: int(hashlib.sha256(text[unit.id]).hexdigest(), 16) for unit in units}
    # 60 is a multiple of every weight: u / weight, compared by whole numbers alone.
    ranked = sorted(
        (unit for unit in units if not unit.must), key=lambda unit: exact[unit] * (60 // unit.weight)
    )
    expected = ["A-0007", *(unit.id for unit in ranked[:7])]
    assert [one.unit.id for one in draw(units, 8, SEED).chosen] == expected


def test_weights_are_chances() -> None:
    """Over many seeds a unit of weight 3 is drawn about three times as often as one of weight 1."""
    units = [Unit(f"{number}", weight=3 if number < 20 else 1) for number in range(80)]
    found = Counter(one.unit.weight for seed in range(400) for one in draw(units, 10, str(seed)).chosen)
    assert found[3] + found[1] == 4000
    assert 1850 < found[3] < 2150  # 20 x 3 of 120 points: half of the draws


def test_another_seed_is_another_sample() -> None:
    units = [Unit(f"{number}") for number in range(200)]
    samples = {tuple(one.unit.id for one in draw(units, 10, f"seed {number}").chosen) for number in range(20)}
    assert len(samples) == 20


def test_the_digest_tells_units_apart_and_not_their_order() -> None:
    units = [Unit("a", 1), Unit("b", 2, stratum="N"), Unit("c", 3, must=True)]
    lines = b"a\t1\t0\t\nb\t2\t0\tN\nc\t3\t1\t\n"
    assert digest_of(units) == digest_of(units[::-1]) == hashlib.sha256(lines).hexdigest()
    others = [replace(units[0], weight=2), replace(units[0], must=True), replace(units[0], stratum="S")]
    assert len({digest_of([other, *units[1:]]) for other in [units[0], *others]}) == 4


@given(draws())
def test_strata_are_drawn_each_by_itself(drawn: tuple[list[Unit], int, str]) -> None:
    units, size, seed = drawn
    sizes = allocate(units, size)
    assert sum(sizes.values()) == size
    sample = draw_strata(units, sizes, seed)
    assert Counter(one.unit.stratum for one in sample.chosen) == Counter(
        {k: n for k, n in sizes.items() if n}
    )
    assert sample.units == digest_of(units)
    for name, of_it in sizes.items():
        alone = draw([unit for unit in units if unit.stratum == name], of_it, seed)
        assert alone.chosen == tuple(one for one in sample.chosen if one.unit.stratum == name)
    assert draw_strata(units[::-1], allocate(units[::-1], size), seed) == sample


def test_a_size_is_shared_by_weight_and_largest_remainder() -> None:
    units = [Unit(f"N{n}", stratum="N") for n in range(50)] + [Unit(f"S{n}", stratum="S") for n in range(30)]
    units += [Unit(f"C{n}", stratum="C") for n in range(20)]
    assert allocate(units, 10) == {"C": 2, "N": 5, "S": 3}
    assert allocate(units, 11) == {"C": 2, "N": 6, "S": 3}  # 2.2, 5.5, 3.3
    assert allocate(units, 100) == {"C": 20, "N": 50, "S": 30}
    heavy = [replace(unit, weight=100) if unit.stratum == "C" else unit for unit in units]
    assert allocate(heavy, 40) == {
        "C": 20,
        "N": 12,
        "S": 8,
    }  # C can take no more: 20 are left for 50 and 30 points


@pytest.mark.parametrize(
    ("units", "size", "seed"),
    [
        ([Unit("a")], 2, "s"),
        ([Unit("a")], -1, "s"),
        ([Unit("a", must=True), Unit("b", must=True)], 1, "s"),
        ([Unit("a"), Unit("a", 2)], 1, "s"),
        ([Unit("a", weight=0)], 1, "s"),
        ([Unit("a")], 1, " "),
        ([Unit("a\nb")], 1, "s"),
        ([Unit("a")], 1, "s\nt"),
    ],
    ids=[
        "too large",
        "negative",
        "must",
        "twice",
        "weightless",
        "no seed",
        "line in an id",
        "line in the seed",
    ],
)
def test_a_sample_that_cannot_be_drawn_is_refused(units: list[Unit], size: int, seed: str) -> None:
    with pytest.raises(InvalidSample) as refused:
        draw(units, size, seed)
    assert refused.value.extensions["path"]


def test_a_stratum_needs_a_size() -> None:
    with pytest.raises(InvalidSample):
        draw_strata([Unit("a", stratum="N"), Unit("b", stratum="S")], {"N": 1}, "s")
    with pytest.raises(InvalidSample):
        allocate([Unit("a", must=True), Unit("b")], 0)
    with pytest.raises(InvalidSample):
        allocate([Unit("a")], 2)


def test_the_page_says_the_algorithm_and_its_example_is_drawn_so() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"`{ALGORITHM}`" in text
    (seed,) = re.findall(r"^seed='(.+)'$", text, re.MULTILINE)
    rows = re.findall(
        r"^\| `(\S+)` \| (\d+) \| (yes|no) \| `([0-9a-f]{64})` \| (\S+) \|$", text, re.MULTILINE
    )
    assert len(rows) >= 5
    units = [Unit(key, int(weight), must == "yes") for key, weight, must, _, _ in rows]
    sample = draw(units, 3, seed)
    assert {key: number for key, _, _, number, _ in rows} == {
        unit.id: f"{number_of(seed, unit.id):064x}" for unit in units
    }
    places = {one.unit.id: str(place) for place, one in enumerate(sample.chosen, start=1)}
    assert {key: place for key, *_, place in rows} == {unit.id: places.get(unit.id, "–") for unit in units}
    assert sample.units in text


def test_an_auditor_finds_the_number_with_the_page_s_own_command() -> None:
    text = PAGE.read_text(encoding="utf-8")
    command = text.partition("```sh\n")[2].partition("```")[0]
    told = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True).stdout
    number, key = re.findall(r"`(A-\S+)` \| .* `([0-9a-f]{64})`", text)[0][::-1]
    assert told.split()[0] == number
    assert key in command


def test_every_signal_has_points_and_counts_once() -> None:
    assert set(POINTS) == set(Signal)
    assert min(POINTS.values()) > 0
    assert risk_weight([]) == 1
    assert risk_weight([Signal.WORK_NOT_COMMUNICATED, Signal.WORK_NOT_COMMUNICATED]) == 6
    assert risk_weight(Signal) == 1 + sum(POINTS.values())
    assert risk_weight([Signal.HOUSEHOLD_CHANGED], {Signal.HOUSEHOLD_CHANGED: 0}) == 1
    with pytest.raises(NegativeAmount):
        risk_weight([], {Signal.HOUSEHOLD_CHANGED: -1})


def test_the_indicators_of_three_years_and_their_sum() -> None:
    checks = [
        Check(date(2026, 1, 1), Outcome.IRREGULAR, Decimal("3000.10"), Decimal("1000.05")),
        Check(date(2026, 12, 31), Outcome.REGULAR),
        Check(date(2026, 6, 1), Outcome.OPEN),
        Check(date(2027, 2, 1), Outcome.IRREGULAR, Decimal("0.20")),
        Check(date(2025, 12, 31), Outcome.IRREGULAR, Decimal(9999)),
        Check(date(2029, 1, 1), Outcome.REGULAR),
    ]
    first, second, third, whole = indicators(2026, (4, 3, 0), checks)
    assert first == Indicators(2026, 4, 3, 2, 1, Decimal("3000.10"), Decimal("1000.05"))
    assert (first.made_of_planned, first.irregular_of_concluded) == (Decimal("75.00"), Decimal("50.00"))
    assert first.recovered_of_undue == Decimal("33.33")
    assert second == Indicators(2027, 3, 1, 1, 1, Decimal("0.20"), Decimal(0))
    assert (third.made, third.made_of_planned, third.irregular_of_concluded, third.recovered_of_undue) == (
        0,
        None,
        None,
        None,
    )
    assert whole == Indicators(None, 7, 4, 3, 2, Decimal("3000.30"), Decimal("1000.05"))
    assert whole.irregular_of_concluded == Decimal("66.67")
    assert indicators(2026, (4, 3, 0), checks[::-1]) == (first, second, third, whole)


@pytest.mark.parametrize(
    ("check", "refusal"),
    [
        (Check(date(2026, 1, 1), Outcome.IRREGULAR, Decimal(1), Decimal("1.01")), InvalidCheck),
        (Check(date(2026, 1, 1), Outcome.REGULAR, Decimal("0.01")), InvalidCheck),
        (Check(date(2026, 1, 1), Outcome.IRREGULAR, Decimal(-1)), NegativeAmount),
    ],
    ids=["more recovered than undue", "undue of a regular one", "negative"],
)
def test_a_check_that_cannot_be_is_refused_by_its_place(check: Check, refusal: type[InvalidInput]) -> None:
    with pytest.raises(refusal) as refused:
        indicators(2026, (1, 1, 1), [Check(date(2026, 1, 1), Outcome.OPEN), check])
    path = refused.value.extensions["path"]
    assert isinstance(path, list)
    assert path[:2] == ["checks", 1]
    with pytest.raises(InvalidPlan):
        indicators(2026, (1, -1, 1), [])
