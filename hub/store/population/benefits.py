# SPDX-License-Identifier: EUPL-1.2
"""When a household is admitted, to which measure, for how long and how much.

Sources: DL 4/2019 (RdC, to the end of 2023), DL 48/2023 art. 3 and 12 with L. 207/2024 (ADI, SFL; amounts of 2025). MIA, which never
came into force, is dated from the day its draft planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from hub.store.population.chance import Draw
from hub.store.population.moments import months_later
from hub.store.vocabulary import BenefitStatus, Measure

RDC_FROM = date(2019, 4, 1).toordinal()
SFL_FROM = date(2023, 9, 1).toordinal()
ADI_FROM = date(2024, 1, 1).toordinal()
RISE_OF_2025 = date(2025, 1, 1).toordinal()
STOP_REMOVED = date(2026, 1, 1).toordinal()

EARLIEST_TODAY = date(2024, 7, 1)
"""No population is made as of a day before: ADI and SFL would hardly have begun."""

_SEASONS: tuple[tuple[float, Draw[Measure]], ...] = (
    (0.10, Draw([(Measure.RDC, 1)])),
    (0.08, Draw([(Measure.SFL, 70), (Measure.MIA, 18), (Measure.RDC, 12)])),
    (0.82, Draw([(Measure.ADI, 72), (Measure.SFL, 25), (Measure.MIA, 3)])),
)
_FIRST_MONTHS = {Measure.RDC: 18, Measure.MIA: 18, Measure.ADI: 18, Measure.SFL: 12}
_RENEWED_MONTHS = {Measure.RDC: 18, Measure.MIA: 12, Measure.ADI: 12, Measure.SFL: 12}
_RENEWAL_SHARE = {Measure.RDC: 0.6, Measure.MIA: 0.5, Measure.ADI: 0.9, Measure.SFL: 0.2}
_RUNNING = Draw(
    [
        (BenefitStatus.ACTIVE, 90),
        (BenefitStatus.SUSPENDED, 4),
        (BenefitStatus.FORFEITED, 4),
        (BenefitStatus.REVOKED, 2),
    ]
)
_OVER = Draw([(BenefitStatus.ENDED, 92), (BenefitStatus.FORFEITED, 6), (BenefitStatus.REVOKED, 2)])


@dataclass(frozen=True, slots=True)
class Grant:
    """One benefit: from `first` up to and without `end` (ordinals), `cents` a month."""

    first: int
    end: int
    status: BenefitStatus
    cents: int


def admission(fraction: float, today: int, chance: Random) -> tuple[int, Measure]:
    """The day and measure of the household at `fraction` (0–1) of all, in the order of their admission."""
    bounds = (RDC_FROM, SFL_FROM, ADI_FROM, today - 3)
    for season, (share, measure) in enumerate(_SEASONS):
        if fraction < share or season == len(_SEASONS) - 1:
            first, end = bounds[season], bounds[season + 1]
            return first + int((end - first) * min(fraction / share, 0.999_999)), measure(chance)
        fraction -= share
    raise AssertionError("the last season takes the rest")


def grants(
    measure: Measure, admitted: int, today: int, scale: float, fragile: bool, chance: Random
) -> list[Grant]:
    """The household's benefits, oldest first; the last is its present one. `scale` is the equivalence scale."""
    spans = _spans(measure, admitted, today, chance)
    cents = monthly_cents(measure, spans[-1][0], scale, fragile, chance)
    earlier = [Grant(first, end, BenefitStatus.ENDED, cents) for first, end in spans[:-1]]
    first, end = spans[-1]
    if measure is Measure.RDC:
        end = min(end, ADI_FROM)
    status = (_RUNNING if end > today else _OVER)(chance)
    if status in (BenefitStatus.FORFEITED, BenefitStatus.REVOKED):
        # The household loses the benefit somewhere on the way.
        end = first + 1 + int((min(end, today) - first) * (0.3 + 0.65 * chance.random()))
        end = min(end, today)
    return [*earlier, Grant(first, max(end, first + 1), status, cents)]


def _spans(measure: Measure, admitted: int, today: int, chance: Random) -> list[tuple[int, int]]:
    last_day = ADI_FROM if measure is Measure.RDC else today
    spans = [(admitted, months_later(admitted, _FIRST_MONTHS[measure]))]
    while spans[-1][1] < last_day and chance.random() < _RENEWAL_SHARE[measure]:
        end = spans[-1][1]
        # One month without payment before each renewal, until the stop was removed from 2026; SFL goes straight on.
        pause = 0 if measure is Measure.SFL or end >= STOP_REMOVED else 1
        first = months_later(end, pause)
        if first >= last_day:
            break
        spans.append((first, months_later(first, _RENEWED_MONTHS[measure])))
        if measure is Measure.SFL:
            break
    return spans


def monthly_cents(measure: Measure, first: int, scale: float, fragile: bool, chance: Random) -> int:
    """Cents a month: SFL's fixed indemnity, else what is missing to the threshold, with rent for half of the households."""
    raised = first >= RISE_OF_2025
    if measure is Measure.SFL:
        return 50_000 if raised else 35_000
    threshold = 6_500 if raised and measure is Measure.ADI else 6_000
    rent = 3_640 if raised and measure is Measure.ADI else 3_360
    full = threshold * 100 / 12 * min(scale, 2.2)
    amount = full * (0.35 + 0.65 * chance.random())
    if measure is Measure.MIA and not fragile:
        amount *= 0.75
    if chance.random() < 0.5:
        amount += rent * 100 / 12 * (0.4 + 0.6 * chance.random())
    return max(4_000, int(amount))
