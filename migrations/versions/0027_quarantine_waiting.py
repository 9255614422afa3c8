# SPDX-License-Identifier: EUPL-1.2
"""What waits in quarantine is found by an index of its own."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0027_quarantine_waiting.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0027_quarantine_waiting_down.sql")
