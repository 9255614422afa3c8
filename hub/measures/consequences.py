# SPDX-License-Identifier: EUPL-1.2
"""From the facts of one application's ledger to what the law attaches to each: a proposal. INPS decides.

The rules are in `consequence_rules`. Facts are those of one application: after a forfeiture a new one begins a new ledger. The RdC
counts the household's (art. 7 c. 7: "even of one member alone"): give the facts of all its members to have its count, of one to have his.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache

from hub.measures.consequence_rules import (
    AGAIN,
    BREACHES,
    LADDERS,
    NO_RULE,
    Breach,
    Effect,
    Ladder,
    Step,
)
from hub.measures.facts import Fact, in_order
from hub.measures.kleene import both, known
from hub.measures.measure import Measure
from hub.measures.parameters import BeforeTheLaw, law
from hub.measures.reasons import Reason
from hub.measures.renewal import UNTOLD, Renewal
from hub.measures.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What else bears on it; None is not known.

    `renewal`: whether the benefit is a renewed one, by day; `protected`: minors or disabled people in it.
    """

    renewal: Renewal = UNTOLD
    protected: bool | None = None


@dataclass(frozen=True, slots=True)
class NewApplication:
    """When a new application may be made: so many months after INPS decided, `least` and `most` alike where all that bears on it is known."""

    least: int
    most: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed to INPS for one fact; `effect` None: the measure's law does not say, or a fact it asks for is not known.

    `count`: the how manieth of its kind. `months`: whole monthly payments less; `cut`: euro a month less; `at_most`: the months a
    suspension can last.
    """

    fact: Fact
    breach: Breach | None
    count: int
    effect: Effect | None
    reason: Reason
    months: int = 0
    cut: Decimal = Decimal(0)
    at_most: int | None = None
    retroactive: bool = False
    again: NewApplication | None = None


_NOBODY_KNOWS = Circumstances()


def proposals(
    measure: Measure, facts: Iterable[Fact], on: date, circumstances: Circumstances = _NOBODY_KNOWS
) -> tuple[Proposal, ...]:
    """What the law attaches to each breach that happened up to a day (included), in the order they happened.

    A fact that was withdrawn, is justified, or is of another measure counts as never recorded.

    Raises:
        UnknownFact, RepeatedFact: the facts are none of a ledger.
        BeforeTheLaw: a breach from before the measure began.

    """
    counted = counted_breaches(measure, in_order(facts, measure, on), circumstances)
    return tuple(proposal_for(measure, one, circumstances) for one in counted)


@dataclass(frozen=True, slots=True)
class Counted:
    """A breach that counts: the ladders it may be on, and, where they are of one kind, how many of that kind there are with it."""

    fact: Fact
    ladders: tuple[Ladder | None, ...]
    breach: Breach | None
    count: int


def counted_breaches(
    measure: Measure, facts: Iterable[Fact], circumstances: Circumstances
) -> Iterator[Counted]:
    """The breaches among facts in their order (`in_order`). Raises BeforeTheLaw as `proposals` does."""
    first, counts = law(measure).first, Counter[Breach]()
    for fact in facts:
        if fact.justified or fact.type not in BREACHES:
            continue
        if fact.day < first:
            raise BeforeTheLaw(path=["facts"], measure=measure.value)
        ladders = ladders_of(measure, fact, circumstances)
        breaches = {ladder.breach if ladder is not None else None for ladder in ladders}
        breach = breaches.pop() if len(breaches) == 1 else None
        if breach is not None:
            counts[breach] += 1
        yield Counted(fact, ladders, breach, counts[breach] if breach is not None else 1)


def proposal_for(measure: Measure, counted: Counted, circumstances: Circumstances) -> Proposal:
    """What the law attaches to a breach that counts."""
    step = the_step(counted.ladders, counted.count)
    if step is not None and counted.breach is not None:
        return _proposal(measure, counted.fact, counted.breach, step, counted.count, circumstances)
    reason = undetermined(measure, counted.fact, counted.ladders)
    return Proposal(counted.fact, counted.breach, counted.count, None, reason)


def ladders_of(measure: Measure, fact: Fact, circumstances: Circumstances) -> tuple[Ladder | None, ...]:
    """The ladders a fact may be on: one, unless what tells them apart is not known. None: the measure has none for it."""
    found = list[Ladder | None]()
    for ladder in _ladders_for(measure, fact.type):
        if (ladder.first is None or ladder.first <= fact.day) and (
            ladder.last is None or fact.day <= ladder.last
        ):
            on_it = both(
                not ladder.pacts or known(fact.pact, ladder.pacts.__contains__),
                not ladder.renewed or circumstances.renewal.on(fact.day),
            )
            if on_it is not False:
                found.append(ladder)
            if on_it:
                return tuple(found)
    return (*found, None)


@cache
def _ladders_for(measure: Measure, word: str) -> tuple[Ladder, ...]:
    return tuple(ladder for ladder in LADDERS[measure] if word in ladder.types)


def the_step(ladders: Sequence[Ladder | None], count: int) -> Step | None:
    """What follows the breach of this count, where all the ladders it may be on agree; None: it is not determined."""
    steps = [None if ladder is None else step_at(ladder, count) for ladder in ladders]
    first = steps[-1]
    if first is None or any(step is None or _comes_to(step) != _comes_to(first) for step in steps):
        return None
    return first


def _comes_to(step: Step) -> Step:
    return replace(step, source=Source(""))


def step_at(ladder: Ladder, count: int) -> Step:
    """What follows the breach of this count (from 1): the last step is for every further one."""
    return ladder.steps[min(count, len(ladder.steps)) - 1]


def _proposal(
    measure: Measure, fact: Fact, breach: Breach, step: Step, count: int, circumstances: Circumstances
) -> Proposal:
    return Proposal(
        fact,
        breach,
        count,
        step.effect,
        step.source.reason(f"{breach}_{step.effect}", sentence(step), count),
        step.months,
        step.cut,
        step.at_most,
        step.retroactive,
        _again(measure, step, circumstances),
    )


def sentence(step: Step) -> str:
    """A step in words, and how else its law can be read."""
    if step.source.other:
        return f"{_proposed(step)} The law can also be read otherwise: {step.source.other}."
    return _proposed(step)


def _proposed(step: Step) -> str:
    match step.effect:
        case Effect.NONE:
            return "Nothing is proposed yet; it is counted."
        case Effect.REDUCED if step.months:
            payments = "payment" if step.months == 1 else "payments"
            return f"Proposed to INPS, which decides: {step.months} monthly {payments} less (decurtazione)."
        case Effect.REDUCED:
            return f"Proposed to INPS, which decides: {step.cut} euro a month less."
        case Effect.SUSPENDED if step.at_most is not None:
            return f"Proposed to INPS, which decides: suspension (sospensione) until it is mended, for {step.at_most} months at most."
        case Effect.SUSPENDED:
            return "Proposed to INPS, which decides: suspension (sospensione) until it is mended."
        case Effect.FORFEITED:
            return "Proposed to INPS, which decides: forfeiture (decadenza)."
        case Effect.REVOKED:
            return "Proposed to INPS, which decides: revocation (revoca), from the beginning; what was paid is recovered."


def undetermined(measure: Measure, fact: Fact, ladders: Sequence[Ladder | None]) -> Reason:
    """Why what follows a fact is not determined, by the ladders it may be on."""
    possible = [ladder for ladder in ladders if ladder is not None]
    if not possible:
        return NO_RULE[measure].reason(
            "NO_RULE",
            f"The text of this measure attaches no consequence to this {fact.type}: what follows is undetermined.",
        )
    if any(ladder.renewed for ladder in possible):
        code, what = "RENEWAL_NOT_KNOWN", "Whether the benefit was renewed"
    else:
        code, what = "PACT_NOT_KNOWN", "The kind of the pact"
    source = possible[-1].steps[0].source
    return source.reason(code, f"{what} is not known: what follows is undetermined.")


def _again(measure: Measure, step: Step, circumstances: Circumstances) -> NewApplication | None:
    if step.effect is not Effect.FORFEITED:
        return None
    rule = AGAIN[measure]
    least = rule.months if circumstances.protected is False else rule.months_if_protected
    most = rule.months_if_protected if circumstances.protected else rule.months
    return NewApplication(
        least,
        most,
        rule.source.reason(
            "NEW_APPLICATION",
            "After INPS has decided a forfeiture, a new application waits so many months.",
            circumstances.protected,
            most,
        ),
    )
