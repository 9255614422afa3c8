# SPDX-License-Identifier: EUPL-1.2
"""CPU seconds of processes, from /proc: what stays true when the machine is busy with something else."""

from __future__ import annotations

import os
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")


def tree(root: int) -> set[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))) is not None:
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, ahead = set[int](), [root]
    while ahead:
        process = ahead.pop()
        found.add(process)
        ahead += children.get(process, [])
    return found


def seconds(root: int) -> float:
    """CPU seconds, user and system, of a process and all that live below it, and of the children that have ended."""
    total = 0
    for process in tree(root):
        fields = _stat(process)
        if fields is not None:
            total += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return total * _TICK


def _stat(process: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the command's name; None when it has ended. The first is field 3, the state."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()
