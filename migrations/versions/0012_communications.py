# SPDX-License-Identifier: EUPL-1.2
"""Hires that arrive as mandatory communications."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0012_communications.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0012_communications_down.sql")
