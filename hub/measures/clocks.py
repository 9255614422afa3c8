# SPDX-License-Identifier: EUPL-1.2
"""The terms that run while a measure is paid: the 120 days to a first appointment, and the 90 that begin again and again.

Each begins at a fact of the ledger, is met by another, and when it is missed leads to a suspension from the month after its last day
(INPS message 2132/2024, of the 120 days; read the same of the others). A day of the term is in time, the day after it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from hub.measures.days import month_of, months_after
from hub.measures.facts import Fact, in_order
from hub.measures.measure import Measure
from hub.measures.parameters import Confidence
from hub.measures.reasons import Reason
from hub.measures.sources import Source


@dataclass(frozen=True, slots=True)
class Happening:
    """A type of fact, under a pact of a kind, or recorded by an agency of a kind, where that matters."""

    type: str
    pact: str | None = None
    recorder: str | None = None

    def is_(self, fact: Fact) -> bool:
        """Whether a fact is such a one, or may be: who recorded it is not always known."""
        return (
            fact.type == self.type
            and (self.pact is None or fact.pact == self.pact)
            and (self.recorder is None or fact.recorder in (None, self.recorder))
        )

    def is_surely(self, fact: Fact) -> bool:
        """Whether a fact is such a one, and known to be."""
        return self.is_(fact) and (self.recorder is None or fact.recorder is not None)


@dataclass(frozen=True, slots=True)
class Term:
    """One term: from what, for how many days, met by what; `again`: each time it is met it begins anew."""

    code: str
    words: str
    days: int
    starts: tuple[Happening, ...]
    met_by: tuple[Happening, ...]
    source: Source
    again: bool = False


_DIGITAL = Happening("PACT_SIGNED", "DIGITAL_ACTIVATION")
_SERVICE = Happening("PACT_SIGNED", "SERVICE")
_UPDATED = Happening("POSITION_UPDATED")
_SOCIAL = "MUNICIPALITY"
_CAME = Happening("CONVOCATION_ATTENDED", recorder=_SOCIAL)
_UPDATED_THERE = Happening("POSITION_UPDATED", recorder=_SOCIAL)
_CONFIRMED = Happening("PARTICIPATION_CONFIRMED")

TERMS: Mapping[Measure, tuple[Term, ...]] = {
    Measure.RDC: (),
    Measure.MIA: (),
    Measure.ADI: (
        Term(
            "FIRST_APPOINTMENT",
            "A first appointment at social services within 120 days of the digital activation pact (PAD).",
            120,
            (_DIGITAL,),
            (_CAME, _UPDATED_THERE),
            Source("DL 48/2023 art. 4 c. 4; DM 154/2023 art. 7; INPS message 2132/2024"),
        ),
        Term(
            "POSITION",
            "The position is updated at social services or a patronato every 90 days.",
            90,
            (_CAME, _UPDATED),
            (_UPDATED,),
            Source("DL 48/2023 art. 4 c. 4", Confidence.M),
            again=True,
        ),
    ),
    Measure.SFL: (
        Term(
            "PARTICIPATION",
            "Participation is confirmed at least every 90 days.",
            90,
            (_SERVICE,),
            (_CONFIRMED,),
            Source("DM 8-8-2023 arts 3 and 4"),
            again=True,
        ),
    ),
}


class TermState(StrEnum):
    """How a term stands on a day."""

    RUNNING = "RUNNING"
    MET = "MET"
    MISSED = "MISSED"


@dataclass(frozen=True, slots=True)
class Clock:
    """A term that began: its last day, and how it stands. `days_left`: 0 on the last day; negative once it is over.

    `met_on`: also after the last day, when a suspension ends by it. `suspended_from`: the first day of the month from which the
    benefit is proposed to be suspended, where the term was missed.
    """

    term: Term
    began_on: date
    last_day: date
    state: TermState
    days_left: int
    met_on: date | None
    suspended_from: date | None
    reason: Reason


def clocks(measure: Measure, facts: Iterable[Fact], on: date) -> tuple[Clock, ...]:
    """Every term of a measure that began by a day (included), the oldest first.

    Raises:
        UnknownFact, RepeatedFact: the facts are none of a ledger.

    """
    ordered = in_order(facts, measure, on)
    found = [clock for term in TERMS[measure] for clock in _runs(term, ordered, on)]
    return tuple(sorted(found, key=lambda clock: (clock.began_on, clock.term.code)))


def _runs(term: Term, facts: list[Fact], on: date) -> Iterable[Clock]:
    began = next((fact for fact in facts if any(one.is_(fact) for one in term.starts)), None)
    while began is not None:
        met = _met(term, facts, began)
        yield _clock(term, began.day, met, on)
        began = met if term.again else None


def _met(term: Term, facts: list[Fact], began: Fact) -> Fact | None:
    # NOTE: what begins again goes on to a later fact, or it would never end; what does not may be met earlier on the day it began.
    for fact in facts:
        later = (fact.day, fact.id) > (began.day, began.id) if term.again else fact.day >= began.day
        if later and any(one.is_(fact) for one in term.met_by):
            return fact
    return None


def _clock(term: Term, began_on: date, met: Fact | None, on: date) -> Clock:
    met_on = met.day if met is not None else None
    last = began_on + timedelta(days=term.days)
    late = (met_on or on) > last
    state = TermState.MISSED if late else TermState.RUNNING if met_on is None else TermState.MET
    days_left = (last - on).days
    return Clock(
        term,
        began_on,
        last,
        state,
        days_left,
        met_on,
        months_after(month_of(last), 1) if late else None,
        _reason(term, met, met_on or on, last),
    )


def _reason(term: Term, met: Fact | None, day: date, last: date) -> Reason:
    if met is None or any(one.is_surely(met) for one in term.met_by):
        return term.source.reason(term.code, term.words, day, last)
    open_ = replace(term.source, ambiguous=True)
    return open_.reason(
        term.code, f"{term.words} Whether it was there that the person came is not known.", day, last
    )
