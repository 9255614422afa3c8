# SPDX-License-Identifier: EUPL-1.2
"""Whether a benefit is a renewed one, from the periods it was granted for. Pure.

A benefit is granted for so many months and may then be renewed (RdC: 18 and again 18, DL 4/2019 art. 3 c. 6). What INPS reports are terms:
a change of the amount, a suspension or a new report makes another term, and none of these is a renewal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from hub.measures.days import months_after
from hub.measures.measure import Measure
from hub.measures.parameters import AfterTheLaw, BeforeTheLaw, parameters

NEVER = date.max


@dataclass(frozen=True, slots=True)
class Renewal:
    """Since when a benefit is a renewed one, or `NEVER`; between `untold_from` and that day nobody knows."""

    renewed_on: date = NEVER
    untold_from: date = NEVER

    def on(self, day: date) -> bool | None:
        """Whether the benefit is a renewed one on a day; None is not known."""
        if day >= self.renewed_on:
            return True
        return None if day >= self.untold_from else False


UNTOLD = Renewal(untold_from=date.min)
"""Nothing is known."""


def renewal(measure: Measure, terms: Iterable[tuple[date, date | None]]) -> Renewal:
    """When the benefit of these terms, `[first day, day after the last)`, was renewed; a term without an end goes on.

    Terms that follow each other without a gap are one. It is not renewed before the months it is granted for are over. It is from the day
    it began again after they were paid in full; where it goes on beyond them, or began again before, the terms do not tell.
    """
    joined = _joined(terms)
    if not joined:
        return UNTOLD
    first, before = joined[0]
    try:
        law = parameters(measure, first)
    except (BeforeTheLaw, AfterTheLaw):
        return UNTOLD
    # Whether it is the reduced measure the terms do not tell.
    over = {months_after(first, row.value) for row in (law.months, law.reduced_months) if row is not None}
    if not over:
        return UNTOLD
    if len(joined) == 1:
        return Renewal(untold_from=min(over))
    again = joined[1][0]
    if before in over:
        return Renewal(renewed_on=again)
    return Renewal(untold_from=min(*over, again))


def _joined(terms: Iterable[tuple[date, date | None]]) -> list[tuple[date, date | None]]:
    joined: list[tuple[date, date | None]] = []
    for first, before in sorted(terms, key=lambda term: term[0]):
        if joined and (joined[-1][1] is None or joined[-1][1] >= first):
            start, end = joined[-1]
            joined[-1] = start, None if end is None or before is None else max(end, before)
        else:
            joined.append((first, before))
    return joined
