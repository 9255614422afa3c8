# SPDX-License-Identifier: EUPL-1.2
"""Files that regions sent: each arrival, what became of it, and each record of it that was refused.

A content is landed once: however often and under whichever names it comes, one row of those that were read, or are being read, has its
digest, which is the one its checksum file told.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.vocabulary import FiledRecordRefusal, FileState

_DIGEST = "'^[0-9a-f]{64}$'"


class ReceivedFile(Base):
    """One arrival of a file: another name, size, time of change or checksum is another.

    `checksum`: as its checksum file told it, "" where that could not be read; `sha256`: of what was read, NULL where that was not the
    whole. `records` is also the place where a run that was killed goes on.
    """

    __tablename__ = "received_file"
    __table_args__ = (
        one_of("state", FileState),
        CheckConstraint(f"checksum = '' OR checksum ~ {_DIGEST}", name="checksum"),
        CheckConstraint(f"sha256 ~ {_DIGEST}", name="sha256"),
        CheckConstraint(
            "state NOT IN ('READING', 'READ') OR sha256 IS NOT NULL AND sha256 = checksum", name="as_told"
        ),
        CheckConstraint("landed >= 0 AND refused >= 0 AND landed + refused = records", name="counts"),
        CheckConstraint(
            "(state = 'REFUSED') = (code IS NOT NULL) AND (state = 'REFUSED') = (reason IS NOT NULL)",
            name="refusal",
        ),
        CheckConstraint("(state = 'REPEATED') = (repeats_id IS NOT NULL)", name="repeats_id"),
        CheckConstraint("(state = 'READING') = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("receipted_at IS NULL OR ended_at IS NOT NULL", name="receipted_at"),
        UniqueConstraint(
            "agency_id", "flow", "name", "size", "modified_at", "checksum", name="received_file_arrival_key"
        ),
        Index(
            "received_file_content_idx",
            "agency_id",
            "flow",
            "sha256",
            unique=True,
            postgresql_where=text("state IN ('READING', 'READ')"),
        ),
        Index(
            "received_file_unreceipted_idx",
            "agency_id",
            "flow",
            postgresql_where=text("ended_at IS NOT NULL AND receipted_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    flow: Mapped[str]
    name: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    modified_at: Mapped[datetime]
    checksum: Mapped[str]
    sha256: Mapped[str | None]
    state: Mapped[FileState] = mapped_column(words(FileState))
    code: Mapped[str | None]
    reason: Mapped[str | None]
    unknown_columns: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    repeats_id: Mapped[UUID | None] = mapped_column(ForeignKey("received_file.id"))
    records: Mapped[int] = mapped_column(server_default=text("0"))
    landed: Mapped[int] = mapped_column(server_default=text("0"))
    refused: Mapped[int] = mapped_column(server_default=text("0"))
    began_at: Mapped[RecordedAt]
    ended_at: Mapped[datetime | None]
    receipted_at: Mapped[datetime | None]


class FileRefusal(Base):
    """One record of a file that was refused, as its receipt says: by line and the sender's own key, and nothing else of it."""

    __tablename__ = "received_file_refusal"
    __table_args__ = (one_of("code", FiledRecordRefusal), CheckConstraint("ordinal > 0", name="ordinal"))

    file_id: Mapped[UUID] = mapped_column(
        ForeignKey("received_file.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[int]
    record_key: Mapped[str | None]
    code: Mapped[FiledRecordRefusal] = mapped_column(words(FiledRecordRefusal))
    field: Mapped[str | None]
    reason: Mapped[str]
