# SPDX-License-Identifier: EUPL-1.2
"""Samples of households for inspection (controlli ispettivi), as they were drawn, and what came of each check.

Written by whoever answers for the controls, as the tables' owner: the hub that serves may not read them. Append-only, so that nobody
draws until the sample pleases: each draw stays, with who made it, its seed and the digest of what it was drawn from.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hub.measures.controls import Outcome, Signal
from hub.measures.sampling import Why
from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.vocabulary import Measure

Euro = Numeric(12, 2)


class InspectionSample(Base):
    """A sample drawn from what a run said. `measure` to `facts` are the run's own: two runs alike in them say the same.

    `asked`: SHA-256 of size, plan and what was told beside it. `listed`: how many households it was drawn from, and `list_digest` theirs.
    """

    __tablename__ = "inspection_sample"
    __table_args__ = (
        one_of("measure", Measure),
        CheckConstraint("length(edition) = 32", name="edition"),
        CheckConstraint("length(facts) = 32", name="facts"),
        CheckConstraint("length(asked) = 32", name="asked"),
        CheckConstraint("length(list_digest) = 32", name="list_digest"),
        CheckConstraint("size BETWEEN 1 AND listed", name="size"),
        CheckConstraint("seed ~ '[^[:space:]]' AND seed !~ '[[:cntrl:]]'", name="seed"),
        CheckConstraint("drawn_by <> ''", name="drawn_by"),
        # The same seed for the same is the same draw.
        UniqueConstraint(
            "measure", "assessed_on", "edition", "facts", "seed", "asked", name="inspection_sample_draw_key"
        ),
        Index(None, "drawn_at"),
    )

    id: Mapped[Key]
    # No foreign key: a run is forgotten, and what was drawn from it is not.
    run_id: Mapped[UUID]
    measure: Mapped[Measure] = mapped_column(words(Measure))
    assessed_on: Mapped[date]
    edition: Mapped[bytes] = mapped_column(LargeBinary)
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int]
    algorithm: Mapped[str]
    seed: Mapped[str]
    # Whether the hub drew the seed; else it was given.
    seed_drawn: Mapped[bool]
    asked: Mapped[bytes] = mapped_column(LargeBinary)
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB)
    listed: Mapped[int]
    list_digest: Mapped[bytes] = mapped_column(LargeBinary)
    # Whether any points it was weighed by have no source.
    unverified: Mapped[bool]
    drawn_by: Mapped[str]
    drawn_at: Mapped[RecordedAt]


class SampledHousehold(Base):
    """A household of a sample: its place, and why it is there. NULL once the hub keeps the household no more."""

    __tablename__ = "sampled_household"
    __table_args__ = (
        one_of("why", Why),
        CheckConstraint("rank >= 1", name="rank"),
        CheckConstraint("weight >= 1", name="weight"),
        CheckConstraint(
            "signals <@ ARRAY[" + ", ".join(f"'{signal.value}'" for signal in Signal) + "]", name="signals"
        ),
        UniqueConstraint("sample_id", "household_id"),
        Index(None, "household_id"),
    )

    sample_id: Mapped[UUID] = mapped_column(ForeignKey("inspection_sample.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    household_id: Mapped[UUID | None] = mapped_column(ForeignKey("household.id", ondelete="SET NULL"))
    stratum: Mapped[str]
    weight: Mapped[int]
    why: Mapped[Why] = mapped_column(words(Why))
    signals: Mapped[list[str]] = mapped_column(ARRAY(Text))


class InspectionOutcome(Base):
    """How a check of a sampled household stood on a day, in euro; of several the one of the latest `as_of` counts, then the last told."""

    __tablename__ = "inspection_outcome"
    __table_args__ = (
        one_of("outcome", Outcome),
        ForeignKeyConstraint(
            ["sample_id", "rank"], ["sampled_household.sample_id", "sampled_household.rank"]
        ),
        CheckConstraint("as_of >= made_on", name="as_of"),
        CheckConstraint("undue BETWEEN 0 AND 1000000000", name="undue"),
        CheckConstraint("undue = 0 OR outcome = 'IRREGULAR'", name="undue_of_irregular"),
        CheckConstraint("recovered BETWEEN 0 AND undue", name="recovered"),
        CheckConstraint("recorded_by <> ''", name="recorded_by"),
        # What was told is told once, however often its file is taken.
        UniqueConstraint(
            "sample_id",
            "rank",
            "as_of",
            "made_on",
            "outcome",
            "undue",
            "recovered",
            name="inspection_outcome_told_key",
        ),
    )

    id: Mapped[Key]
    sample_id: Mapped[UUID]
    rank: Mapped[int]
    as_of: Mapped[date]
    made_on: Mapped[date]
    outcome: Mapped[Outcome] = mapped_column(words(Outcome))
    undue: Mapped[Decimal] = mapped_column(Euro)
    recovered: Mapped[Decimal] = mapped_column(Euro)
    recorded_by: Mapped[str]
    recorded_at: Mapped[RecordedAt]
