# SPDX-License-Identifier: EUPL-1.2
"""Entries of the feed carry what is proposed to INPS because of them: version 2 of their bytes."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0022_proposals.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0022_proposals_down.sql")
