# SPDX-License-Identifier: EUPL-1.2
"""Days and moments as numbers.

A day is its ordinal (`date.toordinal()`); a moment is in milliseconds of the Unix epoch, UTC.
"""

from __future__ import annotations

from datetime import date
from random import Random

DAY = 86_400_000
"""Milliseconds of a day."""
EPOCH = date(1970, 1, 1).toordinal()
_QUARTER_OF_AN_HOUR = 900_000


def at_midnight(day: int) -> int:
    """The first moment of a day."""
    return (day - EPOCH) * DAY


def at_the_office(day: int, chance: Random) -> int:
    """A quarter of an hour between 8 and 17 on that day, or on the Friday before when it falls on a weekend."""
    weekday = (day - 1) % 7
    if weekday > 4:
        day -= weekday - 4
    return at_midnight(day) + (32 + int(chance.random() * 36)) * _QUARTER_OF_AN_HOUR


def months_later(day: int, months: int) -> int:
    """The same day of the month `months` later; the 28th at most."""
    start = date.fromordinal(day)
    count = start.year * 12 + start.month - 1 + months
    return date(count // 12, count % 12 + 1, min(start.day, 28)).toordinal()
