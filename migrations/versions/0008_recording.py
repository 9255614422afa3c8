# SPDX-License-Identifier: EUPL-1.2
"""What may be recorded: one fact is one event."""

from __future__ import annotations

from alembic import op

from migrations.scripts import run_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0008_recording.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0008_recording_down.sql")
