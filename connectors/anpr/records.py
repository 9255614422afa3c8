# SPDX-License-Identifier: EUPL-1.2
"""What ANPR says about a person, typed; the code tables are ANPR's (domain.md 1.4 and 1.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class AddressType(StrEnum):
    """`tipoIndirizzo`."""

    RESIDENCE = "1"
    HABITUAL_ABODE = "2"
    ELECTED_DOMICILE = "3"
    RESIDENCE_ABROAD = "4"
    CARE_OF = "5"
    CARE_OF_OTHER = "6"
    LAST_ITALIAN_RESIDENCE = "7"
    TEMPORARY_RESIDENCE = "8"
    OTHER = "9"
    STREET_RENAMED = "10"
    CORRECTED = "11"


class BondType(StrEnum):
    """`legameSoggetto.tipoLegame`: what binds a person to the others on the same record."""

    FAMILY = "3"
    CO_RESIDENCE = "4"
    FAMILY_ABROAD = "5"


@dataclass(frozen=True, slots=True)
class IdAnpr:
    """A person's national id in ANPR (`idANPR`, e.g. AF41450AS): stable, so a caller may keep it."""

    value: str


@dataclass(frozen=True, slots=True, repr=False)
class Residence:
    """Where a person is registered; for an address abroad the municipality is None and the country is not.

    `municipality_istat` is the six-digit ISTAT code, `province` the two-letter code, `since` the day the
    residence took effect, `unit` staircase and flat, `country_code` ANPR's code of the state.
    """

    address_type: AddressType
    since: date | None
    municipality_istat: str | None
    municipality_name: str | None
    province: str | None
    postal_code: str | None
    street: str | None
    number: str | None
    unit: str | None
    country_code: str | None
    country_name: str | None
    locality: str | None


@dataclass(frozen=True, slots=True, repr=False)
class FamilyMember:
    """One person on a family's record.

    `relationship` is the code of the bond to the record's holder in the table that `bond` names (for a family
    1 is the holder); `position` the person's number on the record; `birth_date` is None when ANPR knows the
    year or month only.
    """

    fiscal_code: str | None
    id_anpr: str | None
    given_name: str | None
    family_name: str | None
    sex: str | None
    birth_date: date | None
    bond: BondType | None
    relationship: str | None
    position: int | None
    since: date | None
    deceased_on: date | None
    deceased: bool
