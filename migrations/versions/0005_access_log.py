# SPDX-License-Identifier: EUPL-1.2
"""The access log: monthly partitions, and who reads it."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0005_access_log.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0005_access_log_down.sql", role=Settings().database_role)
