# SPDX-License-Identifier: EUPL-1.2
"""A pact says which professions an offer is coherent with."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0033_professions.sql", role=Settings().database_role)


def downgrade() -> None:
    run_script(op.get_bind(), "0033_professions_down.sql")
