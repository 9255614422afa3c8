# SPDX-License-Identifier: EUPL-1.2
"""A part of the feed from a position on: which entries are its reader's and meet the filter, and how far one look reaches.

To whoever may read all of it the feed is dense, and a look ends where it has enough. Where entries are passed over, because they are
another's or are filtered out, a look examines at most `EXAMINED` positions and ends there, with what it found: so that what a page
costs is bounded, whatever is asked for.
"""

from __future__ import annotations

from typing import Any

from graphql import GraphQLField, GraphQLObjectType, get_named_type
from sqlalchemy import BigInteger, ColumnElement, FromClause, case, func, literal_column, or_, select

from hub.access.feeds import in_own_feed
from hub.plan.arguments import Argument, Reader, Variables, arguments_of
from hub.plan.builder import Builder
from hub.plan.cursor import InvalidCursor
from hub.plan.filters import conditions_of
from hub.plan.selection import Selected
from hub.store.vocabulary import GrantScope

EXAMINED = 20_000
"""Positions one look examines at most where not all of them are the reader's: some 10 ms of PostgreSQL's time."""
CURSOR = "$cursor"
"""The name under which the position a follower has reached stands among the variables; none of a client's begins so."""


class FeedPart:
    """What a root field of the feed asks for, as conditions on an entry's row."""

    def __init__(self, builder: Builder, field: Selected, definition: GraphQLField) -> None:
        """Read the arguments `after` and `filter`.

        Raises:
            InvalidInput: one of them cannot be planned.

        """
        self.arguments = arguments_of(definition.args, field.nodes[0], builder.document.variables)
        page_type = get_named_type(definition.type)
        assert isinstance(page_type, GraphQLObjectType)
        self.page_type = page_type
        self.target = builder.catalogue.stored(get_named_type(page_type.fields["entries"].type).name)
        self.start = builder.bind(_start_reader(self.arguments.get("after")), BigInteger())
        self.rows: FromClause = builder.alias(self.target)
        filters = conditions_of(builder, self.arguments.get("filter"), self.target)
        self.is_whole = builder.scope.kind is GrantScope.NATIONAL and not filters
        """Whether every entry is in it: then its places say whose events they are."""
        self.conditions = [
            self.rows.c.position > self.start,
            *in_own_feed(self.rows, builder.scope),
            *(make(self.rows) for make in filters),
        ]
        if not self.is_whole:
            self.conditions.append(self.rows.c.position <= self._bound())
        entries = builder.alias(self.target)
        self._last = select(func.coalesce(func.max(entries.c.position), 0)).scalar_subquery()

    def end(self, is_full: ColumnElement[bool], furthest: ColumnElement[int]) -> ColumnElement[int]:
        """The position a look ends at, given whether it found all it may and the last it found (NULL for none).

        The database refuses a start beyond the feed's end (`hub.plan.cursor.CursorAhead`).
        """
        start = func.feed_cursor(self.start, self._last, type_=BigInteger)
        if self.is_whole:
            return func.coalesce(furthest, start)
        reached = func.least(start + literal_column(str(EXAMINED)), self._last, type_=BigInteger)
        return case((is_full, func.coalesce(furthest, self.start)), else_=reached)

    def more(self, is_full: ColumnElement[bool]) -> ColumnElement[bool]:
        """Whether the feed goes on beyond that."""
        return is_full if self.is_whole else or_(is_full, self._bound() < self._last)

    def _bound(self) -> ColumnElement[int]:
        bound: ColumnElement[Any] = self.start + literal_column(str(EXAMINED))
        return bound


def _start_reader(after: Argument | None) -> Reader:
    def read(variables: Variables) -> int:
        if CURSOR in variables:
            return int(variables[CURSOR])
        return 0 if after is None else feed_position(after.read(variables))

    return read


def feed_position(cursor: str) -> int:
    """The position a feed cursor stands for: a decimal number, 0 for the start.

    Raises:
        InvalidCursor: it is no such number.

    """
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise InvalidCursor("A feed cursor is the position it stands at, as the hub gave it in `endCursor`.")
    return int(cursor)
