# SPDX-License-Identifier: EUPL-1.2
"""The `snodo` command as people run it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import open_folder

Snodo = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without the hub's settings, and with the given ones."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SNODO_")}
    return {**kept, "COLUMNS": "120", **(given or {})}


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
    """Run `snodo …` in that folder to its end, at most a minute."""

    def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *words],
            cwd=folder,
            env=environment(settings),
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )

    return run
