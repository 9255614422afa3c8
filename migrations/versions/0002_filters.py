# SPDX-License-Identifier: EUPL-1.2
"""Filters and orders: what they compare, and the indexes that serve them."""

from __future__ import annotations

from alembic import op

from migrations.scripts import run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0002_filters.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0002_filters_down.sql")
