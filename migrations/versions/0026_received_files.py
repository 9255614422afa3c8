# SPDX-License-Identifier: EUPL-1.2
"""Files that regions send: what became of each, and of each record that was refused."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0026_received_files.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0026_received_files_down.sql")
