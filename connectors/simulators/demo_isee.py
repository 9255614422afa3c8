# SPDX-License-Identifier: EUPL-1.2
"""The declarations (DSU) of the demo's households: most have one, some are worked out anew, some are found wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from connectors.simulators.demo_people import DemoPerson
from connectors.simulators.isee_world import (
    SimulatedDeclaration,
    SimulatedIrregularity,
    SimulatedRelative,
)

THRESHOLDS = {"SNOD01": Decimal(10_140)}
"""A threshold one may ask by: the ceiling of ADI (domain.md section 8), under a code of the demo's."""
_RELATIONS = {"1": "D", "2": "C", "3": "F"}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_KINDS = (
    "PatrimoniMobiliari",
    "RedditiScostamento",
    "PatrimoniMobiliariSottoSoglia",
    "PatrimoniMobiliariSopraSoglia",
)


def demo_declaration(n: int, people: Sequence[DemoPerson], as_of: date) -> SimulatedDeclaration | None:
    """What the n-th household declared; None for one in seven, which declared nothing."""
    if n % 7 == 3:
        return None
    presented = min(date(as_of.year, 1, 15) + timedelta(days=n), as_of)
    minors = [one for one in people if _years(one.birth_date, as_of) < 18]
    # Of one household in three the first minor has a parent elsewhere, whose means count for it.
    own = {one.fiscal_code: Decimal(f"{9000 + 10 * n}.50") if n % 3 == 1 and not i else None
           for i, one in enumerate(minors)}  # fmt: skip
    found = SimulatedIrregularity(
        _KINDS[n // 5 % 4], people[0].fiscal_code, min(presented + timedelta(days=30), as_of)
    )
    return SimulatedDeclaration(
        protocol=f"INPS-ISEE-{as_of.year}-{n:08d}{_LETTERS[n % 26]}-00",
        presented_on=presented,
        valid_until=date(as_of.year, 12, 31),
        members=tuple(
            SimulatedRelative(
                one.fiscal_code,
                one.family_name.upper(),
                one.given_name.upper(),
                _RELATIONS[one.relationship],
            )
            for one in people
        ),
        isr=Decimal(2_400 + 137 * n % 5_000),
        isp=Decimal(800 * (n % 4)),
        minors=own,
        irregularities=(found,) if n % 5 == 0 else (),
        is_current=n % 6 == 2,
    )


def _years(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
