# SPDX-License-Identifier: EUPL-1.2
"""Real PostgreSQL for the tests: the server of SNODO_TEST_DATABASE_URL, or an embedded one for each test process.

A database is cloned from a template that was migrated once; each test that asks gets its own.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from hub.settings import Settings
from hub.store.embedded import embedded_server
from hub.store.engine import Database, connection_arguments, open_database
from hub.store.migrations import migrate

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of published contracts and data beside the project; tests that need it skip where it is absent."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not beside this checkout: no published contracts or data to test against")
    return folder


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on which this test process may create databases."""
    given = os.environ.get("SNODO_TEST_DATABASE_URL")
    if given:
        yield given
    else:
        with embedded_server(tmp_path_factory.mktemp("server")) as url:
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
    """Remove a database, whoever is connected to it."""
    connection = await asyncpg.connect(**connection_arguments(_sibling(server_url, "postgres")))
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def template(server_url: str, worker_id: str) -> str:
    """The name of a migrated, empty database that others are copied from."""
    import asyncio

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
