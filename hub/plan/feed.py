# SPDX-License-Identifier: EUPL-1.2
"""Pages of the feed: entries above a position, in their order. Its cursor is the position itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField
from sqlalchemy import BigInteger, ColumnElement, Select, Text, cast, func, literal_column, select

from hub.access.subjects import WHOLE_FEED
from hub.plan.arguments import Reader, Variables
from hub.plan.builder import Builder
from hub.plan.feed_part import CURSOR, FeedPart, feed_position
from hub.plan.json_text import Piece, members
from hub.plan.order import TotalOrder
from hub.plan.page_items import PageItems
from hub.plan.pages import InvalidPage, size_reader
from hub.plan.selection import Selected, below, selected
from hub.plan.subjects import places

__all__ = ["CURSOR", "FollowedPage", "feed_pages", "feed_position", "followed_pages", "read_followed"]


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
    head: list[Piece] = [cast(page.end(), Text), " ", cast(count, Text), " ", *page.more(), " "]
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
        self._part = part = FeedPart(builder, field, definition)
        size = builder.bind(_at_least(least, size_reader(part.arguments, builder.limits)), BigInteger())
        # An entry is its event's place: the event is read with it, once, whatever is asked of it.
        event = builder.alias(builder.catalogue.standing_on("conditionality_event"))
        order = TotalOrder(part.target.table.name, (("position", False),))
        page = (
            select(
                *(part.rows.c[name] for name in ("position", "measure")),
                *(column for column in event.c if column.name != "measure"),
            )
            .select_from(part.rows.join(event, event.c.id == part.rows.c.event_id))
            .where(*part.conditions)
            .order_by(part.rows.c.position)
            .limit(size + literal_column("1"))
        )
        self._rows = page.subquery("feed_page")
        builder.carried[self._rows] = "conditionality_event"
        self._is_full = func.count() > size
        self.items = PageItems(self._rows, order, size, backward=False, looks_ahead=True)
        wanted = selected(builder.document, part.page_type, below(field))
        self._shows_entries = any(one.name == "entries" for one in wanted)
        self.pairs: list[tuple[str, Sequence[Piece]]] = []
        for one in wanted:
            match one.name:
                case "entries":
                    with builder.noting(one.nodes):
                        reached_from = WHOLE_FEED if part.is_whole else None
                        entry = builder.object(part.target, self._rows, below(one), reached_from=reached_from)
                        value = self.items.array(entry)
                case "endCursor":
                    value = ['"', self.end(), '"']
                case "hasMore":
                    value = self.more()
                case _:
                    value = [f'"{part.page_type.name}"']
            self.pairs.append((one.key, value))

    def end(self) -> ColumnElement[int]:
        """The position the page ends at."""
        position = self.items.column(self._rows.c.position)
        return self._part.end(self._is_full, self.items.aggregate(func.max(position)))

    def more(self) -> list[Piece]:
        """Whether the feed goes on beyond the page."""
        self.items.aggregate(func.count())
        return [cast(self._part.more(self._is_full), Text)]

    def places(self) -> list[Piece]:
        """How far the page reaches, for the access log; and its places, where they say whose events stand in it."""
        if not self._shows_entries:
            return []
        return places(self._part.start, self.end(), whole=self._part.is_whole)


def _at_least(least: int, size: Reader) -> Reader:
    def read(variables: Variables) -> int:
        asked: int = size(variables)
        if asked < least:
            raise InvalidPage(f"`first` is {asked}; a page that is followed has at least {least}.")
        return asked

    return read if least else size
