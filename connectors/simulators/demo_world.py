# SPDX-License-Identifier: EUPL-1.2
"""A small world, the same for ANPR, INPS and the region: forty households, some hundred people, in Lazio and Piemonte.

Everything follows from the day it is made for: benefits run, reports are of yesterday, courses are to come. Three
households have a part in the demo: `ROME_PROTOCOL` (Roma, with its centre), `OUTSIDE_PROTOCOL` (Torino, out of reach
of Roma's municipality and centre) and `MALFORMED_PROTOCOL` (Roma; INPS sends it with a wrong check letter).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from connectors.simulators.demo_isee import THRESHOLDS, demo_declaration
from connectors.simulators.demo_opportunities import demo_courses, demo_offers
from connectors.simulators.demo_pacts import demo_pacts
from connectors.simulators.demo_people import (
    FAMILY_NAMES,
    POSTAL_CODES,
    DemoPerson,
    People,
    municipality,
    wrong_check_letter,
)
from connectors.simulators.demo_registrations import DemoPast, demo_past
from connectors.simulators.inps_world import InpsWorld, SimulatedAdmission, SimulatedMember, SimulatedPayment
from connectors.simulators.isee_world import IseeWorld
from connectors.simulators.people import PopulationInMemory, SimulatedAddress, SimulatedPerson
from connectors.simulators.region_world import RegionWorld

ROME_PROTOCOL = "INPS-ADI-2026-0000001"
OUTSIDE_PROTOCOL = "INPS-ADI-2026-0000029"
MALFORMED_PROTOCOL = "INPS-ADI-2026-0000041"
ROME_CENTRE = "H501C900031"
"""The centre of the Roman household; one of the three in Roma."""
LAZIO, PIEMONTE = "12", "01"
SEED = 20_190_902
"""Of the demo's people; another seed makes other people, in the same households."""

# Where the forty households live, and which centre INPS names for them (in turn); None: it names none.
_HOMES: tuple[tuple[str, int, tuple[str | None, ...]], ...] = (
    ("H501", 16, ("H501C900031", "H501C900032", "H501C900033")),
    ("E472", 5, (None,)),
    ("M082", 4, (None,)),
    ("C034", 3, (None,)),
    ("L219", 6, ("L219C900001", None)),
    ("E379", 2, (None,)),
    ("D205", 2, (None,)),
    ("A182", 2, (None,)),
)
# The people of a household, in turn: relationship to the holder, sex, years of birth, role, employment status.
_SHAPES: tuple[tuple[tuple[str, str, tuple[int, int], str, str], ...], ...] = (
    (
        ("1", "F", (1978, 1990), "PL", "02"),
        ("2", "M", (1974, 1988), "PL", "02"),
        ("3", "F", (2013, 2021), "ESC", "05"),
    ),
    (("1", "M", (1966, 1985), "PL", "02"),),
    (
        ("1", "F", (1980, 1995), "PI", "02"),
        ("3", "M", (2010, 2020), "ESC", "05"),
        ("3", "F", (2012, 2022), "ESC", "05"),
    ),
    (
        ("1", "M", (1970, 1985), "PL", "02"),
        ("2", "F", (1972, 1988), "ESO", "01"),
        ("3", "M", (2004, 2007), "PL", "01"),
        ("3", "F", (2014, 2022), "ESC", "05"),
    ),
    (("1", "F", (1952, 1960), "VOL", "05"),),
    (("1", "M", (1979, 1993), "PL", "03"), ("2", "F", (1981, 1995), "PL", "02")),
    (("1", "F", (1985, 1999), "PL", "02"), ("3", "F", (2016, 2023), "ESC", "05")),
)
_AMOUNTS = ("541.67", "500.00", "758.33", "866.67", "682.50", "650.00", "595.83")
_MEASURES = ("ADI", "ADI", "ADI", "SFL", "ADI", "ADI", "SFL", "ADI")


@dataclass(frozen=True, slots=True, repr=False)
class DemoHousehold:
    """One household: what INPS reports on it, and its people, the applicant first."""

    admission: SimulatedAdmission
    people: tuple[DemoPerson, ...]
    address: SimulatedAddress

    @property
    def protocol(self) -> str:
        """Its application's INPS protocol."""
        return self.admission.protocol

    @property
    def region_code(self) -> str:
        """ISTAT's code of the region it lives in."""
        return municipality(self.admission.members[0].belfiore).region_code


@dataclass(frozen=True, slots=True, repr=False)
class DemoWorld:
    """What each simulated agency is given.

    `mended` is the report on the malformed household as INPS would send it put right: append it to
    `inps.admissions`, and the next pull resolves the quarantine.
    """

    households: tuple[DemoHousehold, ...]
    anpr: PopulationInMemory
    inps: InpsWorld
    isee: IseeWorld
    region: RegionWorld
    mended: SimulatedAdmission

    def household(self, protocol: str) -> DemoHousehold:
        """The household of a protocol."""
        return next(one for one in self.households if one.protocol == protocol)

    def of_region(self, code: str) -> tuple[DemoHousehold, ...]:
        """The households that live in a region, without the one whose report is malformed."""
        return tuple(
            one for one in self.households if one.protocol != MALFORMED_PROTOCOL and one.region_code == code
        )

    @property
    def person(self) -> DemoPerson:
        """The applicant of the Roman household: the person the demo looks at."""
        return self.household(ROME_PROTOCOL).people[0]

    @property
    def outsider(self) -> DemoPerson:
        """The applicant of the household in Torino."""
        return self.household(OUTSIDE_PROTOCOL).people[0]


def demo_world(as_of: date, seed: int = SEED) -> DemoWorld:
    """The world on a day.

    Args:
        as_of: the day; reports are of the night before it.
        seed: who the people are; households, their homes and what happens to them are the same for every seed.

    """
    people = People(seed)
    homes = [(b, centres[i % len(centres)]) for b, count, centres in _HOMES for i in range(count)]
    homes.append(("H501", ROME_CENTRE))  # the malformed one
    reported = datetime.combine(as_of - timedelta(days=1), time(3), UTC)
    households = tuple(
        _household(n, belfiore, centre, people, as_of, reported + timedelta(seconds=n))
        for n, (belfiore, centre) in enumerate(homes, start=1)
    )
    good, last = households[:-1], households[-1].admission
    mended = replace(last, reported_at=reported + timedelta(hours=2))
    admissions = [one.admission for one in good]
    admissions.insert(8, _malformed(last))
    lazio = [one for one in good if one.region_code == LAZIO]
    declared = (demo_declaration(n, one.people, as_of) for n, one in enumerate(good, start=1))
    return DemoWorld(
        households=households,
        anpr=PopulationInMemory(
            _registered(one, person, demo_past(n, person, one.address, as_of))
            for n, one in enumerate(households, start=1)
            for person in one.people
        ),
        inps=InpsWorld(admissions, {one.protocol: _payment(n, one, as_of) for n, one in enumerate(good)}),
        isee=IseeWorld((one for one in declared if one is not None), THRESHOLDS),
        region=RegionWorld(
            demo_pacts([one.admission for one in lazio], as_of, reported),
            demo_offers(as_of, reported),
            demo_courses(as_of, reported),
        ),
        mended=mended,
    )


def _household(
    n: int, belfiore: str, centre: str | None, people: People, as_of: date, reported_at: datetime
) -> DemoHousehold:
    shape = _SHAPES[(n - 1) % len(_SHAPES)]
    measure = _MEASURES[(n - 1) % len(_MEASURES)]
    family_name = FAMILY_NAMES[(n - 1) % len(FAMILY_NAMES)]
    made = tuple(
        people.person(family_name, sex, born, relationship) for relationship, sex, born, _, _ in shape
    )
    street, number = people.street()
    place = municipality(belfiore)
    members = tuple(
        SimulatedMember(
            fiscal_code=person.fiscal_code,
            given_name=person.given_name,
            family_name=person.family_name,
            sex=person.sex,
            birth_date=person.birth_date,
            belfiore=belfiore,
            municipality_name=place.name.upper(),
            postal_code=POSTAL_CODES[belfiore],
            address=f"VIA {street.upper()} {number}",
            role=role,
            employment=employment,
            centre=centre,
        )
        for person, (_, _, _, role, employment) in zip(made, shape, strict=True)
    )
    starts_on = (as_of.replace(day=1) - timedelta(days=31 * (2 + n % 9))).replace(day=1)
    admission = SimulatedAdmission(
        protocol=f"INPS-{measure}-2026-{n:07d}",
        measure=measure,
        state="SOSPESO" if n % 13 == 0 else "EROGATO",
        monthly_amount=Decimal(_AMOUNTS[(n - 1) % len(_AMOUNTS)]),
        applied_on=starts_on - timedelta(days=20),
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=545),
        reported_at=reported_at,
        members=members,
    )
    address = SimulatedAddress(
        street_kind="VIA",
        street_name=street.upper(),
        number=number,
        postal_code=POSTAL_CODES[belfiore],
        municipality_istat=place.istat_code,
        municipality_name=place.name.upper(),
        province=place.province,
        since=date(2005 + n % 12, 1 + n % 12, 1 + n % 28),
    )
    return DemoHousehold(admission, made, address)


def _malformed(admission: SimulatedAdmission) -> SimulatedAdmission:
    """The same report with a wrong check letter in the applicant's fiscal code."""
    applicant, *others = admission.members
    wrong = replace(applicant, fiscal_code=wrong_check_letter(applicant.fiscal_code))
    return replace(admission, members=(wrong, *others))


def _registered(household: DemoHousehold, person: DemoPerson, past: DemoPast) -> SimulatedPerson:
    return SimulatedPerson(
        fiscal_code=person.fiscal_code,
        id_anpr=person.id_anpr,
        given_name=person.given_name.upper(),
        family_name=person.family_name.upper(),
        sex=person.sex,
        birth_date=person.birth_date,
        birth_municipality_istat=person.birth_place.istat_code,
        birth_municipality_name=person.birth_place.name.upper(),
        birth_province=person.birth_place.province,
        addresses=(replace(household.address, since=past.since),),
        family_id=household.protocol,
        relationship=person.relationship,
        family_since=household.address.since,
        registrations=past.registrations,
        cancellation=past.cancellation,
        citizenships=past.citizenships,
        permit=past.permit,
    )


def _payment(n: int, household: DemoHousehold, as_of: date) -> SimulatedPayment:
    admission = household.admission
    paid_on = (as_of.replace(day=1) - timedelta(days=1)).replace(day=27)
    if admission.state == "SOSPESO":
        return SimulatedPayment(
            "SOSPESO",
            paid_on - timedelta(days=31),
            admission.monthly_amount,
            as_of.replace(day=1),
            "Convocazione senza risposta",
        )
    return SimulatedPayment("EROGATO", paid_on - timedelta(days=n % 2), admission.monthly_amount)
