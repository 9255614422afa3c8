# SPDX-License-Identifier: EUPL-1.2
"""How far a long command has come, on stderr: bars where somebody watches, else a line now and then, for a log to stay short.

stdout is left alone: it is what a command prints for who asked.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from connectors.progress import Progress

EVERY = 30.0
"""Seconds between two lines where nobody watches, and before the first: what ends sooner says nothing."""
MOST = 8
"""Bars at once: a folder may have more files than a terminal has lines."""


@contextmanager
def shown() -> Iterator[Progress]:
    """Show what is told until the block ends."""
    console = Console(stderr=True)
    # NOTE not `console.is_terminal`: in a job with FORCE_COLOR set it says yes, and a log would be full of cursor movements.
    if not sys.stderr.isatty() or console.is_dumb_terminal:
        yield Lines(sys.stderr, time.monotonic)
        return
    columns = (
        # No markup: a name is its agency's.
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[said]}", markup=False),
        TimeElapsedColumn(),
    )
    with RichProgress(*columns, console=console, redirect_stdout=False, refresh_per_second=4) as bars:
        yield Bars(bars, time.monotonic)


class Lines:
    """A line now and then, about what is under way then."""

    def __init__(self, out: TextIO, now: Callable[[], float]) -> None:
        """Take where lines go, and a clock of seconds."""
        self._out = out
        self._now = now
        self._said_at = now()
        self._name: str | None = None
        self._pace = _Pace(self._said_at, 0)

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """See `Progress`."""
        at = self._now()
        if name != self._name:
            self._name, self._pace = name, _Pace(at, done)
        if at - self._said_at >= EVERY:
            self._said_at = at
            self._out.write(f"{_visible(name)}: {self._pace.say(at, done, total)}\n")
            self._out.flush()


class Bars:
    """A bar for each thing; of those that came to their end, the last few."""

    def __init__(self, bars: RichProgress, now: Callable[[], float]) -> None:
        """Take what draws them, and a clock of seconds."""
        self._bars = bars
        self._now = now
        self._rows: dict[str, tuple[TaskID, _Pace]] = {}

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """See `Progress`."""
        at = self._now()
        if name not in self._rows:
            while len(self._rows) >= MOST:
                self._bars.remove_task(self._rows.pop(next(iter(self._rows)))[0])
            self._rows[name] = self._bars.add_task(_visible(name), total=None, said=""), _Pace(at, done)
        row, pace = self._rows[name]
        self._bars.update(row, completed=done, total=total, said=pace.say(at, done, total))


class _Pace:
    """How fast one thing goes, since it was first heard of."""

    def __init__(self, at: float, done: int) -> None:
        self._at = at
        self._done = done

    def say(self, at: float, done: int, total: int | None) -> str:
        """`3,400 of 120,000, 57 a second`; no rate before there is one."""
        said = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        since = at - self._at
        return f"{said}, {(done - self._done) / since:,.0f} a second" if since > 0 else said


def _visible(name: str) -> str:
    """A name, without what a terminal would act on."""
    return name if name.isprintable() else ascii(name)
