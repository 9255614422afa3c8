# SPDX-License-Identifier: EUPL-1.2
"""Who in a household must take part in its path, by which line of the law, and what must be known before that can be said.

Bound by DL 4/2019 art. 4 (RdC), DL 48/2023 art. 6 and art. 12 (ADI, SFL), the draft of March 2023 (MIA): `obligation_rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hub.measures.kleene import verdict
from hub.measures.measure import Measure
from hub.measures.obligation import Obligation
from hub.measures.obligation_rules import (
    ADULT_EDUCATION,
    ADULT_EDUCATION_AGES,
    ADULT_EDUCATION_MEASURES,
    OBLIGATION_RULES,
    Member,
    Rule,
    known_age,
)
from hub.measures.parameters import parameters
from hub.measures.reasons import Finding, Reason


@dataclass(frozen=True, slots=True)
class Duty:
    """Whether a member is bound; `bound` None: undetermined, until the facts in `missing` (fields of `Member`) are known.

    `reasons`: the rule that decided; where undetermined, those that may. `schooling`: of who must attend adult education as well.
    """

    bound: Obligation | None
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...] = ()
    schooling: Finding | None = None


def duty(measure: Measure, member: Member, on: date) -> Duty:
    """Whether a member is bound by a measure's obligations on a day.

    A fact that is not known matters only where it could change the answer: a minor's pension is not asked for.

    Raises:
        BeforeTheLaw, AfterTheLaw: the measure was not in force on that day.
        DateInFuture: a date of birth lies after it.

    """
    parameters(measure, on)
    unclear: list[Rule] = []
    for rule in OBLIGATION_RULES[measure]:
        holds = rule.holds(member, on)
        if holds:
            break
        if holds is None:
            unclear.append(rule)
    if any(open_.bound is not rule.bound for open_ in unclear):
        candidates = (*unclear, rule)
        return Duty(None, tuple(_reason(one, member, on) for one in candidates), _missing(unclear, member))
    return Duty(rule.bound, (_reason(rule, member, on),), schooling=_schooling(measure, rule, member, on))


def _reason(rule: Rule, member: Member, on: date) -> Reason:
    value = rule.value(member, on) if rule.value is not None else None
    return rule.source.reason(rule.code, rule.sentence, value, rule.limit)


def _missing(unclear: list[Rule], member: Member) -> tuple[str, ...]:
    names = (name for rule in unclear for name in rule.reads if getattr(member, name) is None)
    return tuple(dict.fromkeys(names))


def _schooling(measure: Measure, rule: Rule, member: Member, on: date) -> Finding | None:
    age = known_age(member, on)
    if rule.bound is not Obligation.OBLIGED or measure not in ADULT_EDUCATION_MEASURES:
        return None
    if age not in ADULT_EDUCATION_AGES or member.compulsory_schooling:
        return None
    return Finding(
        verdict(member.compulsory_schooling),
        ADULT_EDUCATION.reason(
            "ADULT_EDUCATION",
            "From 18 to 29, who has not completed compulsory schooling attends first-level adult education.",
            age,
        ),
    )
