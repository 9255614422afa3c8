# SPDX-License-Identifier: EUPL-1.2
"""Calls counted: how many of a window's calls have been leased to hub processes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from hub.store.base import Base, one_of, words
from hub.store.vocabulary import CallsOf, CallWindow


class CallCount(Base):
    """The calls of one window: of a purpose, a consumer, a citizen, or all agencies together (whose key is zero).

    `used` is what has been leased to processes and not given back, so that it is never below what was answered. Written by the
    functions `lease_calls` and `give_back_calls` alone.
    """

    __tablename__ = "call_count"
    __table_args__ = (
        one_of("calls_of", CallsOf),
        one_of("call_window", CallWindow),
        CheckConstraint("used >= 0", name="used"),
        CheckConstraint("ends_at > starts_at", name="ends_at"),
        Index(None, "ends_at"),
    )

    calls_of: Mapped[CallsOf] = mapped_column(words(CallsOf), primary_key=True)
    call_window: Mapped[CallWindow] = mapped_column(words(CallWindow), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]
    used: Mapped[int] = mapped_column(BigInteger)
