# SPDX-License-Identifier: EUPL-1.2
"""The migrations against the models, up and down, and the guards they set."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from hub.store.engine import Database, connection_arguments
from hub.store.migrations import (
    DatabaseTooNew,
    DatabaseTooOld,
    MigrationRefused,
    alembic_config,
    check_version,
    downgrade,
    migrate,
    read_revision,
)
from hub.store.tables import metadata


async def constraints(url: str) -> set[tuple[str, str]]:
    """Table and name of each CHECK, foreign key, unique and exclusion constraint in the database."""
    connection = await asyncpg.connect(**connection_arguments(url))
    rows = await connection.fetch(
        "SELECT conrelid::regclass::text AS t, conname FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'p', 'u', 'x') AND NOT conislocal = false"
    )
    await connection.close()
    return {
        (row["t"], row["conname"]) for row in rows if not row["t"].startswith(("alembic_", "access_log_"))
    }


async def test_models_and_migrations_agree(database_url: str) -> None:
    await asyncio.to_thread(command.check, alembic_config(database_url))


async def test_every_constraint_of_the_models_is_in_the_database_under_its_name(database_url: str) -> None:
    modelled = {
        (table.name, str(c.name)) for table in metadata.tables.values() for c in table.constraints if c.name
    }
    assert all(c.name for table in metadata.tables.values() for c in table.constraints)
    assert await constraints(database_url) == modelled


async def test_downgrade_leaves_nothing_and_upgrade_brings_it_back(empty_url: str) -> None:
    await asyncio.to_thread(migrate, empty_url)
    before = await constraints(empty_url)
    await asyncio.to_thread(downgrade, empty_url, "base")
    connection = await asyncpg.connect(**connection_arguments(empty_url))
    left = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')"
    )
    functions = await connection.fetchval(
        "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')"
    )
    defaults = await connection.fetchval("SELECT count(*) FROM pg_default_acl")
    await connection.close()
    assert [row["relname"] for row in left] == ["alembic_version"]
    assert (functions, defaults) == (0, 0)
    await asyncio.to_thread(migrate, empty_url)
    assert await constraints(empty_url) == before


async def test_two_processes_may_migrate_at_once(empty_url: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(_migrate_in_a_process, empty_url) for _ in range(2)))
    connection = await asyncpg.connect(**connection_arguments(empty_url))
    newest = ScriptDirectory.from_config(alembic_config(empty_url)).get_current_head()
    assert await read_revision(connection) == newest
    await connection.close()


def _migrate_in_a_process(url: str, environment: Mapping[str, str] | None = None) -> None:
    program = "import sys; from hub.store.migrations import migrate; migrate(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", program, url], check=True, env={**os.environ, **(environment or {})}
    )


async def test_a_database_newer_than_the_code_is_refused(
    owner: asyncpg.Connection[asyncpg.Record], database_url: str
) -> None:
    await owner.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseTooNew, match="9999"):
        await check_version(owner, database_url)
    with pytest.raises(DatabaseTooNew, match="newer"):
        await asyncio.to_thread(migrate, database_url)


async def test_a_migration_that_takes_too_long_says_how_to_give_it_more(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNODO_MIGRATION_TIMEOUT", "0.1")
    other = await asyncpg.connect(**connection_arguments(empty_url))
    async with other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(7203001)")  # as another process that migrates
        with pytest.raises(MigrationRefused, match="SNODO_MIGRATION_TIMEOUT"):
            await asyncio.to_thread(migrate, empty_url)
    assert await other.fetch("SELECT FROM pg_tables WHERE schemaname = 'public'") == []
    await other.close()


async def test_who_migrates_waits_for_another_who_takes_long(empty_url: str) -> None:
    other = await asyncpg.connect(**connection_arguments(empty_url))
    async with other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(7203001)")
        waiting = asyncio.create_task(asyncio.to_thread(migrate, empty_url))
        done, _ = await asyncio.wait([waiting], timeout=5.5)  # longer than it waits for any other lock
        assert not done
    await other.close()
    await waiting
    assert len(await constraints(empty_url)) > 100


async def test_a_database_without_tables_asks_for_migrate(empty_url: str) -> None:
    connection = await asyncpg.connect(**connection_arguments(empty_url))
    with pytest.raises(DatabaseTooOld, match="snodo migrate"):
        await check_version(connection, empty_url)
    await connection.close()


@pytest.mark.parametrize(
    "table",
    [
        "conditionality_event", "feed_entry", "feed_content", "feed_tile", "feed_checkpoint", "access_log",
        "access_selection",
    ],
)  # fmt: skip
@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
async def test_append_only_tables_refuse_even_their_owner(
    owner: asyncpg.Connection[asyncpg.Record], database: Database, table: str, change: str
) -> None:
    column = str(next(iter(metadata.tables[table].columns)).name)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await owner.execute(change.format(table, column))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        await database.write.execute(change.format(table, column))


async def test_a_table_of_a_later_migration_is_the_hubs_to_use(
    owner: asyncpg.Connection[asyncpg.Record], database: Database
) -> None:
    await owner.execute("CREATE TABLE later (id int GENERATED BY DEFAULT AS IDENTITY, note serial)")
    role = await database.write.fetchval("SELECT current_user")
    for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE"):
        assert await owner.fetchval("SELECT has_table_privilege($1, 'later', $2)", role, privilege)
    assert not await owner.fetchval("SELECT has_table_privilege($1, 'later', 'TRUNCATE')", role)
    assert await owner.fetchval("SELECT has_sequence_privilege($1, 'later_note_seq', 'USAGE')", role)


async def test_an_owner_who_is_no_superuser_migrates_and_takes_the_role(empty_url: str) -> None:
    name = make_url(empty_url).database
    connection = await asyncpg.connect(**connection_arguments(empty_url))
    await connection.execute(
        f'CREATE ROLE "owner_{name}" LOGIN CREATEROLE; GRANT CREATE ON SCHEMA public TO "owner_{name}";'
        f'GRANT CREATE ON DATABASE "{name}" TO "owner_{name}"'
    )
    url = make_url(empty_url).set(username=f"owner_{name}").render_as_string(hide_password=False)
    try:
        await asyncio.to_thread(_migrate_in_a_process, url, {"SNODO_DATABASE_ROLE": f"hub_{name}"})
        owned = await asyncpg.connect(**connection_arguments(url))
        await owned.execute(f'SET ROLE "hub_{name}"')
        assert await owned.fetchval("SELECT count(*) FROM beneficiary") == 0
        await owned.close()
    finally:
        await connection.execute(
            f'DROP OWNED BY "hub_{name}"; DROP OWNED BY "owner_{name}" CASCADE;'
            f'DROP ROLE "hub_{name}"; DROP ROLE "owner_{name}"'
        )
        await connection.close()
