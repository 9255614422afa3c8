# SPDX-License-Identifier: EUPL-1.2
"""What is stuck: facts of the caller's people that have not arrived at a system that must hear of them, oldest first."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLField
from sqlalchemy import ColumnElement, FromClause, Integer, Interval, Select, func, literal_column, select

from hub.access.rows import listed
from hub.errors import InvalidInput
from hub.plan.arguments import Reader, Variables, arguments_of
from hub.plan.builder import Builder
from hub.plan.catalogue import node_type_name
from hub.plan.json_text import joined
from hub.plan.pages import TableRows, connection
from hub.plan.selection import Selected

MOST_HOURS = 87_600
"""Ten years."""
_OPEN: tuple[ColumnElement[Any], ...] = tuple(
    literal_column(f"'{state}'") for state in ("WAITING", "REFUSED", "EXHAUSTED")
)


def stuck_pages(builder: Builder, field: Selected, definition: GraphQLField, argument: str) -> Select[Any]:
    """The statement of `Query.stuck`.

    Raises:
        InvalidInput: when values are bound, the hours are no number of hours.

    """
    given = arguments_of(definition.args, field.nodes[0], builder.document.variables).get(argument)
    target = builder.catalogue.stored(node_type_name(definition))
    hours = None if given is None else builder.bind(_hours(argument, given.read), Integer())

    def belongs(row: FromClause) -> list[ColumnElement[bool]]:
        # NOTE the words as in the indexes' own conditions: with others PostgreSQL would not see that it may use them.
        conditions = [row.c.state.in_(_OPEN), listed(row, target.table.name, builder.scope)]
        if hours is not None:
            none = literal_column("0", Integer)  # of years, months, weeks and days
            age = func.make_interval(none, none, none, none, hours, type_=Interval)
            conditions.append(row.c.waiting_since <= func.now() - age)
        return conditions

    return select(joined(connection(builder, field, definition, target, TableRows(builder, target, belongs))))


def _hours(argument: str, read: Reader) -> Reader:
    def checked(variables: Variables) -> int:
        hours: int = read(variables)
        if not 0 <= hours <= MOST_HOURS:
            raise InvalidInput(f"`{argument}` is {hours}; it is a number of hours, at most {MOST_HOURS}.")
        return hours

    return checked
