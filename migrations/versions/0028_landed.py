# SPDX-License-Identifier: EUPL-1.2
"""Pacts say when they landed."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0028_landed.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0028_landed_down.sql")
