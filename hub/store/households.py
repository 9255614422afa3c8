# SPDX-License-Identifier: EUPL-1.2
"""Households (nuclei), their members, and the benefit each household receives."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.store.activities import Activity
from hub.store.appointments import Convocation
from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.ledger import ConditionalityEvent
from hub.store.pacts import Pact
from hub.store.puc import PucAssignment
from hub.store.territory import EmploymentCentre, Municipality
from hub.store.vocabulary import BenefitStatus, EmploymentStatus, Measure, Obligation, Sex

# 16 characters with omocodia letters where digits may be replaced, or the 11 digits of a provisional code. The check
# letter is verified in code (hub.store.fiscal_code): a CHECK with the whole algorithm costs a COPY a third of its speed.
FISCAL_CODE = (
    "^([A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]|[0-9]{11})$"
)


class Household(Base):
    """One application to INPS and the people in it."""

    __tablename__ = "household"
    __table_args__ = (
        one_of("measure", Measure),
        CheckConstraint("inps_protocol ~ '^[!-~]{1,40}$'", name="inps_protocol"),
        UniqueConstraint("inps_protocol"),
        ForeignKeyConstraint(
            ["municipality_id", "region_code"],
            ["municipality.id", "municipality.region_code"],
            onupdate="CASCADE",
        ),
        # A household always has its benefit, and it is its own: GraphQL's `benefit: Benefit!` is kept here. Deferred,
        # because the two rows point at each other.
        ForeignKeyConstraint(
            ["benefit_id", "id"],
            ["benefit.id", "benefit.household_id"],
            name="household_benefit_id_id_fkey",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        # Who applied is one of the household's members, or NULL: a trigger forgets who moves to another household.
        ForeignKeyConstraint(
            ["applicant_id", "id"],
            ["beneficiary.id", "beneficiary.household_id"],
            name="household_applicant_id_id_fkey",
            ondelete="SET NULL (applicant_id)",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        Index(None, "municipality_id", "id"),
        Index(None, "region_code", "id"),
    )

    id: Mapped[Key]
    inps_protocol: Mapped[str]
    measure: Mapped[Measure] = mapped_column(words(Measure))
    municipality_id: Mapped[UUID]
    region_code: Mapped[str]
    benefit_id: Mapped[UUID]
    applicant_id: Mapped[UUID | None]
    case_manager: Mapped[str | None]
    updated_at: Mapped[RecordedAt]

    municipality: Mapped[Municipality] = relationship(
        primaryjoin="Household.municipality_id == Municipality.id",
        foreign_keys="Household.municipality_id",
        back_populates="households",
        viewonly=True,
    )
    benefit: Mapped[Benefit] = relationship(
        primaryjoin="Household.benefit_id == Benefit.id", foreign_keys="Household.benefit_id", viewonly=True
    )
    members: Mapped[list[Beneficiary]] = relationship(
        primaryjoin="Household.id == Beneficiary.household_id",
        foreign_keys="Beneficiary.household_id",
        back_populates="household",
        order_by="Beneficiary.birth_date, Beneficiary.id",
        viewonly=True,
    )
    applicant: Mapped[Beneficiary | None] = relationship(
        # By the person alone: that it is a member is the foreign key's doing.
        primaryjoin="Household.applicant_id == Beneficiary.id",
        foreign_keys="Household.applicant_id",
        viewonly=True,
    )
    pacts: Mapped[list[Pact]] = relationship(
        back_populates="household", order_by="Pact.created_on.desc(), Pact.id.desc()", viewonly=True
    )
    conditionality_events: Mapped[list[ConditionalityEvent]] = relationship(
        back_populates="household", viewonly=True
    )


class Benefit(Base):
    """What INPS admitted a household to, over a period (half-open, in days), in euro a month."""

    __tablename__ = "benefit"
    __table_args__ = (
        one_of("measure", Measure),
        one_of("status", BenefitStatus),
        CheckConstraint("monthly_amount >= 0", name="monthly_amount"),
        CheckConstraint(
            "NOT isempty(period) AND NOT lower_inf(period) AND upper(period) IS DISTINCT FROM 'infinity'",
            name="period",
        ),
        UniqueConstraint("id", "household_id"),
        # A household has one benefit on any one day.
        ExcludeConstraint(
            (Column("household_id"), "="), (Column("period"), "&&"), name="benefit_overlap_excl", using="gist"
        ),
    )

    id: Mapped[Key]
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    measure: Mapped[Measure] = mapped_column(words(Measure))
    period: Mapped[Range[date]] = mapped_column(DATERANGE)
    status: Mapped[BenefitStatus] = mapped_column(words(BenefitStatus))
    monthly_amount: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    reported_at: Mapped[RecordedAt]


class Beneficiary(Base):
    """A member of a household."""

    __tablename__ = "beneficiary"
    __table_args__ = (
        one_of("sex", Sex),
        one_of("employment_status", EmploymentStatus),
        one_of("obligation", Obligation),
        CheckConstraint(f"fiscal_code ~ '{FISCAL_CODE}'", name="fiscal_code"),
        UniqueConstraint("fiscal_code"),
        # What a person's pacts point at, so that they are always of the person's household.
        UniqueConstraint("id", "household_id"),
        ForeignKeyConstraint(
            ["municipality_id", "region_code"],
            ["municipality.id", "municipality.region_code"],
            onupdate="CASCADE",
        ),
        Index(None, "household_id"),
        # An order has one index, a territory has one in the order of names (docs/adr/0011) …
        Index("beneficiary_name_idx", "family_name_key", "given_name_key", "id"),
        Index(
            "beneficiary_centre_name_idx", "employment_centre_id", "family_name_key", "given_name_key", "id"
        ),
        Index(
            "beneficiary_municipality_name_idx",
            "municipality_id",
            "family_name_key",
            "given_name_key",
            "id",
        ),
        Index("beneficiary_region_name_idx", "region_code", "family_name_key", "given_name_key", "id"),
        Index(None, "birth_date", "id"),
        Index(None, "next_convocation_at", "id"),
        # … and an office's day, who comes next, is read all day long.
        Index("beneficiary_centre_next_convocation_idx", "employment_centre_id", "next_convocation_at", "id"),
        Index(
            "beneficiary_municipality_next_convocation_idx", "municipality_id", "next_convocation_at", "id"
        ),
    )

    id: Mapped[Key]
    fiscal_code: Mapped[str]
    given_name: Mapped[str]
    family_name: Mapped[str]
    birth_date: Mapped[date]
    sex: Mapped[Sex] = mapped_column(words(Sex))
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    municipality_id: Mapped[UUID]
    region_code: Mapped[str]
    employment_centre_id: Mapped[UUID | None] = mapped_column(ForeignKey("employment_centre.id"))
    employment_status: Mapped[EmploymentStatus] = mapped_column(words(EmploymentStatus))
    obligation: Mapped[Obligation] = mapped_column(words(Obligation))
    anpr_id: Mapped[str | None]
    updated_at: Mapped[RecordedAt]
    # How names are found and ordered: the same on every server, whatever its collation (name_key in migrations/sql).
    family_name_key: Mapped[str] = mapped_column(
        Text(collation="C"), Computed("name_key(family_name)", persisted=True)
    )
    given_name_key: Mapped[str] = mapped_column(
        Text(collation="C"), Computed("name_key(given_name)", persisted=True)
    )
    # The earliest convocation without an outcome, 'infinity' when there is none; triggers on convocation keep it.
    next_convocation_at: Mapped[datetime] = mapped_column(server_default=text("'infinity'"))

    municipality: Mapped[Municipality] = relationship(
        primaryjoin="Beneficiary.municipality_id == Municipality.id",
        foreign_keys="Beneficiary.municipality_id",
        back_populates="beneficiaries",
        viewonly=True,
    )
    employment_centre: Mapped[EmploymentCentre | None] = relationship(
        back_populates="beneficiaries", viewonly=True
    )
    household: Mapped[Household] = relationship(
        primaryjoin="Household.id == Beneficiary.household_id",
        foreign_keys="Beneficiary.household_id",
        back_populates="members",
        viewonly=True,
    )
    pacts: Mapped[list[Pact]] = relationship(
        # By the person alone: that the household agrees is the foreign key's doing, and asking for it too is work for nothing.
        primaryjoin="Beneficiary.id == Pact.beneficiary_id",
        foreign_keys="Pact.beneficiary_id",
        back_populates="beneficiary",
        order_by="Pact.created_on.desc(), Pact.id.desc()",
        viewonly=True,
    )
    activities: Mapped[list[Activity]] = relationship(
        back_populates="beneficiary", order_by="Activity.starts_on.desc(), Activity.id.desc()", viewonly=True
    )
    convocations: Mapped[list[Convocation]] = relationship(
        back_populates="beneficiary",
        order_by="Convocation.scheduled_at.desc(), Convocation.id.desc()",
        viewonly=True,
    )
    puc_assignments: Mapped[list[PucAssignment]] = relationship(
        back_populates="beneficiary",
        order_by="PucAssignment.starts_on.desc(), PucAssignment.id.desc()",
        viewonly=True,
    )
    conditionality_events: Mapped[list[ConditionalityEvent]] = relationship(
        back_populates="beneficiary",
        order_by="ConditionalityEvent.occurred_at.desc(), ConditionalityEvent.id.desc()",
        viewonly=True,
    )


class AgencyAnswer(Base):
    """The last answer an agency gave about a person or a household, kept for when it does not answer."""

    __tablename__ = "agency_answer"
    __table_args__ = (
        CheckConstraint("num_nonnulls(beneficiary_id, household_id) = 1", name="one_subject"),
        UniqueConstraint(
            "agency",
            "operation",
            "beneficiary_id",
            "household_id",
            name="agency_answer_subject_key",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Key]
    agency: Mapped[str]
    operation: Mapped[str]
    beneficiary_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("beneficiary.id", ondelete="CASCADE"), index=True
    )
    household_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("household.id", ondelete="CASCADE"), index=True
    )
    answer: Mapped[str | None]
    answered_at: Mapped[datetime]
