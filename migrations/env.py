# SPDX-License-Identifier: EUPL-1.2
"""How Alembic reaches the database; run by `hub.store.migrations` and by `alembic` on the command line."""

from __future__ import annotations

import asyncio

import asyncpg
from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from hub.settings import Settings
from hub.store.engine import connection_arguments, database_url
from hub.store.tables import metadata


def is_modelled(name: str | None, kind: str, _parents: object) -> bool:
    """Partitions are made by scripts and by the worker, not by models."""
    return not (kind == "table" and name is not None and name.startswith("access_log_"))


def run(connection: Connection) -> None:
    """Run the migrations; a lock that is not free in five seconds is an error, not a queue behind which reads wait."""
    timeout = str(int(Settings().migration_timeout * 1000))
    connection.execute(text("SELECT set_config('statement_timeout', :timeout, false)"), {"timeout": timeout})
    connection.commit()
    context.configure(connection=connection, target_metadata=metadata, include_name=is_modelled)
    with context.begin_transaction():
        # Two processes that migrate at once: the second waits, as long as the first takes, and finds nothing to do.
        connection.execute(text("SELECT pg_advisory_xact_lock(7203001)"))
        connection.execute(text("SET lock_timeout = '5s'"))
        context.run_migrations()


async def main(url: str) -> None:
    """Connect as the owner of the tables."""
    # The hub reads the URL in one way only: SQLAlchemy would understand other keys of its query.
    engine = create_async_engine(
        "postgresql+asyncpg://",
        poolclass=pool.NullPool,
        async_creator=lambda: asyncpg.connect(**connection_arguments(url)),
    )
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


given = context.config.attributes.get("url")
if given is not None:
    asyncio.run(main(given))
else:
    with database_url(Settings()) as found:
        asyncio.run(main(found))
