# SPDX-License-Identifier: EUPL-1.2
"""Real PostgreSQL for the tests: the server of SNODO_TEST_DATABASE_URL, or an embedded one for each test process.

A database is cloned from a template that was migrated once; each test that asks gets its own.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import asyncpg
import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import make_url

from hub.settings import Settings
from hub.store.embedded import embedded_server
from hub.store.engine import Database, connection_arguments, open_database
from hub.store.migrations import migrate
from hub.store.population.seed import seed_population
from tests.witness import WITNESS, listening

_numbers = itertools.count(1)

POPULATION_DAY = date(2026, 6, 15)

# How long an example takes says something of the machine, and nothing of the code. With CI set the examples are the same in every run.
settings.register_profile(
    "suite", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def nothing_personal_is_said() -> Iterator[None]:
    """Whatever the hub logs, counts, refuses or calls in any test of this process: none of it is about a person."""
    with listening(WITNESS):
        yield
    leaks = WITNESS.leaks()
    assert not leaks, "\n".join(["Personal data outside an answer:", *leaks])


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """A command sends the process's log to its own stderr, which ends with the test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of published contracts and data beside the project; tests that need it skip where it is absent."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not beside this checkout: no published contracts or data to test against")
    return folder


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder for an embedded server. Not pytest's: that one is closed to every other user by the next pytest that starts,
    and as root the server runs as a user of its own."""
    with tempfile.TemporaryDirectory(prefix="snodo-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A server on which this test process may create databases."""
    given = os.environ.get("SNODO_TEST_DATABASE_URL")
    if given:
        yield given
    else:
        with open_folder() as folder, embedded_server(folder) as url:
            yield url


def _sibling(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


async def create_database(server_url: str, name: str, template: str) -> str:
    """A database of this name, a copy of the template; its URL."""
    connection = await asyncpg.connect(**connection_arguments(_sibling(server_url, "postgres")))
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await connection.close()
    return _sibling(server_url, name)


async def drop_database(server_url: str, name: str) -> None:
    """Remove a database, whoever is connected to it; who was in it is remembered, and looked for in what was said."""
    await WITNESS.personal.learn(_sibling(server_url, name))
    connection = await asyncpg.connect(**connection_arguments(_sibling(server_url, "postgres")))
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def template(server_url: str, worker_id: str) -> str:
    """The name of a migrated, empty database that others are copied from."""
    name = f"snodo_template_{worker_id}"
    url = asyncio.run(create_database(server_url, name, "template0"))
    migrate(url)
    return name


@pytest.fixture
async def empty_url(server_url: str, worker_id: str) -> AsyncIterator[str]:
    """The URL of a database without tables, the test's own."""
    name = f"snodo_empty_{worker_id}_{next(_numbers)}"
    yield await create_database(server_url, name, "template0")
    await drop_database(server_url, name)


@pytest.fixture
async def database_url(server_url: str, template: str, worker_id: str) -> AsyncIterator[str]:
    """The URL of a migrated database, the test's own."""
    name = f"snodo_test_{worker_id}_{next(_numbers)}"
    yield await create_database(server_url, name, template)
    await drop_database(server_url, name)


@pytest.fixture(scope="session")
def population(server_url: str, template: str, worker_id: str) -> str:
    """The name of a database with 2,000 synthetic people of 15 June 2026, that others are copied from."""

    async def fill(url: str) -> None:
        connection = await asyncpg.connect(**connection_arguments(url))
        await seed_population(
            connection, beneficiaries=2_000, seed=1, today=POPULATION_DAY, progress=lambda *_: None
        )
        await connection.close()

    name = f"snodo_population_{worker_id}"
    url = asyncio.run(create_database(server_url, name, template))
    asyncio.run(fill(url))
    return name


@pytest.fixture
async def populated_url(server_url: str, population: str, worker_id: str) -> AsyncIterator[str]:
    """The URL of a database with that population, the test's own."""
    name = f"snodo_populated_{worker_id}_{next(_numbers)}"
    yield await create_database(server_url, name, population)
    await drop_database(server_url, name)


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection to `database_url` as the owner of its tables."""
    connection = await asyncpg.connect(**connection_arguments(database_url))
    yield connection
    await connection.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The hub's own pools on `database_url`, under the hub's role."""
    async with open_database(database_url, Settings(read_connections=4, write_connections=4)) as opened:
        yield opened
