# SPDX-License-Identifier: EUPL-1.2
"""Days as the law counts them: ages, months and years before and after a day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date


def age(born: date, on: date) -> int:
    """Years completed; who is born on 29 February completes a year on 1 March where there is no such day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def months_after(day: date, months: int) -> date:
    """The same day so many months later (earlier if negative), or the last of the month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = 28 if day.day <= 28 else min(day.day, monthrange(year, month + 1)[1])
    return date(year, month + 1, min(day.day, last))


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def quarter_of(day: date) -> date:
    """The first day of the calendar quarter a day is in."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def quarter_before(day: date) -> date:
    """The first day of the calendar quarter before the one a day is in."""
    return months_after(quarter_of(day), -3)
