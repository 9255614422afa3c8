# SPDX-License-Identifier: EUPL-1.2
"""What consumers of the feed say back: how far they have dealt with it, and what they decided. Both append-only."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.store.agencies import Agency
from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.vocabulary import BenefitOutcome

if TYPE_CHECKING:
    from hub.store.ledger import ConditionalityEvent


class FeedAcknowledgement(Base):
    """That a consumer, under one purpose, has dealt with its feed up to a position. Each lies beyond the one before.

    A trigger refuses what goes back, and what the access log does not know as read.
    """

    __tablename__ = "feed_acknowledgement"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    purpose_id: Mapped[UUID] = mapped_column(ForeignKey("purpose.purpose_id"), primary_key=True)
    up_to: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("feed_entry.position"), primary_key=True, autoincrement=False
    )
    client_id: Mapped[UUID | None]
    operator: Mapped[str | None]
    acknowledged_at: Mapped[RecordedAt]


class EventOutcome(Base):
    """What was decided about an event; a later decision is another row."""

    __tablename__ = "event_outcome"
    __table_args__ = (
        one_of("outcome", BenefitOutcome),
        CheckConstraint("length(reference) BETWEEN 1 AND 200", name="reference"),
        CheckConstraint(
            "CASE outcome WHEN 'REDUCED' THEN coalesce(months BETWEEN 1 AND 18, false)"
            " WHEN 'SUSPENDED' THEN coalesce(months BETWEEN 1 AND 18, true) ELSE months IS NULL END",
            name="months",
        ),
        Index(None, "event_id", "reported_at"),
    )

    id: Mapped[Key]
    event_id: Mapped[UUID] = mapped_column(ForeignKey("conditionality_event.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    client_id: Mapped[UUID | None]
    purpose_id: Mapped[UUID | None]
    operator: Mapped[str | None]
    outcome: Mapped[BenefitOutcome] = mapped_column(words(BenefitOutcome))
    reference: Mapped[str]
    decided_on: Mapped[date]
    months: Mapped[int | None]
    reported_at: Mapped[RecordedAt]

    source: Mapped[Agency] = relationship(viewonly=True)
    event: Mapped[ConditionalityEvent] = relationship(back_populates="outcomes", viewonly=True)
