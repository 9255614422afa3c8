# SPDX-License-Identifier: EUPL-1.2
"""What the households of a population declared: most of them all that is asked, some not all of it, a few nothing.

A DSU holds to the end of its year (DPCM 159/2013 art. 10); a household that is paid today made one this year.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hub.store.population.chance import Draw, stream
from hub.store.population.households import Household
from hub.store.population.keys import key
from hub.store.population.moments import DAY, at_midnight
from hub.store.population.people import Person
from hub.store.population.registry import Entered
from hub.store.population.wire import (
    NULL,
    Batch,
    Sheet,
    boolean_field,
    cents_field,
    day_field,
    key_field,
    moment_field,
    number_field,
    periods_field,
    text_field,
    word_field,
)
from hub.store.vocabulary import Disability, EmploymentStatus, Obligation, StayTitle, VehicleKind

SILENT_SHARE = 0.08
"""Of the households, those that nothing was declared of."""
_LEFT_OUT_SHARE = 0.03
"""Of the facts, those a declaration does not hold."""
_EARLIER_SHARE = 0.1
"""Of the households, those whose declaration of the year before is there, too."""

_DISABILITY = Draw([(Disability.NONE, 88), (Disability.DISABLED, 8), (Disability.SEVERE, 4)])
_ABROAD = Draw([(StayTitle.LONG_TERM, 72), (StayTitle.FAMILY_OF_CITIZEN, 14), (StayTitle.PROTECTION, 10), (StayTitle.OTHER, 4)])  # fmt: skip
_DISPLACEMENT = Draw([(999, 30), (1_242, 34), (1_598, 26), (1_968, 7), (0, 3)])


class Declarations:
    """Writes declarations, with the members and vehicles in them."""

    def __init__(self, seed: int, today: int) -> None:
        self._chance = stream(seed, "declarations")
        self._keys = stream(seed, "keys of declarations")
        self._today = today
        self._count = 0
        self._declarations = Sheet(
            "household_declaration",
            "id household_id source_agency_id external_id as_of starts_on ends_on isee family_income home_value other_real_estate "
            "movable_assets annual_rent annual_mortgage boats_and_aircraft vehicles_known stay_title stays pension_of_citizenship "
            "recorded_at",
        )
        self._members = Sheet(
            "declared_member",
            "declaration_id beneficiary_id applicant disability disadvantaged in_child_allowance in_public_structure "
            "cares_for_minors caring_for_severely_disabled employed self_employed work_income regular_studies "
            "compulsory_schooling direct_pension disabled grave_illness protected_from_violence parental_responsibility "
            "volunteers exonerated",
        )
        self._vehicles = Sheet(
            "declared_vehicle", "declaration_id number kind displacement first_registered disability_relief"
        )

    def tell(self, household: Household, entered: Entered) -> None:
        """What the household declared for its present benefit."""
        chance = self._chance
        if chance.random() < SILENT_SHARE:
            return
        present = household.benefits[-1]
        until = self._today if present.end > self._today else present.first
        year = date.fromordinal(until).year
        if chance.random() < _EARLIER_SHARE:
            self._declare(household, entered, year - 1, min(until, date(year - 1, 12, 31).toordinal()))
        self._declare(household, entered, year, until)

    def _declare(self, household: Household, entered: Entered, year: int, until: int) -> None:
        chance = self._chance
        first = date(year, 1, 1).toordinal()
        as_of = min(first + 9 + int(chance.random() * 45), until - 1)
        recorded = at_midnight(as_of) + DAY // 2
        own = key(recorded, self._keys)
        self._count += 1
        abroad = household.members[0].born_abroad
        vehicles = chance.random() < 0.9
        self._declarations.add(
            key_field(own),
            key_field(entered.key),
            household.place.inps,
            text_field(f"INPS-ISEE-{year}-{self._count:08}Z-00"),
            day_field(as_of),
            day_field(first),
            day_field(date(year, 12, 31).toordinal()),
            *self._wealth(len(household.members)),
            self._told(number_field(0 if chance.random() < 0.995 else 1)),
            boolean_field(vehicles),
            self._told(word_field(_ABROAD(chance) if abroad else StayTitle.CITIZEN)),
            self._told(periods_field([(self._resident_since(household.members[0], as_of), None)])),
            self._told(boolean_field(all(person.age >= 67 for person in household.members))),
            moment_field(recorded),
        )
        if vehicles and chance.random() < 0.55:
            self._vehicles.add(
                key_field(own),
                number_field(1),
                word_field(VehicleKind.CAR if chance.random() < 0.85 else VehicleKind.MOTORCYCLE),
                number_field(_DISPLACEMENT(chance)),
                day_field(as_of - 200 - int(chance.random() * 6_000)),
                boolean_field(chance.random() < 0.03),
            )
        for place, person in enumerate(household.members):
            if person.born_on <= as_of:
                self._member(own, entered.members[place][0], household, place, person)

    def _wealth(self, members: int) -> Iterator[bytes]:
        """ISEE, income, home, other real estate, movable assets, rent and mortgage; who owns a home rents none."""
        chance = self._chance
        yield self._told(cents_field(int(chance.random() * 1_050_000)))
        yield self._told(cents_field(int(chance.random() * (250_000 + 120_000 * members))))
        owns = chance.random() < 0.3
        yield self._told(cents_field(3_000_000 + int(chance.random() * 9_000_000) if owns else 0))
        yield self._told(cents_field(int(chance.random() * 4_000_000) if chance.random() < 0.12 else 0))
        yield self._told(cents_field(int(chance.random() * chance.random() * 900_000)))
        rents = not owns and chance.random() < 0.75
        yield self._told(cents_field(180_000 + int(chance.random() * 420_000) if rents else 0))
        pays = owns and chance.random() < 0.3
        yield self._told(cents_field(120_000 + int(chance.random() * 300_000) if pays else 0))

    def _resident_since(self, person: Person, as_of: int) -> int:
        if not person.born_abroad:
            return person.born_on
        return max(person.born_on, as_of - 1_200 - int(self._chance.random() * 9_000))

    def _member(
        self, declaration: bytes, own: bytes, household: Household, place: int, person: Person
    ) -> None:
        chance = self._chance
        disability = _DISABILITY(chance)
        employed = person.employment in (EmploymentStatus.EMPLOYED, EmploymentStatus.EMPLOYED_SEEKING)
        adult = person.age >= 18
        minors = any(member.age < 18 for member in household.members)
        self._members.add(
            key_field(declaration),
            key_field(own),
            boolean_field(place == 0),
            self._told(word_field(disability)),
            self._told(boolean_field(chance.random() < 0.06)),
            self._told(boolean_field(person.age < 21)),
            self._told(boolean_field(chance.random() < 0.005)),
            self._told(boolean_field(adult and minors and (place == 0 or chance.random() < 0.4))),
            self._told(boolean_field(adult and chance.random() < 0.03)),
            self._told(boolean_field(employed)),
            self._told(boolean_field(employed and chance.random() < 0.1)),
            self._told(cents_field(int(chance.random() * 900_000) if employed else 0)),
            self._told(boolean_field(14 <= person.age < 27 and chance.random() < 0.6)),
            self._told(boolean_field(person.age >= 16 and chance.random() < 0.93)),
            self._told(boolean_field(person.age >= 67)),
            self._told(boolean_field(disability is not Disability.NONE and adult)),
            self._told(boolean_field(chance.random() < 0.02)),
            self._told(boolean_field(adult and chance.random() < 0.004)),
            self._told(boolean_field(adult and place < 2)),
            boolean_field(person.obligation is Obligation.VOLUNTARY),
            boolean_field(person.obligation is Obligation.EXEMPT and chance.random() < 0.2),
        )  # fmt: skip

    def _told(self, field: bytes) -> bytes:
        return NULL if self._chance.random() < _LEFT_OUT_SHARE else field

    def batches(self) -> Iterator[Batch]:
        """What waits to be copied; a declaration before what is in it."""
        yield from self._declarations.take()
        yield from self._members.take()
        yield from self._vehicles.take()
