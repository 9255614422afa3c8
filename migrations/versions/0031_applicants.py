# SPDX-License-Identifier: EUPL-1.2
"""A household has the applicant INPS names."""

from __future__ import annotations

from alembic import op

from migrations.scripts import run_script

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0031_applicants.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0031_applicants_down.sql")
