# SPDX-License-Identifier: EUPL-1.2
"""Activities of a personalised path: the active policies a person takes part in."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.store.agencies import Agency
from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.delivery import LANDED, InboundRun
from hub.store.vocabulary import ActivityKind, ActivityStatus

if TYPE_CHECKING:
    from hub.store.households import Beneficiary
    from hub.store.opportunities import TrainingCourse
    from hub.store.outbound import Delivery
    from hub.store.pacts import Pact


class Activity(Base):
    """One active policy (politica attiva) of a person."""

    __tablename__ = "activity"
    __table_args__ = (
        one_of("kind", ActivityKind),
        one_of("status", ActivityStatus),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="period"),
        CheckConstraint(LANDED, name="landed"),
        UniqueConstraint("source_agency_id", "external_id"),
        Index(None, "beneficiary_id", "starts_on", "id"),
        Index(None, "pact_id"),
        Index(None, "training_course_id", "starts_on", "id"),
    )

    id: Mapped[Key]
    beneficiary_id: Mapped[UUID] = mapped_column(ForeignKey("beneficiary.id"))
    pact_id: Mapped[UUID | None] = mapped_column(ForeignKey("pact.id"))
    training_course_id: Mapped[UUID | None] = mapped_column(ForeignKey("training_course.id"))
    kind: Mapped[ActivityKind] = mapped_column(words(ActivityKind))
    status: Mapped[ActivityStatus] = mapped_column(words(ActivityStatus))
    title: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    source_agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    external_id: Mapped[str | None]
    updated_at: Mapped[RecordedAt]
    # As a pact's.
    landed_at: Mapped[datetime | None]
    inbound_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("inbound_run.id"))

    beneficiary: Mapped[Beneficiary] = relationship(back_populates="activities", viewonly=True)
    pact: Mapped[Pact | None] = relationship(back_populates="activities", viewonly=True)
    course: Mapped[TrainingCourse | None] = relationship(back_populates="participations", viewonly=True)
    source: Mapped[Agency | None] = relationship(viewonly=True)
    run: Mapped[InboundRun | None] = relationship(viewonly=True)
    # Of the facts recorded about its person under its pact: an event names no activity.
    deliveries: Mapped[list[Delivery]] = relationship(
        primaryjoin="and_(Activity.pact_id == foreign(Delivery.pact_id),"
        " Activity.beneficiary_id == foreign(Delivery.beneficiary_id))",
        viewonly=True,
    )
