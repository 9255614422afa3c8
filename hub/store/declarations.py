# SPDX-License-Identifier: EUPL-1.2
"""What was declared of a household and its members: the facts that rights, amounts and duties are reckoned from.

A declaration (DSU with what the application adds) is one document of one agency, told once and never changed: who tells it anew tells
another. NULL is not known, which is not zero; `hub.measures` says what each fact means.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.vocabulary import Disability, StayTitle, VehicleKind

Euro = Numeric(12, 2)

AMOUNTS = (
    "isee",
    "family_income",
    "home_value",
    "other_real_estate",
    "movable_assets",
    "annual_rent",
    "annual_mortgage",
)
"""What a household has, in euro; names and meanings are those of `hub.measures.household.Household`."""


class HouseholdDeclaration(Base):
    """What a household has, from a day to another; of several that hold on a day, the one of the latest `as_of` does."""

    __tablename__ = "household_declaration"
    __table_args__ = (
        one_of("stay_title", StayTitle),
        CheckConstraint("external_id ~ '^[!-~]{1,64}$'", name="external_id"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint(
            "least(" + ", ".join(AMOUNTS) + ") >= 0 AND greatest(" + ", ".join(AMOUNTS) + ") <= 1000000000",
            name="amounts",
        ),
        CheckConstraint("boats_and_aircraft BETWEEN 0 AND 100", name="boats_and_aircraft"),
        CheckConstraint("NOT isempty(stays) AND NOT lower_inf(stays)", name="stays"),
        UniqueConstraint("source_agency_id", "external_id"),
        # What its vehicles point at: where they are not known, there are none.
        UniqueConstraint("id", "vehicles_known"),
        Index(None, "household_id", "as_of"),
    )

    id: Mapped[Key]
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id", ondelete="CASCADE"))
    source_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    # The source's own number of it: of a DSU, its protocol.
    external_id: Mapped[str]
    as_of: Mapped[date]
    starts_on: Mapped[date]
    # The last day it holds; NULL: until another does.
    ends_on: Mapped[date | None]
    isee: Mapped[Decimal | None] = mapped_column(Euro)
    family_income: Mapped[Decimal | None] = mapped_column(Euro)
    home_value: Mapped[Decimal | None] = mapped_column(Euro)
    other_real_estate: Mapped[Decimal | None] = mapped_column(Euro)
    movable_assets: Mapped[Decimal | None] = mapped_column(Euro)
    annual_rent: Mapped[Decimal | None] = mapped_column(Euro)
    annual_mortgage: Mapped[Decimal | None] = mapped_column(Euro)
    boats_and_aircraft: Mapped[int | None]
    vehicles_known: Mapped[bool] = mapped_column(server_default=text("false"))
    stay_title: Mapped[StayTitle | None] = mapped_column(words(StayTitle))
    # When the applicant was on a register of residents in Italy.
    stays: Mapped[list[Range[date]] | None] = mapped_column(DATEMULTIRANGE)
    pension_of_citizenship: Mapped[bool | None]
    recorded_at: Mapped[RecordedAt]


class DeclaredMember(Base):
    """What a declaration says of one member; the fields that rules of obligations ask for are those of `obligation_rules.Member`."""

    __tablename__ = "declared_member"
    __table_args__ = (
        one_of("disability", Disability),
        CheckConstraint("work_income BETWEEN 0 AND 1000000000", name="work_income"),
        # One applies, at most: where nobody is said to, it is not known who does.
        Index(
            "declared_member_applicant_idx", "declaration_id", unique=True, postgresql_where=text("applicant")
        ),
        Index(None, "beneficiary_id"),
    )

    declaration_id: Mapped[UUID] = mapped_column(
        ForeignKey("household_declaration.id", ondelete="CASCADE"), primary_key=True
    )
    beneficiary_id: Mapped[UUID] = mapped_column(
        ForeignKey("beneficiary.id", ondelete="CASCADE"), primary_key=True
    )
    applicant: Mapped[bool] = mapped_column(server_default=text("false"))
    disability: Mapped[Disability | None] = mapped_column(words(Disability))
    disadvantaged: Mapped[bool | None]
    in_child_allowance: Mapped[bool | None]
    in_public_structure: Mapped[bool | None]
    # Whether the household's minors, and who in it is severely disabled, are in this member's care.
    cares_for_minors: Mapped[bool | None]
    caring_for_severely_disabled: Mapped[bool | None]
    employed: Mapped[bool | None]
    self_employed: Mapped[bool | None]
    work_income: Mapped[Decimal | None] = mapped_column(Euro)
    regular_studies: Mapped[bool | None]
    compulsory_schooling: Mapped[bool | None]
    direct_pension: Mapped[bool | None]
    # In the sense of L. 68/1999.
    disabled: Mapped[bool | None]
    grave_illness: Mapped[bool | None]
    protected_from_violence: Mapped[bool | None]
    parental_responsibility: Mapped[bool | None]
    volunteers: Mapped[bool] = mapped_column(server_default=text("false"))
    exonerated: Mapped[bool] = mapped_column(server_default=text("false"))


class DeclaredVehicle(Base):
    """A vehicle in the name or use of a member, as a declaration has it."""

    __tablename__ = "declared_vehicle"
    __table_args__ = (
        one_of("kind", VehicleKind),
        CheckConstraint("number BETWEEN 1 AND 100", name="number"),
        CheckConstraint("displacement BETWEEN 0 AND 100000", name="displacement"),
        ForeignKeyConstraint(
            ["declaration_id", "vehicles_known"],
            ["household_declaration.id", "household_declaration.vehicles_known"],
            ondelete="CASCADE",
        ),
    )

    declaration_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[VehicleKind] = mapped_column(words(VehicleKind))
    # Cubic centimetres; 0 if electric.
    displacement: Mapped[int]
    first_registered: Mapped[date]
    disability_relief: Mapped[bool] = mapped_column(server_default=text("false"))
    vehicles_known: Mapped[bool] = mapped_column(Computed("true", persisted=True))
