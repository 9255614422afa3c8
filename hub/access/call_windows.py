# SPDX-License-Identifier: EUPL-1.2
"""The windows calls are counted in: minutes of the clock, and days of Europe/Rome, which last 23 to 25 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = 60.0
"""Seconds of the short window. NOTE they divide an hour, and every day of Rome begins at a full one: no minute lies in two days."""
ROME = ZoneInfo("Europe/Rome")


@dataclass(frozen=True, slots=True)
class Window:
    """From a moment to the one it ends before, in Unix seconds."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Windows:
    """The minute of a moment, and the day it lies in."""

    minute: Window
    day: Window


def windows_at(now: float) -> Windows:
    """The windows of a moment, in Unix seconds."""
    start = now - now % MINUTE
    local = datetime.fromtimestamp(now, ROME)
    midnight = datetime.combine(local, time(), ROME)
    # NOTE a day more by the calendar, not by 24 hours: datetime adds to the local time.
    day = Window(midnight.timestamp(), (midnight + timedelta(days=1)).timestamp())
    return Windows(Window(start, start + MINUTE), day)


def moment(seconds: float) -> datetime:
    """Unix seconds as the database takes them."""
    return datetime.fromtimestamp(seconds, UTC)
