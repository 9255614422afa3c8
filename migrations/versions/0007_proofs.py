# SPDX-License-Identifier: EUPL-1.2
"""Proofs: the canonical bytes of every entry of the feed, and the tree and checkpoints over them."""

from __future__ import annotations

from alembic import op

from hub.settings import Settings
from migrations.scripts import run_script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0007_canonical.sql")
    run_script(op.get_bind(), "0007_proofs.sql", role=Settings().database_role)
    run_script(op.get_bind(), "0007_erasure.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0007_proofs_down.sql")
