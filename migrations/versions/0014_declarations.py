# SPDX-License-Identifier: EUPL-1.2
"""What was declared of households and their members."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0014_declarations.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0014_declarations_down.sql")
