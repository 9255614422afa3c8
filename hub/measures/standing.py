# SPDX-License-Identifier: EUPL-1.2
"""Where a person or household stands: how many breaches of each kind count, what is proposed for the last, what the next would bring."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from hub.measures.consequence_rules import LADDERS, Breach, Effect, Step
from hub.measures.consequences import (
    Circumstances,
    Proposal,
    ladders_of,
    proposals,
    sentence,
    the_step,
    undetermined,
)
from hub.measures.facts import Fact
from hub.measures.measure import Measure
from hub.measures.reasons import Reason


@dataclass(frozen=True, slots=True)
class Rung:
    """One kind of breach: how many count, what is proposed for the last of them, and what the next would bring; None: undetermined."""

    breach: Breach
    count: int
    last: Proposal | None
    next: Step | None
    reason: Reason
    """Of the next: its article, and the step in words, or why it is undetermined."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Every kind of breach of the measure, in the order of its law. `gravest`: of what is proposed; None: nothing is.

    `undetermined`: breaches for which the measure's text gives no consequence, or a fact it asks for is not known.
    """

    measure: Measure
    on: date
    count: int
    gravest: Proposal | None
    rungs: tuple[Rung, ...]
    undetermined: tuple[Proposal, ...]


def standing(
    measure: Measure, facts: Iterable[Fact], on: date, circumstances: Circumstances | None = None
) -> Standing:
    """Where the ledger of one application stands on a day.

    Raises:
        UnknownFact, RepeatedFact, BeforeTheLaw: as `consequences.proposals`.

    """
    around = circumstances or Circumstances()
    found = proposals(measure, facts, on, around)
    by_breach: dict[Breach, list[Proposal]] = {}
    for proposal in found:
        if proposal.breach is not None:
            by_breach.setdefault(proposal.breach, []).append(proposal)
    return Standing(
        measure,
        on,
        len(found),
        _gravest(found),
        tuple(_rungs(measure, by_breach, on, around)),
        tuple(proposal for proposal in found if proposal.effect is None),
    )


def _gravest(found: Iterable[Proposal]) -> Proposal | None:
    """The gravest that is proposed, the later of two alike."""
    ranked = [proposal for proposal in found if proposal.effect not in (None, Effect.NONE)]
    return max(ranked, key=_weight, default=None)


def _weight(proposal: Proposal) -> tuple[int, int, date, str]:
    assert proposal.effect is not None
    return proposal.effect.gravity, proposal.months, proposal.fact.day, proposal.fact.id


def _rungs(
    measure: Measure, by_breach: dict[Breach, list[Proposal]], on: date, circumstances: Circumstances
) -> Iterable[Rung]:
    seen: set[Breach] = set()
    for row in LADDERS[measure]:
        if row.breach in seen:
            continue
        probe = Fact("next", min(row.types), on, measure, pact=min(row.pacts, default=None))
        ladders = ladders_of(measure, probe, circumstances)
        if None in ladders:
            continue
        seen.add(row.breach)
        before = by_breach.get(row.breach, [])
        step = the_step(ladders, len(before) + 1)
        if step is None:
            reason = undetermined(measure, probe, ladders)
        else:
            reason = step.source.reason(f"{row.breach}_{step.effect}", sentence(step), len(before))
        yield Rung(row.breach, len(before), before[-1] if before else None, step, reason)
