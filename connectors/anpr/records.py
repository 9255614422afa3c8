# SPDX-License-Identifier: EUPL-1.2
"""What ANPR says about a person, typed; the code tables are ANPR's (domain.md 1.4 and 1.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hub.measures.registry_check import Register


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


EVERY_MUNICIPALITY_SINCE = date(2022, 1, 18)
"""The day after the last municipality came into ANPR (agendadigitale.eu, January 2022: all 7,903 as of the 17th): from then on who is
not in it is registered nowhere; of days before, a municipality may know more."""


class CancellationReason(StrEnum):
    """`motivoCancellazione`, those that matter here: the others say where somebody went."""

    UNTRACEABLE = "6"
    """Irreperibilità."""
    ABODE_NOT_RENEWED = "7"
    """Mancato rinnovo della dimora abituale."""


@dataclass(frozen=True, slots=True, repr=False)
class Generality:
    """Who a person is (C015); `valid_code`: whether the fiscal code is validated (None: ANPR does not say)."""

    fiscal_code: str | None
    valid_code: bool | None
    family_name: str | None
    given_name: str | None
    sex: str | None
    birth_date: date | None
    operation_id: str | None


@dataclass(frozen=True, slots=True, repr=False)
class RegistrationEntry:
    """One entry of the history of registrations (`infoStoriaIscrizione`).

    `record_type` is `tipoScheda` as it came, `register` what this hub's configuration says that it means (None: nothing).
    """

    record_type: str | None
    register: Register | None
    since: date | None
    until: date | None
    municipality_istat: str | None
    municipality_name: str | None


@dataclass(frozen=True, slots=True, repr=False)
class PersonalRecord:
    """What C029 tells of a person's registrations.

    `struck_off_on`: the day on which an office cancelled the person, who was not found or did not come (None: it did not);
    `operation_id` is ANPR's own number of the answer.
    """

    birth_date: date | None
    registrations: tuple[RegistrationEntry, ...]
    struck_off_on: date | None
    operation_id: str | None


@dataclass(frozen=True, slots=True, repr=False)
class CitizenshipEntry:
    """A citizenship: ANPR's code and name of the state, and since when."""

    state_code: str | None
    state_name: str | None
    since: date | None


@dataclass(frozen=True, slots=True, repr=False)
class PermitEntry:
    """A title to stay (`permessoSoggiorno`): `type_code` is `tipoSoggiorno` as it came; its number and passport are left at ANPR."""

    type_code: str | None
    issued_on: date | None
    expires_on: date | None


@dataclass(frozen=True, slots=True, repr=False)
class CitizenshipRecord:
    """What C018 tells of a person's citizenships and title to stay; `operation_id` is ANPR's own number of the answer."""

    citizenships: tuple[CitizenshipEntry, ...]
    permit: PermitEntry | None
    operation_id: str | None
