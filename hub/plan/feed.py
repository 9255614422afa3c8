# SPDX-License-Identifier: EUPL-1.2
"""Pages of the feed: entries above a position, in their order. Its cursor is the position itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, get_named_type
from sqlalchemy import BigInteger, Select, func, literal_column, select

from hub.access.rows import visible
from hub.plan.arguments import arguments_of
from hub.plan.builder import Builder
from hub.plan.cursor import InvalidCursor
from hub.plan.json_text import Piece, members
from hub.plan.order import TotalOrder
from hub.plan.pages import PageItems, size_reader
from hub.plan.selection import Selected, below, selected


def feed_pages(builder: Builder, field: Selected, definition: GraphQLField) -> Select[Any]:
    """The statement of `conditionalityFeed`: entries whose position is above the cursor's."""
    arguments = arguments_of(definition.args, field.nodes[0], builder.document.variables)
    page_type = get_named_type(definition.type)
    assert isinstance(page_type, GraphQLObjectType)
    target = builder.catalogue.stored(get_named_type(page_type.fields["entries"].type).name)
    after = arguments.get("after")
    start = builder.bind(
        (lambda _v: 0) if after is None else (lambda v: feed_position(after.read(v))), BigInteger()
    )
    size = builder.bind(size_reader(arguments, builder.limits), BigInteger())
    rows = builder.alias(target)
    order = TotalOrder(target.table.name, (("position", False),))
    page = (
        select(*rows.c)
        .select_from(rows)
        .where(rows.c.position > start, visible(rows, target.table.name, builder.scope))
        .order_by(rows.c.position)
        .limit(size + literal_column("1"))
    )
    page_rows = page.subquery("feed_page")
    items = PageItems(page_rows, order, order, size, backward=False)
    pairs: list[tuple[str, Sequence[Piece]]] = []
    for part in selected(builder.document, page_type, below(field)):
        match part.name:
            case "entries":
                with builder.noting(part.nodes):
                    value = items.array(builder.object(target, page_rows, below(part)))
            case "endCursor":
                position = items.column(page_rows.c.position)
                value = ['"', func.coalesce(items.aggregate(func.max(position)), start), '"']
            case "hasMore":
                value = items.more()
            case _:
                value = [f'"{page_type.name}"']
        pairs.append((part.key, value))
    return items.answer(members(pairs))


def feed_position(cursor: str) -> int:
    """The position a feed cursor stands for: a decimal number, 0 for the start.

    Raises:
        InvalidCursor: it is no such number.

    """
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise InvalidCursor("A feed cursor is the position it stands at, as the hub gave it in `endCursor`.")
    return int(cursor)
