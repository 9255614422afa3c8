# SPDX-License-Identifier: EUPL-1.2
"""Households, benefits and people as rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from hub.store.population.chance import stream
from hub.store.population.households import Household
from hub.store.population.keys import key
from hub.store.population.moments import DAY, at_midnight, at_the_office
from hub.store.population.names import ITALIAN_FAMILIES, ITALIAN_WOMEN
from hub.store.population.people import Person
from hub.store.population.wire import (
    NULL,
    Batch,
    Sheet,
    cents_field,
    day_field,
    key_field,
    moment_field,
    period_field,
    text_field,
    word_field,
)

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Entered:
    """A household that has its rows: its key, and each member's key with the fields an event about them repeats."""

    key: bytes
    members: tuple[tuple[bytes, bytes], ...]


class Registry:
    """Writes households with their benefits and members."""

    def __init__(self, seed: int, today: int) -> None:
        self._keys = stream(seed, "keys")
        self._chance = stream(seed, "registry")
        self._today = today
        self._people = 0
        self._households = Sheet(
            "household",
            "id inps_protocol measure municipality_id region_code benefit_id applicant_id case_manager updated_at",
        )
        self._benefits = Sheet("benefit", "id household_id measure period status monthly_amount reported_at")
        self._beneficiaries = Sheet(
            "beneficiary",
            "id fiscal_code given_name family_name birth_date sex household_id municipality_id region_code employment_centre_id "
            "employment_status obligation anpr_id updated_at",
        )

    def enter(self, household: Household) -> Entered:
        """Write the household's rows."""
        applied = at_the_office(household.admitted, self._chance) + int(self._chance.random() * 900_000)
        own = key(applied, self._keys)
        protocol = text_field(inps_protocol(household))
        benefit = self._enter_benefits(household, own)
        keys = [key(applied + ordinal, self._keys) for ordinal in range(len(household.members))]
        self._households.add(
            key_field(own),
            protocol,
            word_field(household.measure),
            household.place.key,
            household.place.region,
            key_field(benefit),
            key_field(
                keys[0]
            ),  # the first member applies, as in the simulators' reports and in what is declared
            self._case_manager(),
            moment_field(self._lately(applied)),
        )
        members = []
        for person, member in zip(household.members, keys, strict=True):
            self._enter_person(household, own, person, member, applied)
            snapshot = b"".join(
                (
                    key_field(member),
                    key_field(own),
                    text_field(person.fiscal_code),
                    protocol,
                    word_field(household.measure),
                )
            )
            members.append((member, snapshot))
        return Entered(own, tuple(members))

    def _enter_benefits(self, household: Household, household_key: bytes) -> bytes:
        """Write the benefits; the key of the present one."""
        present = b""
        for grant in household.benefits:
            present = key(at_midnight(grant.first), self._keys)
            reported = min(at_midnight(min(grant.end, self._today)), at_midnight(self._today)) - DAY // 4
            self._benefits.add(
                key_field(present),
                key_field(household_key),
                word_field(household.measure),
                period_field(grant.first, grant.end),
                word_field(grant.status),
                cents_field(grant.cents),
                moment_field(reported),
            )
        return present

    def _enter_person(
        self, household: Household, household_key: bytes, person: Person, member: bytes, applied: int
    ) -> None:
        self._people += 1
        self._beneficiaries.add(
            key_field(member),
            text_field(person.fiscal_code),
            text_field(person.given_name),
            text_field(person.family_name),
            day_field(person.born_on),
            word_field(person.sex),
            key_field(household_key),
            household.place.key,
            household.place.region,
            person.centre.key if person.centre is not None else NULL,
            word_field(person.employment),
            word_field(person.obligation),
            text_field(anpr_id(self._people)) if self._chance.random() < 0.9 else NULL,
            moment_field(self._lately(applied)),
        )

    def _case_manager(self) -> bytes:
        if self._chance.random() < 0.4:
            given = ITALIAN_WOMEN[int(self._chance.random() * len(ITALIAN_WOMEN))]
            return text_field(
                f"{given} {ITALIAN_FAMILIES[int(self._chance.random() * len(ITALIAN_FAMILIES))]}"
            )
        return NULL

    def _lately(self, earliest: int) -> int:
        """A moment of the last ninety days, or since `earliest` when that is later."""
        now = at_midnight(self._today)
        earliest = min(max(earliest, now - 90 * DAY), now - 1)
        return earliest + int(self._chance.random() * (now - earliest))

    def batches(self) -> Iterator[Batch]:
        """What waits to be copied; a household before what points at it."""
        yield from self._households.take()
        yield from self._benefits.take()
        yield from self._beneficiaries.take()


def inps_protocol(household: Household) -> str:
    """A protocol as INPS's look like; their exact format is not published."""
    year = date.fromordinal(household.admitted).year
    return f"INPS-{household.measure.value}-{year}-{household.number + 1:08}"


def anpr_id(number: int) -> str:
    """ANPR's own id of the person `number`: two letters, five digits, two letters."""
    letters, digits = divmod(number * 7_919, 100_000)
    a, b = divmod(letters % 676, 26)
    c, d = divmod(letters // 676 % 676, 26)
    return f"{_ALPHABET[c]}{_ALPHABET[d]}{digits:05}{_ALPHABET[a]}{_ALPHABET[b]}"
