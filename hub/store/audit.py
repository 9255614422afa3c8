# SPDX-License-Identifier: EUPL-1.2
"""The access log: who looked at whom, and why. Append-only, by trigger and by the hub's role.

Partitioned by month, so that retention drops a partition and never deletes a row. The partitions are made and dropped by two
functions of the database (`make_access_log_months`, `drop_access_log_months`), which the hub may call; it may do neither itself.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.store.agencies import Agency
from hub.store.base import Base, RecordedAt, one_of, words
from hub.store.vocabulary import AccessOutcome


class AccessSelection(Base):
    """What an operation asks for, as field coordinates (`Beneficiary.birthDate`); stored once, by SHA-256 of the sorted list.

    Not the document: that may hold a fiscal code, and who writes one into every document would have each of them kept.
    """

    __tablename__ = "access_selection"
    __table_args__ = (CheckConstraint("length(selection_hash) = 32", name="selection_hash"),)

    selection_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    coordinates: Mapped[list[str]] = mapped_column(ARRAY(Text))
    first_seen_at: Mapped[RecordedAt]


class AccessLog(Base):
    """One answer out of tables about people, or the refusal of one.

    No foreign key leads from here: each look would lock the one row of its agency. What a line names cannot be deleted instead.
    """

    __tablename__ = "access_log"
    __table_args__ = (
        PrimaryKeyConstraint("at", "id"),
        one_of("outcome", AccessOutcome),
        CheckConstraint("num_nonnulls(user_id, user_location, loa) IN (0, 3)", name="operator"),
        CheckConstraint("array_position(subjects, NULL) IS NULL", name="subjects"),
        Index(
            "access_log_subjects_idx",
            "subjects",
            postgresql_using="gin",
            postgresql_with={"gin_pending_list_limit": 256},
        ),
        Index(
            "access_log_positions_idx",
            "positions",
            postgresql_using="gist",
            postgresql_where=text("positions IS NOT NULL"),
        ),
        CheckConstraint(
            "feed_reached IS NULL OR (feed_reached >= 0 AND outcome = 'ANSWERED')", name="feed_reached"
        ),
        Index(
            None,
            "agency_id",
            "purpose_id",
            "feed_reached",
            postgresql_where=text("feed_reached IS NOT NULL"),
        ),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[UUID] = mapped_column(server_default=text("uuidv7()"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    agency_id: Mapped[UUID]
    client_id: Mapped[UUID | None]
    """Of PDND; NULL for a citizen."""
    purpose_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    """The citizen who asked; NULL for an agency."""
    user_id: Mapped[str | None]
    user_location: Mapped[str | None]
    loa: Mapped[str | None]
    operation: Mapped[str | None]
    selection_hash: Mapped[bytes]
    asked: Mapped[object] = mapped_column(JSON)
    """The variables by name, and literal arguments by coordinate."""
    subjects: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    """The people, and households shown without one of theirs, whose rows stood in the answer."""
    positions: Mapped[object | None] = mapped_column(INT8MULTIRANGE)
    """The places of the feed that were read by whoever may read all of it: they stand for their people."""
    outcome: Mapped[AccessOutcome] = mapped_column(words(AccessOutcome))
    feed_reached: Mapped[int | None] = mapped_column(BigInteger)
    """How far a page of the feed reached: what its consumer has read by then."""

    agency: Mapped[Agency] = relationship(
        primaryjoin="foreign(AccessLog.agency_id) == Agency.id", viewonly=True
    )


class ErasedLook(Base):
    """A line of the access log that was about a person by a place of the feed, which was erased since (docs/adr/0028).

    It says which line, not which place: who looked is kept for the person, and what was looked at is not. The database writes it when
    an event is erased; it goes when its line has gone, and not before.
    """

    __tablename__ = "erased_look"
    __table_args__ = (PrimaryKeyConstraint("beneficiary_id", "line_at", "line_id"),)

    beneficiary_id: Mapped[UUID] = mapped_column(ForeignKey("beneficiary.id"))
    line_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    line_id: Mapped[UUID]
