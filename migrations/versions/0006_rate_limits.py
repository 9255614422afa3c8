# SPDX-License-Identifier: EUPL-1.2
"""Rate limits and daily quotas of consumers and purposes."""

from __future__ import annotations

from alembic import op

from migrations.scripts import run_script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0006_rate_limits.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0006_rate_limits_down.sql")
