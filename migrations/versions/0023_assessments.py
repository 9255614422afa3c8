# SPDX-License-Identifier: EUPL-1.2
"""Runs of a measure over all its households, and what the rules said of each."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0023_assessments.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0023_assessments_down.sql")
