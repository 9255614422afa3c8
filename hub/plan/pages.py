# SPDX-License-Identifier: EUPL-1.2
"""Relay connections by keyset: rows, then their JSON, then one aggregate."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from graphql import GraphQLField, GraphQLObjectType, get_named_type
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    func,
    literal_column,
    select,
)

from hub.access.rows import is_rounded, listed
from hub.access.subjects import subject_of
from hub.errors import InvalidInput
from hub.plan.arguments import Argument, Reader, Variables, arguments_of
from hub.plan.builder import Builder, own_rows
from hub.plan.catalogue import node_type_name
from hub.plan.cursor import cursor_expression, read_cursor
from hub.plan.filters import conditions_of
from hub.plan.json_text import Piece, joined, members
from hub.plan.limits import PageLimits
from hub.plan.link import Link
from hub.plan.order import TotalOrder, total_order
from hub.plan.page_items import PageItems
from hub.plan.positions import GatheredType, Position, StoredType, ToldApartType
from hub.plan.selection import Selected, below, selected
from hub.plan.subjects import marked


class InvalidPage(InvalidInput):
    """`first` and `last` are positive and only one of them is given."""

    code = "INVALID_PAGE"


def root_pages(
    builder: Builder,
    field: Selected,
    definition: GraphQLField,
    only: Callable[[FromClause], ColumnElement[bool]] | None = None,
) -> Select[Any]:
    """The statement of a root field that is a connection; `only`: which rows of one table it lists."""
    target = builder.catalogue.position(node_type_name(definition))
    if isinstance(target, GatheredType):
        from hub.plan.gathered import GatheredRows

        return select(joined(connection(builder, field, definition, target, GatheredRows(builder, target))))

    def belongs(row: FromClause) -> list[ColumnElement[bool]]:
        conditions = [own_rows(target, row), listed(row, target.table.name, builder.scope)]
        return conditions if only is None else [*conditions, only(row)]

    rows = TableRows(builder, target, belongs)
    return select(joined(connection(builder, field, definition, target, rows)))


def related_pages(
    builder: Builder, stored: StoredType, row: FromClause, field: Selected, link: Link, name: str
) -> Sequence[Piece]:
    """The JSON of a connection over the rows of type `name` that `row` links to."""
    kind = builder.catalogue.schema.type_map[stored.name]
    assert isinstance(kind, GraphQLObjectType)
    target = builder.target(name)
    table = stored.table.name
    rows = TableRows(
        builder, target, lambda other: [builder.to_rows(link, row, target, other, table)], row, table
    )
    return connection(builder, field, kind.fields[field.name], target, rows)


Belongs: TypeAlias = Callable[[FromClause], list[ColumnElement[bool]]]


@dataclass(frozen=True)
class Cut:
    """What one page is cut from its list by: filters, order, the cursors given, and how many rows are read."""

    filters: Belongs
    order: TotalOrder
    direction: TotalOrder
    """The order, or its reverse where the page is read from the list's end."""
    cursors: Sequence[tuple[Argument, TotalOrder]]
    """Each with the direction in which the rows beyond it lie."""
    limit: ColumnElement[int]


class Rows(Protocol):
    """Where the rows of a list come from."""

    parent: FromClause | None
    """The row whose list it is; None for a root field's."""
    reached_from: str | None
    """That row's table."""

    def order(self, asked: list[enum.Enum] | None) -> TotalOrder:
        """The order asked for, or the list's own."""

    def page(self, cut: Cut) -> Select[Any]:
        """The page's rows in the cut's direction, with the columns of its order."""

    def count(self, filters: Belongs) -> ColumnElement[int]:
        """How many rows the whole list has."""


class TableRows:
    """Rows of one table. `belongs`: what makes a row one of the list, and visible."""

    def __init__(
        self,
        builder: Builder,
        target: StoredType | ToldApartType,
        belongs: Belongs,
        parent: FromClause | None = None,
        reached_from: str | None = None,
    ) -> None:
        self._builder, self._target, self._belongs = builder, target, belongs
        self.parent, self.reached_from = parent, reached_from

    def order(self, asked: list[enum.Enum] | None) -> TotalOrder:
        """The order asked for, or the type's own."""
        return total_order(self._target, asked)

    def page(self, cut: Cut) -> Select[Any]:
        """Whole rows: what is asked of them is written from them."""
        rows = self._builder.alias(self._target)
        chosen = [*self._belongs(rows), *cut.filters(rows)]
        chosen += [
            direction.beyond(rows, cursor_values(self._builder, given, cut.order, rows))
            for given, direction in cut.cursors
        ]
        page = select(*rows.c).select_from(rows).where(*chosen)
        return page.order_by(*cut.direction.clauses(rows)).limit(cut.limit)

    def count(self, filters: Belongs) -> ColumnElement[int]:
        """How many rows the whole list has."""
        rows = self._builder.alias(self._target)
        count = select(func.count()).select_from(rows).where(*self._belongs(rows), *filters(rows))
        return (count if self.parent is None else count.correlate(self.parent)).scalar_subquery()


def connection(
    builder: Builder, field: Selected, definition: GraphQLField, target: Position, rows: Rows
) -> list[Piece]:
    """The JSON of a connection over `rows`, which are of `target`."""
    arguments = arguments_of(definition.args, field.nodes[0], builder.document.variables)
    made = conditions_of(builder, arguments.get("filter"), target)

    def filters(row: FromClause) -> list[ColumnElement[bool]]:
        return [make(row) for make in made]

    asked = arguments.get("orderBy")
    order = rows.order(None if asked is None else list(asked.example))
    backward = "last" in arguments
    size = builder.bind(size_reader(arguments, builder.limits), BigInteger())
    cursors = [
        (arguments[name], direction)
        for name, direction in (("after", order), ("before", order.reversed()))
        if name in arguments
    ]
    connection = builder.catalogue.schema.type_map[get_named_type(definition.type).name]
    assert isinstance(connection, GraphQLObjectType)
    wanted = selected(builder.document, connection, below(field))
    looks_ahead = _mentions(builder, wanted, "hasPreviousPage" if backward else "hasNextPage")
    direction = order.reversed() if backward else order
    limit = size + literal_column("1") if looks_ahead else size
    page = rows.page(Cut(filters, order, direction, cursors, limit))
    parent = rows.parent
    page_rows = (page if parent is None else page.correlate(parent)).subquery(builder.unique("page"))

    items = PageItems(page_rows, order, size, backward=backward, looks_ahead=looks_ahead)
    shown = any(part.name in ("nodes", "edges") for part in wanted)
    pairs: list[tuple[str, Sequence[Piece]]] = []
    for part in wanted:
        with builder.noting(part.nodes):
            match part.name:
                case "nodes":
                    item = builder.object(target, page_rows, below(part), reached_from=rows.reached_from)
                    value = items.array(item)
                case "edges":
                    value = items.array(
                        _edge(builder, connection, target, page_rows, part, order, rows.reached_from)
                    )
                case "pageInfo":
                    subject = None if shown else _subject(target, page_rows, rows.reached_from)
                    value = _page_info(builder, part, items, arguments, subject, backward=backward)
                case "totalCount":
                    value = [_count(builder, rows, filters, target)]
                case _:
                    value = [f'"{connection.name}"']
        pairs.append((part.key, value))
    answer = items.answer(members(pairs))
    return [answer.correlate(parent).scalar_subquery() if parent is not None else answer.scalar_subquery()]


def _count(builder: Builder, rows: Rows, filters: Belongs, target: Position) -> ColumnElement[int]:
    with builder.counting():
        count = rows.count(filters)
    tables = [one.table.name for one in (target.members if isinstance(target, GatheredType) else [target])]
    if not any(is_rounded(table, builder.scope) for table in tables):
        return count
    base = builder.limits.count_base
    half, whole = (literal_column(str(number), Integer) for number in (base // 2, base))
    # NOTE rounded here, inside the statement: no exact count of people leaves the database.
    return (count + half) // whole * whole


def _edge(
    builder: Builder,
    connection: GraphQLObjectType,
    target: Position,
    rows: FromClause,
    part: Selected,
    order: TotalOrder,
    reached_from: str | None,
) -> list[Piece]:
    edge = get_named_type(connection.fields["edges"].type)
    assert isinstance(edge, GraphQLObjectType)
    pairs: list[tuple[str, Sequence[Piece]]] = []
    asked = selected(builder.document, edge, below(part))
    for member in asked:
        if member.name == "node":
            with builder.noting(member.nodes):
                node = builder.object(target, rows, below(member), reached_from=reached_from)
                pairs.append((member.key, node))
        elif member.name == "cursor":
            pairs.append((member.key, ['"', cursor_expression(order.mark, order.keys(rows)), '"']))
        else:
            pairs.append((member.key, [f'"{edge.name}"']))
    # A cursor holds what its row is ordered by, a name perhaps: without its node, too, it is about somebody.
    shown = any(member.name == "node" for member in asked)
    return members(pairs) if shown else marked(_subject(target, rows, reached_from), members(pairs))


def _subject(target: Position, rows: FromClause, reached_from: str | None) -> ColumnElement[Any] | None:
    """Whom a row of a list is about, if that is somebody new."""
    return None if isinstance(target, GatheredType) else subject_of(rows, target.table.name, reached_from)


def _page_info(
    builder: Builder,
    part: Selected,
    items: PageItems,
    arguments: Mapping[str, Argument],
    subject: ColumnElement[Any] | None,
    *,
    backward: bool,
) -> list[Piece]:
    """`subject`: whom a row is about, where nothing but a cursor shows it."""
    kind = builder.catalogue.schema.type_map["PageInfo"]
    assert isinstance(kind, GraphQLObjectType)
    pairs: list[tuple[str, Sequence[Piece]]] = []
    for member in selected(builder.document, kind, below(part)):
        match member.name:
            case "hasNextPage":
                value = ["true" if "before" in arguments else "false"] if backward else items.more()
            case "hasPreviousPage":
                value = items.more() if backward else ["true" if "after" in arguments else "false"]
            case "startCursor":
                value = items.edge_cursor(subject, last=False)
            case "endCursor":
                value = items.edge_cursor(subject, last=True)
            case _:
                value = ['"PageInfo"']
        pairs.append((member.key, value))
    return members(pairs)


def _mentions(builder: Builder, wanted: list[Selected], name: str) -> bool:
    kind = builder.catalogue.schema.type_map["PageInfo"]
    assert isinstance(kind, GraphQLObjectType)
    return any(
        member.name == name
        for part in wanted
        if part.name == "pageInfo"
        for member in selected(builder.document, kind, below(part))
    )


def size_reader(arguments: Mapping[str, Argument], limits: PageLimits) -> Reader:
    """Where a page's size comes from at each run; checked when it is read.

    Raises:
        InvalidPage: both `first` and `last` are given.

    """
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise InvalidPage("Give `first` or `last`, not both.")
    asked = first or last
    if asked is None:
        return lambda _variables: limits.default
    name = "first" if first is not None else "last"

    def read(variables: Variables) -> int:
        return page_size(name, asked.read(variables), limits)

    return read


def page_size(name: str, asked: int, limits: PageLimits) -> int:
    """The rows asked for, checked.

    Raises:
        InvalidPage: negative, or above the limit.

    """
    if asked < 0:
        raise InvalidPage(f"`{name}` is {asked}; it must not be negative.")
    if asked > limits.most:
        raise InvalidPage(
            f"`{name}` is {asked}; a page holds at most {limits.most}. Ask for less and follow the cursor."
        )
    return asked


def cursor_values(
    builder: Builder, given: Argument, order: TotalOrder, row: FromClause
) -> list[ColumnElement[Any]]:
    """The values of a cursor that is given, each a parameter."""
    types, mark = order.types(row), order.mark

    def part(index: int) -> Reader:
        return lambda variables: read_cursor(given.read(variables), mark, types)[index]

    return [builder.bind(part(index), column.type) for index, column in enumerate(order.keys(row))]
