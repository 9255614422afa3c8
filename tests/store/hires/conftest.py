# SPDX-License-Identifier: EUPL-1.2
"""A world of its own for each test of communicated hires, and a region that sends them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import asyncpg
import pytest

from hub.access.caller import Scope
from hub.access.rows import REGIONS, PeopleInReach
from hub.ledger.record import Recorder
from hub.store.engine import Database, connection_arguments
from hub.store.reference.demo import demo_key, load_demo_reference
from hub.store.vocabulary import AgencyKind, GrantScope
from tests.api.inhabitants import build_world
from tests.api.world import World
from tests.conftest import create_database, drop_database

_names = count(1)


@pytest.fixture(scope="module")
async def made(server_url: str, template: str, worker_id: str) -> AsyncIterator[tuple[str, World]]:
    """A database with the world in it, to be copied for each test."""
    name = f"snodo_hires_{worker_id}"
    connection = await asyncpg.connect(
        **connection_arguments(await create_database(server_url, name, template))
    )
    await load_demo_reference(connection)
    world = await build_world(connection)
    await connection.close()
    yield name, world
    await drop_database(server_url, name)


@pytest.fixture
def world(made: tuple[str, World]) -> World:
    return made[1]


@pytest.fixture
async def database_url(server_url: str, made: tuple[str, World], worker_id: str) -> AsyncIterator[str]:
    name = f"snodo_hire_{worker_id}_{next(_names)}"
    yield await create_database(server_url, name, made[0])
    await drop_database(server_url, name)


@pytest.fixture
def lazio() -> Recorder:
    """A region, about the people of its territory."""
    reach = PeopleInReach(Scope(GrantScope.REGION, single=True))
    return Recorder(
        demo_key("agency", "regione-12"), AgencyKind.REGION, demo_key("client", "x"), demo_key("purpose", "x"), "op-1",
        reach, {REGIONS: "12"},
    )  # fmt: skip


@pytest.fixture
async def hub(database: Database) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection under the hub's own role."""
    async with database.write.acquire() as connection:
        yield connection  # type: ignore[misc]
