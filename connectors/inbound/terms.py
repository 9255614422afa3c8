# SPDX-License-Identifier: EUPL-1.2
"""The periods of one household's benefit, from reports that may come in any order. Pure.

A later report overrules everything an earlier one said *from its own first day on*: what INPS said before stands
for the days before. So each report keeps the days from its start until its end, or until the start of a later
report if that comes first, and vanishes when a later report starts no later than it does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from hub.store.vocabulary import BenefitStatus, Measure


@dataclass(frozen=True, slots=True)
class Term:
    """One report's benefit over `[starts_on, before)`; open-ended when `before` is None; euro a month.

    `id` is the row's key, None for one that has none yet.
    """

    id: UUID | None
    starts_on: date
    before: date | None
    measure: Measure
    status: BenefitStatus
    monthly_amount: Decimal
    reported_at: datetime


def with_report(terms: Iterable[Term], report: Term) -> list[Term]:
    """The terms after one more report, by their start; a report already there is replaced by its repetition."""
    kept: list[Term] = []
    landing: Term | None = report
    for term in terms:
        if term.reported_at == report.reported_at and term.starts_on == report.starts_on:
            landing = landing and replace(landing, id=term.id)
        elif _rank(term) > _rank(report):
            kept.append(term)
            landing = landing and _overruled(landing, term)
        elif (left := _overruled(term, report)) is not None:
            kept.append(left)
    if landing is not None:
        kept.append(landing)
    return sorted(kept, key=lambda one: one.starts_on)


def current(terms: Iterable[Term]) -> Term:
    """The term of the latest report."""
    return max(terms, key=_rank)


def _rank(term: Term) -> tuple[datetime, date]:
    return term.reported_at, term.starts_on


def _overruled(earlier: Term, later: Term) -> Term | None:
    """What is left of a term after a later report; None when nothing is."""
    if later.starts_on <= earlier.starts_on:
        return None
    if earlier.before is None or earlier.before > later.starts_on:
        return replace(earlier, before=later.starts_on)
    return earlier
