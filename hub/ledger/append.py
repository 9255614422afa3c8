# SPDX-License-Identifier: EUPL-1.2
"""The SQL of recording an event, piece by piece: whose it is, whether the pact is theirs, and what is written.

Put together it is one statement that does all of it (`record_at_once`), for the usual case; `hub.ledger.record` runs the pieces
one by one, and so finds out what is in the way.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    Text,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert

from hub.store.base import table_of
from hub.store.tables import (
    Beneficiary,
    ConditionalityEvent,
    Household,
    IdempotencyKey,
    OutboxMessage,
    Pact,
)

FEED_TOPIC = "feed"
"""The outbox topic of events that wait for their position."""

_key = table_of(IdempotencyKey)
_event = table_of(ConditionalityEvent)
_outbox = table_of(OutboxMessage)

SAID = ("agency_id", "type", "occurred_at", "client_id", "purpose_id", "operator", "pact_id", "note")
"""Columns of an event that its recorder says, each bound under its own name."""
CLAIM = ("agency_id", "operation", "key", "input_hash")
"""The same of an idempotency key."""
WRITES = frozenset((_key.name, _event.name, _outbox.name))
"""The tables a recording writes to."""
BINDS = frozenset((*SAID, *CLAIM, "fiscal_code"))
"""What `record_at_once` binds beside the reach's own values."""


class Reach(Protocol, Hashable):
    """Which people a recorder may record about; equal reaches share one statement."""

    def covers(self, row: FromClause) -> ColumnElement[bool]:
        """The condition under which `row`, of table `beneficiary`, is within reach."""


@dataclass(frozen=True)
class Appended:
    """What a statement writes: the event's row, all its columns, and the message that has it sequenced."""

    event: CTE
    message: CTE


def person_columns() -> Mapping[str, Column[Any]]:
    """What an event keeps of its person, by the event's own columns."""
    person, household = table_of(Beneficiary), table_of(Household)
    return {
        "beneficiary_id": person.c.id,
        "household_id": person.c.household_id,
        "fiscal_code": person.c.fiscal_code,
        "inps_protocol": household.c.inps_protocol,
        "measure": household.c.measure,
    }


def bound_person() -> Mapping[str, ColumnElement[Any]]:
    """The same as parameters of their names, for who has found the person before."""
    return {
        name: bindparam(name, type_=_type(column.table, column.name))
        for name, column in person_columns().items()
    }


def person_in_reach(reach: Reach) -> Select[Any]:
    """Those columns of the person with this `fiscal_code`, if they are in reach."""
    person, household = table_of(Beneficiary), table_of(Household)
    return (
        select(*(column.label(name) for name, column in person_columns().items()))
        .join_from(person, household, person.c.household_id == household.c.id)
        .where(person.c.fiscal_code == bindparam("fiscal_code", type_=Text), reach.covers(person))
    )


def pact_of(beneficiary_id: ColumnElement[Any], household_id: ColumnElement[Any]) -> Select[Any]:
    """The pact `pact_id`, if it is this person's or their household's."""
    pact = table_of(Pact)
    return select(pact.c.id).where(
        pact.c.id == bindparam("pact_id", type_=pact.c.id.type),
        or_(
            pact.c.beneficiary_id == beneficiary_id,
            and_(pact.c.beneficiary_id.is_(None), pact.c.household_id == household_id),
        ),
    )


def append(person: Mapping[str, ColumnElement[Any]], source: FromClause | None = None) -> Appended:
    """Claim the key, append the event, queue it: one statement, so that none of the three is without the others.

    `person`: the values of the event's columns that are the person's. `source`: where they come from; no row, no event.
    """
    claim = select(*(bindparam(name, type_=_type(_key, name)) for name in CLAIM), func.uuidv7())
    claimed = (
        pg_insert(_key)
        .from_select(
            [*CLAIM, "result_id"],
            claim if source is None else claim.select_from(source),
            include_defaults=False,
        )
        .on_conflict_do_nothing()
        .returning(_key.c.result_id)
        .cte("claimed")
    )
    said = {name: bindparam(name, type_=_type(_event, name)) for name in SAID}
    event = select(claimed.c.result_id, *said.values(), *person.values())
    recorded = (
        insert(_event)
        .from_select(
            ["id", *said, *person],
            event.select_from(claimed if source is None else claimed.join(source, true())),
            include_defaults=False,
        )
        .returning(*_event.c)
        .cte("recorded")
    )
    queued = (
        insert(_outbox)
        .from_select(
            ["topic", "subject_id"],
            select(bindparam("topic", FEED_TOPIC, type_=Text), recorded.c.id),
            include_defaults=False,
        )
        .cte("queued")
    )
    return Appended(recorded, queued)


@cache
def record_at_once(reach: Reach) -> Appended:
    """Look up the person, check the pact, and append, in one statement: nothing is written unless all of it is.

    It binds `BINDS` and the reach's values. No row comes of it where the key was used, or the command is to be refused.
    """
    found = person_in_reach(reach)
    columns = person_columns()
    belongs = pact_of(columns["beneficiary_id"], columns["household_id"]).exists()
    pact_id = bindparam("pact_id", type_=_event.c.pact_id.type)
    person = found.where(or_(pact_id.is_(None), belongs)).cte("person")
    return append({name: person.c[name] for name in columns}, person)


def _type(table: FromClause, name: str) -> Any:
    """The type a value of this column is bound as: a word as the text it is, since the command has checked it."""
    kind = table.c[name].type
    return Text() if getattr(kind, "enums", None) else LargeBinary() if name == "input_hash" else kind
