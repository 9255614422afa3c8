# SPDX-License-Identifier: EUPL-1.2
"""How far a command has come: bars on a terminal, a line now and then in a log, and never on stdout."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog
from rich.console import Console
from rich.progress import Progress as RichProgress

from hub.cli.options import log_to_stderr
from hub.cli.progress import EVERY, MOST, Bars, Lines, shown


class Watch:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@contextmanager
def terminal(name: str = "xterm") -> Iterator[Terminal]:
    """stderr is a terminal of this kind. Not by a fixture: pytest captures anew once those are there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", name)
        patch.setenv("COLUMNS", "120")
        patch.setattr("sys.stderr", Terminal())
        found = sys.stderr
        assert isinstance(found, Terminal)
        yield found


def test_a_line_every_half_minute_and_none_before() -> None:
    watch, out = Watch(), io.StringIO()
    lines = Lines(out, watch)
    for second in range(70):
        watch.at = 1_000.0 + second
        lines("inps admitted-households", 500 * second, None)
    assert out.getvalue().splitlines() == [
        "inps admitted-households: 15,000, 500 a second",
        "inps admitted-households: 30,000, 500 a second",
    ]


def test_thousands_of_things_are_a_few_lines_each_with_its_own_rate() -> None:
    watch, out = Watch(), io.StringIO()
    lines = Lines(out, watch)
    for file in range(2_100):
        for done in (0, 5, 10):
            lines(f"offers-{file}.csv", done, 10)
            watch.at += 0.01
    found = out.getvalue().splitlines()
    assert len(found) == 2
    assert all(line.endswith((": 5 of 10, 500 a second", ": 10 of 10, 500 a second", ": 0 of 10")) for line in found)  # fmt: skip


def test_what_takes_up_again_does_not_count_what_was_done_before() -> None:
    watch, out = Watch(), io.StringIO()
    lines = Lines(out, watch)
    lines("pacts.csv", 100_000, 200_000)
    watch.at += EVERY
    lines("pacts.csv", 100_300, 200_000)
    assert out.getvalue() == "pacts.csv: 100,300 of 200,000, 10 a second\n"


def test_a_name_is_shown_without_what_a_terminal_acts_on() -> None:
    watch, out = Watch(), io.StringIO()
    lines = Lines(out, watch)
    watch.at += EVERY
    lines("a\x1b[2Jb\n.csv", 1, 2)
    assert out.getvalue() == "'a\\x1b[2Jb\\n.csv': 1 of 2\n"


def test_bars_say_how_much_of_how_much_and_how_fast() -> None:
    out, watch = io.StringIO(), Watch()
    console = Console(file=out, force_terminal=True, width=120)
    with RichProgress(console=console, auto_refresh=False) as drawn:
        bars = Bars(drawn, watch)
        bars("[red]offers[/red].csv", 0, 1_000)
        bars("inps admitted-households", 0, None)
        watch.at += 2
        bars("[red]offers[/red].csv", 1_000, 1_000)
        bars("inps admitted-households", 600, None)
        assert [(one.description, one.fields["said"], one.completed, one.total) for one in drawn.tasks] == [
            ("[red]offers[/red].csv", "1,000 of 1,000, 500 a second", 1_000, 1_000),
            ("inps admitted-households", "600, 300 a second", 600, None),
        ]


def test_of_a_folder_s_files_the_last_few_have_bars() -> None:
    with RichProgress(console=Console(file=io.StringIO()), auto_refresh=False) as drawn:
        bars = Bars(drawn, Watch())
        for number in range(100):
            bars(f"{number}.csv", 3, 3)
        assert [one.description for one in drawn.tasks] == [f"{number}.csv" for number in range(100 - MOST, 100)]  # fmt: skip


def test_on_a_terminal_names_stand_as_they_are_and_stdout_stays_stdout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with terminal() as screen:
        with shown() as progress:
            progress("[red]offers[/red].csv", 7, 10)
            print("a result")
        assert "[red]offers[/red].csv" in screen.getvalue()
        assert "7 of 10" in screen.getvalue()
        assert "a result" not in screen.getvalue()
    assert capsys.readouterr().out == "a result\n"


def test_a_line_of_the_log_is_written_above_the_bars() -> None:
    with terminal() as screen:
        log_to_stderr("INFO")
        with shown() as progress:
            progress("inps admitted-households", 7, None)
            structlog.get_logger().info("inbound run", flow="pacts")
        (line,) = [one for one in screen.getvalue().splitlines() if '"inbound run"' in one]
    assert "\x1b[2K" in line, "the bar is taken away before"


@pytest.mark.parametrize("force", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_a_log_stays_a_log_whatever_the_environment_says(
    force: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(force, "1")
    with shown() as progress:
        for done in range(1_000):
            progress("inps admitted-households", done, 1_000)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_that_can_move_no_cursor_gets_lines() -> None:
    with terminal("dumb") as screen, shown() as progress:
        progress("inps admitted-households", 7, None)
    assert screen.getvalue() == ""
