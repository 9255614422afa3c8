# SPDX-License-Identifier: EUPL-1.2
"""How fast the disk is, beside the figures that depend on it."""

from __future__ import annotations

from pathlib import Path

from bench.disk import fdatasync


def test_durable_writes_take_time_and_leave_nothing_behind(tmp_path: Path) -> None:
    taken = fdatasync(tmp_path)
    assert 0 < taken["p50"] <= taken["p99"]
    assert list(tmp_path.iterdir()) == []
