# SPDX-License-Identifier: EUPL-1.2
"""How long someone has lived in Italy, by the registers: so many years in all, the last two without a break.

No service of ANPR answers this; its history of registrations does (`infoStoriaIscrizione`), and so these are periods.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hub.measures.days import months_after


class StayTitle(StrEnum):
    """By what right the applicant stays in Italy."""

    CITIZEN = "CITIZEN"
    """Of Italy or another state of the Union."""
    FAMILY_OF_CITIZEN = "FAMILY_OF_CITIZEN"
    """With the right of residence, or the permanent one."""
    LONG_TERM = "LONG_TERM"
    """Permesso UE per soggiornanti di lungo periodo."""
    PROTECTION = "PROTECTION"
    """International protection."""
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Stay:
    """A period on a register of residents: from a day, to the day before `until`; None: still."""

    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Residence:
    """The applicant's title and history; None where it is not known."""

    title: StayTitle | None = None
    stays: tuple[Stay, ...] | None = None


def unbroken(stays: Iterable[Stay], on: date) -> list[tuple[date, date]]:
    """The stays up to a day as periods that do not touch, oldest first; half-open."""
    found: list[tuple[date, date]] = []
    for stay in sorted(stays, key=lambda stay: stay.since):
        since, until = stay.since, min(stay.until or on, on)
        if since >= until:
            continue
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def days_lived(stays: Iterable[Stay], on: date) -> int:
    """Days on the registers before a day, in all."""
    return sum((until - since).days for since, until in unbroken(stays, on))


def days_asked(years: int, on: date) -> int:
    """Days in the years before a day."""
    return (on - months_after(on, -12 * years)).days


def unbroken_since(stays: Iterable[Stay], on: date) -> date | None:
    """Since when someone has been on the registers without a break up to a day; None: is not."""
    periods = unbroken(stays, on)
    return periods[-1][0] if periods and periods[-1][1] == on else None
