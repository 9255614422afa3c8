# SPDX-License-Identifier: EUPL-1.2
"""The hub's pools: a server that falls silent, one that refuses, and what a URL may say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from hub.errors import DatabaseError
from hub.http.answers import explained
from hub.settings import Settings
from hub.store.embedded import embedded_server
from hub.store.engine import connection_arguments, open_database
from tests.conftest import open_folder


class Relay:
    """Stands between a client and PostgreSQL; once `silent`, it passes nothing on and closes nothing."""

    def __init__(self, url: str) -> None:
        self.silent = False
        self._arguments = connection_arguments(url)

    @asynccontextmanager
    async def url(self) -> AsyncIterator[str]:
        """The database's URL by way of the relay."""
        server = await asyncio.start_server(self._between, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            given = {name: self._arguments.get(name) for name in ("password", "database")}
            yield (
                make_url("postgresql+asyncpg://127.0.0.1")
                .set(username=self._arguments["user"], port=port, **given)
                .render_as_string(hide_password=False)
            )
        finally:
            server.close()

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._arguments["host"], self._arguments.get("port", 5432)
        if host.startswith("/"):
            there = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            there = await asyncio.open_connection(host, port)
        await asyncio.gather(self._pass_on(reader, there[1]), self._pass_on(there[0], writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if not self.silent:
                    writer.write(data)
        writer.close()


@pytest.mark.parametrize("pool", ["read", "write"])
async def test_a_server_that_falls_silent_is_given_up(database_url: str, pool: str) -> None:
    relay = Relay(database_url)
    settings = Settings(statement_timeout=0.1, read_connections=2, write_connections=2)
    async with relay.url() as url, open_database(url, settings) as database:
        asked = getattr(database, pool)
        assert await asked.fetchval("SELECT 1") == 1
        relay.silent = True
        before = monotonic()
        async with asyncio.timeout(20):
            with pytest.raises(TimeoutError) as failure:
                await asked.fetchval("SELECT 1")
        assert monotonic() - before < 10
        status, told = explained(failure.value)
        assert (status, told["extensions"]["code"]) == (503, "DATABASE_UNAVAILABLE")
        relay.silent = False
        assert await asked.fetchval("SELECT 1") == 1, "its place in the pool is free again"


async def test_the_first_pool_is_closed_when_the_second_cannot_be_opened(
    database_url: str, owner: asyncpg.Connection[asyncpg.Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    create_pool = asyncpg.create_pool
    made: list[Any] = []

    def once(**arguments: Any) -> Any:
        if made:
            raise ConnectionRefusedError
        made.append(create_pool(**arguments))
        return made[0]

    monkeypatch.setattr(asyncpg, "create_pool", once)
    with pytest.raises(DatabaseError, match="ConnectionRefusedError"):
        async with open_database(database_url, Settings()):
            pass
    assert made[0].get_size() == 0


async def test_a_connection_keeps_its_statements_for_good(database_url: str) -> None:
    async with open_database(database_url, Settings()) as database:
        pools: list[Any] = [database.read, database.write]
        assert all(holder._max_queries > 10**12 for pool in pools for holder in pool._holders)


URL = "postgresql+asyncpg://owner:secret@db.internal/snodo"


@pytest.mark.parametrize("key", ["ssl", "sslmode"])
def test_tls_may_be_asked_for_in_the_url(key: str) -> None:
    assert connection_arguments(f"{URL}?{key}=verify-full")["ssl"] == "verify-full"
    assert "ssl" not in connection_arguments(URL)
    with pytest.raises(DatabaseError, match="verify-ca") as refused:
        connection_arguments(f"{URL}?{key}=strict")
    assert "strict" not in str(refused.value)


async def test_tls_that_the_server_does_not_have_is_an_error(
    server_url: str,
) -> None:
    relay = Relay(server_url)
    async with relay.url() as url:
        with pytest.raises(DatabaseError, match="ConnectionError"):
            async with open_database(f"{url}?sslmode=require", Settings()):
                pass


@pytest.mark.parametrize("key", ["sslrootcert", "options", "Host", "server_settings"])
def test_what_is_not_understood_in_the_url_is_refused_by_name(key: str) -> None:
    with pytest.raises(DatabaseError, match=f"has {key} in its query") as refused:
        connection_arguments(f"{URL}?host=/run&{key}=hidden")
    assert "hidden" not in str(refused.value)


def test_what_an_interrupted_start_left_is_said() -> None:
    with open_folder() as folder:
        (folder / "postgres" / "base").mkdir(parents=True)
        with (
            pytest.raises(DatabaseError, match="making was interrupted"),
            embedded_server(folder),
        ):
            pass
