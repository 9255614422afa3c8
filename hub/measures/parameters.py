# SPDX-License-Identifier: EUPL-1.2
"""The numbers of the law: one dated, sourced data file per measure (hub/measures/data), looked up by day.

A number that is not in a file is a rule the measure does not have: `None` here. No rule names a measure where a number can say it.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any, Generic, TypeVar, get_type_hints

from hub.errors import InvalidInput
from hub.measures.measure import Measure

_T = TypeVar("_T", Decimal, int)
_CENT = Decimal("0.01")


class BeforeTheLaw(InvalidInput):
    """On this day the measure was not in force yet: ask for a date on or after its first."""

    code = "BEFORE_THE_LAW"


class AfterTheLaw(InvalidInput):
    """On this day the measure was not in force any more: ask for a date on or before its last."""

    code = "AFTER_THE_LAW"


class Confidence(StrEnum):
    """How a number is known."""

    H = "H"  # read in the law, or in what INPS or the ministry published of it
    M = "M"  # read in a secondary source
    L = "L"  # known, not verified


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read an ambiguous text."""

    value: Decimal
    words: str


@dataclass(frozen=True, slots=True)
class Parameter(Generic[_T]):
    """One number: what it is, from which day to which (both included; None: still), and where the law has it.

    `inclusive`: whether the limit itself is still within it. `reading` names how an ambiguous text was read, `others` how else it can be.
    """

    value: _T
    first: date
    last: date | None
    source: str
    confidence: Confidence
    unverified: bool
    inclusive: bool = True
    note: str = ""
    reading: str = ""
    others: tuple[Reading, ...] = ()

    def admits(self, value: Decimal) -> bool:
        """Whether a value lies within this limit."""
        return value <= self.value if self.inclusive else value < self.value


Amount = Parameter[Decimal]
"""Euro, a weight, or a share."""
Count = Parameter[int]
"""Years, months, days, cubic centimetres, people."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Parameters:
    """All numbers of one measure between two days (both included). Money in euro; amounts a year unless the name says otherwise.

    Compared by identity: there is one for each period of a file.
    """

    measure: Measure
    law: str
    first: date
    last: date | None

    isee_ceiling: Amount | None = None
    income_threshold: Amount | None = None
    income_threshold_elderly: Amount | None = None
    income_threshold_renting: Amount | None = None
    real_estate_ceiling: Amount | None = None
    home_ceiling: Amount | None = None
    movable_base: Amount | None = None
    movable_per_member: Amount | None = None
    movable_members_ceiling: Amount | None = None
    movable_per_further_minor: Amount | None = None
    movable_per_disabled: Amount | None = None
    movable_per_severely_disabled: Amount | None = None
    car_displacement: Count | None = None
    car_months: Count | None = None
    any_car_months: Count | None = None
    motorcycle_displacement: Count | None = None
    motorcycle_months: Count | None = None
    boats_and_aircraft: Count | None = None
    residence_years: Count | None = None
    continuous_years: Count | None = None
    stay_title: Count | None = None
    stay_protection: Count | None = None

    gate_age: Count | None = None
    gate_disadvantaged: Count | None = None
    reduced_share: Amount | None = None
    applicant_age_from: Count | None = None
    applicant_age_to: Count | None = None

    elderly_age: Count | None = None
    scale_adult: Amount | None = None
    scale_minor: Amount | None = None
    scale_disabled: Amount | None = None
    scale_elder: Amount | None = None
    scale_carer: Amount | None = None
    scale_carers: Count | None = None
    scale_disadvantaged: Amount | None = None
    scale_first_minors: Amount | None = None
    scale_further_minors: Amount | None = None
    scale_cap: Amount | None = None
    scale_cap_severe: Amount | None = None
    child_allowance_monthly: Amount | None = None

    annual_benefit: Amount | None = None
    annual_benefit_elderly: Amount | None = None
    annual_minimum: Amount | None = None
    monthly_indemnity: Amount | None = None
    rent_ceiling: Amount | None = None
    rent_ceiling_elderly: Amount | None = None
    mortgage_ceiling: Amount | None = None
    cost_of_living: Amount | None = None

    months: Count | None = None
    renewal_months: Count | None = None
    stop_months: Count | None = None
    stop_contribution: Amount | None = None
    first_renewal_share: Amount | None = None
    reduced_months: Count | None = None
    reduced_renewal_months: Count | None = None
    reduced_wait_months: Count | None = None
    extension_months: Count | None = None
    months_a_year: Count | None = None
    protected_age: Count | None = None

    work_disregard: Amount | None = None
    work_share: Amount | None = None
    work_notice_days: Count | None = None
    self_employment_grace_months: Count | None = None
    business_payments: Count | None = None
    business_payment_ceiling: Amount | None = None
    business_within_months: Count | None = None

    def named(self) -> Mapping[str, Amount | Count]:
        """The numbers this measure has, by their names, in the order above."""
        return {name: found for name in NAMES if (found := getattr(self, name)) is not None}


_HINTS = get_type_hints(Parameters)
NAMES = tuple(field.name for field in fields(Parameters))[4:]
"""The names a data file may use."""
_COUNTS = frozenset(name for name in NAMES if _HINTS[name] == Count | None)


class Law:
    """One data file: a measure, and its numbers at any day."""

    def __init__(self, text: str) -> None:
        """Read a file.

        Raises:
            ValueError: a name that is none, rows that overlap, a number of low confidence that does not say so.

        """
        data = tomllib.loads(text, parse_float=Decimal)
        self.measure = Measure(data.pop("measure"))
        self.title: str = data.pop("law")
        self.first: date = data.pop("from")
        self.last: date | None = data.pop("to", None)
        self._indexed: list[str] = data.pop("indexed", [])
        if unknown := set(data) - set(NAMES):
            raise ValueError(f"{self.measure} has numbers of no name: {sorted(unknown)}")
        self._rows = {name: _rows(name, rows) for name, rows in data.items()}
        self._firsts = self._change_days()
        self._periods = [self._made(number) for number in range(len(self._firsts))]

    def at(self, on: date) -> Parameters:
        """The numbers of a day.

        Raises:
            BeforeTheLaw: the measure was not in force yet.
            AfterTheLaw: it was not in force any more.

        """
        if on < self.first:
            raise BeforeTheLaw(path=["on"], measure=self.measure.value, first=self.first.isoformat())
        if self.last is not None and on > self.last:
            raise AfterTheLaw(path=["on"], measure=self.measure.value, last=self.last.isoformat())
        return self._periods[bisect_right(self._firsts, on) - 1]

    @property
    def periods(self) -> tuple[Parameters, ...]:
        """The numbers through time, oldest first."""
        return tuple(self._periods)

    def _change_days(self) -> list[date]:
        days = {self.first}
        for rows in self._rows.values():
            for row in rows:
                days.add(row.first)
                if row.last is not None:
                    days.add(row.last + timedelta(days=1))
        return sorted(day for day in days if day >= self.first and (self.last is None or day <= self.last))

    def _made(self, number: int) -> Parameters:
        day = self._firsts[number]
        following = self._firsts[number + 1 :]
        found = {
            name: row
            for name, rows in self._rows.items()
            for row in rows
            if row.first <= day and (row.last is None or day <= row.last)
        }
        if (index := found.get("cost_of_living")) is not None:
            for name in self._indexed:
                found[name] = _indexed(found[name], index)
        return Parameters(
            measure=self.measure,
            law=self.title,
            first=day,
            last=following[0] - timedelta(days=1) if following else self.last,
            **found,
        )


def parameters(measure: Measure, on: date) -> Parameters:
    """The numbers of a measure on a day.

    Raises:
        BeforeTheLaw: the measure was not in force yet.
        AfterTheLaw: it was not in force any more.

    """
    return law(measure).at(on)


@cache
def law(measure: Measure) -> Law:
    """A measure's data file, read once."""
    file = resources.files("hub.measures") / "data" / f"{measure.lower()}.toml"
    return Law(file.read_text(encoding="utf-8"))


def _rows(name: str, rows: list[dict[str, Any]]) -> list[Any]:
    found = sorted((_row(name, row) for row in rows), key=lambda row: row.first)
    for one, following in pairwise(found):
        if one.last is None or one.last >= following.first:
            raise ValueError(f"{name}: the rows from {one.first} and from {following.first} overlap.")
    return found


def _row(name: str, row: dict[str, Any]) -> Any:
    kind: type[Decimal] | type[int] = int if name in _COUNTS else Decimal
    row = dict(row)
    status = row.pop("status", None)
    if status not in (None, "unverified"):
        raise ValueError(f"{name}: status is `unverified` or not given.")
    made: Parameter[Any] = Parameter(
        value=kind(row.pop("value")),
        first=row.pop("from"),
        last=row.pop("to", None),
        source=row.pop("source"),
        confidence=Confidence(row.pop("confidence")),
        unverified=status is not None,
        others=tuple(Reading(Decimal(other["value"]), other["reading"]) for other in row.pop("others", [])),
        **row,
    )
    # NOTE: what is of low confidence or ambiguous says so in every result that used it.
    if not made.unverified and (made.confidence is Confidence.L or made.others):
        raise ValueError(f"{name}: what is of low confidence, or read in one of two ways, is `unverified`.")
    if made.last is not None and made.last < made.first:
        raise ValueError(f"{name}: a row ends before it begins.")
    return made


def _indexed(row: Amount, index: Amount) -> Amount:
    return replace(
        row,
        value=(row.value * index.value).quantize(_CENT, ROUND_HALF_UP),
        source=f"{row.source}; {index.source}",
        unverified=row.unverified or index.unverified,
    )
