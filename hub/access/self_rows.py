# SPDX-License-Identifier: EUPL-1.2
"""Which rows a citizen sees: itself, its household and the people in it; of what is recorded about a person, its own alone.

    beneficiary visible  ⇔  of the citizen's household
    household visible    ⇔  the citizen's
    pact visible         ⇔  the citizen's own, or the household's inclusion pact
    event, delivery, activity, convocation, PUC assignment visible  ⇔  the citizen's own

Two values say who the citizen is; both are NULL for one the hub does not know, and nothing equals NULL. The other members are
shown as the family's application names them (docs/adr/0020): what their row says beside that is hidden by `HIDDEN`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Table,
    and_,
    bindparam,
    case,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import UUID

from hub.access.caller import Caller
from hub.store.base import table_of
from hub.store.tables import ConditionalityEvent as Event

PERSON, HOUSEHOLD = "caller_person", "caller_household"


def myself() -> BindParameter[Any]:
    """The citizen's key among the people; NULL for one the hub does not know."""
    return bindparam(PERSON, type_=UUID(as_uuid=True))


def _household() -> BindParameter[Any]:
    return bindparam(HOUSEHOLD, type_=UUID(as_uuid=True))


def _of_household(row: FromClause) -> ColumnElement[bool]:
    return row.c.household_id == _household()


def _of_person(row: FromClause) -> ColumnElement[bool]:
    return row.c.beneficiary_id == myself()


def _pact(row: FromClause) -> ColumnElement[bool]:
    # NOTE two arms by equality alone: each is an index's, whatever the planner makes of the OR.
    return or_(_of_person(row), and_(row.c.beneficiary_id.is_(None), _of_household(row)))


def _of_event(row: FromClause) -> ColumnElement[bool]:
    event = table_of(Event).alias()
    return select(1).where(event.c.id == row.c.event_id, _of_person(event)).exists()


SELF_RULES: Mapping[str, Callable[[FromClause], ColumnElement[bool]]] = {
    "beneficiary": _of_household,
    "household": lambda row: row.c.id == _household(),
    "pact": _pact,
    "conditionality_event": _of_person,
    "activity": _of_person,
    "convocation": _of_person,
    "puc_assignment": _of_person,
    "feed_entry": _of_event,
    "event_outcome": _of_event,
    "event_evidence": _of_event,
    "delivery": _of_person,
}

SELF_IMPLIED = frozenset(
    {
        ("beneficiary", "household"),
        ("activity", "beneficiary"),
        ("convocation", "beneficiary"),
        ("puc_assignment", "beneficiary"),
        ("household", "benefit"),
        ("pact", "household"),
        ("pact", "beneficiary"),
        ("pact", "pact_goal"),
        ("conditionality_event", "feed_entry"),
        ("feed_entry", "conditionality_event"),
        ("feed_entry", "feed_proposal"),
        ("conditionality_event", "event_outcome"),
        ("event_outcome", "conditionality_event"),
        ("conditionality_event", "event_evidence"),
        ("conditionality_event", "delivery"),
        ("delivery", "conditionality_event"),
        ("delivery", "delivery_attempt"),
        ("activity", "delivery"),
    }
)
"""(from, to), as `hub.access.rows.IMPLIED`. A member is not its pacts, activities, convocations or events: those are asked for."""

HIDDEN: Mapping[str, Mapping[str, str]] = {
    "beneficiary": {"next_convocation_at": "'infinity'::timestamptz", "employment_centre_id": "NULL::uuid"}
}
"""Columns of a table that a citizen reads in its own row only, and what stands there in the other members'."""


def read_as_citizen(table: Table, name: str) -> FromClause:
    """`table` under a name, with what is hidden of other people hidden: from fields, filters, orders and cursors alike."""
    hidden = HIDDEN.get(table.name)
    if hidden is None:
        return table.alias(name)
    return select(
        *(
            case(
                (table.c.id == myself(), column), else_=literal_column(hidden[column.name], column.type)
            ).label(column.name)
            if column.name in hidden
            else column
            for column in table.c
        )
    ).subquery(name)


def self_values(caller: Caller) -> dict[str, Any]:
    """The values the predicates bind for this citizen."""
    return {PERSON: caller.person_id, HOUSEHOLD: caller.household_id}
