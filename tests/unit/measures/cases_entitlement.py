# SPDX-License-Identifier: EUPL-1.2
"""Cases of the amount and the duration."""

from __future__ import annotations

from datetime import date

from hub.measures.assessment import Application, assess
from hub.measures.entitlement import duration
from hub.measures.measure import Measure
from hub.measures.parameters import parameters
from tests.unit.measures.cases import Page, Table
from tests.unit.measures.people import amount, household


def due(measure: str, on: str, told: str, income: str, rent: str) -> str:
    day = date.fromisoformat(on)
    known = {"family_income": amount(income), "annual_rent": amount(rent)}
    assessed = assess(Application(Measure(measure), household(told, day, **known)), day)
    found = assessed.entitlement
    if found is None:
        return "no right" if assessed.verdict == "NOT_SATISFIED" else "undetermined"
    return "undetermined" if found.monthly is None else f"{found.annual}, {found.monthly} a month"


def mortgage(on: str, instalments: str) -> str:
    day = date.fromisoformat(on)
    known = {"annual_mortgage": amount(instalments)}
    found = assess(Application(Measure.RDC, household("40", day, **known)), day).entitlement
    assert found is not None
    return f"{found.monthly} a month" if found.monthly is not None else "undetermined"


def lasts(measure: str, on: str, reduced: str) -> str:
    found = duration(parameters(Measure(measure), date.fromisoformat(on)), reduced=reduced == "reduced")
    parts = [
        f"{found.months} months",
        f"then {found.stop} without" if found.stop else "",
        f"renewed for {found.renewal}" if found.renewal else "",
        f"up to {found.extension} more while a course goes on" if found.extension else "",
        f"again after {found.wait}" if found.wait else "",
    ]
    return ", ".join(part for part in parts if part)


PAGE = Page(
    "entitlement.md",
    "How much, and for how long: cases",
    "Each row is a test. The benefit times the [scale](scale.md), less the family income, and the rent up to its ceiling; a month is a\n"
    "twelfth of the year, rounded once, half up, to the cent. Euro; rent and income a year.",
    (
        Table(
            "MIA",
            "Up to 6,000 times the scale; 50 a month for each member in the AUU; reduced by 25 % where nobody is disabled, a minor or 60,\n"
            "which is read as three quarters of the amount due (the other reading: one quarter).",
            ("measure", "on", "household", "family income", "rent", "due"),
            (
                ("MIA", "2024-03-01", "60", "0", "0", "6000.00, 500.00 a month"),
                ("MIA", "2024-03-01", "60; 60", "0", "0", "8400.00, 700.00 a month"),
                ("MIA", "2024-03-01", "60; 60; 60; 60", "0", "0", "12600.00, 1050.00 a month"),
                ("MIA", "2024-03-01", "60; 60; 60; 60 severe", "0", "0", "13200.00, 1100.00 a month"),
                ("MIA", "2024-03-01", "60", "5999.99", "0", "0.01, 0.00 a month"),
                ("MIA", "2024-03-01", "60", "6000", "0", "no right"),
                ("MIA", "2024-03-01", "40; 10", "0", "0", "6600.00, 550.00 a month"),
                ("MIA", "2024-03-01", "40; 10; 8", "0", "0", "7200.00, 600.00 a month"),
                ("MIA", "2024-03-01", "40; 10", "1200", "0", "5400.00, 450.00 a month"),
                ("MIA", "2024-03-01", "40; 10 not in AUU", "0", "0", "6000.00, 500.00 a month"),
                ("MIA", "2024-03-01", "40; 10 AUU unknown", "0", "0", "undetermined"),
                ("MIA", "2024-03-01", "40", "0", "0", "4500.00, 375.00 a month"),
                ("MIA", "2024-03-01", "59", "3000", "0", "2250.00, 187.50 a month"),
                ("MIA", "2024-03-01", "40; 38", "0", "0", "6300.00, 525.00 a month"),
                ("MIA", "2024-03-01", "40 disability unknown", "0", "0", "undetermined"),
                ("MIA", "2024-03-01", "60", "0", "6000", "6000.00, 500.00 a month"),
                ("MIA", "2024-03-01", "60", "unknown", "0", "undetermined"),
                ("MIA", "2026-03-01", "60", "0", "0", "6000.00, 500.00 a month"),
            ),
            due,
        ),
        Table(
            "RdC",
            "6,000 times the scale (7,560 where all are 67 or older), and the rent up to 3,360 (1,800); at least 480 a year. For tenants the\n"
            "whole, with the income, does not go beyond 9,360 times the scale.",
            ("measure", "on", "household", "family income", "rent", "due"),
            (
                ("RDC", "2019-10-01", "40", "0", "0", "6000.00, 500.00 a month"),
                ("RDC", "2019-10-01", "40", "0", "3360", "9360.00, 780.00 a month"),
                ("RDC", "2019-10-01", "40", "0", "3360.01", "9360.00, 780.00 a month"),
                ("RDC", "2019-10-01", "40", "0", "3359.99", "9359.99, 780.00 a month"),
                ("RDC", "2019-10-01", "40; 38; 10; 8", "0", "0", "10800.00, 900.00 a month"),
                ("RDC", "2019-10-01", "67", "0", "0", "7560.00, 630.00 a month"),
                ("RDC", "2019-10-01", "67", "0", "3000", "9360.00, 780.00 a month"),
                ("RDC", "2019-10-01", "40", "5520", "0", "480.00, 40.00 a month"),
                ("RDC", "2019-10-01", "40", "5520.01", "0", "480.00, 40.00 a month"),
                ("RDC", "2019-10-01", "40", "5999.99", "0", "480.00, 40.00 a month"),
                ("RDC", "2019-10-01", "40", "6000", "0", "no right"),
                ("RDC", "2019-10-01", "40", "6000", "3360", "3360.00, 280.00 a month"),
                ("RDC", "2019-10-01", "40", "7000", "3360", "2360.00, 196.67 a month"),
                ("RDC", "2019-10-01", "40", "9359.99", "3360", "480.00, 40.00 a month"),
                ("RDC", "2019-10-01", "40", "0", "unknown", "undetermined"),
            ),
            due,
        ),
        Table(
            "RdC: the mortgage of the home",
            "Its instalments, up to 1,800 a year, where there is no rent.",
            ("on", "instalments a year", "due"),
            (
                ("2019-10-01", "1800", "650.00 a month"),
                ("2019-10-01", "1800.01", "650.00 a month"),
                ("2019-10-01", "1200", "600.00 a month"),
                ("2019-10-01", "unknown", "undetermined"),
            ),
            mortgage,
        ),
        Table(
            "ADI",
            "6,000 times the scale, from 2025 6,500 (7,560, from 2025 8,190, where all are 67 or older, or severely disabled beside someone who\n"
            "is); the rent up to 3,360, from 2025 3,640 (1,800, 1,950); at least 480 a year.",
            ("measure", "on", "household", "family income", "rent", "due"),
            (
                ("ADI", "2024-12-31", "60", "0", "0", "6000.00, 500.00 a month"),
                ("ADI", "2025-01-01", "60", "0", "0", "6500.00, 541.67 a month"),
                ("ADI", "2024-12-31", "67", "0", "0", "7560.00, 630.00 a month"),
                ("ADI", "2025-01-01", "67", "0", "0", "8190.00, 682.50 a month"),
                ("ADI", "2024-12-31", "60", "0", "3360", "9360.00, 780.00 a month"),
                ("ADI", "2024-12-31", "60", "0", "3360.01", "9360.00, 780.00 a month"),
                ("ADI", "2025-01-01", "60", "0", "3640", "10140.00, 845.00 a month"),
                ("ADI", "2025-01-01", "60", "0", "3640.01", "10140.00, 845.00 a month"),
                ("ADI", "2024-12-31", "67", "0", "1800.01", "9360.00, 780.00 a month"),
                ("ADI", "2025-01-01", "67", "0", "1950.01", "10140.00, 845.00 a month"),
                ("ADI", "2025-01-01", "40; 10", "0", "0", "7475.00, 622.92 a month"),
                ("ADI", "2025-01-01", "40; 10; 8", "2450", "0", "6000.00, 500.00 a month"),
                ("ADI", "2025-01-01", "60", "7000", "3640", "3140.00, 261.67 a month"),
                ("ADI", "2025-01-01", "60", "6499.99", "0", "480.00, 40.00 a month"),
                ("ADI", "2025-01-01", "60", "6500", "0", "no right"),
                ("ADI", "2025-01-01", "40; 38", "0", "0", "no right"),
                ("ADI", "2025-01-01", "60; 10 disability unknown", "0", "0", "undetermined"),
                ("ADI", "2025-01-01", "40; 60; 61; 62 severe", "0", "0", "14950.00, 1245.83 a month"),
            ),
            due,
        ),
        Table(
            "SFL",
            "350 a month, from 2025 500, whatever the income.",
            ("measure", "on", "household", "family income", "rent", "due"),
            (
                ("SFL", "2024-12-31", "40", "0", "0", "4200.00, 350.00 a month"),
                ("SFL", "2025-01-01", "40", "0", "0", "6000.00, 500.00 a month"),
                ("SFL", "2025-01-01", "40", "10139.99", "3640", "6000.00, 500.00 a month"),
                ("SFL", "2025-01-01", "60", "0", "0", "no right"),
            ),
            due,
        ),
        Table(
            "For how long",
            "By the numbers of the day a period begins.",
            ("measure", "on", "form", "duration"),
            (
                ("RDC", "2019-10-01", "full", "18 months, then 1 without, renewed for 18"),
                ("MIA", "2024-03-01", "full", "18 months, then 1 without, renewed for 12"),
                ("MIA", "2024-03-01", "reduced", "12 months, renewed for 6, again after 18"),
                ("ADI", "2024-03-01", "full", "18 months, then 1 without, renewed for 12"),
                ("ADI", "2025-12-31", "full", "18 months, then 1 without, renewed for 12"),
                ("ADI", "2026-01-01", "full", "18 months, renewed for 12"),
                ("SFL", "2024-12-31", "full", "12 months"),
                ("SFL", "2025-01-01", "full", "12 months, up to 12 more while a course goes on"),
            ),
            lasts,
        ),
    ),
)
