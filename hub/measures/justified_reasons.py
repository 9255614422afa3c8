# SPDX-License-Identifier: EUPL-1.2
"""The justified reasons for an absence (giustificati motivi), when their proof is in time, and when absences make a breach.

MLPS note 39/0003374 of 4-3-2016; ANPAL circular 1 of 5-8-2022.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from hub.measures.days import month_of
from hub.measures.kleene import verdict
from hub.measures.measure import Measure
from hub.measures.parameters import Confidence
from hub.measures.reasons import Finding
from hub.measures.sources import Source

_NOTE = "MLPS note 39/0003374 of 4-3-2016"


class JustifiedReason(StrEnum):
    """The seven letters of the note, in its order."""

    ILLNESS = "ILLNESS"
    SERVICE = "SERVICE"
    PREGNANCY = "PREGNANCY"
    SUMMONS = "SUMMONS"
    FAMILY = "FAMILY"
    MOBILITY_LIMITED = "MOBILITY_LIMITED"
    IMPEDIMENT = "IMPEDIMENT"


JUSTIFIED: dict[JustifiedReason, tuple[str, str]] = {
    JustifiedReason.ILLNESS: ("a", "Illness or accident (malattia o infortunio)."),
    JustifiedReason.SERVICE: ("b", "Civil or military service, or recall to arms."),
    JustifiedReason.PREGNANCY: ("c", "Pregnancy, within the statutory leave (astensione per legge)."),
    JustifiedReason.SUMMONS: ("d", "Summons before a court, as the judge has it proved."),
    JustifiedReason.FAMILY: ("e", "Serious family reasons, documented."),
    JustifiedReason.MOBILITY_LIMITED: ("f", "Legal limits to personal mobility."),
    JustifiedReason.IMPEDIMENT: (
        "g",
        "Any other proven objective impediment or force majeure (forza maggiore).",
    ),
}
"""Letter and words."""

PROOF_DAYS = 1
"""The proof must be there by the day of the appointment or the day after."""


def justification(reason: JustifiedReason, absent_on: date, proof_on: date | None, on: date) -> Finding:
    """Whether an absence is justified, as is known on a day; undetermined while its proof can still arrive."""
    letter, words = JUSTIFIED[reason]
    last = absent_on + timedelta(days=PROOF_DAYS)
    here = proof_on is not None and proof_on <= on
    holds: bool | None = here and proof_on is not None and proof_on <= last
    if not here and on <= last:
        holds = None
    source = Source(f"{_NOTE} lett. {letter}")
    return Finding(verdict(holds), source.reason(reason.value, words, proof_on, last))


@dataclass(frozen=True, slots=True)
class Absence:
    """A day somebody did not attend an activity; `activity` tells activities apart."""

    activity: str
    day: date
    justified: bool = False


ABSENT_DAYS = 2
_CIRCULAR = "circ. ANPAL 1 of 5-8-2022"
ABSENCES: dict[Measure, Source] = {
    Measure.RDC: Source(f"DL 4/2019 art. 7 c. 5 lett. c; {_CIRCULAR}"),
    Measure.MIA: Source(f"{_CIRCULAR}, of the RdC: applied by analogy", Confidence.L),
    Measure.ADI: Source(
        f"DL 48/2023 art. 8 c. 6 lett. c; {_CIRCULAR}, of the RdC: applied by analogy", Confidence.L
    ),
    Measure.SFL: Source(
        f"DL 48/2023 art. 8 c. 6 lett. c; {_CIRCULAR}, of the RdC: applied by analogy", Confidence.L
    ),
}


@dataclass(frozen=True, slots=True)
class MissedMonth:
    """A month of an activity, and how many days of it were missed without a justified reason: whether that is a breach."""

    activity: str
    month: date
    days: int
    finding: Finding
    """SATISFIED: attended well enough."""


def missed_months(measure: Measure, absences: Iterable[Absence]) -> tuple[MissedMonth, ...]:
    """Each month of each activity with an unjustified absence: with two days or more it is a failure to take part.

    A day counts once, and not at all where it is justified once.
    """
    given = frozenset(absences)
    excused = {(one.activity, one.day) for one in given if one.justified}
    missed = {(one.activity, one.day) for one in given} - excused
    months: dict[tuple[str, date], int] = {}
    for activity, day in missed:
        key = activity, month_of(day)
        months[key] = months.get(key, 0) + 1
    return tuple(
        MissedMonth(activity, month, days, _attended(measure, days))
        for (activity, month), days in sorted(months.items(), key=lambda item: (item[0][1], item[0][0]))
    )


def _attended(measure: Measure, days: int) -> Finding:
    return Finding(
        verdict(days < ABSENT_DAYS),
        ABSENCES[measure].reason(
            "TOOK_PART",
            "Fewer than two days of a month were missed without a justified reason.",
            days,
            ABSENT_DAYS,
        ),
    )
