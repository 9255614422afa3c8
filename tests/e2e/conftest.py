# SPDX-License-Identifier: EUPL-1.2
"""The `snodo` command as people run it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from connectors.simulators.demo_world import demo_world
from tests.conftest import open_folder
from tests.witness import WITNESS, Witness

Snodo = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without the hub's settings, and with the given ones."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SNODO_")}
    return {**kept, "COLUMNS": "120", **(given or {})}


def hear(said: str, typed: Sequence[str], witness: Witness = WITNESS) -> None:
    """Have the witness hear what a process said on stderr; what its user typed it may repeat.

    Not its stdout, which is what a command prints for who asked: the demo's tour shows answers.
    """
    witness.hear("process", said, echo_of="\n".join(typed))


@pytest.fixture(scope="session", autouse=True)
def the_demo_s_people_are_known() -> None:
    """Its database is gone when the witness looks for who was in one."""
    for household in demo_world(date(2026, 6, 15)).households:
        WITNESS.personal.add_code(household.protocol)
        for person in household.people:
            WITNESS.personal.add_code(person.fiscal_code)
            WITNESS.personal.add_name(person.given_name, person.family_name)


@pytest.fixture(scope="session")
def command() -> list[str]:
    """The installed command."""
    return [str(Path(sys.executable).with_name("snodo"))]


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder, where the command makes its data directory."""
    with open_folder() as opened:
        yield opened


@pytest.fixture
def snodo(command: list[str], folder: Path) -> Snodo:
    """Run `snodo …` in that folder to its end."""

    def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [*command, *words],
            cwd=folder,
            env=environment(settings),
            text=True,
            capture_output=True,
            timeout=240,  # patience, no aim
            check=False,
        )
        hear(ended.stderr, words)
        return ended

    return run
