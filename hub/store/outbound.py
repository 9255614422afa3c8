# SPDX-License-Identifier: EUPL-1.2
"""What other systems are told: who registered for which facts, how far each fact has come, and every attempt."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.store.agencies import Agency
from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.vocabulary import AttemptOutcome, ConditionalityEventType, DeliveryChannel, DeliveryState

if TYPE_CHECKING:
    from hub.store.ledger import ConditionalityEvent

OPEN = "state IN ('WAITING', 'REFUSED', 'EXHAUSTED')"
"""What has not arrived and still might."""


class Destination(Base):
    """A system that hears of facts recorded here: whose it is, by which connector, of which types and areas.

    `areas`: codes of regions and of municipalities (Belfiore); none is the whole country. `drawn_up_to`: the position of the feed up to
    which deliveries were made of its entries; what was in the feed when the destination was registered is not sent. After an answer that
    did not come nothing is sent until `resting_until`.
    """

    __tablename__ = "destination"
    __table_args__ = (
        one_of("channel", DeliveryChannel),
        CheckConstraint("cardinality(types) > 0 AND array_position(types, NULL) IS NULL", name="types"),
        CheckConstraint("array_position(areas, NULL) IS NULL", name="areas"),
        CheckConstraint("drawn_up_to >= 0", name="drawn_up_to"),
        CheckConstraint("failures >= 0", name="failures"),
        UniqueConstraint("agency_id", "channel"),
    )

    id: Mapped[Key]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    channel: Mapped[DeliveryChannel] = mapped_column(words(DeliveryChannel))
    types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    areas: Mapped[list[str]] = mapped_column(ARRAY(Text))
    drawn_up_to: Mapped[int] = mapped_column(BigInteger)
    registered_at: Mapped[RecordedAt]
    ended_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    resting_until: Mapped[datetime | None]


class Delivery(Base):
    """One fact on its way to one destination; the key is the idempotency key the recipient sees, at every attempt.

    Whom it is about and under which pact is its event's, and goes when the event's content is erased.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("type", ConditionalityEventType),
        one_of("state", DeliveryState),
        CheckConstraint("attempt_count >= resent_after AND resent_after >= 0", name="attempts"),
        CheckConstraint("(state = 'WAITING') = (settled_at IS NULL)", name="settled_at"),
        CheckConstraint("leased_until IS NULL OR state = 'WAITING'", name="leased_until"),
        CheckConstraint("beneficiary_id IS NOT NULL OR state IN ('ACCEPTED', 'CANCELLED')", name="person"),
        CheckConstraint("length(code) BETWEEN 1 AND 60", name="code"),
        UniqueConstraint("destination_id", "position"),
        Index(None, "event_id"),
        Index(None, "pact_id", "waiting_since", "id"),
        Index("delivery_due_idx", "destination_id", "position", postgresql_where=text("state = 'WAITING'")),
        Index(
            "delivery_order_idx",
            "destination_id",
            "beneficiary_id",
            "position",
            postgresql_where=text("state = 'WAITING'"),
        ),
        Index("delivery_open_idx", "waiting_since", "id", postgresql_where=text(OPEN)),
        Index(
            "delivery_open_person_idx", "beneficiary_id", "waiting_since", "id", postgresql_where=text(OPEN)
        ),
    )

    id: Mapped[Key]
    destination_id: Mapped[UUID] = mapped_column(ForeignKey("destination.id"))
    position: Mapped[int] = mapped_column(BigInteger, ForeignKey("feed_entry.position"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("conditionality_event.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    beneficiary_id: Mapped[UUID | None] = mapped_column(ForeignKey("beneficiary.id"))
    pact_id: Mapped[UUID | None] = mapped_column(ForeignKey("pact.id"))
    type: Mapped[ConditionalityEventType] = mapped_column(words(ConditionalityEventType))
    # When the fact was recorded here.
    waiting_since: Mapped[datetime]
    state: Mapped[DeliveryState] = mapped_column(words(DeliveryState), server_default=text("'WAITING'"))
    attempt_count: Mapped[int] = mapped_column(server_default=text("0"))
    # Attempts that were made before somebody had it sent again.
    resent_after: Mapped[int] = mapped_column(server_default=text("0"))
    not_before: Mapped[RecordedAt]
    leased_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    # The recipient's own word of its last answer, the HTTP status, or why it could not be told.
    code: Mapped[str | None]

    recipient: Mapped[Agency] = relationship(viewonly=True)
    event: Mapped[ConditionalityEvent] = relationship(back_populates="deliveries", viewonly=True)
    attempts: Mapped[list[DeliveryAttempt]] = relationship(order_by="DeliveryAttempt.ordinal", viewonly=True)


class DeliveryAttempt(Base):
    """One attempt; without an end the process that made it ended first, and whether it arrived is not known."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (
        one_of("outcome", AttemptOutcome),
        CheckConstraint("ordinal > 0", name="ordinal"),
        CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("length(code) BETWEEN 1 AND 60", name="code"),
    )

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[AttemptOutcome | None] = mapped_column(words(AttemptOutcome))
    code: Mapped[str | None]
