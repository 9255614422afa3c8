# SPDX-License-Identifier: EUPL-1.2
"""Minutes of the clock, and days as they are lived in Rome."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.access.call_windows import windows_at


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("now", "start", "hours"),
    [
        ("2026-11-22T03:10:30+01:00", "2026-11-22T00:00:00+01:00", 24),
        ("2026-07-01T23:59:59.9+02:00", "2026-07-01T00:00:00+02:00", 24),
        ("2026-07-01T22:00:00+00:00", "2026-07-02T00:00:00+02:00", 24),
        ("2026-03-29T00:00:00+01:00", "2026-03-29T00:00:00+01:00", 23),
        ("2026-03-29T12:00:00+02:00", "2026-03-29T00:00:00+01:00", 23),
        ("2026-10-25T02:30:00+02:00", "2026-10-25T00:00:00+02:00", 25),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T00:00:00+02:00", 25),
        ("2026-10-25T23:59:00+01:00", "2026-10-25T00:00:00+02:00", 25),
    ],
)
def test_days_of_rome(now: str, start: str, hours: int) -> None:
    day = windows_at(_at(now)).day
    assert day.start == _at(start)
    assert day.end - day.start == hours * 3600
    assert day.start <= _at(now) < day.end


def test_a_minute_lies_in_one_day_and_days_follow_each_other() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    for hour in range(24 * 365):
        for second in (0.0, 59.999, 3_599.9):
            windows = windows_at(now + hour * 3_600 + second)
            assert windows.day.start <= windows.minute.start < windows.minute.end <= windows.day.end
            assert windows_at(windows.minute.end).minute.start == windows.minute.end
            assert windows_at(windows.day.end).day.start == windows.day.end
