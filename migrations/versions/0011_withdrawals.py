# SPDX-License-Identifier: EUPL-1.2
"""Events are taken back, and recorded with evidence and the reason of an absence."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    role = Settings().database_role
    run_script(op.get_bind(), "0011_withdrawals.sql", role=role)
    run_script(op.get_bind(), "0011_evidence.sql", role=role)


def downgrade() -> None:
    run_script(op.get_bind(), "0011_evidence_down.sql")
    run_script(op.get_bind(), "0011_withdrawals_down.sql")
