# SPDX-License-Identifier: EUPL-1.2
"""The conditionality ledger: events as they were recorded, the feed that gives each its position, and what proves the feed.

The tables are append-only, by trigger and by the hub's role. A correction is a new event that withdraws an earlier one.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.measures.consequence_rules import Breach
from hub.store.agencies import Agency
from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.pacts import Pact
from hub.store.vocabulary import BenefitOutcome, ConditionalityEventType, JustifiedReason, Measure

if TYPE_CHECKING:
    from hub.store.consuming import EventOutcome
    from hub.store.households import Beneficiary, Household
    from hub.store.outbound import Delivery


class ConditionalityEvent(Base):
    """A fact that bears on a benefit, as it was recorded.

    `fiscal_code`, `inps_protocol` and `measure` are those of the moment of recording: what INPS read stays what it read
    when the person's code or household changes later. One that was erased is about nobody any more; one of type CONTENT_ERASED never
    was: it names the place whose content it took.
    """

    __tablename__ = "conditionality_event"
    __table_args__ = (
        one_of("type", ConditionalityEventType),
        one_of("measure", Measure),
        CheckConstraint("length(note) <= 2000", name="note"),
        CheckConstraint("withdraws_event_id <> id", name="withdraws"),
        CheckConstraint("type <> 'EVENT_WITHDRAWN' OR withdraws_event_id IS NOT NULL", name="withdrawal"),
        CheckConstraint(
            "type <> 'EVENT_WITHDRAWN' OR erased_at IS NOT NULL OR coalesce(length(note) > 0, false)",
            name="reason",
        ),
        CheckConstraint("(type = 'CONTENT_ERASED') = (erases_position IS NOT NULL)", name="erases"),
        CheckConstraint(
            "num_nulls(beneficiary_id, household_id, fiscal_code, inps_protocol)"
            " = CASE WHEN erased_at IS NULL AND erases_position IS NULL THEN 0 ELSE 4 END",
            name="person",
        ),
        CheckConstraint(
            "erased_at IS NULL"
            " OR num_nonnulls(note, pact_id, operator, client_id, purpose_id, justified_reason) = 0",
            name="erased",
        ),
        one_of("justified_reason", JustifiedReason),
        CheckConstraint("justified_reason IS NULL OR type = 'ABSENCE_JUSTIFIED'", name="justified"),
        UniqueConstraint("withdraws_event_id"),
        UniqueConstraint("erases_position"),
        # One fact is one event, until it is withdrawn (docs/adr/0030).
        UniqueConstraint(
            "beneficiary_id", "type", "occurred_at", "edition", name="conditionality_event_fact_key"
        ),
        Index(None, "beneficiary_id", "occurred_at", "id"),
        Index(None, "occurred_at", "id"),
        Index(None, "recorded_at", "id"),
        Index(None, "type", "occurred_at", "id"),
        Index(None, "household_id", "occurred_at", "id"),
        Index(None, "pact_id"),
    )

    id: Mapped[Key]
    type: Mapped[ConditionalityEventType] = mapped_column(words(ConditionalityEventType))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[RecordedAt]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    client_id: Mapped[UUID | None]
    purpose_id: Mapped[UUID | None]
    operator: Mapped[str | None]
    beneficiary_id: Mapped[UUID | None] = mapped_column(ForeignKey("beneficiary.id"))
    household_id: Mapped[UUID | None] = mapped_column(ForeignKey("household.id"))
    fiscal_code: Mapped[str | None]
    inps_protocol: Mapped[str | None]
    measure: Mapped[Measure] = mapped_column(words(Measure))
    pact_id: Mapped[UUID | None] = mapped_column(ForeignKey("pact.id"))
    note: Mapped[str | None]
    justified_reason: Mapped[JustifiedReason | None] = mapped_column(words(JustifiedReason))
    # 1, and one more each time the same fact is recorded again after it was withdrawn; null for what was loaded with its history.
    edition: Mapped[int | None]
    withdraws_event_id: Mapped[UUID | None] = mapped_column(ForeignKey("conditionality_event.id"))
    erases_position: Mapped[int | None] = mapped_column(
        BigInteger,
        ForeignKey("feed_entry.position", name="conditionality_event_erases_position_fkey", use_alter=True),
    )
    erased_at: Mapped[datetime | None]

    source: Mapped[Agency] = relationship(viewonly=True)
    withdraws: Mapped[ConditionalityEvent | None] = relationship(
        remote_side="ConditionalityEvent.id", back_populates="withdrawn_by", viewonly=True
    )
    withdrawn_by: Mapped[ConditionalityEvent | None] = relationship(
        back_populates="withdraws", uselist=False, viewonly=True
    )
    beneficiary: Mapped[Beneficiary | None] = relationship(
        back_populates="conditionality_events", viewonly=True
    )
    pact: Mapped[Pact | None] = relationship(back_populates="conditionality_events", viewonly=True)
    household: Mapped[Household | None] = relationship(back_populates="conditionality_events", viewonly=True)
    feed_entry: Mapped[FeedEntry | None] = relationship(
        primaryjoin="ConditionalityEvent.id == FeedEntry.event_id",
        foreign_keys="FeedEntry.event_id",
        back_populates="event",
        uselist=False,
        viewonly=True,
    )
    evidence: Mapped[list[EventEvidence]] = relationship(order_by="EventEvidence.ordinal", viewonly=True)
    outcomes: Mapped[list[EventOutcome]] = relationship(
        back_populates="event", order_by="EventOutcome.reported_at", viewonly=True
    )
    deliveries: Mapped[list[Delivery]] = relationship(
        back_populates="event", order_by="Delivery.id", viewonly=True
    )


class EventEvidence(Base):
    """A document that shows what an event says: its hash, and where it is kept. Recorded with the event, erased with it."""

    __tablename__ = "event_evidence"
    __table_args__ = (
        CheckConstraint("ordinal BETWEEN 1 AND 20", name="ordinal"),
        CheckConstraint("length(sha256) = 32", name="sha256"),
        CheckConstraint("length(media_type) BETWEEN 3 AND 255", name="media_type"),
        CheckConstraint("length(reference) BETWEEN 1 AND 1000", name="reference"),
        CheckConstraint("length(title) BETWEEN 1 AND 200", name="title"),
    )

    event_id: Mapped[UUID] = mapped_column(ForeignKey("conditionality_event.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    media_type: Mapped[str]
    reference: Mapped[str]
    title: Mapped[str | None]


class FeedEntry(Base):
    """An event's place in the feed: positions 1, 2, 3 …, dense, in the order the events became visible.

    `entry`: the canonical JSON that is a leaf of the tree (docs/reference/feed-format.md); what a reader filters by stands beside
    it. `region_code`, `municipality_code`: where the person's household lived, and so whose feed it is in.
    """

    __tablename__ = "feed_entry"
    __table_args__ = (
        CheckConstraint("position > 0", name="position"),
        UniqueConstraint("event_id"),
        Index(None, "region_code", "position"),
        Index(None, "municipality_code", "position"),
    )

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("conditionality_event.id"))
    sequenced_at: Mapped[RecordedAt]
    region_code: Mapped[str]
    municipality_code: Mapped[str]
    measure: Mapped[Measure] = mapped_column(words(Measure))
    type: Mapped[ConditionalityEventType] = mapped_column(words(ConditionalityEventType))
    entry: Mapped[str]

    event: Mapped[ConditionalityEvent] = relationship(
        primaryjoin="FeedEntry.event_id == ConditionalityEvent.id",
        foreign_keys="FeedEntry.event_id",
        back_populates="feed_entry",
        viewonly=True,
    )
    proposal: Mapped[FeedProposal | None] = relationship(uselist=False, viewonly=True)


class FeedProposal(Base):
    """What was proposed to INPS because of an entry, as it was reckoned when it got its place: part of its content, and erased with it.

    `edition`: which reading of the law it was reckoned by (`hub.measures.consequence_rules`). `effect` NULL: undetermined.
    """

    __tablename__ = "feed_proposal"
    __table_args__ = (
        one_of("breach", Breach),
        one_of("effect", BenefitOutcome),
        CheckConstraint("count > 0", name="count"),
        CheckConstraint("months >= 0 AND monthly_cut >= 0 AND at_most_months > 0", name="measure"),
        CheckConstraint("edition > 0", name="edition"),
    )

    position: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("feed_entry.position"), primary_key=True, autoincrement=False
    )
    breach: Mapped[Breach | None] = mapped_column(words(Breach))
    count: Mapped[int]
    effect: Mapped[BenefitOutcome | None] = mapped_column(words(BenefitOutcome))
    months: Mapped[int]
    monthly_cut: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    at_most_months: Mapped[int | None]
    retroactive: Mapped[bool]
    article: Mapped[str]
    sentence: Mapped[str]
    unverified: Mapped[bool]
    edition: Mapped[int]


class FeedContent(Base):
    """The personal part of an entry, canonical JSON; NULL once it was erased. The entry commits to it by its hash.

    `record_salt` salts the hash by which the content commits to what the event's row tells no reader.
    """

    __tablename__ = "feed_content"
    __table_args__ = (CheckConstraint("(content IS NULL) = (record_salt IS NULL)", name="whole"),)

    position: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("feed_entry.position"), primary_key=True, autoincrement=False
    )
    content: Mapped[str | None]
    record_salt: Mapped[UUID | None]


class FeedTile(Base):
    """The root of 256 neighbours of the tree: of leaves at level 0, of tiles of the level below above it (docs/adr/0029)."""

    __tablename__ = "feed_tile"
    __table_args__ = (
        CheckConstraint("level BETWEEN 0 AND 6 AND index >= 0", name="place"),
        CheckConstraint("length(hash) = 32", name="hash"),
    )

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class FeedCheckpoint(Base):
    """A signed word on the feed: how long it was, and the root of the tree over its first `size` entries."""

    __tablename__ = "feed_checkpoint"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("length(root) = 32", name="root"),
    )

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str]


class IdempotencyKey(Base):
    """A key an agency used, what for (SHA-256 of the input), and which event came of it."""

    __tablename__ = "idempotency_key"
    __table_args__ = (
        CheckConstraint("length(key) BETWEEN 1 AND 200", name="key"),
        CheckConstraint("length(input_hash) = 32", name="input_hash"),
    )

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    input_hash: Mapped[bytes] = mapped_column(LargeBinary)
    result_id: Mapped[UUID]
    used_at: Mapped[RecordedAt]
