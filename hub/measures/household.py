# SPDX-License-Identifier: EUPL-1.2
"""What is told of a household: its members, and what they have. What is not known is None, which is not zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from hub.measures.days import age
from hub.measures.residence import Residence

ADULT = 18
CHILD_ALLOWANCE_AGE = 21
"""From this age on, only who is disabled is in the assegno unico universale."""


class Disability(StrEnum):
    """As the DSU has it: none, disabled, severely disabled or not self-sufficient."""

    NONE = "NONE"
    DISABLED = "DISABLED"
    SEVERE = "SEVERE"


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a household. `key` tells it from the others, in whatever words the caller has."""

    key: str
    birth_date: date
    applicant: bool = False
    spouse: str | None = None
    disability: Disability | None = Disability.NONE
    carer: bool | None = False
    """Cares for a child under three, three or more minors, or someone severely disabled."""
    disadvantaged: bool | None = False
    """In a care programme certified by a public body."""
    in_child_allowance: bool | None = None
    """In the assegno unico universale."""
    in_public_structure: bool | None = False
    """Lives where the state pays for everything: not in the equivalence scale."""

    def age(self, on: date) -> int:
        """Years completed on a day."""
        return age(self.birth_date, on)

    def is_minor(self, on: date) -> bool:
        """Whether not yet of age."""
        return self.age(on) < ADULT

    def child_allowance(self, on: date) -> bool | None:
        """Whether in the assegno unico universale: as told, else False where nobody can be."""
        if self.in_child_allowance is not None:
            return self.in_child_allowance
        beyond = self.age(on) >= CHILD_ALLOWANCE_AGE and self.disability is Disability.NONE
        return False if beyond else None


class VehicleKind(StrEnum):
    """What the vehicle registry calls autoveicolo and motoveicolo."""

    CAR = "CAR"
    MOTORCYCLE = "MOTORCYCLE"


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle in a member's name or use; displacement in cc, 0 if electric."""

    kind: VehicleKind
    displacement: int
    first_registered: date
    disability_relief: bool = False
    """Taxed lower for a disability: does not count."""


@dataclass(frozen=True, slots=True)
class Household:
    """A household and what it has. Euro; rent and mortgage a year; None where it is not known."""

    members: tuple[Member, ...]
    residence: Residence = field(default_factory=Residence)
    isee: Decimal | None = None
    family_income: Decimal | None = None
    """As art. 2 c. 6 of DL 4/2019 and art. 2 c. 6 of DL 48/2023 reckon it."""
    home_value: Decimal | None = None
    """Of the home it owns, for IMU; 0 if it owns none."""
    other_real_estate: Decimal | None = None
    movable_assets: Decimal | None = None
    vehicles: tuple[Vehicle, ...] | None = None
    boats_and_aircraft: int | None = None
    annual_rent: Decimal | None = None
    """By a registered contract for the home; 0 if it rents none."""
    annual_mortgage: Decimal | None = None

    @property
    def applicant(self) -> Member:
        """Who applies."""
        return next(member for member in self.members if member.applicant)


def is_elderly(members: Iterable[Member], age: int, on: date) -> bool:
    """Whether all are of an age, or severely disabled beside someone who is."""
    found = False
    for member in members:
        if member.age(on) >= age:
            found = True
        elif member.disability is not Disability.SEVERE:
            return False
    return found
