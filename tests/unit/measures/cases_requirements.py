# SPDX-License-Identifier: EUPL-1.2
"""Cases of each requirement: equal to the limit, one cent over, and not known."""

from __future__ import annotations

from datetime import date
from typing import Any

from hub.measures.assessment import Application, assess
from hub.measures.household import Vehicle, VehicleKind
from hub.measures.measure import Measure
from hub.measures.reasons import Finding
from hub.measures.residence import Residence, Stay, StayTitle
from tests.unit.measures.cases import Page, Table
from tests.unit.measures.people import amount, household


def found(code: str, measure: str, on: str, told: str = "40; 10", **known: Any) -> Finding:
    day = date.fromisoformat(on)
    assessed = assess(Application(Measure(measure), household(told, day, **known)), day)
    return next(finding for finding in assessed.requirements if finding.reason.code == code)


def verdict(code: str, measure: str, on: str, told: str = "40; 10", **known: Any) -> str:
    return found(code, measure, on, told, **known).verdict.lower().replace("_", " ")


def doubted(code: str, measure: str, on: str, **known: Any) -> str:
    asked = found(code, measure, on, **known)
    doubt = ", unverified" if asked.reason.unverified else ""
    return asked.verdict.lower().replace("_", " ") + doubt


def isee(measure: str, on: str, value: str) -> str:
    return verdict("ISEE", measure, on, isee=amount(value))


def income(measure: str, on: str, told: str, rent: str, value: str) -> str:
    known = {"family_income": amount(value), "annual_rent": amount(rent)}
    return verdict("FAMILY_INCOME", measure, on, told, **known)


def real_estate(measure: str, home: str, other: str) -> str:
    on = "2023-10-01" if measure == "RDC" else "2025-03-01"
    return doubted("REAL_ESTATE", measure, on, home_value=amount(home), other_real_estate=amount(other))


def movable(measure: str, told: str, value: str) -> str:
    on = "2023-10-01" if measure == "RDC" else "2025-03-01"
    return verdict("MOVABLE_ASSETS", measure, on, told, movable_assets=amount(value))


def vehicle(code: str, kind: VehicleKind, measure: str, on: str, told: str) -> str:
    if told == "unknown":
        return verdict(code, measure, on, vehicles=None)
    vehicles = []
    for one in told.split("; ") if told != "none" else ():
        displacement, _, registered = one.partition(" cc of ")
        day, _, relief = registered.partition(" ")
        vehicles.append(Vehicle(kind, int(displacement), date.fromisoformat(day), bool(relief)))
    return verdict(code, measure, on, vehicles=tuple(vehicles))


def large_cars(measure: str, on: str, told: str) -> str:
    return vehicle("LARGE_CARS", VehicleKind.CAR, measure, on, told)


def new_cars(measure: str, on: str, told: str) -> str:
    return vehicle("NEW_CARS", VehicleKind.CAR, measure, on, told)


def motorcycles(measure: str, on: str, told: str) -> str:
    return vehicle("LARGE_MOTORCYCLES", VehicleKind.MOTORCYCLE, measure, on, told)


def boats(measure: str, told: str) -> str:
    on = "2023-10-01" if measure == "RDC" else "2025-03-01"
    number = None if told == "unknown" else int(told)
    return verdict("BOATS_AND_AIRCRAFT", measure, on, boats_and_aircraft=number)


def stays(told: str) -> tuple[Stay, ...] | None:
    if told == "unknown":
        return None
    if told == "none":
        return ()
    found = []
    for one in told.split("; "):
        since, _, until = one.removeprefix("from ").partition(" until ")
        found.append(Stay(date.fromisoformat(since), date.fromisoformat(until) if until else None))
    return tuple(found)


def residence(code: str, measure: str, on: str, told: str) -> str:
    return verdict(code, measure, on, residence=Residence(StayTitle.CITIZEN, stays(told)))


def years(measure: str, on: str, told: str) -> str:
    return residence("RESIDENCE", measure, on, told)


def continuous(measure: str, on: str, told: str) -> str:
    return residence("CONTINUOUS_RESIDENCE", measure, on, told)


def stay(measure: str, on: str, told: str) -> str:
    title = None if told == "unknown" else StayTitle(told.upper().replace(" ", "_"))
    return doubted("STAY", measure, on, residence=Residence(title, ()))


def gate(measure: str, told: str) -> str:
    return verdict("HOUSEHOLD_GATE", measure, "2025-03-01", told)


def full_or_reduced(told: str) -> str:
    day = date(2024, 3, 1)
    assessed = assess(Application(Measure.MIA, household(told, day)), day)
    codes = {finding.reason.code for finding in assessed.requirements}
    return next(code.lower().replace("_", " ") for code in codes if "MEASURE" in code)


def applicant_age(told: str) -> str:
    day = date(2025, 3, 1)
    assessed = assess(Application(Measure.SFL, household(told, day)), day)
    ages = {f.verdict for f in assessed.requirements if f.reason.code == "APPLICANT_AGE"}
    return "satisfied" if ages == {"SATISFIED"} else "not satisfied"


def no_right_to_adi(on: str, told: str, value: str) -> str:
    return verdict("NO_RIGHT_TO_ADI", "SFL", on, told, isee=amount(value))


YES, NO, OPEN = "satisfied", "not satisfied", "undetermined"
SEEN = ("2019-10-01", "2024-03-01", "2025-03-01")

PAGE = Page(
    "requirements.md",
    "Who has the right: cases",
    "Each row is a test. Households are told by the ages of their members, the first of whom applies: “40; 10 disabled” are an applicant\n"
    "of 40 and a child of 10 with a disability; a birthday is on the day that is asked about. Euro. What is *unknown* never counts as no.\n"
    "The numbers and their sources: [the numbers of the measures](parameters.md).",
    (
        Table(
            "ISEE",
            "RdC: below 9,360. MIA: up to 7,200. ADI: up to 9,360, from 2025 up to 10,140. SFL: up to 6,000, from 2025 up to 10,140.",
            ("measure", "on", "ISEE", "requirement"),
            (
                ("RDC", "2019-10-01", "0", YES),
                ("RDC", "2019-10-01", "9359.99", YES),
                ("RDC", "2019-10-01", "9360", NO),
                ("RDC", "2019-10-01", "9360.01", NO),
                ("RDC", "2019-10-01", "unknown", OPEN),
                ("MIA", "2023-09-01", "7199.99", YES),
                ("MIA", "2023-09-01", "7200", YES),
                ("MIA", "2023-09-01", "7200.01", NO),
                ("MIA", "2023-09-01", "unknown", OPEN),
                ("ADI", "2024-01-01", "9360", YES),
                ("ADI", "2024-01-01", "9360.01", NO),
                ("ADI", "2024-12-31", "9360.01", NO),
                ("ADI", "2025-01-01", "9360.01", YES),
                ("ADI", "2025-01-01", "10140", YES),
                ("ADI", "2025-01-01", "10140.01", NO),
                ("ADI", "2025-01-01", "unknown", OPEN),
                ("SFL", "2023-09-01", "6000", YES),
                ("SFL", "2023-09-01", "6000.01", NO),
                ("SFL", "2024-12-31", "6000.01", NO),
                ("SFL", "2025-01-01", "6000.01", YES),
                ("SFL", "2025-01-01", "10140", YES),
                ("SFL", "2025-01-01", "10140.01", NO),
                ("SFL", "2025-01-01", "unknown", OPEN),
            ),
            isee,
        ),
        Table(
            "Family income",
            "Below the threshold times the scale: 6,000 (ADI from 2025: 6,500); 7,560 (8,190) where all are 67 or older, or severely\n"
            "disabled beside someone who is; for tenants 9,360 in RdC, 10,140 in the ADI from 2025; SFL 6,000, from 2025 10,140.",
            ("measure", "on", "household", "rent", "family income", "requirement"),
            (
                ("MIA", "2023-09-01", "60", "0", "5999.99", YES),
                ("MIA", "2023-09-01", "60", "0", "6000", NO),
                ("MIA", "2023-09-01", "60; 60", "0", "8399.99", YES),
                ("MIA", "2023-09-01", "60; 60", "0", "8400", NO),
                ("MIA", "2023-09-01", "60; 60; 60; 60", "0", "12599.99", YES),
                ("MIA", "2023-09-01", "60; 60; 60; 60", "0", "12600", NO),
                ("MIA", "2023-09-01", "60; 60; 60; 60 severe", "0", "13199.99", YES),
                ("MIA", "2023-09-01", "60; 60; 60; 60 severe", "0", "13200", NO),
                ("MIA", "2023-09-01", "60", "0", "unknown", OPEN),
                ("RDC", "2019-10-01", "40", "0", "5999.99", YES),
                ("RDC", "2019-10-01", "40", "0", "6000", NO),
                ("RDC", "2019-10-01", "40; 10", "0", "7199.99", YES),
                ("RDC", "2019-10-01", "40; 10", "0", "7200", NO),
                ("RDC", "2019-10-01", "67", "0", "7559.99", YES),
                ("RDC", "2019-10-01", "67", "0", "7560", NO),
                ("RDC", "2019-10-01", "40", "1", "9359.99", YES),
                ("RDC", "2019-10-01", "40", "1", "9360", NO),
                ("RDC", "2019-10-01", "40", "unknown", "5999.99", YES),
                ("RDC", "2019-10-01", "40", "unknown", "6000", OPEN),
                ("RDC", "2019-10-01", "40", "unknown", "9360", NO),
                ("ADI", "2024-12-31", "60", "0", "5999.99", YES),
                ("ADI", "2024-12-31", "60", "0", "6000", NO),
                ("ADI", "2025-01-01", "60", "0", "6000", YES),
                ("ADI", "2025-01-01", "60", "0", "6499.99", YES),
                ("ADI", "2025-01-01", "60", "0", "6500", NO),
                ("ADI", "2024-12-31", "66", "0", "6000", NO),
                ("ADI", "2024-12-31", "67", "0", "7559.99", YES),
                ("ADI", "2024-12-31", "67", "0", "7560", NO),
                ("ADI", "2025-01-01", "67", "0", "8189.99", YES),
                ("ADI", "2025-01-01", "67", "0", "8190", NO),
                ("ADI", "2024-12-31", "67; 40 severe", "0", "11339.99", YES),
                ("ADI", "2024-12-31", "67; 40 severe", "0", "11340", NO),
                ("ADI", "2024-12-31", "67; 40 disabled", "0", "9000", NO),
                ("ADI", "2024-12-31", "67; 40 disability unknown", "0", "5999.99", YES),
                ("ADI", "2024-12-31", "67; 40 disability unknown", "0", "6000", OPEN),
                ("ADI", "2024-12-31", "67; 40 disability unknown", "0", "11340", NO),
                ("ADI", "2024-12-31", "60", "1", "6000", NO),
                ("ADI", "2025-01-01", "60", "1", "10139.99", YES),
                ("ADI", "2025-01-01", "60", "1", "10140", NO),
                ("ADI", "2025-01-01", "40; 10", "0", "7474.99", YES),
                ("ADI", "2025-01-01", "40; 10", "0", "7475", NO),
                ("SFL", "2023-09-01", "40", "0", "5999.99", YES),
                ("SFL", "2023-09-01", "40", "0", "6000", NO),
                ("SFL", "2025-01-01", "40", "0", "10139.99", YES),
                ("SFL", "2025-01-01", "40", "0", "10140", NO),
            ),
            income,
        ),
        Table(
            "Real estate",
            "Up to 30,000 besides the home. RdC: the home never counts. The others: a home of up to 150,000 for IMU does not; one above counts whole.\n"
            "Where it would do if only what is above counted, that is said (unverified).",
            ("measure", "home", "other", "requirement"),
            (
                ("RDC", "0", "30000", YES),
                ("RDC", "0", "30000.01", NO),
                ("RDC", "1000000", "30000", YES),
                ("RDC", "unknown", "30000", YES),
                ("RDC", "0", "unknown", OPEN),
                ("MIA", "150000", "30000", YES),
                ("MIA", "150000", "30000.01", NO),
                ("MIA", "150000.01", "0", f"{NO}, unverified"),
                ("MIA", "180000", "0", f"{NO}, unverified"),
                ("MIA", "180000.01", "0", NO),
                ("ADI", "150000", "30000", YES),
                ("ADI", "150000", "30000.01", NO),
                ("ADI", "150000.01", "0", f"{NO}, unverified"),
                ("ADI", "160000", "20000", f"{NO}, unverified"),
                ("ADI", "160000", "20000.01", NO),
                ("ADI", "unknown", "30000", OPEN),
                ("ADI", "unknown", "30000.01", NO),
                ("ADI", "150000.01", "unknown", f"{NO}, unverified"),
                ("ADI", "0", "unknown", OPEN),
                ("SFL", "150000", "30000", f"{YES}, unverified"),
                ("SFL", "150000", "30000.01", f"{NO}, unverified"),
            ),
            real_estate,
        ),
        Table(
            "Movable assets",
            "Up to 6,000, and 2,000 for each member after the first, 10,000 at most; beyond that 1,000 for each minor after the second, 5,000\n"
            "for each member with a disability, 7,500 for each who is severely disabled.",
            ("measure", "household", "movable assets", "requirement"),
            (
                ("MIA", "60", "6000", YES),
                ("MIA", "60", "6000.01", NO),
                ("MIA", "60; 60", "8000", YES),
                ("MIA", "60; 60", "8000.01", NO),
                ("MIA", "60; 60; 60", "10000", YES),
                ("MIA", "60; 60; 60", "10000.01", NO),
                ("MIA", "60; 60; 60; 60", "10000", YES),
                ("MIA", "60; 60; 60; 60", "10000.01", NO),
                ("MIA", "40; 10; 8", "10000.01", NO),
                ("MIA", "40; 10; 8; 6", "11000", YES),
                ("MIA", "40; 10; 8; 6", "11000.01", NO),
                ("MIA", "40; 10; 8; 6; 4", "12000", YES),
                ("MIA", "40; 10; 8; 6; 4", "12000.01", NO),
                ("MIA", "60 disabled", "11000", YES),
                ("MIA", "60 disabled", "11000.01", NO),
                ("MIA", "60 severe", "13500", YES),
                ("MIA", "60 severe", "13500.01", NO),
                ("MIA", "60 severe; 60 disabled", "20500", YES),
                ("MIA", "60 severe; 60 disabled", "20500.01", NO),
                ("MIA", "60", "unknown", OPEN),
                ("RDC", "40", "6000", YES),
                ("RDC", "40", "6000.01", NO),
                ("RDC", "40 severe", "13500", YES),
                ("RDC", "40 severe", "13500.01", NO),
                ("ADI", "60", "6000.01", NO),
                ("ADI", "60; 10 disabled", "13000", YES),
                ("ADI", "60; 10 disabled", "13000.01", NO),
                ("ADI", "60; 10 disability unknown", "8000", YES),
                ("ADI", "60; 10 disability unknown", "8000.01", OPEN),
                ("ADI", "60; 10 disability unknown", "15500", OPEN),
                ("ADI", "60; 10 disability unknown", "15500.01", NO),
                ("SFL", "40", "6000", YES),
                ("SFL", "40", "6000.01", NO),
            ),
            movable,
        ),
        Table(
            "Large cars",
            "No car of more than 1,600 cc first registered in the 36 months before (RdC: 24); the day itself, so many months ago, is one of\n"
            "them. Who has tax relief for a disability may have one. The MIA draft names 24 and 36 months: 36 is the reading here.",
            ("measure", "on", "cars", "requirement"),
            (
                ("MIA", "2024-03-01", "none", YES),
                ("MIA", "2024-03-01", "1600 cc of 2024-02-01", YES),
                ("MIA", "2024-03-01", "1601 cc of 2024-02-01", NO),
                ("MIA", "2024-03-01", "1601 cc of 2021-03-01", NO),
                ("MIA", "2024-03-01", "1601 cc of 2021-02-28", YES),
                ("MIA", "2024-03-01", "unknown", OPEN),
                ("RDC", "2019-10-01", "1601 cc of 2017-10-01", NO),
                ("RDC", "2019-10-01", "1601 cc of 2017-09-30", YES),
                ("ADI", "2025-03-01", "1601 cc of 2022-03-01", NO),
                ("ADI", "2025-03-01", "1601 cc of 2022-02-28", YES),
                ("ADI", "2025-03-01", "2000 cc of 2025-01-10 with relief", YES),
                ("ADI", "2025-03-01", "0 cc of 2025-01-10", YES),
                ("ADI", "2025-03-01", "1200 cc of 2024-01-10; 1601 cc of 2024-01-10", NO),
                ("SFL", "2025-03-01", "1601 cc of 2022-03-01", NO),
            ),
            large_cars,
        ),
        Table(
            "Any car of the last six months (RdC)",
            "RdC: no car of any displacement first registered in the six months before.",
            ("measure", "on", "cars", "requirement"),
            (
                ("RDC", "2019-10-01", "none", YES),
                ("RDC", "2019-10-01", "900 cc of 2019-04-01", NO),
                ("RDC", "2019-10-01", "900 cc of 2019-03-31", YES),
                ("RDC", "2019-10-01", "unknown", OPEN),
            ),
            new_cars,
        ),
        Table(
            "Large motorcycles",
            "No motorcycle of more than 250 cc first registered in the 36 months before (RdC: 24).",
            ("measure", "on", "motorcycles", "requirement"),
            (
                ("MIA", "2024-03-01", "250 cc of 2024-02-01", YES),
                ("MIA", "2024-03-01", "251 cc of 2024-02-01", NO),
                ("MIA", "2024-03-01", "251 cc of 2021-02-28", YES),
                ("RDC", "2019-10-01", "251 cc of 2017-10-01", NO),
                ("RDC", "2019-10-01", "251 cc of 2017-09-30", YES),
                ("ADI", "2025-03-01", "251 cc of 2022-03-01", NO),
                ("ADI", "2025-03-01", "unknown", OPEN),
            ),
            motorcycles,
        ),
        Table(
            "Boats and aircraft",
            "None.",
            ("measure", "how many", "requirement"),
            (
                ("MIA", "0", YES),
                ("MIA", "1", NO),
                ("MIA", "unknown", OPEN),
                ("RDC", "1", NO),
                ("ADI", "1", NO),
                ("SFL", "1", NO),
            ),
            boats,
        ),
        Table(
            "Years of residence",
            "RdC: 10 years in all. ADI and SFL: 5. Years in pieces are added up, in days. The MIA's summary asks for none.",
            ("measure", "on", "on the registers", "requirement"),
            (
                ("RDC", "2019-10-01", "from 2009-10-01", YES),
                ("RDC", "2019-10-01", "from 2009-10-02", NO),
                ("RDC", "2019-10-01", "from 2000-01-01 until 2008-01-01; from 2017-10-01", YES),
                ("RDC", "2019-10-01", "none", NO),
                ("RDC", "2019-10-01", "unknown", OPEN),
                ("ADI", "2025-03-01", "from 2020-03-01", YES),
                ("ADI", "2025-03-01", "from 2020-03-02", NO),
                ("ADI", "2025-03-01", "from 2015-01-01 until 2018-01-01; from 2023-03-01", YES),
                ("ADI", "2025-03-01", "from 2015-01-01 until 2017-12-30; from 2023-03-01", NO),
                ("ADI", "2025-03-01", "from 2020-03-01 until 2023-01-01; from 2022-06-01", YES),
                ("SFL", "2025-03-01", "from 2020-03-02", NO),
            ),
            years,
        ),
        Table(
            "Residence without a break",
            "The last two years.",
            ("measure", "on", "on the registers", "requirement"),
            (
                ("ADI", "2025-03-01", "from 2023-03-01", YES),
                ("ADI", "2025-03-01", "from 2023-03-02", NO),
                ("ADI", "2025-03-01", "from 2000-01-01 until 2024-06-01; from 2024-06-01", YES),
                ("ADI", "2025-03-01", "from 2000-01-01 until 2024-06-01; from 2024-06-02", NO),
                ("ADI", "2025-03-01", "from 2000-01-01 until 2025-02-28", NO),
                ("ADI", "2025-03-01", "unknown", OPEN),
                ("RDC", "2019-10-01", "from 2017-10-01", YES),
                ("RDC", "2019-10-01", "from 2017-10-02", NO),
            ),
            continuous,
        ),
        Table(
            "Title of stay",
            "Citizens of the Union, members of their families with the right of residence, long-term residents; in ADI and SFL also who has\n"
            "international protection (unverified, and not established for RdC).",
            ("measure", "on", "title", "requirement"),
            (
                ("RDC", "2019-10-01", "citizen", YES),
                ("RDC", "2019-10-01", "family of citizen", YES),
                ("RDC", "2019-10-01", "long term", YES),
                ("RDC", "2019-10-01", "protection", f"{OPEN}, unverified"),
                ("RDC", "2019-10-01", "other", NO),
                ("RDC", "2019-10-01", "unknown", OPEN),
                ("ADI", "2025-03-01", "citizen", f"{YES}, unverified"),
                ("ADI", "2025-03-01", "protection", f"{YES}, unverified"),
                ("ADI", "2025-03-01", "other", f"{NO}, unverified"),
            ),
            stay,
        ),
        Table(
            "The household gate of the ADI",
            "A member with a disability, a minor, of 60 or older, or in severe disadvantage and a certified care programme.",
            ("measure", "household", "requirement"),
            (
                ("ADI", "40; 38", NO),
                ("ADI", "59", NO),
                ("ADI", "60", YES),
                ("ADI", "40; 17", YES),
                ("ADI", "40; 18", NO),
                ("ADI", "40 disabled", YES),
                ("ADI", "40 disadvantaged", YES),
                ("ADI", "40 disability unknown", OPEN),
                ("ADI", "40 disability unknown; 17", YES),
                ("ADI", "40 disadvantage unknown", OPEN),
                ("ADI", "40 disadvantage unknown; 60", YES),
                ("ADI", "40 care unknown", NO),
                ("ADI", "40 carer", NO),
            ),
            gate,
        ),
        Table(
            "MIA: in full, or reduced",
            "A member with a disability, a minor or of 60 or older: in full. Otherwise reduced.",
            ("household", "measure"),
            (
                ("40; 38", "reduced measure"),
                ("59", "reduced measure"),
                ("60", "measure in full"),
                ("40; 17", "measure in full"),
                ("40; 18", "reduced measure"),
                ("40 disabled", "measure in full"),
                ("40 disability unknown", "measure or reduced"),
                ("40 disadvantaged", "reduced measure"),
                ("40 disadvantage unknown", "reduced measure"),
            ),
            full_or_reduced,
        ),
        Table(
            "SFL: the applicant's age",
            "18 to 59.",
            ("household", "requirement"),
            (("17; 40", NO), ("18", YES), ("59", YES), ("60", NO)),
            applicant_age,
        ),
        Table(
            "SFL: no right to the ADI",
            "Before 2024 there was no ADI. Where a fact that decides is not known, it is open.",
            ("on", "household", "ISEE", "requirement"),
            (
                ("2023-12-31", "40; 10", "0", YES),
                ("2024-01-01", "40; 10", "0", NO),
                ("2024-01-01", "40", "0", YES),
                ("2024-01-01", "40; 10", "unknown", OPEN),
                ("2024-01-01", "40", "unknown", YES),
                ("2025-01-01", "40; 10", "10140.01", YES),
                ("2025-01-01", "40 disability unknown", "0", OPEN),
                ("2025-01-01", "40 disadvantage unknown", "0", OPEN),
            ),
            no_right_to_adi,
        ),
    ),
)
