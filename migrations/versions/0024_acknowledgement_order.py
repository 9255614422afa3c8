# SPDX-License-Identifier: EUPL-1.2
"""Acknowledgements of the feed are dated in the order they were made."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0024_acknowledgement_order.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0024_acknowledgement_order_down.sql")
