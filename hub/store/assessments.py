# SPDX-License-Identifier: EUPL-1.2
"""Runs of a measure over all its households: what the rules said of each, chunk by chunk.

A calculation for whoever answers for the measure, never a decision: the hub that serves may not even read it, and codes of
requirements stand where values would (no ISEE, no disability is copied).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from hub.measures.reasons import Verdict
from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.vocabulary import Measure


class AssessmentRun(Base):
    """All households of a measure, by the law of a day as one edition of the rules has it, on one state of the facts.

    `households_at_most`: a trial of the first so many; NULL: all. `ended_at`: NULL while chunks are left.
    """

    __tablename__ = "assessment_run"
    __table_args__ = (
        one_of("measure", Measure),
        CheckConstraint("length(edition) = 32", name="edition"),
        CheckConstraint("length(facts) = 32", name="facts"),
        CheckConstraint("households_at_most > 0", name="households_at_most"),
        CheckConstraint("ended_at >= started_at", name="ended_at"),
        Index(None, "measure", "started_at"),
        # What is not ended is continued, and so there is one of a kind.
        Index(
            "assessment_run_going_key",
            "measure",
            "assessed_on",
            func.coalesce(text("households_at_most"), 0),
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    measure: Mapped[Measure] = mapped_column(words(Measure))
    assessed_on: Mapped[date]
    law: Mapped[str]
    edition: Mapped[bytes] = mapped_column(LargeBinary)
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    households_at_most: Mapped[int | None]
    started_at: Mapped[RecordedAt]
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AssessmentChunk(Base):
    """Some households of a run, neighbours by id (both ends included): assessed all together, or not yet."""

    __tablename__ = "assessment_chunk"
    __table_args__ = (
        CheckConstraint("households > 0", name="households"),
        CheckConstraint("first_household_id <= last_household_id", name="ends"),
        Index(None, "run_id", "ordinal", postgresql_where=text("assessed_at IS NULL")),
    )

    run_id: Mapped[UUID] = mapped_column(
        ForeignKey("assessment_run.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    first_household_id: Mapped[UUID]
    last_household_id: Mapped[UUID]
    households: Mapped[int]
    assessed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Assessment(Base):
    """What the rules say of one household in a run, by the codes of its requirements. Never changed.

    `not_known` also holds what leaves an amount open where the right is there, and the code of the refusal where what is stored
    cannot be. `scale`: NULL where an unknown fact matters.
    """

    __tablename__ = "assessment"
    __table_args__ = (
        one_of("verdict", Verdict),
        CheckConstraint("array_position(not_met || not_known, NULL) IS NULL", name="codes"),
        CheckConstraint("(verdict = 'NOT_SATISFIED') = (cardinality(not_met) > 0)", name="not_met"),
        # Undetermined is never silent: what is not known is named.
        CheckConstraint("verdict <> 'UNDETERMINED' OR cardinality(not_known) > 0", name="not_known"),
        CheckConstraint(
            "CASE verdict WHEN 'SATISFIED' THEN (monthly_amount IS NULL) = (cardinality(not_known) > 0)"
            " ELSE num_nonnulls(monthly_amount, months) = 0 END",
            name="amount",
        ),
        CheckConstraint("monthly_amount >= 0 AND months >= 0", name="bounds"),
        Index(None, "household_id"),
    )

    run_id: Mapped[UUID] = mapped_column(
        ForeignKey("assessment_run.id", ondelete="CASCADE"), primary_key=True
    )
    household_id: Mapped[UUID] = mapped_column(
        ForeignKey("household.id", ondelete="CASCADE"), primary_key=True
    )
    verdict: Mapped[Verdict] = mapped_column(words(Verdict))
    not_met: Mapped[list[str]] = mapped_column(ARRAY(Text))
    not_known: Mapped[list[str]] = mapped_column(ARRAY(Text))
    scale: Mapped[Decimal | None] = mapped_column(Numeric(4, 2))
    monthly_amount: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    months: Mapped[int | None]
    unverified: Mapped[bool]
