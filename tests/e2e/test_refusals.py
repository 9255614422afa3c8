# SPDX-License-Identifier: EUPL-1.2
"""Commands that refuse: one sentence on stderr, exit code 1, and nothing begun."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Snodo


def test_a_population_of_before_the_measures(snodo: Snodo, folder: Path) -> None:
    ended = snodo("seed", "--today", "2020-01-01")
    assert ended.returncode == 1
    assert ended.stderr.startswith("snodo: --today is 2024-07-01 or later")
    assert not (folder / ".snodo").exists()


def test_an_agency_that_cannot_be_registered(snodo: Snodo, database_url: str) -> None:
    words = (
        "agency", "register", "regione-12", "--name", "Lazio", "--kind", "REGION", "--scope", "NATIONAL", "--area", "12",
        "--client", "00000000-0000-0000-0000-000000000001", "--purpose", "00000000-0000-0000-0000-000000000002",
    )  # fmt: skip
    ended = snodo(*words, SNODO_DATABASE_URL=database_url)
    assert ended.returncode == 1
    assert ended.stderr == "snodo: A grant of scope NATIONAL reaches everywhere: name no area.\n"
