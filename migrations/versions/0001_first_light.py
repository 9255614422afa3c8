# SPDX-License-Identifier: EUPL-1.2
"""First light: every table the hub starts with, what guards them, the hub's role and the regions."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0001_tables.sql")
    run_script(op.get_bind(), "0001_guards.sql")
    run_script(op.get_bind(), "0001_role.sql", role=Settings().database_role)
    run_script(op.get_bind(), "0001_regions.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0001_down.sql", role=Settings().database_role)
