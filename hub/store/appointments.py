# SPDX-License-Identifier: EUPL-1.2
"""Convocations: when a person was called, and whether they came."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.vocabulary import ConvocationChannel, ConvocationOutcome, ConvocationReason

if TYPE_CHECKING:
    from hub.store.households import Beneficiary


class Convocation(Base):
    """A convocation (convocazione) of a person by an office."""

    __tablename__ = "convocation"
    __table_args__ = (
        one_of("channel", ConvocationChannel),
        one_of("reason", ConvocationReason),
        CheckConstraint(
            "outcome IS NULL OR outcome IN (" + ", ".join(f"'{o.value}'" for o in ConvocationOutcome) + ")",
            name="outcome",
        ),
        Index(None, "beneficiary_id", "scheduled_at", "id"),
        Index(None, "scheduled_at", "beneficiary_id"),
        Index(None, "outcome", "beneficiary_id"),
    )

    id: Mapped[Key]
    beneficiary_id: Mapped[UUID] = mapped_column(ForeignKey("beneficiary.id"))
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    scheduled_at: Mapped[datetime]
    channel: Mapped[ConvocationChannel] = mapped_column(words(ConvocationChannel))
    reason: Mapped[ConvocationReason] = mapped_column(words(ConvocationReason))
    outcome: Mapped[ConvocationOutcome | None] = mapped_column(words(ConvocationOutcome))
    updated_at: Mapped[RecordedAt]

    beneficiary: Mapped[Beneficiary] = relationship(back_populates="convocations", viewonly=True)
