# SPDX-License-Identifier: EUPL-1.2
"""Who consumes the feed: regions and municipalities too, what each acknowledged, and what INPS decided."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0009_consumers.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0009_consumers_down.sql")
