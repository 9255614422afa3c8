# SPDX-License-Identifier: EUPL-1.2
"""The connections of a hub process: a pool that reads, two that record, one for all else that is written."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy.engine import make_url

from hub.errors import DatabaseError
from hub.settings import Settings
from hub.store.embedded import embedded_server

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

LONGEST_OPENING = 5.0
"""Seconds a new connection may take to open."""
SILENCE = 2.0
"""Seconds beyond the statement timeout after which a server that says nothing is given up."""
READING = {
    # To plan a person's page takes PostgreSQL five times as long as to run it, and left to itself it may plan each run anew, for
    # the values at hand. What the hub reads by is an index whatever the values: tests/store/test_indexes.py holds it to that.
    "plan_cache_mode": "force_generic_plan",
    # Pages are looked up one by one, from memory or a solid-state disk: PostgreSQL's own 4 is that of a spinning one.
    "random_page_cost": "1.1",
    # Not knowing how few rows `LIMIT` will ask for, such a plan starts workers for them: a page of the feed took twice the CPU.
    "max_parallel_workers_per_gather": "0",
}
"""Further settings of a session that reads."""
RECORDING = {"plan_cache_mode": "force_generic_plan", "max_parallel_workers_per_gather": "0"}
"""Further settings of a session that records: to plan a recording takes several times as long as to run it, and each would be planned anew."""
LARGEST_PREPARED = 32_768
"""Characters of a statement that stays prepared. One of 5,000, a person's page, takes 300 KB of its connection's process."""
BULK = 4
"""Connections that record many events at once; whoever comes when all are busy waits. More would take the server from who records one."""
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


class Database:
    """The pools.

    Statements that make JSON run on `read`; those that write rows and read them back, on `record`: their text comes as bytes. What
    records a thousand events at once runs on `bulk`, other commands on `write`.
    """

    def __init__(self, read: Pool, write: Pool, record: Pool, bulk: Pool) -> None:
        self.read = read
        self.write = write
        self.record = record
        self.bulk = bulk


def database_url(settings: Settings) -> AbstractContextManager[str]:
    """The URL of the database for as long as the context lasts: yours, or the embedded server's."""
    if settings.database_url is not None:
        return nullcontext(settings.database_url.get_secret_value())
    return embedded_server(settings.data_dir)


def connection_arguments(url: str) -> dict[str, Any]:
    """What asyncpg needs of a `postgresql+asyncpg://` URL.

    Of the query, `host` (a socket's directory) and `ssl` or `sslmode` are understood; another key is refused, since leaving
    it out unsaid may leave out the encryption somebody asked for.

    Raises:
        DatabaseError: the URL is of another kind, or its query has another key, or no mode of TLS.

    """
    parsed = make_url(url)
    if parsed.drivername not in ("postgresql+asyncpg", "postgresql", "postgres"):
        raise DatabaseError(
            f"SNODO_DATABASE_URL must start with postgresql+asyncpg://, not {parsed.drivername}://."
        )
    if unknown := sorted(parsed.query.keys() - {"host", "ssl", "sslmode"}):
        raise DatabaseError(
            f"SNODO_DATABASE_URL has {', '.join(unknown)} in its query, which the hub does not understand: "
            "host, ssl and sslmode may be there; PGSSLROOTCERT and its like are environment variables."
        )
    ssl = parsed.query.get("ssl") or parsed.query.get("sslmode")
    if ssl is not None and ssl not in SSL_MODES:
        raise DatabaseError(f"ssl in SNODO_DATABASE_URL must be one of {', '.join(SSL_MODES)}.")
    arguments = {
        "host": parsed.query.get("host") or parsed.host,
        "port": parsed.port,
        "user": parsed.username,
        "password": parsed.password,
        "database": parsed.database,
        "ssl": ssl,
    }
    return {name: value for name, value in arguments.items() if value is not None}


@asynccontextmanager
async def open_database(url: str, settings: Settings) -> AsyncIterator[Database]:
    """Open the pools under the hub's role, and close them.

    Raises:
        DatabaseError: the server cannot be reached or refuses the role.

    """
    pool = {
        **_connection(url, settings),
        "max_inactive_connection_lifetime": 0,
        # A connection replaced after some thousand queries would prepare its statements again.
        "max_queries": sys.maxsize,
        "max_cached_statement_lifetime": 0,
        "max_cacheable_statement_size": LARGEST_PREPARED,
        "reset": keep_session,
    }
    async with AsyncExitStack() as opened:
        try:
            read, record = [
                await opened.enter_async_context(
                    asyncpg.create_pool(
                        **(pool | {"server_settings": {**pool["server_settings"], **further}}),
                        min_size=1,
                        max_size=most,
                        statement_cache_size=settings.prepared_statements,
                        init=take_text_as_bytes,
                    )
                )
                for further, most in (
                    (READING, settings.read_connections),
                    (RECORDING, settings.write_connections),
                )
            ]
            bulk = await opened.enter_async_context(
                asyncpg.create_pool(
                    **(pool | {"server_settings": {**pool["server_settings"], **RECORDING}}),
                    min_size=0,
                    max_size=BULK,
                )
            )
            write = await opened.enter_async_context(
                asyncpg.create_pool(**pool, min_size=1, max_size=settings.write_connections)
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise DatabaseError(
                f"The database cannot be opened as role {settings.database_role}: {type(error).__name__}. Has `snodo migrate` been run?"
            ) from error
        yield Database(read, write, record, bulk)


async def open_connection(url: str, settings: Settings) -> asyncpg.Connection[asyncpg.Record]:
    """A connection of its own, under the hub's role: for what must stay on one, and would be missing in a pool."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(**_connection(url, settings))
    return connection


def _connection(url: str, settings: Settings) -> dict[str, Any]:
    return {
        **connection_arguments(url),
        "server_settings": {
            "application_name": "snodo",
            "role": settings.database_role,
            "timezone": "UTC",
            "datestyle": "ISO",
            "jit": "off",
            "statement_timeout": str(int(settings.statement_timeout * 1000)),
            # NOTE an answer leaves, a command is acknowledged, when its line of the access log is durable: whatever the database's default.
            "synchronous_commit": "on",
        },
        # PostgreSQL ends a statement that takes too long; this ends one whose server has fallen silent.
        "command_timeout": settings.statement_timeout + SILENCE,
        "timeout": LONGEST_OPENING,
    }


async def take_text_as_bytes(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Take text as the bytes it came in: an answer is passed on, never decoded and encoded again."""
    await connection.set_type_codec(
        "text", schema="pg_catalog", format="binary", encoder=encode_text, decoder=bytes
    )


def encode_text(value: str | bytes) -> bytes:
    """A parameter of type text, as the bytes PostgreSQL takes."""
    return value if isinstance(value, bytes) else str(value).encode()


async def keep_session(_connection: object) -> None:
    """Nothing to reset: no statement of the hub leaves state in its session, and the round trip costs a sixth of a small request."""
