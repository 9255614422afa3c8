# SPDX-License-Identifier: EUPL-1.2
"""What other systems are told of facts recorded here, and how far each fact has come."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0020_deliveries.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0020_deliveries_down.sql")
