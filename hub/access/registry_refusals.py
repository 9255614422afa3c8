# SPDX-License-Identifier: EUPL-1.2
"""Why a change of who may see what is refused. Each says which member of what was given it is about."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from hub.errors import InvalidInput


class RegistryRefusalCode(StrEnum):
    """Why an administrator's command was refused."""

    INVALID_REGISTRATION = "INVALID_REGISTRATION"
    ALREADY_REGISTERED = "ALREADY_REGISTERED"
    UNKNOWN_AGENCY = "UNKNOWN_AGENCY"
    UNKNOWN_CLIENT = "UNKNOWN_CLIENT"
    UNKNOWN_PURPOSE = "UNKNOWN_PURPOSE"
    UNKNOWN_GRANT = "UNKNOWN_GRANT"
    UNKNOWN_AREA = "UNKNOWN_AREA"
    UNKNOWN_FIELD_SET = "UNKNOWN_FIELD_SET"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    GRANTS_DISAGREE = "GRANTS_DISAGREE"


class RegistryRefused(InvalidInput):
    """Who may see what stays as it is."""

    why: ClassVar[RegistryRefusalCode]

    def __init_subclass__(cls, *, why: RegistryRefusalCode) -> None:
        cls.why = why

    def __init__(self, message: str | None = None, *, about: str) -> None:
        """`about`: the member of what was given, by its Python name."""
        super().__init__(message)
        self.about = about


class InvalidRegistration(RegistryRefused, why=RegistryRefusalCode.INVALID_REGISTRATION):
    """An agency's code, or what its purpose would be granted, cannot be."""


class AlreadyRegistered(RegistryRefused, why=RegistryRefusalCode.ALREADY_REGISTERED):
    """This client, purpose or organisation belongs to another agency."""


class UnknownAgency(RegistryRefused, why=RegistryRefusalCode.UNKNOWN_AGENCY):
    """No agency of this code is registered."""


class UnknownClient(RegistryRefused, why=RegistryRefusalCode.UNKNOWN_CLIENT):
    """No client of this id is registered."""


class UnknownPurpose(RegistryRefused, why=RegistryRefusalCode.UNKNOWN_PURPOSE):
    """No purpose of this id is registered."""


class UnknownGrant(RegistryRefused, why=RegistryRefusalCode.UNKNOWN_GRANT):
    """There is no grant of this id."""


class UnknownArea(RegistryRefused, why=RegistryRefusalCode.UNKNOWN_AREA):
    """A grant names a centre by its ministry code, a municipality by its Belfiore code, an ambito and a region by their codes."""


class UnknownFieldSet(RegistryRefused, why=RegistryRefusalCode.UNKNOWN_FIELD_SET):
    """There is no field set of this name; `snodo agency field-set list` shows those there are."""


class UnknownField(RegistryRefused, why=RegistryRefusalCode.UNKNOWN_FIELD):
    """A field set names a field by its coordinate, `Beneficiary.fiscalCode`, or all of a type that are personal, `Beneficiary.*`."""


class GrantsDisagree(RegistryRefused, why=RegistryRefusalCode.GRANTS_DISAGREE):
    """Another grant of this purpose holds at the same time, and reaches by another kind of territory, other fields or capabilities.

    Grants of one purpose add up their areas and agree in all else: end the other first, or use a purpose of its own.
    """
