# SPDX-License-Identifier: EUPL-1.2
"""The risk that weighs a household in a draw, and the indicators the three-year plan of controls asks for.

No text that was read fixes signals or points: those below are the hub's proposal (`unverified`), and whoever inspects gives its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from types import MappingProxyType

from hub.errors import InvalidInput
from hub.measures.checked import NegativeAmount, check_amount


class Signal(StrEnum):
    """What may hint that a check is worth its while; none of them says anything of guilt."""

    ISEE_DISCREPANCY = "ISEE_DISCREPANCY"
    """INPS marked the DSU (difformità or omissioni)."""
    RESIDENCE_NOT_CONFIRMED = "RESIDENCE_NOT_CONFIRMED"
    """The years of residence, or the title to stay, could not be confirmed (controlli anagrafici)."""
    HOUSEHOLD_CHANGED = "HOUSEHOLD_CHANGED"
    """The household changed within the twelve months before the application."""
    EARLIER_IRREGULARITY = "EARLIER_IRREGULARITY"
    """A check of an earlier year found one."""
    WORK_NOT_COMMUNICATED = "WORK_NOT_COMMUNICATED"
    """A mandatory communication names a hire that nobody communicated."""
    VEHICLE_REGISTERED = "VEHICLE_REGISTERED"
    """A vehicle above the limits was registered since the application."""
    PAID_WITHOUT_RIGHT = "PAID_WITHOUT_RIGHT"
    """A benefit is being paid, and by the rules there is no right to it."""
    PAID_ABOVE_RIGHT = "PAID_ABOVE_RIGHT"
    """More is being paid a month than the rules come to."""
    RIGHT_NOT_DETERMINED = "RIGHT_NOT_DETERMINED"
    """A benefit is being paid, and for want of a fact the rules say neither yes nor no."""


POINTS: Mapping[Signal, int] = MappingProxyType(
    {
        Signal.ISEE_DISCREPANCY: 3,
        Signal.RESIDENCE_NOT_CONFIRMED: 3,
        Signal.HOUSEHOLD_CHANGED: 1,
        Signal.EARLIER_IRREGULARITY: 4,
        Signal.WORK_NOT_COMMUNICATED: 5,
        Signal.VEHICLE_REGISTERED: 2,
        Signal.PAID_WITHOUT_RIGHT: 5,
        Signal.PAID_ABOVE_RIGHT: 3,
        Signal.RIGHT_NOT_DETERMINED: 1,
    }
)


def risk_weight(signals: Iterable[Signal], points: Mapping[Signal, int] = POINTS) -> int:
    """The weight of a unit in a draw: 1, and the points of each signal once. Nobody weighs nothing: anybody may be drawn.

    Raises:
        NegativeAmount: points below zero.

    """
    if any(value < 0 for value in points.values()):
        raise NegativeAmount(path=["points"])
    return 1 + sum(points.get(signal, 0) for signal in frozenset(signals))


class Outcome(StrEnum):
    """How a check stands."""

    OPEN = "OPEN"
    REGULAR = "REGULAR"
    IRREGULAR = "IRREGULAR"


@dataclass(frozen=True, slots=True)
class Check:
    """An inspection made or begun. `undue`: euro found to have been paid without right; `recovered`: those of them that came back."""

    made_on: date
    outcome: Outcome
    undue: Decimal = Decimal(0)
    recovered: Decimal = Decimal(0)


class InvalidCheck(InvalidInput):
    """Only an irregular check has an undue amount, and no more is recovered than was undue."""

    code = "INVALID_CHECK"


class InvalidPlan(InvalidInput):
    """A plan is of three years of checks, each planned for as many as zero or more."""

    code = "INVALID_PLAN"


@dataclass(frozen=True, slots=True)
class Indicators:
    """A year of the plan, or all three (`year` None): checks and euro. Shares in percent, to two decimals, None where of nothing."""

    year: int | None
    planned: int
    made: int
    concluded: int
    irregular: int
    undue: Decimal
    recovered: Decimal

    @property
    def made_of_planned(self) -> Decimal | None:
        """The checks made, of those planned."""
        return _share(self.made, self.planned)

    @property
    def irregular_of_concluded(self) -> Decimal | None:
        """The irregularities found, of the checks concluded: an open one has found nothing yet."""
        return _share(self.irregular, self.concluded)

    @property
    def recovered_of_undue(self) -> Decimal | None:
        """The euro recovered, of those undue."""
        return _share(self.recovered, self.undue)


def indicators(
    first_year: int, planned: tuple[int, int, int], checks: Iterable[Check]
) -> tuple[Indicators, ...]:
    """The three years of a plan, and their sum. Checks of other years are not the plan's.

    Raises:
        InvalidPlan: fewer checks planned than none.
        InvalidCheck: a check whose amounts cannot be.
        NegativeAmount, AmountOutOfRange: an amount that is none.

    """
    if min(planned) < 0:
        raise InvalidPlan(path=["planned"])
    given = _possible(checks)
    years = [
        _of(first_year + number, count, [one for one in given if one.made_on.year == first_year + number])
        for number, count in enumerate(planned)
    ]
    return (*years, _sum(years))


def indicators_of(planned: int, checks: Iterable[Check]) -> Indicators:
    """The indicators of any checks together, whatever their years.

    Raises:
        InvalidPlan, InvalidCheck, NegativeAmount, AmountOutOfRange: as `indicators`.

    """
    if planned < 0:
        raise InvalidPlan(path=["planned"])
    return _of(None, planned, _possible(checks))


def refuse_impossible(check: Check, path: Sequence[str | int]) -> None:
    """Nothing, where a check's amounts can be.

    Raises:
        InvalidCheck, NegativeAmount, AmountOutOfRange: with the way to the field, below `path`.

    """
    check_amount(check.undue, [*path, "undue"])
    check_amount(check.recovered, [*path, "recovered"])
    if check.recovered > check.undue or (check.undue and check.outcome is not Outcome.IRREGULAR):
        raise InvalidCheck(path=list(path))


def _possible(checks: Iterable[Check]) -> list[Check]:
    given = list(checks)
    for place, check in enumerate(given):
        refuse_impossible(check, ["checks", place])
    return given


def _of(year: int | None, planned: int, checks: list[Check]) -> Indicators:
    return Indicators(
        year,
        planned,
        len(checks),
        sum(check.outcome is not Outcome.OPEN for check in checks),
        sum(check.outcome is Outcome.IRREGULAR for check in checks),
        sum((check.undue for check in checks), Decimal(0)),
        sum((check.recovered for check in checks), Decimal(0)),
    )


def _sum(years: list[Indicators]) -> Indicators:
    return Indicators(
        None,
        sum(year.planned for year in years),
        sum(year.made for year in years),
        sum(year.concluded for year in years),
        sum(year.irregular for year in years),
        sum((year.undue for year in years), Decimal(0)),
        sum((year.recovered for year in years), Decimal(0)),
    )


def _share(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    if not whole:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP)
