# SPDX-License-Identifier: EUPL-1.2
"""One assessment, in CPU time: each measure, a household of four with all told, and one with a fact that is not known."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from bench.figures import Figure
from hub.measures.assessment import Application, assess
from hub.measures.household import Disability, Household, Member, Vehicle, VehicleKind
from hub.measures.measure import Measure
from hub.measures.payments import calendar
from hub.measures.residence import Residence, Stay, StayTitle

AIM = 0.3
"""Milliseconds of CPU for one assessment."""
TIMES, ROUNDS = 500, 9
DAYS = {
    Measure.RDC: date(2022, 3, 1),
    Measure.MIA: date(2024, 3, 1),
    Measure.ADI: date(2025, 3, 1),
    Measure.SFL: date(2025, 3, 1),
}
FOUR = Household(
    members=(
        Member("0", date(1980, 5, 5), applicant=True, spouse="1"),
        Member("1", date(1982, 5, 5), spouse="0", carer=True),
        Member("2", date(2012, 5, 5), disability=Disability.DISABLED, in_child_allowance=True),
        Member("3", date(2016, 5, 5), in_child_allowance=True),
    ),
    residence=Residence(
        StayTitle.CITIZEN, (Stay(date(1990, 1, 1), date(2004, 1, 1)), Stay(date(2008, 6, 1)))
    ),
    isee=Decimal("4200.50"),
    family_income=Decimal("2345.67"),
    home_value=Decimal(0),
    other_real_estate=Decimal("1200.00"),
    movable_assets=Decimal("900.10"),
    vehicles=(Vehicle(VehicleKind.CAR, 1200, date(2012, 3, 3)),),
    boats_and_aircraft=0,
    annual_rent=Decimal(4200),
    annual_mortgage=Decimal(0),
)
UNKNOWN = replace(FOUR, members=(*FOUR.members[:3], replace(FOUR.members[3], disability=None)))
ADULTS = replace(FOUR, members=FOUR.members[:2])


def measures() -> list[Figure]:
    """All figures of the measures."""
    return list(_figures())


def _figures() -> Iterator[Figure]:
    for measure in Measure:
        household = ADULTS if measure is Measure.SFL else FOUR
        yield _figure(f"measures.{measure.lower()}.assessment", measure, household)
    yield _figure("measures.adi.assessment.unknown", Measure.ADI, UNKNOWN)
    application, first = Application(Measure.ADI, FOUR), DAYS[Measure.ADI]
    took = _cpu(lambda: calendar(application, first, renewals=1), TIMES // 25)
    yield Figure("measures.adi.calendar", round(took, 3), "ms", None, "lower")


def _figure(name: str, measure: Measure, household: Household) -> Figure:
    application, on = Application(measure, household), DAYS[measure]
    return Figure(name, round(_cpu(lambda: assess(application, on), TIMES), 4), "ms", AIM, "lower")


def _cpu(call: Callable[[], object], times: int) -> float:
    """Milliseconds of this process's CPU for one call: the median of the rounds."""
    call()
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(times):
            call()
        rounds.append((time.process_time() - started) / times * 1_000)
    return statistics.median(rounds)
