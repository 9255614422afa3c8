# SPDX-License-Identifier: EUPL-1.2
"""What a person may be proposed: job offers and training courses."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Numeric, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.store.activities import Activity
from hub.store.agencies import Agency
from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.delivery import LANDED, InboundRun
from hub.store.territory import Municipality
from hub.store.vocabulary import CourseMode, OpportunityStatus


class JobOffer(Base):
    """A job offer (offerta di lavoro). Pay is gross euro a month."""

    __tablename__ = "job_offer"
    __table_args__ = (
        one_of("status", OpportunityStatus),
        CheckConstraint("weekly_hours > 0 AND weekly_hours <= 60", name="weekly_hours"),
        CheckConstraint("monthly_pay IS NULL OR monthly_pay >= 0", name="monthly_pay"),
        CheckConstraint("places > 0", name="places"),
        CheckConstraint("expires_on IS NULL OR expires_on >= published_on", name="validity"),
        CheckConstraint(LANDED, name="landed"),
        UniqueConstraint("source_agency_id", "external_id"),
        Index(None, "published_on", "id"),
        Index(None, "source_agency_id", "published_on", "id"),
        Index(None, "municipality_id", "published_on", "id"),
        Index(None, "open_until", "id"),
        Index(None, "profession_code"),
    )

    id: Mapped[Key]
    title: Mapped[str]
    employer_name: Mapped[str]
    # By bytes: a code stands for all that begin with it, and an index of this collation finds them.
    profession_code: Mapped[str | None] = mapped_column(Text(collation="C"))
    contract_type: Mapped[str | None]
    weekly_hours: Mapped[Decimal] = mapped_column(Numeric(4, 1))
    monthly_pay: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    places: Mapped[int]
    municipality_id: Mapped[UUID] = mapped_column(ForeignKey("municipality.id"))
    published_on: Mapped[date]
    expires_on: Mapped[date | None]
    # As `expires_on`, and 'infinity' without one, because NULL has no place in an order.
    open_until: Mapped[date] = mapped_column(Computed("coalesce(expires_on, 'infinity')", persisted=True))
    status: Mapped[OpportunityStatus] = mapped_column(words(OpportunityStatus))
    source_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    external_id: Mapped[str]
    updated_at: Mapped[RecordedAt]
    # When the version that holds landed here, and by which run; NULL of one that was published here, or landed before this was kept.
    landed_at: Mapped[datetime | None]
    inbound_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("inbound_run.id"))

    municipality: Mapped[Municipality] = relationship(viewonly=True)
    source: Mapped[Agency] = relationship(viewonly=True)
    run: Mapped[InboundRun | None] = relationship(viewonly=True)


class TrainingCourse(Base):
    """A training course (corso di formazione)."""

    __tablename__ = "training_course"
    __table_args__ = (
        one_of("mode", CourseMode),
        one_of("status", OpportunityStatus),
        CheckConstraint("hours > 0", name="hours"),
        CheckConstraint("places > 0 AND enrolled >= 0 AND enrolled <= places", name="places"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint(LANDED, name="landed"),
        UniqueConstraint("source_agency_id", "external_id"),
        Index(None, "starts_on", "id"),
        Index(None, "source_agency_id", "starts_on", "id"),
        Index(None, "municipality_id", "starts_on", "id"),
    )

    id: Mapped[Key]
    title: Mapped[str]
    provider_name: Mapped[str]
    mode: Mapped[CourseMode] = mapped_column(words(CourseMode))
    municipality_id: Mapped[UUID] = mapped_column(ForeignKey("municipality.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    hours: Mapped[int]
    places: Mapped[int]
    enrolled: Mapped[int]
    status: Mapped[OpportunityStatus] = mapped_column(words(OpportunityStatus))
    source_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    external_id: Mapped[str]
    updated_at: Mapped[RecordedAt]
    # When the version that holds landed here, and by which run; NULL of one that was published here, or landed before this was kept.
    landed_at: Mapped[datetime | None]
    inbound_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("inbound_run.id"))

    municipality: Mapped[Municipality] = relationship(viewonly=True)
    source: Mapped[Agency] = relationship(viewonly=True)
    run: Mapped[InboundRun | None] = relationship(viewonly=True)
    participations: Mapped[list[Activity]] = relationship(back_populates="course", viewonly=True)
