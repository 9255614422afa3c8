# SPDX-License-Identifier: EUPL-1.2
"""What each measure's law attaches to each breach, step by step: data.

A ladder is one kind of breach and its steps: the first for the first time, the last for every further one. Two ladders of one name in
two periods are one count: the rungs climbed before the law changed are climbed. Types are the words of `ConditionalityEventType`; each of
them is on a ladder of some measure, or in `NO_BREACH`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from hub.measures.measure import Measure
from hub.measures.parameters import Confidence
from hub.measures.sources import Source

_M, _L = Confidence.M, Confidence.L

EDITION = 1
"""Which reading of the law this is: entries of the feed name the one they were reckoned by.

NOTE whatever changes below, a step, an article, a date, is another edition: raise it. A test holds each edition to its rules.
"""


class Effect(StrEnum):
    """What is proposed to INPS, the lightest first; the words of `BenefitOutcome`, which says what INPS did."""

    NONE = "NONE"
    REDUCED = "REDUCED"
    SUSPENDED = "SUSPENDED"
    FORFEITED = "FORFEITED"
    REVOKED = "REVOKED"

    @property
    def gravity(self) -> int:
        """0 for the lightest."""
        return list(Effect).index(self)


class Breach(StrEnum):
    """The kinds that are counted, each by itself."""

    AVAILABILITY = "AVAILABILITY"
    CONVOCATION = "CONVOCATION"
    FIRST_APPOINTMENT = "FIRST_APPOINTMENT"
    POSITION = "POSITION"
    PARTICIPATION = "PARTICIPATION"
    DIGITAL_PACT = "DIGITAL_PACT"
    PACT = "PACT"
    ORIENTATION = "ORIENTATION"
    ACTIVITY = "ACTIVITY"
    SCHOOLING = "SCHOOLING"
    PUC = "PUC"
    INCLUSION_COMMITMENT = "INCLUSION_COMMITMENT"
    OFFER = "OFFER"
    WORK = "WORK"
    VARIATION = "VARIATION"
    HOUSEHOLD_CHANGE = "HOUSEHOLD_CHANGE"
    UNDECLARED_WORK = "UNDECLARED_WORK"


@dataclass(frozen=True, slots=True)
class Step:
    """What follows: `months` whole monthly payments less, or `cut` euro a month less; a suspension of `at_most` months (None: until mended)."""

    effect: Effect
    source: Source
    months: int = 0
    cut: Decimal = Decimal(0)
    at_most: int | None = None
    retroactive: bool = False
    """Whether it reaches back, and what was paid is recovered."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of one kind of breach, from `first` to `last`, both included (None: as long as the measure).

    `pacts`: only under a pact of these kinds (words of `PactKind`), if there are any; `renewed`: only once the benefit was renewed.
    """

    breach: Breach
    types: frozenset[str]
    steps: tuple[Step, ...]
    first: date | None = None
    last: date | None = None
    pacts: frozenset[str] = frozenset()
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """After a forfeiture: so many months before a new application may be made; fewer where a minor or a disabled person is in it."""

    months: int
    months_if_protected: int
    source: Source


def _one(breach: Breach, word: str, *steps: Step, pacts: Iterable[str] = ()) -> Ladder:
    return Ladder(breach, frozenset({word}), steps, pacts=frozenset(pacts))


def _forfeited(article: str, confidence: Confidence = Confidence.H) -> Step:
    return Step(Effect.FORFEITED, Source(article, confidence))


def _less(months: int, article: str, confidence: Confidence = Confidence.H) -> Step:
    return Step(Effect.REDUCED, Source(article, confidence), months)


_ART_7 = "DL 4/2019 art. 7"
_LETTER_E = f"{_ART_7} c. 5 lett. e"
_REFUSED = frozenset({"SUITABLE_OFFER_REFUSED"})
_TOLERATED = Step(Effect.NONE, Source(_LETTER_E, _M))

_RDC = (
    _one(Breach.AVAILABILITY, "AVAILABILITY_NOT_DECLARED", _forfeited(f"{_ART_7} c. 5 lett. a", _M)),
    _one(
        Breach.CONVOCATION,
        "CONVOCATION_MISSED",
        _less(1, f"{_ART_7} c. 7 lett. a"),
        _less(2, f"{_ART_7} c. 7 lett. b"),
        _forfeited(f"{_ART_7} c. 7 lett. c"),
    ),
    _one(Breach.PACT, "PACT_NOT_SIGNED", _forfeited(f"{_ART_7} c. 5 lett. b", _M)),
    _one(
        Breach.ORIENTATION,
        "ORIENTATION_NOT_ATTENDED",
        _less(2, f"{_ART_7} c. 8", _L),
        _forfeited(f"{_ART_7} c. 8", _M),
    ),
    _one(Breach.ACTIVITY, "ACTIVITY_NOT_ATTENDED", _forfeited(f"{_ART_7} c. 5 lett. c; circ. ANPAL 1/2022")),
    _one(Breach.PUC, "PUC_NOT_JOINED", _forfeited(f"{_ART_7} c. 5 lett. d", _M)),
    _one(
        Breach.INCLUSION_COMMITMENT,
        "INCLUSION_COMMITMENT_BREACHED",
        _less(2, f"{_ART_7} c. 9", _L),
        _less(3, f"{_ART_7} c. 9", _L),
        _less(6, f"{_ART_7} c. 9", _L),
        _forfeited(f"{_ART_7} c. 9", _L),
    ),
    Ladder(Breach.OFFER, _REFUSED, (_forfeited(_LETTER_E, _M),), renewed=True),
    Ladder(
        Breach.OFFER,
        _REFUSED,
        (_TOLERATED, _TOLERATED, _forfeited(_LETTER_E, _M)),
        last=date(2021, 12, 31),
    ),
    Ladder(
        Breach.OFFER,
        _REFUSED,
        (
            Step(Effect.REDUCED, Source("L. 234/2021 art. 1 c. 74", _M), cut=Decimal(5)),
            _forfeited(f"{_LETTER_E} as amended by L. 234/2021 art. 1 c. 74", _M),
        ),
        first=date(2022, 1, 1),
        last=date(2022, 12, 31),
    ),
    Ladder(
        Breach.OFFER,
        _REFUSED,
        (_forfeited(f"{_LETTER_E} as amended by L. 197/2022 art. 1 c. 313 and following", _M),),
        first=date(2023, 1, 1),
    ),
    _one(Breach.WORK, "WORK_NOT_COMMUNICATED", _forfeited(f"{_ART_7} c. 5 lett. f", _M)),
    _one(
        Breach.VARIATION,
        "VARIATION_NOT_COMMUNICATED",
        Step(Effect.REVOKED, Source(f"{_ART_7} c. 4"), retroactive=True),
    ),
    _one(
        Breach.HOUSEHOLD_CHANGE,
        "HOUSEHOLD_CHANGE_NOT_DECLARED",
        _forfeited(f"{_ART_7} c. 5 lett. g", _M),
    ),
    _one(Breach.UNDECLARED_WORK, "UNDECLARED_WORK_FOUND", _forfeited(f"{_ART_7} c. 5 lett. h", _M)),
)

_C6 = "DL 48/2023 art. 8 c. 6"
_COMMON = (
    _one(Breach.CONVOCATION, "CONVOCATION_MISSED", _forfeited(f"{_C6} lett. a")),
    _one(Breach.PACT, "PACT_NOT_SIGNED", _forfeited(f"{_C6} lett. b"), pacts=("INCLUSION", "SERVICE")),
    _one(Breach.ACTIVITY, "ACTIVITY_NOT_ATTENDED", _forfeited(f"{_C6} lett. c")),
    _one(Breach.PUC, "PUC_NOT_JOINED", _forfeited(f"{_C6} lett. c, with art. 6 c. 5-bis", _M)),
    _one(Breach.SCHOOLING, "SCHOOLING_NOT_ATTENDED", _forfeited(f"{_C6} lett. d")),
    _one(Breach.OFFER, "SUITABLE_OFFER_REFUSED", _forfeited(f"{_C6} lett. e, with art. 9")),
    _one(Breach.VARIATION, "VARIATION_NOT_COMMUNICATED", _forfeited(f"{_C6} lett. f")),
    _one(Breach.HOUSEHOLD_CHANGE, "HOUSEHOLD_CHANGE_NOT_DECLARED", _forfeited(f"{_C6} lett. g", _M)),
    _one(Breach.UNDECLARED_WORK, "UNDECLARED_WORK_FOUND", _forfeited(f"{_C6} lett. h", _M)),
)


def _suspended(article: str, confidence: Confidence = Confidence.H) -> Step:
    return Step(Effect.SUSPENDED, Source(article, confidence))


# One comma in two readings: letter f forfeits for what art. 3 c. 5 asks to be told and is not; secondary sources, of the SFL, suspend
# for it. The event's type does not tell late from false.
_WORK_FORFEITED = Step(
    Effect.FORFEITED,
    Source(
        f"{_C6} lett. f, with art. 3 c. 5",
        other="suspension for 3 months at most, while it is late and not false",
    ),
)
_WORK_SUSPENDED = Step(
    Effect.SUSPENDED,
    Source("DL 48/2023 art. 3 c. 5, with art. 12", _M, other=f"forfeiture, by {_C6} lett. f"),
    at_most=3,
)


_ADI = (
    _one(
        Breach.FIRST_APPOINTMENT,
        "FIRST_APPOINTMENT_MISSED",
        _suspended("DL 48/2023 art. 4 c. 4; DM 154/2023 art. 7; INPS message 2132/2024"),
    ),
    _one(Breach.POSITION, "POSITION_NOT_UPDATED", _suspended("DL 48/2023 art. 4 c. 4", _M)),
    _one(Breach.INCLUSION_COMMITMENT, "INCLUSION_COMMITMENT_BREACHED", _forfeited(f"{_C6} lett. c")),
    _one(Breach.WORK, "WORK_NOT_COMMUNICATED", _WORK_FORFEITED),
    *_COMMON,
)

_SFL = (
    _one(
        Breach.DIGITAL_PACT,
        "PACT_NOT_SIGNED",
        _suspended("DM 8-8-2023 art. 3", _M),
        pacts=("DIGITAL_ACTIVATION",),
    ),
    _one(
        Breach.PARTICIPATION,
        "PARTICIPATION_NOT_CONFIRMED",
        _suspended("DM 8-8-2023 arts 3 and 4"),
    ),
    _one(Breach.WORK, "WORK_NOT_COMMUNICATED", _WORK_SUSPENDED),
    *_COMMON,
)

LADDERS: Mapping[Measure, tuple[Ladder, ...]] = {
    Measure.RDC: _RDC,
    Measure.MIA: (),
    Measure.ADI: _ADI,
    Measure.SFL: _SFL,
}
"""Of each measure, the more special ladder first. The draft of the MIA has none: what would follow is undetermined."""

AGAIN: Mapping[Measure, Again] = {
    Measure.RDC: Again(18, 6, Source(f"{_ART_7} c. 11", _M)),
    Measure.ADI: Again(6, 6, Source("DL 48/2023 art. 8", _M)),
    Measure.SFL: Again(6, 6, Source("DL 48/2023 art. 8", _M)),
}

NO_RULE: Mapping[Measure, Source] = {
    Measure.RDC: Source("DL 4/2019 art. 7"),
    Measure.MIA: Source("MIA, draft of March 2023"),
    Measure.ADI: Source("DL 48/2023 art. 8"),
    Measure.SFL: Source("DL 48/2023 art. 8"),
}

BREACHES = frozenset(word for ladders in LADDERS.values() for ladder in ladders for word in ladder.types)
"""Every type that is a breach under some measure."""

NO_BREACH = frozenset(
    {
        "CONVOCATION_ATTENDED",
        "ABSENCE_JUSTIFIED",
        "PACT_SIGNED",
        "ACTIVITY_ATTENDED",
        "SUITABLE_OFFER_ACCEPTED",
        "HIRED_THROUGH_SUITABLE_OFFER",
        "AVAILABILITY_DECLARED",
        "PUC_JOINED",
        "POSITION_UPDATED",
        "PARTICIPATION_CONFIRMED",
        "HIRED",
        "EVENT_WITHDRAWN",
        "CONTENT_ERASED",
    }
)
