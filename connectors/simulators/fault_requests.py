# SPDX-License-Identifier: EUPL-1.2
"""What somebody outside may ask of the simulators' switches, in JSON or as a word of the command line; read strictly.

{"kind": "slow", "seconds": 2, "times": 3, "spares": 1, "retryAfter": 30}     a fault of an agency that serves HTTP
{"kind": "half"}                                                              a fault of the files an agency leaves
{"ahead": -120}                                                               how an agency's clock runs
anpr/C020=slow:2                                                              agency, operation, fault, seconds
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from connectors.simulators.faults import Fault, FaultKind
from connectors.simulators.filing_agency import FileFault
from hub.errors import InvalidInput

K = TypeVar("K", bound=StrEnum)

MOST_SECONDS: Final = 3_600
FARTHEST_CLOCK: Final = 10 * 366 * 86_400
"""Seconds a clock may be wrong by: ten years."""
MOST_TIMES: Final = 1_000_000
_TOLD_TO_WAIT = frozenset({FaultKind.OVER_LIMIT, FaultKind.UNAVAILABLE, FaultKind.ERROR})
"""The answers a `Retry-After` is sent with."""
_WORD = re.compile(r"([a-z-]+)(?:/([^=]+))?=([a-z-]+)(?::(.+))?", re.ASCII)


class FaultRefused(InvalidInput):
    """What was asked of a simulator's switches is none of what they do."""


@dataclass(frozen=True, slots=True)
class FaultWord:
    """A fault as the command line names it; `operation` None: every one; `about` as JSON would have it."""

    agency: str
    operation: str | None
    about: Mapping[str, Any]


def read_object(body: bytes) -> Mapping[str, Any]:
    """The members of a request's body.

    Raises:
        FaultRefused: it is no JSON object, or a member stands there twice.

    """
    try:
        found = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise FaultRefused('The body is a JSON object, like {"kind": "error"}.') from None
    if not isinstance(found, dict):
        raise FaultRefused('The body is a JSON object, like {"kind": "error"}.')
    return found


def fault_of(about: Mapping[str, Any]) -> Fault:
    """The fault of an agency that serves HTTP.

    Raises:
        FaultRefused: a member is unknown, missing or of another form, or does not go with the kind.

    """
    _only(about, ("kind", "seconds", "times", "spares", "retryAfter"))
    kind = _kind(about, FaultKind)
    seconds = _number(about, "seconds", 0, MOST_SECONDS) or 0.0
    if kind is FaultKind.SLOW and not seconds:
        raise FaultRefused("How late a slow answer comes is said in seconds, more than 0.")
    retry_after = _whole(about, "retryAfter", 0)
    if retry_after is not None and kind not in _TOLD_TO_WAIT:
        raise FaultRefused(f"retryAfter goes with one of: {_listed(_TOLD_TO_WAIT)}.")
    return Fault(
        kind,
        latency=float(seconds),
        retry_after=retry_after,
        times=_whole(about, "times", 1),
        spares=_whole(about, "spares", 0) or 0,
    )


def file_fault_of(about: Mapping[str, Any]) -> FileFault:
    """The fault of files. Raises FaultRefused as `fault_of`."""
    _only(about, ("kind",))
    return _kind(about, FileFault)


def clock_of(about: Mapping[str, Any]) -> float:
    """Seconds an agency's clock is to run ahead; behind, if negative. Raises FaultRefused as `fault_of`."""
    _only(about, ("ahead",))
    ahead = _number(about, "ahead", -FARTHEST_CLOCK, FARTHEST_CLOCK)
    if ahead is None:
        raise FaultRefused("ahead is missing: seconds the clock runs ahead, behind if negative.")
    return float(ahead)


def fault_word(word: str) -> FaultWord:
    """A word `NAME[/OPERATION]=KIND[:SECONDS]`.

    Raises:
        FaultRefused: it has another form.

    """
    found = _WORD.fullmatch(word)
    if found is None:
        raise FaultRefused(f"A fault is said as NAME[/OPERATION]=KIND[:SECONDS], and not as {word}.")
    agency, operation, kind, seconds = found.groups()
    if seconds is None:
        return FaultWord(agency, operation, {"kind": kind})
    try:
        return FaultWord(agency, operation, {"kind": kind, "seconds": float(seconds)})
    except ValueError:
        raise FaultRefused(f"In {word} what stands behind the colon is no number of seconds.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _only(about: Mapping[str, Any], known: Collection[str]) -> None:
    if unknown := sorted(set(about) - {*known}):
        raise FaultRefused(f"There is no {unknown[0]} here; there are {', '.join(known)}.")


def _kind(about: Mapping[str, Any], kinds: type[K]) -> K:
    if "kind" not in about:
        raise FaultRefused(f"kind is missing; it is one of: {_listed(kinds)}.")
    try:
        return kinds(about["kind"])
    except ValueError:
        raise FaultRefused(f"kind is one of: {_listed(kinds)}.") from None


def _number(about: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    value = about.get(name)
    if value is None:
        return None
    # NaN, which Python's JSON takes, is in no range.
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise FaultRefused(f"{name} is a number of seconds from {least} to {most}.")
    return value


def _whole(about: Mapping[str, Any], name: str, least: int) -> int | None:
    value = about.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST_TIMES:
        raise FaultRefused(f"{name} is a whole number from {least} to {MOST_TIMES}.")
    return value


def _listed(kinds: Collection[StrEnum] | type[StrEnum]) -> str:
    return ", ".join(sorted(kinds))
