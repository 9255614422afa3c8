# SPDX-License-Identifier: EUPL-1.2
"""What is proposed to INPS because of events that wait for their place: reckoned once, by the ledger as it stands at that place.

The facts are those of one person under one application (protocol and measure): what has its place already, and what gets one before it
in the same go. What was taken back by then does not count; what is erased is nobody's, and counts for nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Text,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from hub.errors import InvalidInput
from hub.ledger.append import FEED_TOPIC
from hub.ledger.paid_terms import paid_terms, read_terms
from hub.measures.consequence_rules import BREACHES, EDITION, NO_RULE
from hub.measures.consequences import Circumstances, Proposal
from hub.measures.facts import Fact
from hub.measures.measure import Measure
from hub.measures.proposed import proposed
from hub.measures.renewal import renewal
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import ConditionalityEvent, FeedEntry, OutboxMessage, Pact

Application: TypeAlias = "tuple[UUID, str, str]"
"""Whose ledger it is: the person, INPS's protocol, the measure."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages to the sequencer, in the order their events get their places, and the proposals for those that have one, as JSON."""

    messages: Sequence[int]
    proposals: str


async def waiting(connection: Connection, most: int) -> Waiting:
    """The oldest messages, at most so many."""
    rows = await _statement().fetch(connection, most=most)
    ledgers = _Ledgers()
    found = [{"message": row["message"], **told} for row in rows if (told := ledgers.take(row)) is not None]
    return Waiting([row["message"] for row in rows], orjson.dumps(found).decode())


def rome_day(moment: ColumnElement[Any]) -> ColumnElement[date]:
    """The day of a moment by the clocks of Italy, as the law counts days."""
    return cast(func.timezone(literal_column("'Europe/Rome'"), moment), Date)


class _Ledgers:
    """The ledgers of those whose events wait, as they grow with each event in its turn."""

    def __init__(self) -> None:
        self._facts: dict[Application, list[Fact]] = {}
        self._withdrawn: set[str] = set()

    def take(self, row: asyncpg.Record) -> dict[str, Any] | None:
        """Take the next event; what is proposed because of it, as a row of `feed_proposal`."""
        if row["withdraws"] is not None:
            self._withdrawn.add(row["withdraws"])
        if row["facts"] is None:  # no breach under any measure
            return None
        application = (row["beneficiary_id"], row["inps_protocol"], row["measure"])
        measure = Measure(row["measure"])
        known = self._facts.get(application)
        if known is None:
            known = self._facts[application] = [_fact(measure, *one) for one in orjson.loads(row["facts"])]
        own = _fact(measure, *orjson.loads(row["own"]))
        known.append(own)
        facts = (replace(one, withdrawn=True) if _event_of(one) in self._withdrawn else one for one in known)
        around = Circumstances(renewal=renewal(measure, read_terms(orjson.loads(row["benefits"]))))
        try:
            found = proposed(measure, own.id, facts, around)
        except InvalidInput:
            # NOTE the feed waits for nobody: what no rule can reckon is said to be undetermined, and INPS looks itself.
            return _told(Proposal(own, None, 1, None, NO_RULE[measure].reason("NO_RULE", _UNRECKONED)))
        return None if found is None else _told(found)


_UNRECKONED = "A breach of this person is of a day before the measure began: what follows is undetermined."


def _fact(
    measure: Measure, event: str, kind: str, day: str, micros: int, pact: str | None, withdrawn: bool
) -> Fact:
    # NOTE the id orders facts of one day as they happened, then by key: as `schema.standing` has them.
    return Fact(
        f"{micros:020}{event}", kind, date.fromisoformat(day), measure, withdrawn=withdrawn, pact=pact
    )


def _event_of(fact: Fact) -> str:
    return fact.id[20:]


def _told(proposal: Proposal) -> dict[str, Any]:
    return {
        "breach": proposal.breach,
        "count": proposal.count,
        "effect": proposal.effect,
        "months": proposal.months,
        "monthly_cut": str(proposal.cut),
        "at_most_months": proposal.at_most,
        "retroactive": proposal.retroactive,
        "article": proposal.reason.article,
        "sentence": proposal.reason.sentence,
        "unverified": proposal.reason.unverified,
        "edition": EDITION,
    }


def _as_fact(event: FromClause, pact: FromClause, withdrawn: ColumnElement[bool]) -> ColumnElement[Any]:
    """A row of the ledger as `_fact` reads it."""
    micros = cast(extract("epoch", event.c.occurred_at) * literal_column("1000000"), BigInteger)
    key = func.replace(cast(event.c.id, Text), literal_column("'-'"), literal_column("''"))
    return func.jsonb_build_array(
        key,
        event.c.type,
        cast(rome_day(event.c.occurred_at), Text),
        micros,
        pact.c.kind,
        withdrawn,
        type_=JSONB,
    )


@cache
def _statement() -> Statement:
    outbox = table_of(OutboxMessage)
    oldest = (
        select(outbox.c.id, outbox.c.subject_id)
        .where(outbox.c.topic == FEED_TOPIC, outbox.c.delivered_at.is_(None), outbox.c.dead_at.is_(None))
        .order_by(outbox.c.id)
        .limit(bindparam("most", type_=BigInteger))
        .cte("oldest")
    )
    event, pact = table_of(ConditionalityEvent).alias("event"), table_of(Pact).alias("event_pact")
    is_breach = event.c.type.in_([literal_column(f"'{word}'", Text) for word in sorted(BREACHES)])
    withdraws = func.replace(
        cast(event.c.withdraws_event_id, Text), literal_column("'-'"), literal_column("''")
    )
    return Statement(
        select(
            oldest.c.id.label("message"),
            event.c.beneficiary_id,
            event.c.inps_protocol,
            event.c.measure,
            withdraws.label("withdraws"),
            cast(_as_fact(event, pact, literal_column("false")), Text).label("own"),
            case((is_breach, cast(_known(event), Text))).label("facts"),
            case((is_breach, cast(paid_terms(event.c.household_id, event.c.measure), Text))).label(
                "benefits"
            ),
        )
        .select_from(
            oldest.outerjoin(event, event.c.id == oldest.c.subject_id).outerjoin(
                pact, pact.c.id == event.c.pact_id
            )
        )
        .order_by(oldest.c.id)
    )


def _known(event: FromClause) -> ColumnElement[Any]:
    """The breaches of an event's person under its application that have their places."""
    other, withdrawal = table_of(ConditionalityEvent).alias("known"), table_of(ConditionalityEvent).alias()
    place, withdrawal_place = table_of(FeedEntry).alias("place"), table_of(FeedEntry).alias()
    pact = table_of(Pact).alias("known_pact")
    withdrawn = (
        select(literal_column("1"))
        .select_from(withdrawal.join(withdrawal_place, withdrawal_place.c.event_id == withdrawal.c.id))
        .where(withdrawal.c.withdraws_event_id == other.c.id)
        .exists()
    )
    return (
        select(func.coalesce(func.jsonb_agg(_as_fact(other, pact, withdrawn)), literal_column("'[]'::jsonb")))
        .select_from(
            other.join(place, place.c.event_id == other.c.id).outerjoin(pact, pact.c.id == other.c.pact_id)
        )
        .where(
            other.c.beneficiary_id == event.c.beneficiary_id,
            other.c.inps_protocol == event.c.inps_protocol,
            other.c.measure == event.c.measure,
            other.c.type.in_([literal_column(f"'{word}'", Text) for word in sorted(BREACHES)]),
        )
        .correlate(event)
        .scalar_subquery()
    )
