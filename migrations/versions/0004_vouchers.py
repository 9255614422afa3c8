# SPDX-License-Identifier: EUPL-1.2
"""Vouchers: what a consumer must present, and what was seen once."""

from __future__ import annotations

from alembic import op

from migrations.scripts import run_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0004_vouchers.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0004_vouchers_down.sql")
