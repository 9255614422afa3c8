# SPDX-License-Identifier: EUPL-1.2
"""The access log: who looked at whom, and why. Append-only, by trigger and by the hub's role.

Partitioned by time from the start, so that retention drops a partition and never deletes a row.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from hub.store.base import Base, RecordedAt


class AccessDocument(Base):
    """A GraphQL document that was run, and the field coordinates it selects; stored once."""

    __tablename__ = "access_document"
    __table_args__ = (CheckConstraint("length(document_hash) = 32", name="document_hash"),)

    document_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    coordinates: Mapped[list[str]] = mapped_column(ARRAY(Text))
    first_seen_at: Mapped[RecordedAt]


class AccessLog(Base):
    """One answer with personal data."""

    __tablename__ = "access_log"
    __table_args__ = (
        Index("access_log_subjects_idx", "subjects", postgresql_using="gin"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True, server_default=func.now())
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    client_id: Mapped[UUID | None]
    purpose_id: Mapped[UUID | None]
    operator: Mapped[str | None]
    operation: Mapped[str | None]
    document_hash: Mapped[bytes] = mapped_column(ForeignKey("access_document.document_hash"))
    variables: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    subjects: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)), server_default=text("'{}'"))
    outcome: Mapped[str]
