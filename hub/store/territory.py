# SPDX-License-Identifier: EUPL-1.2
"""Where things are: regions, municipalities (as of now and through time), employment centres."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.store.base import Base, Key

if TYPE_CHECKING:
    from hub.store.households import Beneficiary, Household


class Region(Base):
    """One of the 21 labour territories: 19 regions and the provinces of Bolzano and Trento.

    `code` is ISTAT's two digits, with 21 (Bolzano) and 22 (Trento) in place of 04; `sap_code` is the code of the
    labour systems' SAP world, which is not ISTAT's.
    """

    __tablename__ = "region"
    __table_args__ = (CheckConstraint("code ~ '^[0-9]{2}$'", name="code"), UniqueConstraint("sap_code"))

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    sap_code: Mapped[str]


class Municipality(Base):
    """A municipality, known for ever by its Belfiore code; the other columns say what it is called today."""

    __tablename__ = "municipality"
    __table_args__ = (
        CheckConstraint("belfiore_code ~ '^[A-Z][0-9]{3}$'", name="belfiore_code"),
        CheckConstraint("istat_code ~ '^[0-9]{6}$'", name="istat_code"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity"),
        CheckConstraint(
            "num_nonnulls(latitude, longitude) IN (0, 2) AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            name="coordinates",
        ),
        UniqueConstraint("belfiore_code"),
        # What a row that carries its region beside its municipality points at, so that the two cannot part.
        UniqueConstraint("id", "region_code"),
        Index(None, "istat_code"),
        Index(None, "region_code"),
        Index(None, "latitude"),
    )

    id: Mapped[Key]
    belfiore_code: Mapped[str]
    istat_code: Mapped[str]
    name: Mapped[str]
    province: Mapped[str]
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    # Of the seat, in degrees (WGS 84); ANPR's archive has none (docs/adr/0011).
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]

    households: Mapped[list[Household]] = relationship(
        primaryjoin="Municipality.id == Household.municipality_id",
        foreign_keys="Household.municipality_id",
        back_populates="municipality",
        viewonly=True,
    )
    beneficiaries: Mapped[list[Beneficiary]] = relationship(
        primaryjoin="Municipality.id == Beneficiary.municipality_id",
        foreign_keys="Beneficiary.municipality_id",
        back_populates="municipality",
        viewonly=True,
    )


class MunicipalityVersion(Base):
    """What a municipality was called, and under which ISTAT code, over a period: half-open, in days."""

    __tablename__ = "municipality_version"
    __table_args__ = (
        CheckConstraint("istat_code ~ '^[0-9]{6}$'", name="istat_code"),
        CheckConstraint("NOT isempty(validity)", name="validity"),
        # A municipality has one name and one ISTAT code on any one day.
        ExcludeConstraint(
            (Column("municipality_id"), "="),
            (Column("validity"), "&&"),
            name="municipality_version_overlap_excl",
            using="gist",
        ),
        Index(None, "istat_code"),
    )

    id: Mapped[Key]
    municipality_id: Mapped[UUID] = mapped_column(ForeignKey("municipality.id"))
    istat_code: Mapped[str]
    name: Mapped[str]
    province: Mapped[str]
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    validity: Mapped[Range[date]] = mapped_column(DATERANGE)


class Ambito(Base):
    """An ambito territoriale sociale: municipalities that run their social services together (L. 328/2000 art. 8 c. 3).

    Regions draw them and give their codes; no national register of codes is known to this hub, so they are imported as given.
    """

    __tablename__ = "ambito"
    __table_args__ = (CheckConstraint("code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$'", name="code"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))


class AmbitoMunicipality(Base):
    """That a municipality belongs to an ambito; it belongs to one at most."""

    __tablename__ = "ambito_municipality"
    __table_args__ = (Index(None, "ambito_code"),)

    municipality_id: Mapped[UUID] = mapped_column(ForeignKey("municipality.id"), primary_key=True)
    ambito_code: Mapped[str] = mapped_column(ForeignKey("ambito.code", ondelete="CASCADE"))


class EmploymentCentre(Base):
    """Centro per l'impiego (CPI)."""

    __tablename__ = "employment_centre"
    __table_args__ = (
        CheckConstraint("code ~ '^[A-Z][0-9]{3}C[0-9]{6}$'", name="code"),
        UniqueConstraint("code"),
        Index(None, "region_code"),
    )

    id: Mapped[Key]
    code: Mapped[str]
    name: Mapped[str]
    municipality_id: Mapped[UUID] = mapped_column(ForeignKey("municipality.id"))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))

    municipality: Mapped[Municipality] = relationship()
    beneficiaries: Mapped[list[Beneficiary]] = relationship(back_populates="employment_centre", viewonly=True)
