# SPDX-License-Identifier: EUPL-1.2
"""Events are taken back."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0011_withdrawals.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0011_withdrawals_down.sql")
