# SPDX-License-Identifier: EUPL-1.2
"""What holds of all duties, offers and consequences, whatever the case: nothing unknown is a silent no, nothing counts that must not."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidInput
from hub.ledger.event_rules import EVENT_RULES
from hub.measures.checked import AmountOutOfRange, DateInFuture, NegativeAmount
from hub.measures.clocks import TERMS, TermState, clocks
from hub.measures.consequence_rules import BREACHES, LADDERS, NO_BREACH, Breach, Effect
from hub.measures.consequences import Circumstances, Proposal, proposals
from hub.measures.facts import Fact, RepeatedFact, UnknownFact
from hub.measures.justified_reasons import Absence, missed_months
from hub.measures.measure import Measure
from hub.measures.obligation import Obligation
from hub.measures.obligation_rules import OBLIGATION_RULES, Member
from hub.measures.obligations import duty
from hub.measures.parameters import AfterTheLaw, BeforeTheLaw, law
from hub.measures.reasons import Verdict
from hub.measures.renewal import Renewal
from hub.measures.standing import standing
from hub.measures.suitable_offer import Contract, ImpossibleOffer, Offer, Seeker, suitability
from hub.store.vocabulary import BenefitOutcome, ConditionalityEventType, PactKind
from tests.unit.measures.cases_obligations import ON, USUAL
from tests.unit.measures.cases_suitable_offer import OFFER, SEEKER

T = TypeVar("T")
DAYS = st.dates(date(2019, 6, 1), date(2023, 12, 31))
LATE = date(2026, 6, 1)

# Who is bound.

BORN = [
    date(1940, 1, 1),
    date(1962, 5, 10),
    date(1985, 3, 2),
    date(2003, 1, 1),
    date(2008, 1, 1),
    date(2012, 1, 1),
]
CHILDREN: list[tuple[date, ...]] = [
    (),
    (date(2022, 1, 1),),
    (date(2010, 1, 1), date(2011, 1, 1), date(2012, 1, 1)),
]
POSSIBLE: dict[str, list[Any]] = {
    "born_on": BORN,
    "work_income": [Decimal(0), Decimal(6000), Decimal(20000)],
    "caring_for": CHILDREN,
}
ALWAYS_KNOWN = {"volunteers", "exonerated"}
FACTS = [field.name for field in fields(Member)]


def values(name: str) -> list[Any]:
    """What a fact may turn out to be."""
    return POSSIBLE.get(name, [False, True])


def without(given: T, names: Iterable[str]) -> T:
    """The same, with some facts not known."""
    nothing: dict[str, Any] = dict.fromkeys(names)
    return replace(given, **nothing)  # type: ignore[type-var]


MEMBERS = st.builds(
    Member,
    **{
        name: st.sampled_from(values(name) if name in ALWAYS_KNOWN else [None, *values(name)])
        for name in FACTS
    },
)


@given(st.sampled_from(Measure), MEMBERS, st.data())
def test_what_is_determined_stays_so_whatever_else_becomes_known(
    measure: Measure, member: Member, data: st.DataObject
) -> None:
    found = duty(measure, member, ON[measure])
    unknown = [name for name in FACTS if getattr(member, name) is None]
    whole = replace(member, **{name: data.draw(st.sampled_from(values(name))) for name in unknown})
    told = duty(measure, whole, ON[measure])
    assert told.bound is not None
    assert found.bound in (None, told.bound)


@given(st.sampled_from(Measure), st.data())
def test_what_is_undetermined_could_be_either(measure: Measure, data: st.DataObject) -> None:
    hidden = data.draw(st.sets(st.sampled_from(sorted(set(FACTS) - ALWAYS_KNOWN)), min_size=1, max_size=3))
    known = data.draw(MEMBERS)
    whole = replace(
        known,
        **{name: values(name)[0] for name in FACTS if getattr(known, name) is None and name not in hidden},
    )
    member = without(whole, hidden)
    found = duty(measure, member, ON[measure])
    names = sorted(hidden)
    ends = {
        duty(measure, replace(member, **dict(zip(names, chosen, strict=True))), ON[measure]).bound
        for chosen in itertools.product(*(values(name) for name in names))
    }
    if found.bound is None:
        assert len(ends) > 1
        assert set(found.missing) <= hidden
    else:
        assert ends == {found.bound}


@given(st.sampled_from(Measure), MEMBERS)
def test_an_answer_has_an_article_and_its_word_is_of_a_rule(measure: Measure, member: Member) -> None:
    found = duty(measure, member, ON[measure])
    rules = {rule.code: rule for rule in OBLIGATION_RULES[measure]}
    assert found.reasons
    assert all(reason.article and reason.sentence.endswith(".") for reason in found.reasons)
    assert {rules[reason.code].bound for reason in found.reasons} >= ({found.bound} if found.bound else set())
    assert bool(found.missing) is (found.bound is None)


def test_the_order_of_children_is_irrelevant() -> None:
    born = (date(2022, 1, 1), date(2010, 1, 1), date(2001, 1, 1))
    found = {
        duty(Measure.ADI, replace(USUAL, caring_for=order), ON[Measure.ADI])
        for order in itertools.permutations(born)
    }
    assert len(found) == 1


@pytest.mark.parametrize("measure", Measure)
def test_a_list_of_rules_ends_with_who_is_bound(measure: Measure) -> None:
    *rules, last = OBLIGATION_RULES[measure]
    assert last.bound is Obligation.OBLIGED
    assert all(rule.bound is not Obligation.OBLIGED for rule in rules)
    assert all(set(rule.reads) <= set(FACTS) for rule in rules)


@pytest.mark.parametrize("measure", Measure)
def test_before_the_law_nobody_is_bound_nor_free(measure: Measure) -> None:
    with pytest.raises(BeforeTheLaw):
        duty(measure, USUAL, law(measure).first - timedelta(days=1))
    with pytest.raises(BeforeTheLaw):
        suitability(measure, replace(OFFER, offered_on=law(measure).first - timedelta(days=1)), SEEKER)
    assert duty(measure, USUAL, law(measure).first).bound is Obligation.OBLIGED
    assert suitability(measure, replace(OFFER, offered_on=law(measure).first), SEEKER).criteria


def test_after_the_law_nobody_is_either() -> None:
    with pytest.raises(AfterTheLaw):
        duty(Measure.RDC, USUAL, date(2024, 1, 1))
    with pytest.raises(AfterTheLaw):
        suitability(Measure.RDC, replace(OFFER, offered_on=date(2024, 1, 1)), SEEKER)


def test_who_is_not_born_yet_is_refused_by_the_path() -> None:
    with pytest.raises(DateInFuture) as refused:
        duty(Measure.ADI, replace(USUAL, born_on=date(2025, 5, 11)), ON[Measure.ADI])
    assert refused.value.extensions["path"] == ["bornOn"]
    with pytest.raises(DateInFuture) as refused:
        duty(Measure.ADI, replace(USUAL, caring_for=(date(2020, 1, 1), date(2025, 5, 11))), ON[Measure.ADI])
    assert refused.value.extensions["path"] == ["caringFor", 1]


# Offers.

KNOWN_OFFERS = st.builds(
    Offer,
    offered_on=st.dates(date(2023, 9, 1), date(2023, 12, 31))
    | st.dates(date(2019, 4, 1), date(2023, 12, 31)),
    contract=st.sampled_from(Contract),
    months=st.integers(0, 24),
    weekly_hours=st.sampled_from([Decimal(20), Decimal(24), Decimal(40)]),
    full_time_hours=st.just(Decimal(40)),
    monthly_pay=st.sampled_from([Decimal(1000), Decimal(1500)]),
    collective_minimum=st.just(Decimal(1200)),
    kilometres=st.sampled_from([Decimal(n) for n in (10, 80, 90, 100, 240, 260)]),
    minutes=st.sampled_from([30, 100, 110, 120, 300]),
    profession=st.sampled_from(["5.2.2.1.0", "2.1.1"]),
    number=st.integers(1, 4),
)
KNOWN_SEEKERS = st.builds(
    Seeker,
    professions=st.sampled_from([frozenset({"5.2.2"}), frozenset({"2.1.1", "8"})]),
    children_born_on=st.sampled_from([(), (date(2015, 1, 1),), (date(2000, 1, 1),)]),
    awarded_on=st.dates(date(2019, 4, 1), date(2023, 1, 1)),
    renewed=st.booleans(),
)
SOME_OFFER_FACTS = st.sets(
    st.sampled_from([f.name for f in fields(Offer) if f.name not in ("offered_on", "months")])
)
SOME_SEEKER_FACTS = st.sets(st.sampled_from([f.name for f in fields(Seeker)]))


@given(st.sampled_from(Measure), KNOWN_OFFERS, KNOWN_SEEKERS, SOME_OFFER_FACTS, SOME_SEEKER_FACTS)
def test_what_is_said_of_an_offer_stays_so_whatever_else_becomes_known(
    measure: Measure, offer: Offer, seeker: Seeker, hidden: set[str], of_seeker: set[str]
) -> None:
    offer = replace(offer, offered_on=max(offer.offered_on, law(measure).first))
    whole = suitability(measure, offer, seeker)
    partly = suitability(measure, without(offer, hidden), without(seeker, of_seeker))
    assert whole.verdict is not Verdict.UNDETERMINED
    assert partly.verdict in (Verdict.UNDETERMINED, whole.verdict)
    assert [one.reason.code for one in partly.criteria] == [one.reason.code for one in whole.criteria]
    for one, other in zip(partly.criteria, whole.criteria, strict=True):
        assert one.verdict in (Verdict.UNDETERMINED, other.verdict)


@given(st.sampled_from(Measure), KNOWN_OFFERS, KNOWN_SEEKERS, st.integers(0, 200), st.integers(0, 200))
def test_nearer_better_paid_or_longer_hours_never_make_it_unsuitable(
    measure: Measure, offer: Offer, seeker: Seeker, nearer: int, more: int
) -> None:
    offer = replace(offer, offered_on=max(offer.offered_on, law(measure).first))
    assert offer.kilometres is not None
    assert offer.monthly_pay is not None
    assert offer.weekly_hours is not None
    better = replace(
        offer,
        kilometres=max(Decimal(0), offer.kilometres - nearer),
        monthly_pay=offer.monthly_pay + more,
        weekly_hours=offer.weekly_hours + more,
    )
    if suitability(measure, offer, seeker).verdict is Verdict.SATISFIED:
        assert suitability(measure, better, seeker).verdict is Verdict.SATISFIED


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"monthly_pay": Decimal("-0.01")}, NegativeAmount),
        ({"kilometres": Decimal(-1)}, NegativeAmount),
        ({"collective_minimum": Decimal("NaN")}, AmountOutOfRange),
        ({"weekly_hours": Decimal(-1)}, NegativeAmount),
        ({"minutes": -1}, NegativeAmount),
        ({"months": -1}, NegativeAmount),
        ({"full_time_hours": Decimal(0)}, ImpossibleOffer),
        ({"number": 0}, ImpossibleOffer),
    ],
)
def test_what_an_offer_cannot_be_is_refused_by_its_path(
    wrong: dict[str, Any], refusal: type[InvalidInput]
) -> None:
    with pytest.raises(refusal) as refused:
        suitability(Measure.ADI, replace(OFFER, **wrong), SEEKER)
    first, *rest = next(iter(wrong)).split("_")
    assert refused.value.extensions["path"] == ["offer", first + "".join(word.capitalize() for word in rest)]


def test_a_child_who_is_not_born_yet_is_refused_by_its_path() -> None:
    with pytest.raises(DateInFuture) as refused:
        suitability(Measure.ADI, OFFER, replace(SEEKER, children_born_on=(date(2025, 5, 11),)))
    assert refused.value.extensions["path"] == ["seeker", "childrenBornOn", 0]


# Consequences.

LEDGERS = st.lists(
    st.builds(
        Fact,
        id=st.integers(0, 10**6).map(str),
        type=st.sampled_from(ConditionalityEventType).map(str),
        day=DAYS,
        measure=st.sampled_from(Measure),
        withdrawn=st.booleans(),
        justified=st.booleans(),
        pact=st.none() | st.sampled_from(PactKind).map(str),
    ),
    max_size=12,
    unique_by=lambda fact: fact.id,
).map(lambda facts: [replace(fact, day=max(fact.day, law(fact.measure).first)) for fact in facts])
AROUND = st.builds(Circumstances, renewal=st.builds(Renewal, DAYS, DAYS), protected=st.none() | st.booleans())


def gravity(proposal: Proposal) -> tuple[int, int]:
    """How heavy what is proposed is; of what is undetermined nothing is."""
    return (-1, 0) if proposal.effect is None else (proposal.effect.gravity, proposal.months)


@given(st.sampled_from(Measure), LEDGERS, AROUND, st.randoms(use_true_random=False))
def test_the_order_facts_are_given_in_is_irrelevant(
    measure: Measure, facts: list[Fact], around: Circumstances, chance: Any
) -> None:
    shuffled = list(facts)
    chance.shuffle(shuffled)
    assert proposals(measure, shuffled, LATE, around) == proposals(measure, facts, LATE, around)
    assert standing(measure, shuffled, LATE, around) == standing(measure, facts, LATE, around)
    assert clocks(measure, shuffled, LATE) == clocks(measure, facts, LATE)


@given(st.sampled_from(Measure), LEDGERS, AROUND, st.data())
def test_a_breach_more_never_improves_and_one_withdrawn_or_justified_never_worsens(
    measure: Measure, facts: list[Fact], around: Circumstances, data: st.DataObject
) -> None:
    if not facts:
        return
    chosen = data.draw(st.sampled_from(facts))
    withdrawn = data.draw(st.booleans())
    lifted = replace(chosen, withdrawn=True) if withdrawn else replace(chosen, justified=True)
    after = {
        one.fact.id: one
        for one in proposals(measure, [lifted if fact is chosen else fact for fact in facts], LATE, around)
    }
    before = {one.fact.id: one for one in proposals(measure, facts, LATE, around)}
    assert set(after) == set(before) - {chosen.id}
    for key, one in after.items():
        assert gravity(one) <= gravity(before[key])
    with_it, without = (
        standing(measure, facts, LATE, around),
        standing(measure, [f for f in facts if f is not chosen], LATE, around),
    )
    assert without.count <= with_it.count
    if without.gravest is not None:
        assert with_it.gravest is not None
        assert gravity(without.gravest) <= gravity(with_it.gravest)


@given(st.sampled_from(Measure), LEDGERS, AROUND)
def test_a_fact_of_another_measure_never_counts(
    measure: Measure, facts: list[Fact], around: Circumstances
) -> None:
    ours = [fact for fact in facts if fact.measure is measure]
    assert proposals(measure, facts, LATE, around) == proposals(measure, ours, LATE, around)
    assert clocks(measure, facts, LATE) == clocks(measure, ours, LATE)


@given(st.sampled_from(Measure), LEDGERS, AROUND, DAYS)
def test_what_came_later_never_changes_what_was_proposed(
    measure: Measure, facts: list[Fact], around: Circumstances, day: date
) -> None:
    then = proposals(measure, facts, day, around)
    assert then == proposals(measure, [fact for fact in facts if fact.day <= day], LATE, around)
    assert then == proposals(measure, facts, LATE, around)[: len(then)]


@given(LEDGERS)
def test_a_standing_counts_what_is_proposed(facts: list[Fact]) -> None:
    found, each = standing(Measure.RDC, facts, LATE), proposals(Measure.RDC, facts, LATE)
    assert found.count == len(each)
    nameless = sum(one.breach is None for one in found.undetermined)
    assert sum(rung.count for rung in found.rungs) + nameless == found.count
    assert {rung.breach for rung in found.rungs} == {ladder.breach for ladder in LADDERS[Measure.RDC]}
    assert found.gravest is None or found.gravest in each
    for rung in found.rungs:
        assert rung.last == next((one for one in reversed(each) if one.breach is rung.breach), None)


def test_the_words_are_those_of_the_ledger() -> None:
    assert {word.value for word in ConditionalityEventType} == BREACHES | NO_BREACH
    assert not BREACHES & NO_BREACH
    assert {effect.value for effect in Effect} == {outcome.value for outcome in BenefitOutcome}
    pacts = {pact for ladders in LADDERS.values() for ladder in ladders for pact in ladder.pacts}
    pacts |= {
        one.pact
        for terms in TERMS.values()
        for term in terms
        for one in (*term.starts, *term.met_by)
        if one.pact
    }
    assert pacts <= {kind.value for kind in PactKind}
    happenings = {
        one.type for terms in TERMS.values() for term in terms for one in (*term.starts, *term.met_by)
    }
    assert happenings <= NO_BREACH


@pytest.mark.parametrize("measure", [Measure.RDC, Measure.ADI, Measure.SFL])
def test_what_can_be_recorded_of_a_measure_as_a_breach_has_a_ladder(measure: Measure) -> None:
    recorded = {word.value for word, rule in EVENT_RULES.items() if measure in rule.measures} & BREACHES
    assert recorded == {word for ladder in LADDERS[measure] for word in ladder.types}


@pytest.mark.parametrize("measure", Measure)
def test_steps_never_get_lighter(measure: Measure) -> None:
    for ladder in LADDERS[measure]:
        weights = [(step.effect.gravity, step.months) for step in ladder.steps]
        assert weights == sorted(weights)
        assert (Effect.REDUCED in {step.effect for step in ladder.steps}) is any(
            step.months or step.cut for step in ladder.steps
        )


def test_the_gravest_is_the_later_of_two_alike() -> None:
    facts = [Fact(str(n), "CONVOCATION_MISSED", date(2024, 3, n + 1), Measure.ADI) for n in range(3)]
    found = standing(Measure.ADI, facts, LATE)
    assert found.gravest is not None
    assert found.gravest.fact.id == "2"
    assert found.gravest.breach is Breach.CONVOCATION


def test_what_is_only_counted_is_not_gravest() -> None:
    found = standing(Measure.RDC, [Fact("1", "SUITABLE_OFFER_REFUSED", date(2019, 9, 1), Measure.RDC)], LATE)
    assert (found.count, found.gravest) == (1, None)


def test_every_proposal_says_that_inps_decides() -> None:
    facts = [
        Fact(
            f"{measure}{word}",
            word,
            date(2024, 3, 1) if measure is not Measure.RDC else date(2022, 3, 1),
            measure,
        )
        for measure in Measure
        for word in BREACHES
    ]
    for measure in Measure:
        for one in proposals(measure, facts, LATE):
            assert one.reason.article
            if one.effect not in (None, Effect.NONE):
                assert "Proposed to INPS, which decides" in one.reason.sentence
    assert all(one.effect is None for one in proposals(Measure.MIA, facts, LATE))


def test_facts_that_are_none_are_refused() -> None:
    fact = Fact("1", "CONVOCATION_MISSED", date(2024, 3, 1), Measure.ADI)
    with pytest.raises(RepeatedFact):
        proposals(Measure.ADI, [fact, replace(fact, day=date(2024, 4, 1))], LATE)
    with pytest.raises(UnknownFact) as refused:
        proposals(Measure.ADI, [fact, replace(fact, id="2", type="ABSENT")], LATE)
    assert refused.value.extensions["path"] == ["facts", 1, "type"]
    with pytest.raises(BeforeTheLaw):
        proposals(Measure.ADI, [replace(fact, day=date(2023, 12, 31))], LATE)


# Terms and absences.


@given(st.integers(0, 400))
def test_a_clock_counts_down_to_its_last_day(days: int) -> None:
    signed = Fact("1", "PACT_SIGNED", date(2024, 1, 10), Measure.ADI, pact="DIGITAL_ACTIVATION")
    (clock,) = clocks(Measure.ADI, [signed], signed.day + timedelta(days=days))
    assert clock.days_left == 120 - days
    assert clock.state is (TermState.RUNNING if days <= 120 else TermState.MISSED)
    assert (clock.suspended_from is None) is (days <= 120)


@given(st.lists(st.integers(0, 60), max_size=10))
def test_each_confirmation_begins_a_new_term_and_only_the_last_runs(days: list[int]) -> None:
    signed = date(2024, 1, 10)
    facts = [Fact("000", "PACT_SIGNED", signed, Measure.SFL, pact="SERVICE")]
    day = signed
    for number, more in enumerate(days, start=1):
        day += timedelta(days=more)
        facts.append(Fact(f"{number:03}", "PARTICIPATION_CONFIRMED", day, Measure.SFL))
    found = clocks(Measure.SFL, facts, day)
    assert [clock.state for clock in found] == [*[TermState.MET] * len(days), TermState.RUNNING]
    assert found[-1].last_day == day + timedelta(days=90)


def test_a_first_appointment_on_the_day_of_the_pact_is_one_whatever_its_id() -> None:
    signed = Fact("2", "PACT_SIGNED", date(2024, 1, 10), Measure.ADI, pact="DIGITAL_ACTIVATION")
    came = Fact("1", "CONVOCATION_ATTENDED", date(2024, 1, 10), Measure.ADI)
    assert clocks(Measure.ADI, [signed, came], date(2024, 2, 1))[0].state is TermState.MET


@given(
    st.lists(
        st.builds(
            Absence,
            activity=st.sampled_from(["course", "lab"]),
            day=st.dates(date(2022, 9, 1), date(2022, 10, 31)),
            justified=st.booleans(),
        ),
        max_size=12,
    )
)
def test_justifying_never_makes_a_month_a_breach(absences: list[Absence]) -> None:
    def breaches(given: list[Absence]) -> set[tuple[str, date]]:
        months = missed_months(Measure.RDC, given)
        return {(one.activity, one.month) for one in months if one.finding.verdict is Verdict.NOT_SATISFIED}

    assert missed_months(Measure.RDC, absences[::-1]) == missed_months(Measure.RDC, absences)
    for number, one in enumerate(absences):
        kinder = [*absences[:number], replace(one, justified=True), *absences[number + 1 :]]
        assert breaches(kinder) <= breaches(absences)
        assert breaches(absences[:number] + absences[number + 1 :]) <= breaches(absences) or one.justified
