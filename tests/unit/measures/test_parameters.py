# SPDX-License-Identifier: EUPL-1.2
"""The law's numbers: looked up by day, sourced, and honest about what was not read; the page that lists them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources
from itertools import pairwise

import pytest

from hub.measures.measure import Measure, UnknownMeasure, measure_named
from hub.measures.parameters import (
    NAMES,
    AfterTheLaw,
    Amount,
    BeforeTheLaw,
    Confidence,
    Count,
    Law,
    law,
    parameters,
)
from tests.unit.measures.cases import REFERENCE

PAGE = REFERENCE / "parameters.md"
INTRO = """# The numbers of the measures

From the data files `hub/measures/data/*.toml`, row by row. Confidence: **H** read in the law, or in what INPS or the ministry published
of it; **M** read in a secondary source; **L** known, not verified. What is *unverified* says so in every result that used it. A number
that is not here is a rule the measure does not have. Days are included on both ends. The paragraph and letter of an article are as
commonly cited.
"""
HEAD = "| number | value | from | to | source | confidence |\n|---|---|---|---|---|---|\n"
DAY = timedelta(days=1)
SMALL = """measure = "ADI"
law = "a law"
from = 2024-01-01
to = 2026-12-31
indexed = ["annual_benefit"]
isee_ceiling = [
    {{ value = 9360, from = 2024-01-01, to = 2024-12-31, source = "s", confidence = "H" }},
    {{ value = 10140, from = 2025-01-01, source = "s", confidence = "H" }},
]
annual_benefit = [{{ value = 6000, from = 2024-01-01, source = "s", confidence = "H" }}]
{more}
"""


def rows(measure: Measure) -> Iterator[tuple[str, Amount | Count]]:
    """Every row of a measure's file, once."""
    seen = set()
    for period in law(measure).periods:
        for name, row in period.named().items():
            if (name, row.first) not in seen:
                seen.add((name, row.first))
                yield name, row


def told(row: Amount | Count) -> str:
    """A row's last cells."""
    doubts = "*unverified*" if row.unverified else ""
    readings = [f"read as: {row.reading}", *(f"or: {o.words} ({o.value})" for o in row.others)]
    said = "; ".join(part for part in (doubts, row.note, *(readings if row.others else ())) if part)
    return f"{row.confidence.value}; {said}" if said else row.confidence.value


def page() -> str:
    parts = [INTRO]
    for measure in Measure:
        file = law(measure)
        last = f" to {file.last}" if file.last else ""
        parts.append(f"\n## {measure}\n\n{file.title}; from {file.first}{last}.\n\n{HEAD}")
        for name, row in sorted(rows(measure), key=lambda one: (NAMES.index(one[0]), one[1].first)):
            bound = "" if row.inclusive else "below "
            cells = (
                f"`{name}`",
                f"{bound}{row.value:,}",
                str(row.first),
                str(row.last or file.last or ""),
                row.source,
                told(row),
            )
            parts.append("| " + " | ".join(cells) + " |\n")
    return "".join(parts)


def test_the_page_lists_every_number() -> None:
    if os.environ.get("SNODO_WRITE_GOLDEN"):
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("measure", Measure)
def test_each_number_has_its_source_and_says_what_is_doubtful(measure: Measure) -> None:
    for name, row in rows(measure):
        assert row.source, name
        assert row.unverified or row.confidence is not Confidence.L, name
        assert row.unverified or not row.others, name
        assert bool(row.others) == bool(row.reading), name
        assert row.value >= 0, name


@pytest.mark.parametrize(
    ("measure", "first", "last"),
    [
        (Measure.RDC, date(2019, 3, 1), date(2023, 12, 31)),
        (Measure.MIA, date(2023, 9, 1), None),
        (Measure.ADI, date(2024, 1, 1), None),
        (Measure.SFL, date(2023, 9, 1), None),
    ],
)
def test_a_measure_is_asked_about_while_it_is_law(measure: Measure, first: date, last: date | None) -> None:
    assert parameters(measure, first).first == first
    with pytest.raises(BeforeTheLaw) as refused:
        parameters(measure, first - DAY)
    assert refused.value.extensions["path"] == ["on"]
    if last is None:
        assert parameters(measure, date(9999, 12, 31)).last is None
    else:
        assert parameters(measure, last).last == last
        with pytest.raises(AfterTheLaw):
            parameters(measure, last + DAY)


@pytest.mark.parametrize("measure", Measure)
def test_the_periods_follow_each_other_without_a_gap(measure: Measure) -> None:
    periods = law(measure).periods
    assert periods[0].first == law(measure).first
    assert periods[-1].last == law(measure).last
    for one, following in pairwise(periods):
        assert one.last is not None
        assert one.last + DAY == following.first
        assert parameters(measure, one.last) is one
        assert parameters(measure, following.first) is following


def test_what_is_ambiguous_names_the_reading_chosen_and_the_other() -> None:
    share = parameters(Measure.MIA, date(2024, 1, 1)).reduced_share
    assert share is not None
    assert (share.value, [other.value for other in share.others]) == (Decimal("0.75"), [Decimal("0.25")])
    assert share.unverified


def test_a_later_row_never_changes_an_earlier_day() -> None:
    before = Law(SMALL.format(more=""))
    row = '{{ value = {}, from = {}, source = "s", confidence = "H" }}'
    after = Law(
        SMALL.format(
            more=f"""cost_of_living = [{row.format("1.1", "2026-01-01")}]
work_disregard = [{row.format("3000", "2025-07-01")}]"""
        )
    )
    for day in (date(2024, 1, 1), date(2024, 12, 31), date(2025, 1, 1), date(2025, 6, 30)):
        assert before.at(day).named() == after.at(day).named()
    assert after.at(date(2025, 7, 1)).work_disregard is not None


ROW = re.compile(r"(?m)(\{ value = [^{}\n]* from = \d{4}-\d\d-\d\d), (source = .*?)( \}\]$| \},$)")
"""A row without an end."""


@pytest.mark.parametrize("measure", Measure)
def test_a_later_row_of_any_number_leaves_the_days_before_as_they_are(measure: Measure) -> None:
    later = date(2023, 7, 1) if measure is Measure.RDC else date(2030, 1, 1)
    file = resources.files("hub.measures") / "data" / f"{measure.lower()}.toml"
    text = file.read_text(encoding="utf-8")
    added = f'{{ value = 7, from = {later}, source = "later", confidence = "H"'
    changed, times = ROW.subn(rf"\1, to = {later - DAY}, \2 }}, {added}\3", text)
    before, after = Law(text), Law(changed)
    for day in (*(period.first for period in before.periods), later - DAY):
        one, other = (
            {name: (row.value, row.source, row.unverified) for name, row in law.at(day).named().items()}
            for law in (before, after)
        )
        assert one == other
    new = [row for row in after.at(later).named().values() if row.source.startswith("later")]
    assert len(new) == times == len(after.at(later).named())


def test_from_2026_the_benefit_follows_the_cost_of_living() -> None:
    index = '{ value = 1.0123, from = 2026-01-01, source = "index", confidence = "L", status = "unverified" }'
    found = Law(SMALL.format(more=f"cost_of_living = [{index}]"))
    before, after = found.at(date(2025, 12, 31)).annual_benefit, found.at(date(2026, 1, 1)).annual_benefit
    assert before is not None
    assert after is not None
    assert (before.value, before.unverified) == (Decimal(6000), False)
    assert (after.value, after.unverified, after.source) == (Decimal("6073.80"), True, "s; index")


def test_an_index_is_rounded_as_all_amounts_are_half_up() -> None:
    index = '{ value = 1.0000075, from = 2026-01-01, source = "index", confidence = "H" }'
    indexed = Law(SMALL.format(more=f"cost_of_living = [{index}]")).at(date(2026, 1, 1)).annual_benefit
    assert indexed is not None
    assert indexed.value == Decimal("6000.05")  # of 6000.045


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('no_such = [{ value = 1, from = 2024-01-01, source = "s", confidence = "H" }]', "no name"),
        ('months = [{ value = 1, from = 2024-01-01, source = "s", confidence = "L" }]', "unverified"),
        (
            'months = [{ value = 1, from = 2024-01-01, source = "s", confidence = "H", reading = "a", others = [{ value = 2, reading = "b" }] }]',
            "unverified",
        ),
        (
            'months = [{ value = 1, from = 2024-01-01, to = 2025-01-01, source = "s", confidence = "H" }, { value = 2, from = 2025-01-01, source = "s", confidence = "H" }]',
            "overlap",
        ),
        (
            'months = [{ value = 1, from = 2024-02-01, to = 2024-01-31, source = "s", confidence = "H" }]',
            "before it begins",
        ),
        (
            'months = [{ value = 1, from = 2024-01-01, source = "s", confidence = "H", status = "sure" }]',
            "status",
        ),
    ],
)
def test_a_file_that_cannot_be_is_refused(more: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Law(SMALL.format(more=more))


def test_a_measure_is_one_of_four_words() -> None:
    assert measure_named("ADI") is Measure.ADI
    for word in ("adi", "REI", ""):
        with pytest.raises(UnknownMeasure) as refused:
            measure_named(word)
        assert refused.value.extensions["path"] == ["measure"]


def test_the_data_files_are_the_measures() -> None:
    files = {file.name for file in (resources.files("hub.measures") / "data").iterdir()}
    assert {f"{measure.lower()}.toml" for measure in Measure} <= files
