# SPDX-License-Identifier: EUPL-1.2
"""What lies in quarantine can be asked for and put away, and what is settled is kept as its digest alone."""

from __future__ import annotations

import hashlib

import orjson
from alembic import op
from sqlalchemy import Connection, text

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

AT_ONCE = 1_000
"""Records whose digests are written by one statement."""


def upgrade() -> None:
    run_script(op.get_bind(), "0034_quarantine.sql", role=Settings().database_role)
    write_digests(op.get_bind())
    run_script(op.get_bind(), "0034_quarantine_settled.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0034_quarantine_down.sql")


def write_digests(connection: Connection) -> None:
    """Give each settled record the digest it would have been given: SHA-256 of its JSON, members in order, no blanks."""
    settled = text(
        "SELECT id, payload::text FROM quarantined_record"
        " WHERE resolved_at IS NOT NULL AND payload_digest IS NULL LIMIT :most"
    )
    write = text("UPDATE quarantined_record SET payload_digest = :digest WHERE id = :id")
    while rows := connection.execute(settled, {"most": AT_ONCE}).all():
        connection.execute(
            write,
            [
                {
                    "id": key,
                    "digest": hashlib.sha256(
                        orjson.dumps(orjson.loads(payload), option=orjson.OPT_SORT_KEYS)
                    ).hexdigest(),
                }
                for key, payload in rows
            ],
        )
