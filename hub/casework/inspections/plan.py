# SPDX-License-Identifier: EUPL-1.2
"""How a sample is to be drawn: among whom, in which strata, by what points of risk. A TOML file of whoever inspects, or what is shipped.

    among = "PAID"                  # or "ALL": the run's households with a benefit active on its day, or all of them
    strata = "REGION"               # or "NONE", "VERDICT", "MUNICIPALITY"
    [sizes]                         # how many of each stratum; when absent, in proportion to weight
    "05" = 40
    [points.PAID_WITHOUT_RIGHT]     # when there is one, these signals count and no other
    points = 6
    source = "Piano triennale, all. 2"

Points without a source are `unverified`, and so is every sample that is drawn by them. Those shipped have none: no text was read that
fixes any (docs/reference/measures/controls.md).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from hub.errors import InvalidInput
from hub.measures.controls import POINTS, Signal

MOST_POINTS = 1_000
MOST_OF_A_STRATUM = 10_000_000

T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)


class InvalidInspectionPlan(InvalidInput):
    """The plan of a sample cannot be read."""

    code = "INVALID_INSPECTION_PLAN"


class Among(StrEnum):
    """Which households of a run a sample is drawn from."""

    PAID = "PAID"
    ALL = "ALL"


class Strata(StrEnum):
    """What a household's stratum is: none, what the run said, the region's ISTAT code, the municipality's Belfiore code."""

    NONE = "NONE"
    VERDICT = "VERDICT"
    REGION = "REGION"
    MUNICIPALITY = "MUNICIPALITY"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A signal's whole points, and where they are fixed; empty where no source was given."""

    points: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a draw goes by. `sizes` None: the strata share the sample by weight."""

    among: Among = Among.PAID
    strata: Strata = Strata.NONE
    points: Mapping[Signal, Weighed] = field(
        default_factory=lambda: MappingProxyType({signal: Weighed(n) for signal, n in POINTS.items()})
    )
    sizes: Mapping[str, int] | None = None

    @property
    def unverified(self) -> bool:
        """Whether any of its points have no source."""
        return any(one.points and not one.source for one in self.points.values())

    def as_json(self) -> dict[str, Any]:
        """All of it, as it is kept and digested: members in the order of their names."""
        return {
            "among": self.among.value,
            "points": {
                signal.value: {"points": self.points[signal].points, "source": self.points[signal].source}
                for signal in sorted(self.points)
            },
            "sizes": None if self.sizes is None else {name: self.sizes[name] for name in sorted(self.sizes)},
            "strata": self.strata.value,
        }


def read_plan(text: str) -> Plan:
    """A plan from its TOML.

    Raises:
        InvalidInspectionPlan: it is none; names the place.

    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInspectionPlan(f"The plan is no TOML: {error}.") from None
    _refuse_others(told, ("among", "strata", "sizes", "points"), "the plan")
    plan = Plan(_word(told, "among", Among, Among.PAID), _word(told, "strata", Strata, Strata.NONE))
    points, sizes = _table(told, "points"), _table(told, "sizes")
    return Plan(
        plan.among,
        plan.strata,
        plan.points if points is None else {_signal(name): _weighed(name, one) for name, one in points.items()},
        None if sizes is None else {name: _count(one, f"sizes.{name}", MOST_OF_A_STRATUM) for name, one in sizes.items()},
    )  # fmt: skip


def _refuse_others(told: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    if others := sorted(set(told) - set(known)):
        raise InvalidInspectionPlan(f"In {where} there is no {', '.join(others)}: it has {', '.join(known)}.")


def _word(told: Mapping[str, Any], name: str, words: type[W], otherwise: W) -> W:
    try:
        return words(told.get(name, otherwise))
    except ValueError:
        raise InvalidInspectionPlan(f"{name} is one of {', '.join(words)}.") from None


def _table(told: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    found = told.get(name)
    if found is not None and not isinstance(found, dict):
        raise InvalidInspectionPlan(f"{name} is a table.")
    return found


def _signal(name: str) -> Signal:
    try:
        return Signal(name)
    except ValueError:
        raise InvalidInspectionPlan(f"A signal is one of {', '.join(Signal)}.") from None


def _weighed(name: str, told: Any) -> Weighed:
    if not isinstance(told, dict) or "points" not in told:
        raise InvalidInspectionPlan(
            f"points.{name} is a table with points, and with a source if there is one."
        )
    _refuse_others(told, ("points", "source"), f"points.{name}")
    source = told.get("source", "")
    if not isinstance(source, str):
        raise InvalidInspectionPlan(f"points.{name}.source is a text.")
    return Weighed(_count(told["points"], f"points.{name}.points", MOST_POINTS), source.strip())


def _count(told: Any, where: str, most: int) -> int:
    # NOTE: of TOML's true, Python makes a 1.
    if not isinstance(told, int) or isinstance(told, bool) or not 0 <= told <= most:
        raise InvalidInspectionPlan(f"{where} is a whole number from 0 to {most:,}.")
    return told
