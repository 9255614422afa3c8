# SPDX-License-Identifier: EUPL-1.2
"""Who may ask what the law says of a household and of who is bound."""

from __future__ import annotations

from alembic import op

from migrations.scripts import run_script

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0021_entitlement_fields.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0021_entitlement_fields_down.sql")
