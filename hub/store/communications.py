# SPDX-License-Identifier: EUPL-1.2
"""Mandatory communications (comunicazioni obbligatorie) that told of a hire, as far as they are kept."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.store.base import Base, RecordedAt, one_of, words
from hub.store.vocabulary import CommunicationKind, CommunicationState


class Communication(Base):
    """One communication of a hire, by the code the labour system gave it, and what became of it.

    Of one that came to nothing (its worker receives no benefit, as most do not) nothing is kept but that it came (docs/adr/0035): no
    person, no employer, no day. One that was recorded stays as it is until the content of its event is erased, which takes all of that; what
    corrects or annuls it has a row of its own.
    """

    __tablename__ = "communication"
    __table_args__ = (
        one_of("kind", CommunicationKind),
        one_of("state", CommunicationState),
        CheckConstraint("code ~ '^[0-9A-Z]{16}$'", name="code"),
        CheckConstraint("employer_code ~ '^([0-9]{11}|[0-9A-Z]{16})$'", name="employer_code"),
        CheckConstraint("contract_type ~ '^[A-Z]\\.[0-9]{2}\\.[0-9]{2}$'", name="contract_type"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint(
            "CASE WHEN state IN ('WAITING', 'RECORDED')"
            " THEN num_nulls(beneficiary_id, starts_on, employer_code) = 0"
            " ELSE num_nonnulls(beneficiary_id, starts_on, ends_on, employer_code, contract_type, acceptance_event_id,"
            " client_id, purpose_id, operator) = 0 END",
            name="kept",
        ),
        CheckConstraint(
            "CASE state WHEN 'RECORDED' THEN event_id IS NOT NULL WHEN 'ERASED' THEN true"
            " ELSE num_nonnulls(event_id, acceptance_event_id) = 0 END",
            name="event",
        ),
        CheckConstraint("replaces_code <> code", name="replaces"),
        CheckConstraint("state <> 'ANNULMENT' OR replaces_code IS NOT NULL", name="annulment"),
        # What an agency sent is corrected or annulled once: then the correction is what may be corrected.
        UniqueConstraint("replaces_code", "agency_id"),
        # An event comes of one communication, and of those that correct it without a change of person or day.
        Index(
            "communication_event_id_key",
            "event_id",
            unique=True,
            postgresql_where=text("replaces_code IS NULL"),
        ),
        Index(None, "event_id"),
        Index(None, "starts_on", "code", postgresql_where=text("state = 'WAITING'")),
        Index(None, "beneficiary_id"),
        # An offer that was accepted leads to one hire that stands: a trigger, since a constraint cannot ask what was withdrawn.
        Index(None, "acceptance_event_id"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    # The communication that it corrects (rettifica) or annuls (annullamento).
    replaces_code: Mapped[str | None] = mapped_column(ForeignKey("communication.code"))
    kind: Mapped[CommunicationKind] = mapped_column(words(CommunicationKind))
    state: Mapped[CommunicationState] = mapped_column(words(CommunicationState))
    received_at: Mapped[RecordedAt]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    client_id: Mapped[UUID | None]
    purpose_id: Mapped[UUID | None]
    operator: Mapped[str | None]
    beneficiary_id: Mapped[UUID | None] = mapped_column(ForeignKey("beneficiary.id"))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    employer_code: Mapped[str | None]
    contract_type: Mapped[str | None]
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("conditionality_event.id"))
    # The acceptance of a suitable offer that the hire followed.
    acceptance_event_id: Mapped[UUID | None] = mapped_column(ForeignKey("conditionality_event.id"))
