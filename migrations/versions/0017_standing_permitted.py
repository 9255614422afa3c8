# SPDX-License-Identifier: EUPL-1.2
"""The shipped purposes that act on a person's breaches are permitted to ask where the person stands."""

from __future__ import annotations

from alembic import op

from migrations.scripts import run_script

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0017_standing_permitted.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0017_standing_permitted_down.sql")
