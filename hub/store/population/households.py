# SPDX-License-Identifier: EUPL-1.2
"""Households in the order of their admission: where they live, what they receive, who their members are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from hub.store.population.benefits import Grant, admission, grants
from hub.store.population.chance import Draw, stream
from hub.store.population.fiscal_codes import FiscalCodes
from hub.store.population.names import ITALIAN_FAMILIES, ITALIAN_MEN, ITALIAN_WOMEN, ORIGINS, Origin
from hub.store.population.people import (
    Person,
    Role,
    age_of,
    birthday,
    employment_of,
    obligation_of,
    roles,
)
from hub.store.population.places import Place, by_need
from hub.store.vocabulary import Measure, Sex

FOREIGN_SHARE = 0.17
"""Of the households, those that came from abroad; not all their members were born there."""
PROVISIONAL_SHARE = 0.075
"""Of those born abroad, who still have an 11-digit code: about one in a hundred of all."""

_SIZES = Draw([(1, 42), (2, 22), (3, 16), (4, 12), (5, 5), (6, 2), (7, 1)])
_ORIGIN = Draw([(origin, origin.weight) for origin in ORIGINS])


@dataclass(slots=True)
class Household:
    """A household as it stands today; `admitted` is the ordinal of its first day of benefit."""

    number: int
    place: Place
    measure: Measure
    admitted: int
    benefits: list[Grant]
    members: list[Person] = field(default_factory=list)


def household_sizes(beneficiaries: int, seed: int) -> list[int]:
    """How many live in each household, 1–7; in all as many as asked for."""
    chance, sizes, left = stream(seed, "sizes"), [], beneficiaries
    while left:
        sizes.append(min(_SIZES(chance), left))
        left -= sizes[-1]
    return sizes


class Settlement:
    """Makes the households one after the other, in the order of their admission."""

    def __init__(self, beneficiaries: int, seed: int, today: int, places: Sequence[Place]) -> None:
        self._sizes = household_sizes(beneficiaries, seed)
        self._today = today
        self._places = by_need(places)
        self._birth_places = [place.belfiore_code for place in places]
        self._homes = stream(seed, "homes")
        self._people = stream(seed, "people")
        self._money = stream(seed, "money")
        self._codes = FiscalCodes(stream(seed, "codes"))

    def __iter__(self) -> Iterator[Household]:
        """Every household once."""
        whole = len(self._sizes)
        for number, size in enumerate(self._sizes):
            admitted, measure = admission((number + 0.5) / whole, self._today, self._homes)
            household = Household(number, self._places(self._homes), measure, admitted, [])
            household.members = self._members(household, size)
            fragile = any(person.age < 18 or person.age >= 60 for person in household.members)
            household.benefits = grants(
                measure, admitted, self._today, _scale(household), fragile, self._money
            )
            yield household

    def _members(self, household: Household, size: int) -> list[Person]:
        chance = self._people
        origin = _ORIGIN(chance) if chance.random() < FOREIGN_SHARE else None
        families = ITALIAN_FAMILIES if origin is None else origin.families
        family_name = families[int(chance.random() * len(families))]
        own_name = families[int(chance.random() * len(families))]
        members = []
        head_age = 0
        for ordinal, role in enumerate(roles(household.measure, size, chance)):
            age = age_of(role, ordinal, head_age, chance)
            head_age = head_age or age
            # The first member's partner keeps a family name of their own.
            name = own_name if ordinal == 1 and role is not Role.CHILD else family_name
            members.append(self._person(household, name, age, role, origin))
        return members

    def _person(
        self, household: Household, family_name: str, age: int, role: Role, origin: Origin | None
    ) -> Person:
        chance = self._people
        sex = Sex.F if chance.random() < 0.54 else Sex.M
        abroad = origin is not None and (role is not Role.CHILD or chance.random() < 0.25)
        if origin is None:
            given_names = ITALIAN_WOMEN if sex is Sex.F else ITALIAN_MEN
        else:
            given_names = origin.women if sex is Sex.F else origin.men
        given_name = given_names[int(chance.random() * len(given_names))]
        birth_place = (
            origin.code
            if abroad and origin is not None
            else household.place.belfiore_code
            if chance.random() < 0.7
            else self._birth_places[int(chance.random() * len(self._birth_places))]
        )
        born_on, code = self._identity(family_name, given_name, age, sex, birth_place, abroad)
        obligation = obligation_of(age, household.measure, chance)
        employment = employment_of(age, obligation, chance)
        centres = household.place.centres
        person = Person(
            code, given_name, family_name, born_on, age, sex, obligation, employment, None, abroad
        )
        if person.may_be_activated or chance.random() < 0.25:
            person.centre = centres[int(chance.random() * len(centres))]
        return person

    def _identity(
        self, family_name: str, given_name: str, age: int, sex: Sex, birth_place: str, abroad: bool
    ) -> tuple[int, str]:
        """A birthday of that age and a code for it; another birthday when every variant of its code is taken."""
        chance = self._people
        while True:
            born_on = birthday(age, self._today, chance)
            if abroad and chance.random() < PROVISIONAL_SHARE:
                return born_on, self._codes.give_provisional()
            code = self._codes.give(family_name, given_name, date.fromordinal(born_on), sex, birth_place)
            if code is not None:
                return born_on, code


def _scale(household: Household) -> float:
    """An equivalence scale near those of the measures: 1, and more for each further adult and minor."""
    others = household.members[1:]
    return 1 + sum(0.4 if person.age >= 18 else 0.15 for person in others)
