# SPDX-License-Identifier: EUPL-1.2
"""Where a person stands by the rules of conditionality: the facts are read beside the person, the rules are those of `hub.measures`."""

from __future__ import annotations

import datetime
import decimal
from typing import Any
from zoneinfo import ZoneInfo

import strawberry
from sqlalchemy import ColumnElement, FromClause, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from hub.ledger.paid_terms import paid_terms, read_terms
from hub.ledger.proposing import rome_day
from hub.measures.consequence_rules import Breach as Breach
from hub.measures.consequence_rules import Step
from hub.measures.consequences import Circumstances, Proposal, sentence
from hub.measures.facts import Fact
from hub.measures.renewal import renewal
from hub.measures.standing import Rung, Standing, standing
from hub.plan.declare import Computed, Derived
from hub.store import tables
from hub.store.base import table_of
from hub.store.vocabulary import BenefitOutcome, Measure
from schema.cost import about
from schema.sensitivity import personal

ROME = ZoneInfo("Europe/Rome")

strawberry.enum(
    Breach,
    name="ConditionalityBreach",
    description="The kinds of breach the law counts, each by itself: docs/reference/measures/consequences.md.",
)


@personal
@strawberry.type(
    description="What the law attaches to a breach (decurtazione, sospensione, decadenza, revoca): a proposal. INPS decides."
)
class ProposedConsequence:
    effect: BenefitOutcome = strawberry.field(description="NONE: nothing yet; the breach is counted.")
    months: int = strawberry.field(description="Whole monthly payments (mensilità) less.")
    monthly_cut: decimal.Decimal = strawberry.field(description="Euro a month less.")
    at_most_months: int | None = strawberry.field(
        description="How long a suspension lasts at most, where the law says."
    )
    article: str = strawberry.field(description="Where the law has it.")
    sentence: str
    unverified: bool = strawberry.field(
        description="It was not read in the law itself, or can be read in two ways: check it before you rely on it."
    )


@personal
@strawberry.type(description="One kind of breach: how many count, and what the next would bring.")
class BreachStanding:
    breach: Breach
    count: int
    last: ProposedConsequence | None = strawberry.field(
        description="Proposed for the last of them; null: there is none, or it is undetermined."
    )
    next: ProposedConsequence | None = strawberry.field(
        description="What would be proposed for one more; null: it is undetermined."
    )


@personal
@strawberry.type(
    description="Where a person stands by the rules of conditionality (condizionalità) of the measure its household has: of the facts recorded of this person under it. What was withdrawn does not count."
)
class ConditionalityStanding:
    measure: Measure
    as_of: datetime.date
    count: int = strawberry.field(description="Breaches that count, of all kinds.")
    undetermined: int = strawberry.field(
        description="Those of them for which the text of the measure says no consequence (of the MIA's draft, all), or what decides is not known."
    )
    gravest: ProposedConsequence | None = strawberry.field(
        description="Of what is proposed; null: nothing is."
    )
    breaches: list[BreachStanding] = strawberry.field(
        description="Every kind the measure's law has, in its order.", directives=[about(12)]
    )


def _ledger(row: FromClause) -> ColumnElement[Any]:
    """`[measure, [term of its benefit, …], [[type, day, withdrawn, kind of pact], …]]`, terms and facts as they happened.

    NOTE: whoever sees the person sees its events (`hub.access.rows`); a citizen those of nobody but itself: the resolver looks.
    """
    event, withdrawal, pact, household = (
        table_of(table).alias()
        for table in (
            tables.ConditionalityEvent,
            tables.ConditionalityEvent,
            tables.Pact,
            tables.Household,
        )
    )
    withdrawn = select(withdrawal.c.id).where(withdrawal.c.withdraws_event_id == event.c.id).exists()
    day = rome_day(event.c.occurred_at)
    fact = func.jsonb_build_array(event.c.type, cast(day, Text), withdrawn, pact.c.kind)
    facts = (
        select(
            func.coalesce(
                func.jsonb_agg(aggregate_order_by(fact, event.c.occurred_at, event.c.id)),
                literal_column("'[]'::jsonb"),
            )
        )
        .select_from(event.outerjoin(pact, pact.c.id == event.c.pact_id))
        .where(
            event.c.beneficiary_id == row.c.id,
            event.c.inps_protocol == household.c.inps_protocol,
            event.c.measure == household.c.measure,
        )
        .correlate(row, household)
        .scalar_subquery()
    )
    terms = paid_terms(household.c.id, household.c.measure)
    return (
        select(func.jsonb_build_array(household.c.measure, terms, facts, type_=JSONB))
        .where(household.c.id == row.c.household_id)
        .correlate(row)
        .scalar_subquery()
    )


STANDING = Derived(needs=("id",), reads=(("ledger", Computed(_ledger)),))
"""What `conditionality_standing` is worked out from."""


def standing_of(ledger: list[Any], now: datetime.datetime) -> ConditionalityStanding:
    """The standing on the day of `now`, from what `_ledger` read.

    Raises:
        BeforeTheLaw: a breach was recorded of a day before the measure began.

    """
    measure, terms, told = ledger
    facts = (
        Fact(
            f"{place:08}",
            kind,
            datetime.date.fromisoformat(day),
            Measure(measure),
            withdrawn=withdrawn,
            pact=pact,
        )
        for place, (kind, day, withdrawn, pact) in enumerate(told)
    )
    around = Circumstances(renewal=renewal(Measure(measure), read_terms(terms)))
    return _told(standing(Measure(measure), facts, now.astimezone(ROME).date(), around))


def _told(found: Standing) -> ConditionalityStanding:
    return ConditionalityStanding(
        measure=found.measure,
        as_of=found.on,
        count=found.count,
        undetermined=len(found.undetermined),
        gravest=_proposed(found.gravest),
        breaches=[_rung(rung) for rung in found.rungs],
    )


def _rung(rung: Rung) -> BreachStanding:
    return BreachStanding(
        breach=rung.breach, count=rung.count, last=_proposed(rung.last), next=_step(rung.next)
    )


def _proposed(proposal: Proposal | None) -> ProposedConsequence | None:
    if proposal is None or proposal.effect is None:
        return None
    return ProposedConsequence(
        effect=BenefitOutcome(proposal.effect),
        months=proposal.months,
        monthly_cut=proposal.cut,
        at_most_months=proposal.at_most,
        article=proposal.reason.article,
        sentence=proposal.reason.sentence,
        unverified=proposal.reason.unverified,
    )


def _step(step: Step | None) -> ProposedConsequence | None:
    if step is None:
        return None
    return ProposedConsequence(
        effect=BenefitOutcome(step.effect),
        months=step.months,
        monthly_cut=step.cut,
        at_most_months=step.at_most,
        article=step.source.article,
        sentence=sentence(step),
        unverified=step.source.unverified,
    )
