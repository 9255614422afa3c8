# SPDX-License-Identifier: EUPL-1.2
"""Communications that correct or annul another."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0019_corrections.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0019_corrections_down.sql")
