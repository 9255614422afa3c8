# SPDX-License-Identifier: EUPL-1.2
"""The SQL of communicated hires (`hub.ledger.hires`)."""

from __future__ import annotations

from functools import cache

from sqlalchemy import ColumnElement, Date, DateTime, Text, bindparam, exists, func, literal_column, select
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql import insert

from hub.ledger.append import Reach
from hub.ledger.expressions import day_of, word
from hub.store.base import table_of
from hub.store.statement import Statement
from hub.store.tables import Beneficiary, Communication, ConditionalityEvent, Pact
from hub.store.vocabulary import ConditionalityEventType, PactStatus

_LOCK = 7_203_012
"""Beside the hash of what is locked."""

SAID = (
    "client_id",
    "purpose_id",
    "operator",
    "beneficiary_id",
    "starts_on",
    "ends_on",
    "employer_code",
    "contract_type",
)
"""The columns of what is kept of a hire that stands."""

_communication = table_of(Communication)
_event = table_of(ConditionalityEvent)
_person = table_of(Beneficiary)
_pact = table_of(Pact)

_PERSON = bindparam("person", type_=PG_UUID(as_uuid=True))


@cache
def lock() -> Statement:
    """Wait for whoever else in another transaction locked the same: the code of a communication, or a person's key as text."""
    key = func.hashtextextended(bindparam("of", type_=Text), literal_column(str(_LOCK)))
    return Statement(select(func.pg_advisory_xact_lock(key)))


@cache
def in_reach(reach: Reach) -> Statement:
    """The key of the person with a fiscal code, within reach."""
    return Statement(
        select(_person.c.id).where(
            _person.c.fiscal_code == bindparam("fiscal_code", type_=Text), reach.covers(_person)
        )
    )


@cache
def earlier() -> Statement:
    """The row of a communication that came before; who records it because its day has come is waited for."""
    row = select(_communication).where(_communication.c.code == bindparam("code"))
    return Statement(row.with_for_update())


def _is_withdrawn(event_id: ColumnElement[object]) -> ColumnElement[bool]:
    withdrawal = _event.alias("withdrawal")
    return exists().where(withdrawal.c.withdraws_event_id == event_id)


@cache
def standing() -> Statement:
    """A hire of a person at a moment, of whichever type, that is recorded and not withdrawn."""
    types = [
        word(ConditionalityEventType.HIRED),
        word(ConditionalityEventType.HIRED_THROUGH_SUITABLE_OFFER),
    ]
    return Statement(
        select(_event.c.id).where(
            _event.c.beneficiary_id == _PERSON,
            _event.c.occurred_at == bindparam("at", type_=DateTime(timezone=True)),
            _event.c.type.in_(types),
            ~_is_withdrawn(_event.c.id),
        )
    )


@cache
def accepted() -> Statement:
    """The latest acceptance of a suitable offer that a hire may be the fruit of, and its pact.

    It stands, it led to no other hire that stands, and its pact runs on the day the hire begins.
    """
    one, other = _event.alias("accepted"), _communication.alias("other")
    starts_on = bindparam("starts_on", type_=Date)
    return Statement(
        select(one.c.id, one.c.pact_id)
        .join_from(one, _pact, _pact.c.id == one.c.pact_id)
        .where(
            one.c.beneficiary_id == _PERSON,
            one.c.type == word(ConditionalityEventType.SUITABLE_OFFER_ACCEPTED),
            day_of(one.c.occurred_at).between(bindparam("earliest", type_=Date), starts_on),
            _pact.c.status == word(PactStatus.ACTIVE),
            _pact.c.period.op("@>")(starts_on),
            _pact.c.signed_on <= starts_on,
            ~_is_withdrawn(one.c.id),
            ~exists().where(other.c.acceptance_event_id == one.c.id, ~_is_withdrawn(other.c.event_id)),
        )
        .order_by(one.c.occurred_at.desc(), one.c.id.desc())
        .limit(literal_column("1"))
    )


@cache
def put() -> Statement:
    """The row of a communication, in place of the one that waited or came to nothing."""
    names = ("code", "kind", "state", "agency_id", *SAID, "event_id", "acceptance_event_id")
    words = {"kind", "state"}
    values = {
        name: bindparam(name, type_=Text() if name in words else _communication.c[name].type)
        for name in names
    }
    row = insert(_communication).values(values)
    return Statement(
        row.on_conflict_do_update(
            index_elements=["code"], set_={name: row.excluded[name] for name in names if name != "code"}
        )
    )
