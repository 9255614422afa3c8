# SPDX-License-Identifier: EUPL-1.2
"""The SQL of communicated hires (`hub.ledger.hires`), and the rows that are kept of them."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Text,
    bindparam,
    exists,
    func,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql import insert

from hub.ledger.append import Reach
from hub.ledger.communications import Hire, Told
from hub.ledger.expressions import day_of, word
from hub.ledger.record import Recorder
from hub.store.base import table_of
from hub.store.statement import Statement
from hub.store.tables import Beneficiary, Communication, ConditionalityEvent, Pact
from hub.store.vocabulary import CommunicationState, ConditionalityEventType, PactStatus

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
_FIXED = ("code", "replaces_code")
_COLUMNS = (*_FIXED, "kind", "state", "agency_id", *SAID, "event_id", "acceptance_event_id")
"""Those that are written."""

_communication = table_of(Communication)
_event = table_of(ConditionalityEvent)
_person = table_of(Beneficiary)
_pact = table_of(Pact)

_UUID = PG_UUID(as_uuid=True)
_PERSON = bindparam("person", type_=_UUID)


@cache
def lock() -> Statement:
    """Wait for whoever else in another transaction locked the same: the code of a communication, or a person's key as text."""
    return Statement(select(func.pg_advisory_xact_lock(_of())))


@cache
def try_lock() -> Statement:
    """The same without waiting: whether the lock is had."""
    return Statement(select(func.pg_try_advisory_xact_lock(_of())))


def _of() -> ColumnElement[int]:
    return func.hashtextextended(bindparam("of", type_=Text), literal_column(str(_LOCK)))


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
def replaced() -> Statement:
    """The row of the communication that another names, its worker's fiscal code, the withdrawal of its event, and what corrects or annuls it.

    That is the sender's own: `withdrawal_id, replacing_code`, null where there is none.
    """
    withdrawal, other = _event.alias("withdrawal"), _communication.alias("other")
    replacing = (
        select(other.c.code)
        .where(
            other.c.replaces_code == _communication.c.code,
            other.c.agency_id == bindparam("agency", type_=_UUID),
        )
        .scalar_subquery()
    )
    return Statement(
        select(
            _communication,
            _person.c.fiscal_code,
            withdrawal.c.id.label("withdrawal_id"),
            replacing.label("replacing_code"),
        )
        .select_from(_communication)
        .outerjoin(_person, _person.c.id == _communication.c.beneficiary_id)
        .outerjoin(withdrawal, withdrawal.c.withdraws_event_id == _communication.c.event_id)
        .where(_communication.c.code == bindparam("code", type_=Text))
        # Who records it because its day has come is waited for.
        .with_for_update(of=_communication)
    )


@cache
def drop() -> Statement:
    """Another took the place of a communication that was not recorded: of what it said nothing is kept."""
    return Statement(
        update(_communication)
        .where(_communication.c.code == bindparam("of", type_=Text))
        .values(state=word(CommunicationState.REPLACED), **dict.fromkeys(SAID, null()))
    )


@cache
def put() -> Statement:
    """The row of a communication, in place of the one that waited or came to nothing."""
    words = {"kind", "state"}
    values = {
        name: bindparam(name, type_=Text() if name in words else _communication.c[name].type)
        for name in _COLUMNS
    }
    row = insert(_communication).values(values)
    return Statement(
        row.on_conflict_do_update(
            index_elements=["code"],
            set_={name: row.excluded[name] for name in _COLUMNS if name not in _FIXED},
        )
    )


def row_of(recorder: Recorder, hire: Hire, state: CommunicationState, person: UUID) -> dict[str, Any]:
    """What is kept of a hire of a beneficiary."""
    return {
        **bare_row(recorder, hire, state),
        "client_id": recorder.client_id,
        "purpose_id": recorder.purpose_id,
        "operator": recorder.operator,
        "beneficiary_id": person,
        "starts_on": hire.starts_on,
        "ends_on": hire.ends_on,
        "employer_code": hire.employer_code,
        "contract_type": hire.contract_type,
    }


def bare_row(recorder: Recorder, told: Told, state: CommunicationState) -> dict[str, Any]:
    """What is kept of any communication: that it came, from whom, and which it corrects or annuls."""
    return {
        **dict.fromkeys(_COLUMNS),
        "code": told.code,
        "replaces_code": told.replaces,
        "kind": told.kind.value,
        "state": state.value,
        "agency_id": recorder.agency_id,
    }
