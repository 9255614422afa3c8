# SPDX-License-Identifier: EUPL-1.2
"""The people a simulated ANPR knows; the caller brings them (the demo: its seed; tests: a handful)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedAddress:
    """A registered address in Italy, or abroad when `country_code` is given (then `municipality_*` stay empty).

    Codes are ANPR's: `kind` is `tipoIndirizzo`, `municipality_istat` six digits, `province` two letters.
    """

    street_kind: str
    street_name: str
    number: str
    postal_code: str
    municipality_istat: str = ""
    municipality_name: str = ""
    province: str = ""
    since: date | None = None
    letter: str = ""
    stairs: str = ""
    flat: str = ""
    kind: str = "1"
    country_code: str = ""
    country_name: str = ""
    locality: str = ""


RESIDENT_RECORD, ABROAD_RECORD = "1", "2"
"""`tipoScheda` of a resident and of an Italian abroad: the simulator's own, since ANPR's values are not published."""


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedRegistration:
    """One entry of the history of registrations; `until`: the day of its cancellation, None while it stands."""

    record_type: str
    since: date
    until: date | None
    municipality_istat: str
    municipality_name: str
    province: str


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedCitizenship:
    """A citizenship, by ANPR's code and name of the state."""

    state_code: str = "100"
    state_name: str = "ITALIA"
    since: date | None = None


ITALIAN = SimulatedCitizenship()


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedPermit:
    """A title to stay, by ANPR's `tipoSoggiorno`."""

    kind: str
    number: str
    issued_on: date
    expires_on: date | None


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedCancellation:
    """The latest cancellation: ANPR's `motivoCancellazione` (6: irreperibilità) and its day."""

    reason: str
    on: date


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedPerson:
    """One person; `family_id` is shared by the people on one record, `relationship` is ANPR's code (1 = holder).

    `same_code` names (by national id) other people registered under the same fiscal code: an omocodia that is
    not settled. `registrations` in any order, as ANPR may give them.
    """

    fiscal_code: str
    id_anpr: str
    given_name: str
    family_name: str
    sex: str
    birth_date: date
    birth_municipality_istat: str
    birth_municipality_name: str
    birth_province: str
    addresses: tuple[SimulatedAddress, ...]
    family_id: str
    relationship: str = "1"
    family_since: date | None = None
    deceased_on: date | None = None
    same_code: tuple[str, ...] = ()
    registrations: tuple[SimulatedRegistration, ...] = ()
    cancellation: SimulatedCancellation | None = None
    citizenships: tuple[SimulatedCitizenship, ...] = (ITALIAN,)
    permit: SimulatedPermit | None = None


class Population(Protocol):
    """Where a simulated ANPR looks people up."""

    def lookup(self, fiscal_code: str) -> SimulatedPerson | None:
        """Give the person with this code."""

    def by_id_anpr(self, id_anpr: str) -> SimulatedPerson | None:
        """Give the person with this national id."""

    def family(self, family_id: str) -> Sequence[SimulatedPerson]:
        """Give the people on one family's record, its holder first."""


class PopulationInMemory:
    """A population from a list of people."""

    def __init__(self, people: Iterable[SimulatedPerson]) -> None:
        """Take the people; of two with one code the first is found by `lookup`."""
        self._by_code: dict[str, SimulatedPerson] = {}
        self._by_id: dict[str, SimulatedPerson] = {}
        self._families: dict[str, list[SimulatedPerson]] = {}
        for person in people:
            self._by_code.setdefault(person.fiscal_code, person)
            self._by_id[person.id_anpr] = person
            self._families.setdefault(person.family_id, []).append(person)

    def lookup(self, fiscal_code: str) -> SimulatedPerson | None:
        """Give the person with this code."""
        return self._by_code.get(fiscal_code)

    def by_id_anpr(self, id_anpr: str) -> SimulatedPerson | None:
        """Give the person with this national id."""
        return self._by_id.get(id_anpr)

    def family(self, family_id: str) -> Sequence[SimulatedPerson]:
        """Give the people on one family's record, its holder first."""
        return sorted(self._families.get(family_id, ()), key=lambda one: one.relationship != "1")
