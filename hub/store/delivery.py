# SPDX-License-Identifier: EUPL-1.2
"""What crosses to and from other systems: the outbox, inbound runs, and records that could not land."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from hub.store.base import Base, Key, RecordedAt

LANDED = (
    "(inbound_run_id IS NULL OR landed_at IS NOT NULL)"
    " AND (landed_at IS NULL OR num_nulls(source_agency_id, external_id) = 0)"
)
"""The CHECK of a table whose rows land: what a run brought landed then, and what landed was told by an agency under a number of its own."""


class OutboxMessage(Base):
    """Something that must go on from here, written in the transaction that made it true.

    Topic `feed`: an event that waits for its position; the sequencer removes the message as it writes the entry.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(None, "topic", "id", postgresql_where=text("delivered_at IS NULL AND dead_at IS NULL")),
        Index(None, "subject_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    topic: Mapped[str]
    subject_id: Mapped[UUID]
    payload: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    created_at: Mapped[RecordedAt]
    not_before: Mapped[RecordedAt]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]
    delivered_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]


class InboundRun(Base):
    """One run of a flow from an agency: what was read, what landed, what did not, and where the next one starts."""

    __tablename__ = "inbound_run"
    __table_args__ = (
        CheckConstraint(
            "landed >= 0 AND quarantined >= 0 AND landed + quarantined <= received", name="counts"
        ),
        Index(None, "agency_id", "flow", "started_at"),
    )

    id: Mapped[Key]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    flow: Mapped[str]
    started_at: Mapped[RecordedAt]
    finished_at: Mapped[datetime | None]
    watermark: Mapped[str | None]
    received: Mapped[int] = mapped_column(server_default=text("0"))
    landed: Mapped[int] = mapped_column(server_default=text("0"))
    quarantined: Mapped[int] = mapped_column(server_default=text("0"))


class QuarantinedRecord(Base):
    """A record an agency sent that could not land: kept whole, with the reason, until it lands or is dismissed."""

    __tablename__ = "quarantined_record"
    __table_args__ = (
        UniqueConstraint("agency_id", "flow", "record_key"),
        Index(
            "quarantined_record_waiting_idx",
            "agency_id",
            "flow",
            "id",
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    flow: Mapped[str]
    record_key: Mapped[str]
    payload: Mapped[dict[str, object]] = mapped_column(JSONB)
    field: Mapped[str | None]
    reason: Mapped[str]
    received_at: Mapped[RecordedAt]
    resolved_at: Mapped[datetime | None]
