# SPDX-License-Identifier: EUPL-1.2
"""The two sides of a flow side by side: each day's records counted and hashed, and which records differ. Pure."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from connectors.reconciliation.written import Written
from hub.ledger.communications import day_in_italy


class Why(StrEnum):
    """How a record differs."""

    MISSING = "missing"
    """The agency tells it; the hub has nothing of it."""
    CHANGED = "changed"
    """Both have it, and not the same."""
    EXTRA = "extra"
    """The hub has it; the agency does not tell it."""
    QUARANTINED = "quarantined"
    """It came, could not land, and waits in quarantine with its reason."""
    UNVERIFIED = "unverified"
    """The hub has it, or a later version than is told; what told it may be a file that is there no more."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record the agency tells and the hub cannot read; `day`: of its change in Italy, None where that cannot be read either."""

    key: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Told:
    """A record the agency tells. `kept_as`: its key in quarantine; not its own where that is long, or holds what is not printable."""

    record: Written | Unreadable
    kept_as: str


@dataclass(frozen=True, slots=True)
class Side:
    """One side's records of one day: how many, and the digest over them in hexadecimal digits."""

    records: int
    digest: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A record that differs. `day`: of its change, as the agency says or, where it tells none, as the hub knows."""

    key: str
    day: date | None
    why: Why


@dataclass(frozen=True, slots=True)
class DayComparison:
    """One day; None for what has no day that could be read."""

    day: date | None
    hub: Side
    agency: Side
    differences: tuple[Difference, ...]

    @property
    def differs(self) -> bool:
        """Whether the two sides are not the same; so also for a record that could not be read, which neither side hashes."""
        return self.hub != self.agency or bool(self.differences)


@dataclass(frozen=True, slots=True)
class Files:
    """The contents of a region that sends files: how many were read again, and how many were received and are there no more."""

    compared: int
    gone: int


@dataclass(frozen=True, slots=True)
class FlowComparison:
    """One flow of one agency, day by day; `files`: of a region that sends files."""

    agency_code: str
    flow: str
    days: tuple[DayComparison, ...]
    files: Files | None = None

    @property
    def differs(self) -> bool:
        """Whether any day does."""
        return any(one.differs for one in self.days)


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both included; None: without an end on that side."""

    first: date | None = None
    last: date | None = None

    def has(self, day: date | None) -> bool:
        """Whether a day is in it; what has no day is in every period."""
        if day is None:
            return True
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def compare(
    agency_code: str,
    flow: str,
    hub: Iterable[Written],
    told: Collection[Told],
    aside: Collection[str],
    period: Period,
    files: Files | None = None,
) -> FlowComparison:
    """Compare the two sides.

    Args:
        agency_code: whose flow.
        flow: its name.
        hub: what the hub's tables hold, each key once.
        told: what the agency tells, each key once: its latest version.
        aside: the keys under which records wait in quarantine.
        period: the days that are wanted. A record that was changed on other days on its two sides is of both.
        files: where it is files that tell: what only one that is there no more can have told is not held against the hub.

    """
    is_whole = files is None or files.gone == 0
    held = {one.key: one for one in hub}
    theirs = {one.record.key: one.record for one in told}
    waiting = {one.record.key for one in told if one.kept_as in aside}
    ours_by_day, theirs_by_day = _by_day(held), _by_day(theirs)
    differing: dict[date | None, list[Difference]] = defaultdict(list)
    for key in sorted(held.keys() | theirs.keys()):
        days = {_day(one) for one in (held.get(key), theirs.get(key)) if one is not None}
        why = _why(held.get(key), theirs.get(key), waits=key in waiting, is_whole=is_whole)
        if why is not None:
            told_on = _day(theirs.get(key) or held[key])
            for day in days:
                differing[day].append(Difference(key, told_on, why))
    wanted = {day for day in ours_by_day.keys() | theirs_by_day.keys() | differing.keys() if period.has(day)}
    return FlowComparison(
        agency_code,
        flow,
        tuple(
            DayComparison(
                day, _side(ours_by_day[day]), _side(theirs_by_day[day]), tuple(differing.get(day, ()))
            )
            for day in sorted(wanted, key=lambda day: (day is not None, day or date.min))
        ),
        files,
    )


def _why(
    ours: Written | None, theirs: Written | Unreadable | None, *, waits: bool, is_whole: bool
) -> Why | None:
    if theirs is None:
        return Why.EXTRA if is_whole else Why.UNVERIFIED
    if isinstance(theirs, Written) and ours is not None and ours.digest == theirs.digest:
        return None
    if waits:
        return Why.QUARANTINED
    if ours is None:
        return Why.MISSING
    is_older = isinstance(theirs, Unreadable) or theirs.changed_at < ours.changed_at
    return Why.UNVERIFIED if is_older and not is_whole else Why.CHANGED


def _day(record: Written | Unreadable | None) -> date | None:
    match record:
        case Written():
            return day_in_italy(record.changed_at)
        case Unreadable():
            return record.day
        case None:
            return None


def _by_day(records: Mapping[str, Written | Unreadable]) -> dict[date | None, list[Written]]:
    """What can be hashed, by day."""
    days: dict[date | None, list[Written]] = defaultdict(list)
    for one in records.values():
        if isinstance(one, Written):
            days[_day(one)].append(one)
    return days


def _side(records: Iterable[Written]) -> Side:
    """NOTE sorted by the bytes of their keys, so that no side's order matters."""
    lines = sorted((one.key.encode(), one.digest) for one in records)
    over = hashlib.sha256(b"".join(key + b"\t" + digest.hex().encode() + b"\n" for key, digest in lines))
    return Side(len(lines), over.hexdigest())
