# SPDX-License-Identifier: EUPL-1.2
"""Whether an offer of work is suitable (offerta congrua) for a person: each criterion, what was compared, and where the law has it.

The criteria are in `suitable_offer_rules`. Whether a refusal then costs anything is another question: `consequences`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from hub.errors import InvalidInput
from hub.measures.checked import DateInFuture, NegativeAmount, check_amount
from hub.measures.days import age, months_after
from hub.measures.kleene import both, either, known, not_, verdict
from hub.measures.measure import Measure
from hub.measures.parameters import parameters
from hub.measures.reasons import Finding, Reason, Value, Verdict, together
from hub.measures.sources import Source
from hub.measures.suitable_offer_rules import (
    CHILDREN_UNDER,
    LEAST_HOURS,
    OFFER_RULES,
    PAUSING_MONTHS,
    WHOLLY,
    OfferRule,
    Reach,
    Stage,
)


class Contract(StrEnum):
    """The kinds of contract the law tells apart."""

    PERMANENT = "PERMANENT"
    """A tempo indeterminato."""
    FIXED_TERM = "FIXED_TERM"
    """A tempo determinato."""
    AGENCY = "AGENCY"
    """In somministrazione."""
    OTHER = "OTHER"
    """Neither: a placement (tirocinio), self-employed or occasional work."""


class ImpossibleOffer(InvalidInput):
    """Offers are counted from 1, and the hours of full time are more than none."""

    code = "IMPOSSIBLE_OFFER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An offer, as it was made to one person; None: not known.

    `collective_minimum`: the least monthly pay the collective agreement has for this work and these hours, gross euro as `monthly_pay`.
    `kilometres` by road and `minutes` by public transport, from the person's domicile to the place of work; `kilometres_at_least`: that it
    is no less by road, as the crow flies between the two municipalities.
    """

    offered_on: date
    contract: Contract | None = None
    months: int | None = None
    weekly_hours: Decimal | None = None
    full_time_hours: Decimal | None = None
    monthly_pay: Decimal | None = None
    collective_minimum: Decimal | None = None
    kilometres: Decimal | None = None
    kilometres_at_least: Decimal | None = None
    minutes: int | None = None
    profession: str | None = None
    """Of the classification of professions: digits and dots, the wider group first."""
    number: int | None = None
    """1 for the first offer made to this person, as the law counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeker:
    """Whom it was made to; None: not known. `professions`: those of the pact, by experience, skill or training; a code or its group."""

    professions: frozenset[str] | None = None
    may_name_others: bool = False
    """Whether a pact of the person's may name professions beside these: what it names is not known."""
    children_born_on: tuple[date, ...] | None = None
    """The children of the household, also where the parents are separated."""
    awarded_on: date | None = None
    renewed: bool | None = None


@dataclass(frozen=True, slots=True)
class Suitability:
    """Suitable, not suitable, or undetermined: the criteria together, and each alone. `notes`: what else follows if it is taken."""

    verdict: Verdict
    criteria: tuple[Finding, ...]
    notes: tuple[Reason, ...] = ()


def suitability(measure: Measure, offer: Offer, seeker: Seeker) -> Suitability:
    """Whether an offer is suitable for a person on the day it was made.

    Raises:
        BeforeTheLaw, AfterTheLaw: the measure was not in force on that day.
        NegativeAmount, AmountOutOfRange, ImpossibleOffer: a number that cannot be.
        DateInFuture: a child born after that day.

    """
    parameters(measure, offer.offered_on)
    _refuse_impossible(offer)
    rule = next(rule for rule in reversed(OFFER_RULES[measure]) if rule.first <= offer.offered_on)
    criteria = tuple(_criteria(rule, offer, seeker))
    return Suitability(together(one.verdict for one in criteria), criteria, tuple(_notes(rule, offer)))


def _refuse_impossible(offer: Offer) -> None:
    check_amount(offer.weekly_hours, ["offer", "weeklyHours"])
    check_amount(offer.full_time_hours, ["offer", "fullTimeHours"])
    check_amount(offer.monthly_pay, ["offer", "monthlyPay"])
    check_amount(offer.collective_minimum, ["offer", "collectiveMinimum"])
    check_amount(offer.kilometres, ["offer", "kilometres"])
    check_amount(offer.kilometres_at_least, ["offer", "kilometresAtLeast"])
    if (offer.months or 0) < 0:
        raise NegativeAmount(path=["offer", "months"])
    if (offer.minutes or 0) < 0:
        raise NegativeAmount(path=["offer", "minutes"])
    if offer.full_time_hours == 0:
        raise ImpossibleOffer(path=["offer", "fullTimeHours"])
    if offer.number is not None and offer.number < 1:
        raise ImpossibleOffer(path=["offer", "number"])


def _criteria(rule: OfferRule, offer: Offer, seeker: Seeker) -> Iterator[Finding]:
    if rule.coherence is not None:
        yield _coherence(rule.coherence, offer, seeker)
    if rule.contract is not None:
        yield _contract(rule.contract, offer)
    if rule.hours is not None:
        yield _hours(rule.hours, offer)
    if rule.pay is not None:
        yield _pay(rule.pay, offer)
    if rule.reaches:
        yield _workplace(rule, offer, seeker)


def _finding(
    holds: bool | None, source: Source, code: str, sentence: str, value: Value, limit: Value = None
) -> Finding:
    return Finding(verdict(holds), source.reason(code, sentence, value, limit))


def _coherence(source: Source, offer: Offer, seeker: Seeker) -> Finding:
    professions = (
        seeker.professions or None
    )  # a pact that names none has not said yet what is coherent with it
    holds = None
    if offer.profession is not None and professions is not None:
        code = offer.profession
        named = any(code == group or code.startswith(f"{group}.") for group in professions)
        holds = True if named else None if seeker.may_name_others else False
    return _finding(
        holds,
        source,
        "COHERENCE",
        "The work is coherent with the experience and skills of the pact, or acquired by training.",
        offer.profession,
        ", ".join(sorted(professions)) if professions else None,
    )


def _contract(source: Source, offer: Offer) -> Finding:
    return _finding(
        known(offer.contract, lambda kind: kind is not Contract.OTHER),
        source,
        "CONTRACT",
        "It is a contract of employment: permanent, fixed-term, or through an agency.",
        offer.contract,
    )


def _hours(source: Source, offer: Offer) -> Finding:
    holds = value = None
    if offer.weekly_hours is not None and offer.full_time_hours is not None:
        holds = offer.weekly_hours * WHOLLY >= LEAST_HOURS * offer.full_time_hours
        value = f"{offer.weekly_hours} of {offer.full_time_hours} hours"
    return _finding(
        holds,
        source,
        "HOURS",
        "It is full time, or part time of at least 60 % of the hours of full time.",
        value,
        f"{LEAST_HOURS} %",
    )


def _pay(source: Source, offer: Offer) -> Finding:
    holds = None
    if offer.monthly_pay is not None and offer.collective_minimum is not None:
        holds = offer.monthly_pay >= offer.collective_minimum
    return _finding(
        holds,
        source,
        "PAY",
        "The pay is not below the minimum of the collective agreement.",
        offer.monthly_pay,
        offer.collective_minimum,
    )


def _workplace(rule: OfferRule, offer: Offer, seeker: Seeker) -> Finding:
    """Whether the place of work is within reach: by every reach that may apply, or by none, or undetermined."""
    reaches = _reaches(rule, offer, seeker)
    within = {_within(reach, offer) for reach in reaches}
    holds = within.pop() if len(within) == 1 else None
    source = reaches[0].source
    if rule.free_if_permanent is not None and rule.near_with_children is not None:
        permanent = known(offer.contract, lambda kind: kind is Contract.PERMANENT)
        children = _has_small_children(offer, seeker)
        free = both(permanent, not_(children))
        if free:
            return _finding(
                True,
                rule.free_if_permanent,
                "WORKPLACE",
                "The place of work may be anywhere in Italy: the contract is permanent.",
                offer.kilometres,
                "anywhere in Italy",
            )
        holds = either(free, holds)
        source = rule.near_with_children if permanent else source
    if offer.kilometres is None and offer.kilometres_at_least is not None:
        source = replace(source, ambiguous=True)  # what was compared is not what the law asks for
    return _finding(
        holds,
        source,
        "WORKPLACE",
        "The place of work is within reach of the domicile.",
        _way(offer),
        " / ".join(dict.fromkeys(reach.words for reach in reaches)),
    )


def _way(offer: Offer) -> str | None:
    parts = [f"{offer.kilometres} km"] if offer.kilometres is not None else []
    if offer.kilometres is None and offer.kilometres_at_least is not None:
        parts = [f"at least {offer.kilometres_at_least} km"]
    parts += [f"{offer.minutes} minutes"] if offer.minutes is not None else []
    return ", ".join(parts) or None


def _has_small_children(offer: Offer, seeker: Seeker) -> bool | None:
    if seeker.children_born_on is None:
        return None
    for place, born_on in enumerate(seeker.children_born_on):
        if born_on > offer.offered_on:
            raise DateInFuture(path=["seeker", "childrenBornOn", place])
    return any(age(born_on, offer.offered_on) < CHILDREN_UNDER for born_on in seeker.children_born_on)


def _within(reach: Reach, offer: Offer) -> bool | None:
    if reach.km is None and reach.minutes is None:
        return True
    by_transport = reach.minutes
    return either(
        _by_road(reach.km, offer),
        False if by_transport is None else known(offer.minutes, lambda way: way <= by_transport),
    )


def _by_road(limit: Decimal | None, offer: Offer) -> bool | None:
    if limit is None:
        return False
    if offer.kilometres is None and offer.kilometres_at_least is not None:
        return False if offer.kilometres_at_least > limit else None
    return known(offer.kilometres, lambda way: way <= limit)


def _reaches(rule: OfferRule, offer: Offer, seeker: Seeker) -> tuple[Reach, ...]:
    """Those that may apply: one where stage and number are known, else all that fit what is known."""
    found: dict[Reach, None] = {}
    for stage in _stages(offer, seeker):
        row = rule.reaches[stage]
        found.update(dict.fromkeys(row if offer.number is None else (row[min(offer.number, len(row)) - 1],)))
    return tuple(found)


def _stages(offer: Offer, seeker: Seeker) -> tuple[Stage, ...]:
    if seeker.renewed:
        return (Stage.RENEWED,)
    if seeker.awarded_on is None:
        first: tuple[Stage, ...] = (Stage.FIRST_YEAR, Stage.LATER)
    elif offer.offered_on < months_after(seeker.awarded_on, 12):
        first = (Stage.FIRST_YEAR,)
    else:
        first = (Stage.LATER,)
    return first if seeker.renewed is False else (*first, Stage.RENEWED)


def _notes(rule: OfferRule, offer: Offer) -> Iterator[Reason]:
    least, most = PAUSING_MONTHS
    short = offer.months is not None and least <= offer.months <= most
    if rule.pauses is not None and short and offer.contract in (Contract.FIXED_TERM, Contract.AGENCY):
        yield rule.pauses.reason(
            "PAUSED_WHILE_EMPLOYED",
            "While a job of one to six months lasts the benefit is suspended ex officio; then it goes on.",
            offer.months,
            most,
        )
