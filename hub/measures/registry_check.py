# SPDX-License-Identifier: EUPL-1.2
"""What the national register proves of the years of residence and of the title to stay: the registry checks (controlli anagrafici).

A register proves what it holds, and disproves only where it would have to hold it. Each day therefore is one of three: lived in
Italy, not lived there, not told; a requirement is proven when the days that are sure suffice, disproven when even all that are not
told could not make up for the others, and not determinable in between.

Sources: DL 4/2019 art. 2 c. 1 lett. a, art. 5 c. 4; DL 48/2023 art. 2 c. 2 lett. a, art. 12 c. 2. That the years before the register was
whole are asked of the municipality of former residence: MLPS note 9227/2019 (secondary source).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum, auto
from itertools import pairwise

from hub.errors import InvalidInput
from hub.measures.checked import DateInFuture
from hub.measures.days import months_after
from hub.measures.measure import Measure
from hub.measures.parameters import Count, Parameters, parameters
from hub.measures.reasons import Reason, Value
from hub.measures.residence import StayTitle, days_asked


class RegistryCheckKind(StrEnum):
    """What is checked."""

    RESIDENCE = "RESIDENCE"
    """The years in Italy, and the last of them without a break."""
    STAY = "STAY"
    """The title to stay."""


class RegistryOutcome(StrEnum):
    """What the register says of a requirement. NOT_DETERMINABLE is never a no: somebody else knows."""

    PROVEN = "PROVEN"
    DISPROVEN = "DISPROVEN"
    NOT_DETERMINABLE = "NOT_DETERMINABLE"


class NotRequired(InvalidInput):
    """The law of this measure has no such requirement on that day: there is nothing to check."""

    code = "NOT_REQUIRED"


class Register(StrEnum):
    """Whose record it is."""

    RESIDENTS = "RESIDENTS"
    """Anagrafe della popolazione residente."""
    ABROAD = "ABROAD"
    """AIRE: Italians who live abroad."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A period on a register: from a day, to the day before `until`; until None: still. Register or since None: not told."""

    register: Register | None
    since: date | None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class RegisterHistory:
    """What the register holds of a person.

    `born`: nobody lives anywhere before; None: not told. `struck_off_on`: the day on which an office cancelled the person because it
    found nobody there, which says little of where the person lived. `whole_from`: since when the register holds everybody: of a day
    before, silence tells nothing. `told_until`: the first day the answer knows nothing of.
    """

    registrations: tuple[Registration, ...]
    whole_from: date
    told_until: date
    born: date | None = None
    struck_off_on: date | None = None


@dataclass(frozen=True, slots=True)
class Citizenship:
    """A citizenship: whether of Italy or another state of the Union (None: the code is not known), and since when (None: not told)."""

    of_the_union: bool | None
    since: date | None = None


@dataclass(frozen=True, slots=True)
class StayPermit:
    """A title to stay as the register holds it: None where it cannot be told which; first and last day, None where not told."""

    title: StayTitle | None
    issued_on: date | None
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class StayRecord:
    """What the register holds of a person's right to stay; `told_until`: the first day the answer knows nothing of."""

    citizenships: tuple[Citizenship, ...]
    permit: StayPermit | None
    told_until: date


@dataclass(frozen=True, slots=True)
class RegistryFinding:
    """One requirement, and what the register says of it."""

    outcome: RegistryOutcome
    reason: Reason


class _Day(Enum):
    IN_ITALY = auto()
    ELSEWHERE = auto()
    NOT_TOLD = auto()


@dataclass(frozen=True, slots=True)
class _Span:
    since: date
    until: date
    day: _Day

    @property
    def days(self) -> int:
        return (self.until - self.since).days


def check_can_be_made(kind: RegistryCheckKind, measure: Measure, on: date, today: date) -> Parameters:
    """The measure's numbers of the day, if its law then has the requirement: asked before anybody is looked up.

    Raises:
        DateInFuture: the register does not know of days to come.
        BeforeTheLaw, AfterTheLaw: the measure was not in force.
        NotRequired: it asks for nothing of the kind.

    """
    if on > today:
        raise DateInFuture("A registry check is of today, or of a day before.", path=["on"])
    p = parameters(measure, on)
    asked = p.residence_years if kind is RegistryCheckKind.RESIDENCE else p.stay_title
    if asked is None:
        raise NotRequired(path=["measure"], measure=measure.value)
    return p


def residence_findings(history: RegisterHistory, p: Parameters, on: date) -> tuple[RegistryFinding, ...]:
    """The years of residence, and the last of them without a break, before a day."""
    spans = _spans(history, on)
    found = []
    if p.residence_years is not None:
        found.append(_years(spans, p.residence_years, on))
    if p.continuous_years is not None:
        found.append(_continuous(spans, p.continuous_years, on))
    return tuple(found)


def stay_findings(record: StayRecord, p: Parameters, on: date) -> tuple[RegistryFinding, ...]:
    """The title to stay on a day. The register never disproves one: it does not say whose family someone is, nor why a permit was given."""
    assert p.stay_title is not None
    outcome, sentence, title = _title(record, on)
    value = None if title is None else title.value
    return (_finding(outcome, "STAY", sentence, p.stay_title, value, None),)


def conclusion(findings: Iterable[RegistryFinding]) -> RegistryOutcome:
    """What several findings come to: one that is disproven decides, then one that is not determinable."""
    outcomes = {finding.outcome for finding in findings}
    for outcome in (RegistryOutcome.DISPROVEN, RegistryOutcome.NOT_DETERMINABLE):
        if outcome in outcomes:
            return outcome
    return RegistryOutcome.PROVEN


def _years(spans: list[_Span], row: Count, on: date) -> RegistryFinding:
    asked = days_asked(row.value, on)
    sure = sum(span.days for span in spans if span.day is _Day.IN_ITALY)
    open_ = sum(span.days for span in spans if span.day is _Day.NOT_TOLD)
    if sure >= asked:
        outcome, sentence = (
            RegistryOutcome.PROVEN,
            "The register holds the years of residence the law asks for.",
        )
    elif sure + open_ < asked:
        outcome = RegistryOutcome.DISPROVEN
        sentence = "The years the register holds, and all of which it tells nothing, are fewer than the law asks for."
    else:
        outcome = RegistryOutcome.NOT_DETERMINABLE
        sentence = (
            "The years the register holds do not suffice, and of others it tells nothing: ask the municipality of "
            "former residence."
        )
    return _finding(outcome, "RESIDENCE", sentence, row, sure, asked)


def _continuous(spans: list[_Span], row: Count, on: date) -> RegistryFinding:
    by = months_after(on, -12 * row.value)
    days = {span.day for span in spans if span.until > by}
    since = next((span.until for span in reversed(spans) if span.day is not _Day.IN_ITALY), None)
    if since is None and spans:
        since = spans[0].since
    # NOTE a span that is not told is no break: only a day the register knows to be one disproves.
    if _Day.ELSEWHERE in days or not spans or spans[0].since > by:
        outcome = RegistryOutcome.DISPROVEN
        sentence = "By the register the last years of residence have a break."
    elif _Day.NOT_TOLD in days:
        outcome = RegistryOutcome.NOT_DETERMINABLE
        sentence = "Of part of the last years the register does not tell whether the person was resident."
    else:
        outcome, sentence = RegistryOutcome.PROVEN, "The register holds the last years without a break."
    unbroken = since if since is not None and since < on else None
    return _finding(outcome, "CONTINUOUS_RESIDENCE", sentence, row, unbroken, by)


def _title(record: StayRecord, on: date) -> tuple[RegistryOutcome, str, StayTitle | None]:
    held = [one for one in record.citizenships if one.since is None or one.since <= on]
    if on >= record.told_until:
        return RegistryOutcome.NOT_DETERMINABLE, "The register was asked before that day.", None
    if any(one.of_the_union for one in held):
        return (
            RegistryOutcome.PROVEN,
            "The person is a citizen of Italy or of another state of the Union.",
            StayTitle.CITIZEN,
        )
    permit = record.permit
    if permit is None:
        return RegistryOutcome.NOT_DETERMINABLE, "The register holds no title to stay.", None
    if permit.title is not StayTitle.LONG_TERM:
        return (
            RegistryOutcome.NOT_DETERMINABLE,
            "The register holds a title to stay of which it does not tell whether it is one the law asks for.",
            permit.title,
        )
    if permit.issued_on is None or permit.issued_on > on:
        return (
            RegistryOutcome.NOT_DETERMINABLE,
            "The register does not hold the long-term permit for that day.",
            None,
        )
    if permit.expires_on is not None and permit.expires_on < on:
        return (
            RegistryOutcome.NOT_DETERMINABLE,
            "The long-term permit had expired by that day; the register does not tell whether it is being renewed.",
            None,
        )
    return RegistryOutcome.PROVEN, "The person has a long-term permit of the Union.", StayTitle.LONG_TERM


def _finding(
    outcome: RegistryOutcome, code: str, sentence: str, row: Count, value: Value, limit: Value
) -> RegistryFinding:
    return RegistryFinding(outcome, Reason(code, row.source, sentence, value, limit, row.unverified))


def _spans(history: RegisterHistory, on: date) -> list[_Span]:
    """The days from birth to a day, as neighbouring spans, oldest first; each of one kind."""
    begins = history.born or date.min
    edges = {begins, on, history.whole_from, history.told_until}
    if history.struck_off_on is not None:
        edges.add(history.struck_off_on)
    for one in history.registrations:
        edges.update(edge for edge in (one.since, one.until) if edge is not None)
    within = sorted(edge for edge in edges if begins <= edge <= on)
    spans: list[_Span] = []
    for since, until in pairwise(within):
        day = _kind(history, since)
        if spans and spans[-1].day is day:
            spans[-1] = _Span(spans[-1].since, until, day)
        else:
            spans.append(_Span(since, until, day))
    return spans


def _kind(history: RegisterHistory, day: date) -> _Day:
    if day >= history.told_until:
        return _Day.NOT_TOLD
    covering = [one for one in history.registrations if _covers(one, day)]
    abroad = any(one.register is Register.ABROAD for one in covering)
    if not abroad and any(one.register is Register.RESIDENTS and one.since is not None for one in covering):
        return _Day.IN_ITALY
    if any(one.register is not Register.ABROAD or one.since is None for one in covering):
        return _Day.NOT_TOLD  # what is told contradicts itself, or does not say enough
    if abroad:
        return _Day.ELSEWHERE
    if day < history.whole_from or _struck_off(history, day):
        return _Day.NOT_TOLD
    return _Day.ELSEWHERE


def _covers(one: Registration, day: date) -> bool:
    return (one.since is None or one.since <= day) and (one.until is None or day < one.until)


def _struck_off(history: RegisterHistory, day: date) -> bool:
    """Whether a day lies between the cancellation by an office and the next registration."""
    struck = history.struck_off_on
    if struck is None or day < struck:
        return False
    return not any(one.since is not None and struck < one.since <= day for one in history.registrations)
