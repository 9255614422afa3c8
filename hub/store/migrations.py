# SPDX-License-Identifier: EUPL-1.2
"""Bringing the database to the version the code is written for, and refusing one that is newer."""

from __future__ import annotations

from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

import migrations
from hub.errors import DatabaseError
from hub.store.engine import connection_arguments
from hub.store.statement import Connection


class DatabaseTooNew(DatabaseError):
    """The database was migrated by a newer version of the hub; install that version, or restore a backup."""


class DatabaseTooOld(DatabaseError):
    """The database is older than the code: run `snodo migrate`."""


class MigrationRefused(DatabaseError):
    """The database refused a migration, and is as it was."""


def alembic_config(url: str) -> Config:
    """Alembic's configuration for the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade to `revision`.

    Raises:
        DatabaseTooNew: the database holds a revision this code does not know.
        MigrationRefused: what is in the database does not meet what a migration demands; it is as it was.

    """
    known_or_refuse(url)
    try:
        command.upgrade(alembic_config(url), revision)
    except (asyncpg.PostgresError, DBAPIError) as error:
        # SQLAlchemy's own statements fail by an error of its own, around the driver's.
        cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
        if not isinstance(cause, asyncpg.PostgresError):
            raise
        raise MigrationRefused(_told(cause)) from error


def _told(error: asyncpg.PostgresError) -> str:
    # NOTE its DETAIL would quote a row.
    told = error.as_dict()
    hint = told.get("hint")
    if isinstance(error, asyncpg.QueryCanceledError):
        hint = "Everything is as it was; a very large database needs a longer SNODO_MIGRATION_TIMEOUT"
    return " ".join(f"{part.rstrip('.')}." for part in (told["message"], hint) if part)


def downgrade(url: str, revision: str) -> None:
    """Downgrade to `revision`."""
    command.downgrade(alembic_config(url), revision)


def known_or_refuse(url: str) -> None:
    """Raise DatabaseTooNew when the database's revision is not one of ours."""
    import asyncio

    found = asyncio.run(_revision_at(url))
    if found is not None and found not in {script.revision for script in _scripts(url).walk_revisions()}:
        raise DatabaseTooNew(
            f"The database is at revision {found}, which this version of the hub does not know: it was migrated by a newer "
            "one. Install that version, or restore a backup."
        )


async def check_version(connection: Connection, url: str) -> None:
    """Raise unless the database is at exactly the revision this code is written for."""
    found, head = await read_revision(connection), _scripts(url).get_current_head()
    if found == head:
        return
    if found is not None and found not in {script.revision for script in _scripts(url).walk_revisions()}:
        raise DatabaseTooNew(
            f"The database is at revision {found}, newer than this hub's {head}: install the newer hub."
        )
    raise DatabaseTooOld(
        f"The database is at revision {found or 'none'}, this hub needs {head}: run `snodo migrate`."
    )


async def read_revision(connection: Connection) -> str | None:
    """The revision written in the database; None for an empty one."""
    if await connection.fetchval("SELECT to_regclass('public.alembic_version')") is None:
        return None
    found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return found


async def _revision_at(url: str) -> str | None:
    try:
        connection = await asyncpg.connect(**connection_arguments(url))
    except (OSError, asyncpg.PostgresError) as error:
        raise DatabaseError(f"The database cannot be reached: {type(error).__name__}.") from error
    try:
        return await read_revision(connection)
    finally:
        await connection.close()


def _scripts(url: str) -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config(url))
