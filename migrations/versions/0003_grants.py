# SPDX-License-Identifier: EUPL-1.2
"""Grants: fields by named sets, ambiti, the people themselves."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0003_grants.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0003_grants_down.sql")
