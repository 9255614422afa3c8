# SPDX-License-Identifier: EUPL-1.2
"""Pages of the feed: entries above a position, in their order. Its cursor is the position itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, get_named_type
from sqlalchemy import BigInteger, ColumnElement, Select, Text, cast, func, literal_column, select

from hub.access.rows import visible
from hub.access.subjects import WHOLE_FEED
from hub.plan.arguments import Argument, Reader, Variables, arguments_of
from hub.plan.builder import Builder
from hub.plan.cursor import InvalidCursor
from hub.plan.json_text import Piece, members
from hub.plan.order import TotalOrder
from hub.plan.page_items import PageItems
from hub.plan.pages import InvalidPage, size_reader
from hub.plan.selection import Selected, below, selected
from hub.plan.subjects import places
from hub.store.vocabulary import GrantScope

CURSOR = "$cursor"
"""The name under which the position a follower has reached stands among the variables; none of a client's begins so."""


@dataclass(frozen=True, slots=True)
class FollowedPage:
    """A page as a follower needs it: its JSON, the position it ends at, and what it says of itself."""

    json: bytes
    end: int
    has_entries: bool
    has_more: bool


def feed_pages(builder: Builder, field: Selected, definition: GraphQLField) -> Select[Any]:
    """The statement of `Query.conditionalityFeed`: entries whose position is above the cursor's."""
    page = _Page(builder, field, definition)
    return page.items.answer([*page.places(), *members(page.pairs)])


def followed_pages(builder: Builder, field: Selected, definition: GraphQLField) -> Select[Any]:
    """The statement of `Subscription.conditionalityFeed`: the same page, and before its JSON what `read_followed` reads."""
    page = _Page(builder, field, definition, least=1)
    count = page.items.aggregate(func.count())
    head: list[Piece] = [cast(page.end(), Text), " ", cast(count, Text), " ", *page.items.more(), " "]
    return page.items.answer([*page.places(), *head, *members(page.pairs)])


def read_followed(text: bytes) -> FollowedPage:
    """What the statement of a followed page answered."""
    end, count, more, json = text.split(b" ", 3)
    return FollowedPage(json, int(end), count != b"0", more == b"true")


class _Page:
    """A page of the feed: its items, and the members of its JSON."""

    def __init__(
        self, builder: Builder, field: Selected, definition: GraphQLField, *, least: int = 0
    ) -> None:
        arguments = arguments_of(definition.args, field.nodes[0], builder.document.variables)
        page_type = get_named_type(definition.type)
        assert isinstance(page_type, GraphQLObjectType)
        target = builder.catalogue.stored(get_named_type(page_type.fields["entries"].type).name)
        self._start = builder.bind(_start_reader(arguments.get("after")), BigInteger())
        size = builder.bind(_at_least(least, size_reader(arguments, builder.limits)), BigInteger())
        rows = builder.alias(target)
        self._entries = builder.alias(target)
        # An entry is its event's place: the event is read with it, once, whatever is asked of it.
        event = builder.alias(builder.catalogue.standing_on("conditionality_event"))
        order = TotalOrder(target.table.name, (("position", False),))
        page = (
            select(rows.c.position, *event.c)
            .select_from(rows.join(event, event.c.id == rows.c.event_id))
            .where(rows.c.position > self._start, visible(rows, target.table.name, builder.scope))
            .order_by(rows.c.position)
            .limit(size + literal_column("1"))
        )
        self._rows = page.subquery("feed_page")
        builder.carried[self._rows] = "conditionality_event"
        self.items = PageItems(self._rows, order, size, backward=False, looks_ahead=True)
        # To whoever may read all of it a page is whole: its places say whose events stand in it.
        self._is_whole = is_whole = builder.scope.kind is GrantScope.NATIONAL
        wanted = selected(builder.document, page_type, below(field))
        self._shows_entries = any(part.name == "entries" for part in wanted)
        self.pairs: list[tuple[str, Sequence[Piece]]] = []
        for part in wanted:
            match part.name:
                case "entries":
                    with builder.noting(part.nodes):
                        reached_from = WHOLE_FEED if is_whole else None
                        entry = builder.object(target, self._rows, below(part), reached_from=reached_from)
                        value = self.items.array(entry)
                case "endCursor":
                    value = ['"', self.end(), '"']
                case "hasMore":
                    value = self.items.more()
                case _:
                    value = [f'"{page_type.name}"']
            self.pairs.append((part.key, value))

    def end(self) -> ColumnElement[int]:
        """The position the page ends at: its last entry's, or where it began, if the feed goes as far."""
        position = self.items.column(self._rows.c.position)
        last = select(func.coalesce(func.max(self._entries.c.position), 0)).scalar_subquery()
        start = func.feed_cursor(self._start, last, type_=BigInteger)
        return func.coalesce(self.items.aggregate(func.max(position)), start)

    def places(self) -> list[Piece]:
        """How far the page reaches, for the access log; and its places, where they say whose events stand in it."""
        return places(self._start, self.end(), whole=self._is_whole) if self._shows_entries else []


def _start_reader(after: Argument | None) -> Reader:
    def read(variables: Variables) -> int:
        if CURSOR in variables:
            return int(variables[CURSOR])
        return 0 if after is None else feed_position(after.read(variables))

    return read


def _at_least(least: int, size: Reader) -> Reader:
    def read(variables: Variables) -> int:
        asked: int = size(variables)
        if asked < least:
            raise InvalidPage(f"`first` is {asked}; a page that is followed has at least {least}.")
        return asked

    return read if least else size


def feed_position(cursor: str) -> int:
    """The position a feed cursor stands for: a decimal number, 0 for the start.

    Raises:
        InvalidCursor: it is no such number.

    """
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise InvalidCursor("A feed cursor is the position it stands at, as the hub gave it in `endCursor`.")
    return int(cursor)
