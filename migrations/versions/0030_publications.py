# SPDX-License-Identifier: EUPL-1.2
"""Agencies publish job offers, placements and courses; every version is kept."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0030_publications.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0030_publications_down.sql")
