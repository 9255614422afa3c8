# SPDX-License-Identifier: EUPL-1.2
"""Who may ask: agencies, their PDND clients and purposes, and what each purpose is granted."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.store.base import Base, Key, RecordedAt, one_of, words
from hub.store.reference.agency_codes import CITIZENS_AGENCY_ID, CITIZENS_PURPOSE_ID
from hub.store.vocabulary import AccessDoor, AgencyKind, ChangeAction, GrantScope


class Agency(Base):
    """An organisation that asks or answers. `code` is how people name it on the command line."""

    __tablename__ = "agency"
    __table_args__ = (
        one_of("kind", AgencyKind),
        CheckConstraint("code ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="code"),
        CheckConstraint(
            "demands <@ ARRAY['EVIDENCE', 'SIGNATURE', 'DPOP', 'SINGLE_USE', 'SIGNED_ANSWERS']::text[]",
            name="demands",
        ),
        UniqueConstraint("code"),
        UniqueConstraint("pdnd_consumer_id"),
        CheckConstraint("calls_per_day > 0", name="calls_per_day"),
        CheckConstraint(
            f"(kind = 'CITIZENS') = (id = '{CITIZENS_AGENCY_ID}')"
            " AND (kind <> 'CITIZENS' OR (code = 'citizens' AND pdnd_consumer_id IS NULL))",
            name="citizens",
        ),
        CheckConstraint("kind <> 'CITIZENS' OR demands = '{}'", name="citizens_demands"),
    )

    id: Mapped[Key]
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[AgencyKind] = mapped_column(words(AgencyKind))
    pdnd_consumer_id: Mapped[UUID | None]
    demands: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    # All its purposes together (dailyCallsPerConsumer); NULL: as the hub is set.
    calls_per_day: Mapped[int | None] = mapped_column(BigInteger)


class AgencyClient(Base):
    """A PDND client of an agency: the `client_id` of its vouchers."""

    __tablename__ = "agency_client"
    __table_args__ = (CheckConstraint(f"agency_id <> '{CITIZENS_AGENCY_ID}'", name="citizens"),)

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), index=True)
    registered_at: Mapped[RecordedAt]
    revoked_at: Mapped[datetime | None]


class Purpose(Base):
    """A purpose of an agency as registered on PDND (finalità): the `purposeId` of its vouchers."""

    __tablename__ = "purpose"
    __table_args__ = (
        CheckConstraint("calls_per_minute > 0", name="calls_per_minute"),
        CheckConstraint("calls_per_day > 0", name="calls_per_day"),
        CheckConstraint(
            f"(agency_id = '{CITIZENS_AGENCY_ID}') = (purpose_id = '{CITIZENS_PURPOSE_ID}')", name="citizens"
        ),
    )

    purpose_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), index=True)
    description: Mapped[str]
    registered_at: Mapped[RecordedAt]
    revoked_at: Mapped[datetime | None]
    # Of the citizens' purpose, what each of them may ask. NULL: as the hub is set; a day's calls, then, are bounded by the consumer's.
    calls_per_minute: Mapped[int | None] = mapped_column(BigInteger)
    calls_per_day: Mapped[int | None] = mapped_column(BigInteger)


class FieldSet(Base):
    """A named set of fields a kind of purpose needs, beyond those that are public.

    `fields` holds coordinates: `Beneficiary.fiscalCode`, or `Beneficiary.*` for all of a type that are personal; one that is
    special (`@sensitivity(level: SPECIAL)`) is only ever named in full.
    """

    __tablename__ = "field_set"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="name"),
        CheckConstraint("array_position(fields, NULL) IS NULL", name="fields"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    description: Mapped[str]
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))


class AccessGrant(Base):
    """What a purpose may see: rows by scope, fields by set, and capabilities; for a time.

    Grants of one purpose that hold at one moment add up their areas, and agree in all else.
    """

    __tablename__ = "access_grant"
    __table_args__ = (
        one_of("scope", GrantScope),
        CheckConstraint(
            "capabilities <@ ARRAY['RECORD_EVENTS', 'READ_FEED', 'ADMINISTER', 'READ_ACCESS_LOG', 'REPORT_OUTCOMES',"
            " 'SEND_COMMUNICATIONS', 'PUBLISH_OPPORTUNITIES']::text[]",
            name="capabilities",
        ),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
        CheckConstraint(
            "(scope IN ('NATIONAL', 'REGION', 'MUNICIPALITY', 'AMBITO') OR NOT capabilities @> ARRAY['READ_FEED'])"
            " AND (scope = 'NATIONAL' OR NOT capabilities @> ARRAY['REPORT_OUTCOMES'])"
            " AND (scope NOT IN ('AGGREGATE', 'OWN', 'SELF') OR NOT capabilities && ARRAY['RECORD_EVENTS', 'SEND_COMMUNICATIONS'])"
            " AND (scope IN ('OWN', 'CENTRE', 'MUNICIPALITY', 'AMBITO') OR NOT capabilities @> ARRAY['PUBLISH_OPPORTUNITIES'])",
            name="capability_scope",
        ),
        CheckConstraint(
            f"(scope = 'SELF') = (purpose_id = '{CITIZENS_PURPOSE_ID}')"
            " AND (scope <> 'SELF' OR capabilities = '{}')",
            name="citizens",
        ),
        ExcludeConstraint(
            (Column("purpose_id"), "="),
            (literal_column("grant_terms(scope, field_set, fields, capabilities)"), "<>"),
            (func.tstzrange(literal_column("valid_from"), literal_column("valid_to")), "&&"),
            name="access_grant_terms_excl",
            using="gist",
            where=text("revoked_at IS NULL"),
        ),
        Index(None, "purpose_id"),
    )

    id: Mapped[Key]
    purpose_id: Mapped[UUID] = mapped_column(ForeignKey("purpose.purpose_id"))
    scope: Mapped[GrantScope] = mapped_column(words(GrantScope))
    capabilities: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    field_set: Mapped[str] = mapped_column(ForeignKey("field_set.name"))
    # Coordinates this grant adds to those of its set.
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    valid_from: Mapped[RecordedAt]
    valid_to: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class AccessGrantArea(Base):
    """One centre, municipality, ambito or region a grant reaches."""

    __tablename__ = "access_grant_area"
    __table_args__ = (
        CheckConstraint(
            "num_nonnulls(employment_centre_id, municipality_id, ambito_code, region_code) = 1",
            name="one_area",
        ),
        UniqueConstraint(
            "grant_id",
            "employment_centre_id",
            "municipality_id",
            "ambito_code",
            "region_code",
            name="access_grant_area_area_key",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Key]
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("access_grant.id", ondelete="CASCADE"))
    employment_centre_id: Mapped[UUID | None] = mapped_column(ForeignKey("employment_centre.id"))
    municipality_id: Mapped[UUID | None] = mapped_column(ForeignKey("municipality.id"))
    ambito_code: Mapped[str | None] = mapped_column(ForeignKey("ambito.code"))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))


class AccessChange(Base):
    """That somebody changed who may see what: a row of one of these tables, before and after. Append-only; triggers write it.

    `subject` is the table. By the door API, agency and purpose are the caller's; by DATABASE, `operator` is the role that wrote.
    """

    __tablename__ = "access_change"
    __table_args__ = (
        one_of("door", AccessDoor),
        one_of("action", ChangeAction),
        CheckConstraint("door <> 'API' OR num_nonnulls(agency_code, purpose_id) = 2", name="by_whom"),
        Index(None, "at", "id"),
    )

    id: Mapped[Key]
    at: Mapped[RecordedAt]
    door: Mapped[AccessDoor] = mapped_column(words(AccessDoor))
    agency_code: Mapped[str | None]
    purpose_id: Mapped[UUID | None]
    operator: Mapped[str | None]
    subject: Mapped[str]
    action: Mapped[ChangeAction] = mapped_column(words(ChangeAction))
    before: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, object] | None] = mapped_column(JSONB)
