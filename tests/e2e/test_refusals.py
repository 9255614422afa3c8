# SPDX-License-Identifier: EUPL-1.2
"""Commands that refuse: one sentence on stderr, exit code 1, and nothing begun."""

from __future__ import annotations

from pathlib import Path

import asyncpg

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
    assert ended.stderr == "snodo: A grant of scope NATIONAL is of no territory: name no area.\n"


def test_a_pull_into_a_database_that_was_not_migrated(snodo: Snodo, empty_url: str) -> None:
    ended = snodo("sync", "inps", SNODO_DATABASE_URL=empty_url)
    assert ended.returncode == 1
    assert "run `snodo migrate`" in ended.stderr


def test_simulated_keys_on_a_database_of_ones_own(snodo: Snodo) -> None:
    ended = snodo("serve", "--port", "0", SNODO_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert ended.returncode == 1
    assert "SNODO_PDND_JWKS must name PDND's public keys" in ended.stderr
    demo = {"SNODO_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "SNODO_ENVIRONMENT": "demo"}
    assert "SNODO_PDND_JWKS" not in snodo("serve", "--port", "0", **demo).stderr


async def test_the_demo_on_a_database_with_others_people(
    snodo: Snodo, populated_url: str, database_url: str
) -> None:
    ended = snodo("demo", "--check", "--port", "0", SNODO_DATABASE_URL=populated_url)
    assert ended.returncode == 1
    assert "people who are not the demo's" in ended.stderr
    connection = await asyncpg.connect(populated_url.replace("+asyncpg", ""))
    assert await connection.fetchval("SELECT count(*) FROM agency_client") == 0
    await connection.close()
    for _ in range(2):
        assert snodo("demo", "--check", "--port", "0", SNODO_DATABASE_URL=database_url).returncode == 0
