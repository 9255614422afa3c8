# SPDX-License-Identifier: EUPL-1.2
"""What crosses to and from other systems: the outbox, inbound runs, and records that could not land."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.store.agencies import Agency
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
    """A record an agency sent that could not land: kept with the reason, and whole until it lands or is dismissed; then by its digest alone.

    `is_told`: whether its agency may be told of it. `version`: of the record, where it says one that can be read. `payload_digest`:
    SHA-256, in place of the payload, by which the same record is known when it comes again.
    """

    __tablename__ = "quarantined_record"
    __table_args__ = (
        UniqueConstraint("agency_id", "flow", "record_key"),
        # INVARIANT the people in a record are kept for no longer than it waits.
        CheckConstraint(
            "(resolved_at IS NULL) = (payload IS NOT NULL) AND num_nulls(payload, payload_digest) = 1",
            name="kept",
        ),
        CheckConstraint("payload_digest ~ '^[0-9a-f]{64}$'", name="payload_digest"),
        CheckConstraint(
            "num_nulls(dismissed_by, dismissed_because) <> 1 AND (dismissed_by IS NULL OR resolved_at IS NOT NULL)"
            " AND length(dismissed_by) BETWEEN 1 AND 200 AND length(dismissed_because) BETWEEN 1 AND 1000",
            name="dismissal",
        ),
        Index(
            "quarantined_record_waiting_idx",
            "agency_id",
            "flow",
            "id",
            postgresql_where=text("resolved_at IS NULL"),
        ),
        Index(
            "quarantined_record_received_idx",
            "received_at",
            "id",
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    flow: Mapped[str]
    record_key: Mapped[str]
    payload: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    field: Mapped[str | None]
    reason: Mapped[str]
    received_at: Mapped[RecordedAt]
    resolved_at: Mapped[datetime | None]
    is_told: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[datetime | None]
    payload_digest: Mapped[str | None]
    dismissed_by: Mapped[str | None]
    dismissed_because: Mapped[str | None]

    source: Mapped[Agency] = relationship(viewonly=True)
