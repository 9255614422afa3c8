# SPDX-License-Identifier: EUPL-1.2
"""Tokens that are taken once, by the hash of what they call themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from hub.store.base import Base


class SeenToken(Base):
    """That a token of single use was presented. The hash says neither whose it was nor what was asked."""

    __tablename__ = "seen_token"
    __table_args__ = (
        CheckConstraint("length(token_hash) = 32", name="token_hash"),
        CheckConstraint("length(use_hash) = 32", name="use_hash"),
        Index(None, "expires_at"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime]
    # What it was presented for, where it may be presented again for that.
    use_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
