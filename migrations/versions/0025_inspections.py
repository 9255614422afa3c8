# SPDX-License-Identifier: EUPL-1.2
"""Samples of households for inspection, and what came of each check."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0025_inspections.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0025_inspections_down.sql")
