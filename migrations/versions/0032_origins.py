# SPDX-License-Identifier: EUPL-1.2
"""What an agency told says when it landed, and by which run."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0032_origins.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0032_origins_down.sql")
