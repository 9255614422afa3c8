# SPDX-License-Identifier: EUPL-1.2
"""Running a named SQL file inside a migration's transaction."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text


def run_script(connection: Connection, name: str, *, role: str | None = None) -> None:
    """Run `migrations/sql/NAME`, many statements at once, in the open transaction.

    `role`: the hub's role, handed on as the setting `snodo.role` for as long as the transaction lasts.
    """
    script = (Path(__file__).parent / "sql" / name).read_text(encoding="utf-8")
    # Also begins the transaction: SQLAlchemy's adapter does so at the first statement that goes through it.
    connection.execute(text("SELECT set_config('snodo.role', :role, true)"), {"role": role or ""})
    # asyncpg runs several statements at once only unprepared, which SQLAlchemy's cursor never is.
    connection.connection.dbapi_connection.run_async(lambda driver: driver.execute(script))  # type: ignore[union-attr]
