# SPDX-License-Identifier: EUPL-1.2
"""Cases of the equivalence scale."""

from __future__ import annotations

from datetime import date

from hub.measures.measure import Measure
from hub.measures.parameters import parameters
from hub.measures.worlds import scale_of, worlds
from tests.unit.measures.cases import Page, Table
from tests.unit.measures.people import household

DAYS = {"RDC": date(2019, 10, 1), "MIA": date(2024, 3, 1), "ADI": date(2025, 3, 1)}


def of(measure: str, told: str) -> str:
    day = DAYS[measure]
    found = scale_of(worlds(household(told, day), parameters(Measure(measure), day), day))
    value = str(found.value) if found.value is not None else f"{found.least} to {found.most}"
    return f"{value}, unverified" if found.unverified else value


def table(measure: str, title: str, law: str, *rows: tuple[str, str]) -> Table:
    return Table(
        title,
        law,
        ("household", "scale"),
        rows,
        lambda told: of(measure, told),
    )


PAGE = Page(
    "scale.md",
    "The equivalence scale: cases",
    "Each row is a test. The first member applies; minors are in the assegno unico universale (AUU) unless it is told. Where a fact is not\n"
    "known, the scale lies between two values, and is determined where they are one.",
    (
        table(
            "RDC",
            "RdC",
            "1, and 0.4 for each further adult, 0.2 for each minor; 2.1 at most, 2.2 where a member is severely disabled.",
            ("40", "1"),
            ("40; 38", "1.4"),
            ("40; 10", "1.2"),
            ("40; 17", "1.2"),
            ("40; 18", "1.4"),
            ("40; 38; 10", "1.6"),
            ("40; 38; 10; 8", "1.8"),
            ("40; 38; 20; 10; 8", "2.1"),
            ("40; 38; 20; 19; 10", "2.1"),
            ("40; 38; 20; 19; 10 severe", "2.2"),
            ("40; 38; 20; 10; 8 severe", "2.2"),
            ("40; 38; 20; 19; 10 disabled", "2.1"),
            ("40; 38; 20; 19; 10 disability unknown", "2.1 to 2.2"),
            ("40; 38 disability unknown", "1.4"),
            ("40; 38 in a structure", "1"),
            ("40 in a structure; 38", "1"),
            ("40; 38 structure unknown", "1 to 1.4"),
            ("40; 38 care unknown", "1.4"),
            ("40; 38; 20; 19; 18 structure unknown", "2.1"),
        ),
        table(
            "MIA",
            "MIA",
            "1, and 0.4 for each further adult; members in the AUU are not counted; 2.1 at most, 2.2 where a member is severely disabled.",
            ("40", "1"),
            ("40; 38", "1.4"),
            ("40; 10", "1"),
            ("40; 10; 8; 6", "1"),
            ("40; 38; 30", "1.8"),
            ("40; 38; 30; 29", "2.1"),
            ("40; 38; 30; 29 severe", "2.2"),
            ("40; 38; 20 in AUU", "1.4"),
            ("40; 38; 20 not in AUU", "1.8"),
            ("40; 38; 20 AUU unknown", "1.4 to 1.8"),
            ("40; 38; 21 AUU unknown", "1.8"),
            ("40; 38; 30 disabled and in AUU", "1.4"),
            ("40; 38; 30 structure unknown", "1.4 to 1.8"),
            ("40; 10 AUU unknown", "1"),
        ),
        table(
            "ADI",
            "ADI",
            "1, and for each member other than the applicant: 0.5 with a disability; 0.4 of 60 or older; 0.4 for one adult with care duties; 0.3\n"
            "for an adult in severe disadvantage; 0.15 for each of the first two minors, 0.1 for each further; 2.2 at most, 2.3 where a member is\n"
            "severely disabled. SFL takes it for its income threshold.",
            ("40", "1"),
            ("40; 38", "1"),
            ("60; 40", "1"),
            ("40; 59", "1"),
            ("40; 60", "1.4"),
            ("40; 38 disabled", "1.5"),
            ("40 disabled", "1"),
            ("40; 60 disabled", "1.5"),
            ("40; 38 carer", "1.4"),
            ("40; 38 carer; 36 carer", "1.4, unverified"),
            ("40; 38 carer; 10", "1.55"),
            ("40; 38 disadvantaged", "1.3, unverified"),
            ("40; 38 disadvantaged and carer", "1.4"),
            ("40; 38 disadvantaged and carer; 36 carer", "1.7, unverified"),
            ("40; 10", "1.15"),
            ("40; 10; 8", "1.30"),
            ("40; 10; 8; 6", "1.40"),
            ("40; 10; 8; 6; 4", "1.50"),
            ("40; 17", "1.15"),
            ("40; 18", "1"),
            ("40; 10 disabled; 8; 6", "1.80"),
            ("40; 60; 61; 62", "2.2"),
            ("40; 60; 61; 62 severe", "2.3"),
            ("40; 10 disability unknown", "1.15 to 1.5"),
            ("40; 60; 61; 62; 63 disability unknown", "2.2 to 2.3"),
            ("40; 60 in a structure", "1"),
            ("40; 60 structure unknown", "1 to 1.4"),
            ("40; 38 care unknown", "1 to 1.4"),
            ("40; 38 disadvantage unknown", "1 to 1.3, unverified"),
            ("40; 38 carer and disadvantage unknown", "1.4"),
            ("40 care unknown; 10", "1.15"),
            ("40; 10 disadvantage unknown", "1.15"),
            ("40; 60; 61; 62; 38 care unknown", "2.2"),
            ("40 disadvantaged; 10 disadvantaged", "1.15"),
        ),
    ),
)
