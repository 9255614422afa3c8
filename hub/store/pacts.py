# SPDX-License-Identifier: EUPL-1.2
"""Pacts and their goals."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.store.agencies import Agency
from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.delivery import LANDED, InboundRun
from hub.store.vocabulary import GoalStatus, PactKind, PactStatus

if TYPE_CHECKING:
    from hub.store.activities import Activity
    from hub.store.households import Beneficiary, Household
    from hub.store.ledger import ConditionalityEvent
    from hub.store.outbound import Delivery


class Pact(Base):
    """What a person, or for inclusion pacts the whole household, commits to."""

    __tablename__ = "pact"
    __table_args__ = (
        one_of("kind", PactKind),
        one_of("status", PactStatus),
        # The inclusion pact is the household's; the others are one person's.
        CheckConstraint("(kind = 'INCLUSION') = (beneficiary_id IS NULL)", name="subject"),
        CheckConstraint("(status IN ('PROPOSED', 'REFUSED')) OR signed_on IS NOT NULL", name="signed_on"),
        CheckConstraint(
            "NOT isempty(period) AND NOT lower_inf(period) AND upper(period) IS DISTINCT FROM 'infinity'",
            name="period",
        ),
        CheckConstraint("are_professions(professions)", name="professions"),
        CheckConstraint(LANDED, name="landed"),
        UniqueConstraint("source_agency_id", "external_id"),
        # A person's pact is of the person's household, and goes with the person to another: whoever may see the pact may see
        # the household it leads to. (An inclusion pact has no person, and stays with its household.)
        ForeignKeyConstraint(
            ["beneficiary_id", "household_id"],
            ["beneficiary.id", "beneficiary.household_id"],
            onupdate="CASCADE",
        ),
        # One running pact of a kind per household (inclusion) or per person (the others), on any one day.
        ExcludeConstraint(
            (Column("household_id"), "="),
            (Column("kind"), "="),
            (Column("period"), "&&"),
            name="pact_household_overlap_excl",
            using="gist",
            where=text("beneficiary_id IS NULL AND status IN ('ACTIVE', 'SUSPENDED')"),
        ),
        ExcludeConstraint(
            (Column("beneficiary_id"), "="),
            (Column("kind"), "="),
            (Column("period"), "&&"),
            name="pact_beneficiary_overlap_excl",
            using="gist",
            where=text("beneficiary_id IS NOT NULL AND status IN ('ACTIVE', 'SUSPENDED')"),
        ),
        Index(None, "household_id", "created_on", "id"),
        Index(None, "beneficiary_id", "created_on", "id"),
        Index(None, "created_on", "id"),
        Index(None, "expires_on", "id"),
    )

    id: Mapped[Key]
    kind: Mapped[PactKind] = mapped_column(words(PactKind))
    status: Mapped[PactStatus] = mapped_column(words(PactStatus))
    household_id: Mapped[UUID] = mapped_column(ForeignKey("household.id"))
    beneficiary_id: Mapped[UUID | None]
    created_on: Mapped[date]
    signed_on: Mapped[date | None]
    period: Mapped[Range[date]] = mapped_column(DATERANGE)
    # The last day of the period; 'infinity' while it is open, because NULL has no place in an order.
    expires_on: Mapped[date] = mapped_column(
        Computed("coalesce(upper(period) - 1, 'infinity')", persisted=True)
    )
    # The experience and skills of the pact, as codes of the CP2011 or their beginnings; NULL: not known, none: it names none.
    professions: Mapped[list[str] | None] = mapped_column(ARRAY(Text(collation="C")))
    source_agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    external_id: Mapped[str | None]
    # Of one that an agency told: when it was changed there.
    updated_at: Mapped[RecordedAt]
    # When the version that holds landed here, and by which run; NULL of one that was made here, or landed before this was kept.
    landed_at: Mapped[datetime | None]
    inbound_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("inbound_run.id"))

    household: Mapped[Household] = relationship(back_populates="pacts", viewonly=True)
    beneficiary: Mapped[Beneficiary | None] = relationship(
        primaryjoin="Pact.beneficiary_id == Beneficiary.id",
        foreign_keys="Pact.beneficiary_id",
        back_populates="pacts",
        viewonly=True,
    )
    goals: Mapped[list[PactGoal]] = relationship(order_by="PactGoal.ordinal", viewonly=True)
    activities: Mapped[list[Activity]] = relationship(
        back_populates="pact", order_by="Activity.starts_on.desc(), Activity.id.desc()", viewonly=True
    )
    conditionality_events: Mapped[list[ConditionalityEvent]] = relationship(
        back_populates="pact", viewonly=True
    )
    deliveries: Mapped[list[Delivery]] = relationship(viewonly=True)
    source: Mapped[Agency | None] = relationship(viewonly=True)
    run: Mapped[InboundRun | None] = relationship(viewonly=True)


class PactGoal(Base):
    """One goal of a pact."""

    __tablename__ = "pact_goal"
    __table_args__ = (
        one_of("status", GoalStatus),
        CheckConstraint("ordinal > 0", name="ordinal"),
        UniqueConstraint("pact_id", "ordinal"),
    )

    id: Mapped[Key]
    pact_id: Mapped[UUID] = mapped_column(ForeignKey("pact.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    description: Mapped[str]
    status: Mapped[GoalStatus] = mapped_column(words(GoalStatus))
    due_on: Mapped[date | None]
