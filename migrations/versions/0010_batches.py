# SPDX-License-Identifier: EUPL-1.2
"""Who may record an event may record many at once."""

from __future__ import annotations

from alembic import op

from migrations.scripts import run_script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0010_batches.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0010_batches_down.sql")
