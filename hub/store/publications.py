# SPDX-License-Identifier: EUPL-1.2
"""What agencies published at the hub's own doors, version by version."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hub.store.base import Base, Key, RecordedAt


class OpportunityVersion(Base):
    """An opportunity as its publisher said it once, and who said so. Append-only.

    `content` holds the columns of the row. A withdrawal is a version, too. What came by a region's flow has none.
    """

    __tablename__ = "opportunity_version"
    __table_args__ = (
        CheckConstraint("num_nonnulls(job_offer_id, training_course_id) = 1", name="of_one"),
        CheckConstraint("version > 0", name="version"),
        UniqueConstraint("job_offer_id", "version"),
        UniqueConstraint("training_course_id", "version"),
    )

    id: Mapped[Key]
    job_offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("job_offer.id"))
    training_course_id: Mapped[UUID | None] = mapped_column(ForeignKey("training_course.id"))
    version: Mapped[int]
    recorded_at: Mapped[RecordedAt]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    client_id: Mapped[UUID | None]
    purpose_id: Mapped[UUID]
    # The person at the desk, as the tracking evidence names them.
    operator: Mapped[str | None]
    content: Mapped[dict[str, object]] = mapped_column(JSONB)
