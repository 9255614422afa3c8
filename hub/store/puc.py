# SPDX-License-Identifier: EUPL-1.2
"""PUC, projects useful to the community (DM 22-10-2019), and who takes part in them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.territory import Municipality
from hub.store.vocabulary import OpportunityStatus, PucAssignmentStatus, PucField, PucPot

if TYPE_CHECKING:
    from hub.store.households import Beneficiary


class PucProject(Base):
    """A project of a municipality. Hours are a week's: at least 8, up to 16 when both sides agree."""

    __tablename__ = "puc_project"
    __table_args__ = (
        one_of("field", PucField),
        one_of("status", OpportunityStatus),
        CheckConstraint("weekly_hours BETWEEN 8 AND 16", name="weekly_hours"),
        CheckConstraint(
            "places_municipality >= 0 AND places_centre >= 0 AND places_volunteer >= 0", name="places"
        ),
        CheckConstraint("ends_on >= starts_on", name="period"),
        Index(None, "municipality_id", "starts_on", "id"),
        Index(None, "starts_on", "id"),
    )

    id: Mapped[Key]
    title: Mapped[str]
    description: Mapped[str]
    field: Mapped[PucField] = mapped_column(words(PucField))
    municipality_id: Mapped[UUID] = mapped_column(ForeignKey("municipality.id"))
    site: Mapped[str | None]
    partner: Mapped[str | None]
    weekly_hours: Mapped[int]
    places_municipality: Mapped[int]
    places_centre: Mapped[int]
    places_volunteer: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    status: Mapped[OpportunityStatus] = mapped_column(words(OpportunityStatus))
    updated_at: Mapped[RecordedAt]

    municipality: Mapped[Municipality] = relationship(viewonly=True)
    assignments: Mapped[list[PucAssignment]] = relationship(back_populates="project", viewonly=True)


class PucAssignment(Base):
    """A person's place in a project."""

    __tablename__ = "puc_assignment"
    __table_args__ = (
        one_of("status", PucAssignmentStatus),
        one_of("pot", PucPot),
        CheckConstraint("weekly_hours BETWEEN 8 AND 16", name="weekly_hours"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="period"),
        UniqueConstraint("puc_project_id", "beneficiary_id", "starts_on"),
        Index(None, "beneficiary_id", "starts_on", "id"),
    )

    id: Mapped[Key]
    puc_project_id: Mapped[UUID] = mapped_column(ForeignKey("puc_project.id"))
    beneficiary_id: Mapped[UUID] = mapped_column(ForeignKey("beneficiary.id"))
    status: Mapped[PucAssignmentStatus] = mapped_column(words(PucAssignmentStatus))
    pot: Mapped[PucPot] = mapped_column(words(PucPot))
    weekly_hours: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    updated_at: Mapped[RecordedAt]

    project: Mapped[PucProject] = relationship(back_populates="assignments", viewonly=True)
    beneficiary: Mapped[Beneficiary] = relationship(back_populates="puc_assignments", viewonly=True)
