# SPDX-License-Identifier: EUPL-1.2
"""Deliveries are not drawn from what is being erased, and their attempts are counted as far as they go."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0029_drawn_while_erased.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0029_drawn_while_erased_down.sql")
