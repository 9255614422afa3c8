# SPDX-License-Identifier: EUPL-1.2
"""An accepted offer leads to one hire that stands; a withdrawal is of the pact of what it takes back."""

from __future__ import annotations

from alembic import op

from migrations.scripts import run_script

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0018_hires.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0018_hires_down.sql")
