# SPDX-License-Identifier: EUPL-1.2
"""A municipality has declarations verified, and is told of an ISEE below a threshold."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0035_declarations_verified.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0035_declarations_verified_down.sql")
