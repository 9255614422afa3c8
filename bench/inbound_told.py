# SPDX-License-Identifier: EUPL-1.2
"""What a region and INPS tell the hub for the bench: offers, courses, households, pacts; then the same keys at a later version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bench.world import TODAY
from connectors.simulators.inps_world import SimulatedAdmission, SimulatedMember
from connectors.simulators.region_world import SimulatedCourse, SimulatedOffer, SimulatedPact, SimulatedPolicy
from hub.store.fiscal_code import check_letter

MARK = "BENCH-"
"""How the protocols of the bench's households begin: the seed has none of these."""
FIRST = datetime(2026, 11, 19, 3, tzinfo=UTC)
LATER = FIRST + timedelta(days=1)
"""The version of what is told anew."""
BEGAN = date(2026, 9, 1)
SIZES = (1, 3, 2)
"""People of households, in turn."""
DAYS, MONTHS, YEARS = 28, "ABCDEHLMPRST", 40


def offers(count: int, places: Sequence[str]) -> list[SimulatedOffer]:
    """So many offers, in municipalities of these Belfiore codes in turn."""
    return [
        SimulatedOffer(
            number=f"{MARK}{n:07d}",
            title=f"Addetto alla logistica di magazzino, turno {n}",
            employer=f"Spedizioni {n % 900} Srl",
            profession=f"4.3.1.{n % 9 + 1}.0",
            contract="A.02.00",
            weekly_hours=20 + n % 21,
            monthly_pay=Decimal(900 + n % 900),
            places=1 + n % 9,
            belfiore=places[n % len(places)],
            published_on=TODAY - timedelta(days=n % 30),
            expires_on=TODAY + timedelta(days=30 + n % 30),
            changed_at=FIRST,
        )
        for n in range(count)
    ]


def changed_offer(one: SimulatedOffer) -> SimulatedOffer:
    """A place less, until another day."""
    return replace(one, places=one.places + 1, state="C" if one.places == 1 else "A", changed_at=LATER)


def courses(count: int, places: Sequence[str]) -> list[SimulatedCourse]:
    """So many courses, in municipalities of these Belfiore codes in turn."""
    return [
        SimulatedCourse(
            number=f"{MARK}{n:07d}",
            title=f"Competenze digitali di base, edizione {n}",
            provider=f"Accademia del Lavoro {n % 300}",
            mode="PDM"[n % 3],
            belfiore=places[n % len(places)],
            starts_on=TODAY + timedelta(days=n % 60),
            ends_on=TODAY + timedelta(days=90 + n % 60),
            hours=80,
            places=20,
            enrolled=n % 20,
            changed_at=FIRST,
        )
        for n in range(count)
    ]


def changed_course(one: SimulatedCourse) -> SimulatedCourse:
    """Somebody more has enrolled."""
    return replace(one, enrolled=one.enrolled + 1, changed_at=LATER)


def households(count: int, places: Sequence[str]) -> list[SimulatedAdmission]:
    """So many households of one to three people, two on average, each in one of these municipalities."""
    made, person = [], 0
    for n in range(count):
        size = SIZES[n % len(SIZES)]
        belfiore = places[n % len(places)]
        made.append(
            SimulatedAdmission(
                protocol=f"{MARK}{n:07d}",
                measure="ADI",
                state="EROGATO",
                monthly_amount=Decimal(500 + n % 300),
                applied_on=BEGAN - timedelta(days=20),
                starts_on=BEGAN,
                ends_on=BEGAN + timedelta(days=545),
                reported_at=FIRST + timedelta(seconds=n),
                members=tuple(_member(person + place, belfiore) for place in range(size)),
            )
        )
        person += size
    return made


def changed_household(one: SimulatedAdmission) -> SimulatedAdmission:
    """Another amount from a later month on, and its people at home as before: a benefit ends, and another begins."""
    return replace(
        one,
        monthly_amount=one.monthly_amount + 50,
        starts_on=BEGAN + timedelta(days=61),
        reported_at=one.reported_at + timedelta(days=1),
    )


def _member(number: int, belfiore: str) -> SimulatedMember:
    rest, day = divmod(number, DAYS)
    rest, month = divmod(rest, len(MONTHS))
    rest, year = divmod(rest, YEARS)
    first = f"XQJMRA{60 + year}{MONTHS[month]}{day + 1:02}Z{rest:03}"
    return SimulatedMember(
        fiscal_code=first + check_letter(first),
        given_name="Mario",
        family_name=f"Rossi {number}",
        sex="M",
        birth_date=date(1960 + year, month + 1, day + 1),
        belfiore=belfiore,
        municipality_name="COMUNE",
        postal_code="00100",
        address=f"VIA MARSALA {number}",
        role="PL",
    )


def pacts(admissions: Sequence[SimulatedAdmission]) -> list[SimulatedPact]:
    """A service pact of each household's applicant, with one to four policies."""
    return [
        SimulatedPact(
            number=900_000_000 + n,
            kind="PSP",
            proposed_on=BEGAN + timedelta(days=7),
            signed_on=BEGAN + timedelta(days=10),
            event="02",
            event_on=BEGAN + timedelta(days=10),
            changed_at=FIRST,
            fiscal_code=admission.members[0].fiscal_code,
            policies=tuple(_policy(place) for place in range(1 + n % 4)),
        )
        for n, admission in enumerate(admissions)
    ]


def changed_pact(one: SimulatedPact) -> SimulatedPact:
    """The first of its policies is over."""
    over = replace(one.policies[0], event="10", event_on=TODAY)
    return replace(one, event="09", policies=(over, *one.policies[1:]), changed_at=LATER)


def _policy(place: int) -> SimulatedPolicy:
    return SimulatedPolicy(
        kind="C07",
        title=f"Corso di competenze digitali di base, parte {place}",
        proposed_on=BEGAN + timedelta(days=10),
        starts_on=BEGAN + timedelta(days=14),
        ends_on=BEGAN + timedelta(days=90),
        event="02",
        event_on=BEGAN + timedelta(days=14),
    )
