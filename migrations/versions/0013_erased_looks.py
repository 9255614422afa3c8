# SPDX-License-Identifier: EUPL-1.2
"""Who looked at somebody by a place of the feed is known after that place was erased."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0013_erased_looks.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0013_erased_looks_down.sql")
