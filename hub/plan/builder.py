# SPDX-License-Identifier: EUPL-1.2
"""From a selection over stored types to SQL that writes its JSON: objects, to-one, to-many, columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from graphql import FieldNode, GraphQLObjectType, SelectionSetNode
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.types import TypeEngine

from hub.access.caller import Scope
from hub.access.rows import visible
from hub.plan.arguments import Reader
from hub.plan.catalogue import (
    AskedOf,
    ByPages,
    Catalogue,
    ColumnOf,
    ComputedBy,
    Key,
    StoredType,
    ToMany,
    ToOne,
)
from hub.plan.json_text import Piece, array_of, constant, external_id, joined, members, value_of
from hub.plan.limits import PageLimits
from hub.plan.link import Link
from hub.plan.plan import Bind
from hub.plan.selection import Document, Selected, below, selected

HIDDEN = "$"
"""Before the name of a column that is in the answer for a federated field to read; no GraphQL name starts so."""
TYPE = "$type"
"""The hidden member that says an object's type where the position's type is an interface."""


class Builder:
    """Builds one plan: collects what it binds and which nodes are walked while the SQL grows."""

    def __init__(self, catalogue: Catalogue, document: Document, scope: Scope, limits: PageLimits) -> None:
        self.catalogue = catalogue
        self.document = document
        self.scope = scope
        self.limits = limits
        self.binds: dict[str, Bind] = {}
        self.walked: set[int] = set()
        self.conditions = 0
        """Conditions of filters so far (`hub.plan.filter_extent`)."""
        self._aliases = 0
        self._live = 0

    @contextmanager
    def noting(self, nodes: Sequence[FieldNode]) -> Iterator[None]:
        """If a federated field is met inside, what `nodes` ask for is walked.

        Counted, not looked up among the walked: a fragment's fields are the same nodes wherever it is spread.
        """
        before = self._live
        yield
        if self._live > before:
            self.walked.update(id(node) for node in nodes)

    def bind(
        self, read: Reader, kind: TypeEngine[Any], convert: Callable[[Any], Any] | None = None
    ) -> BindParameter[Any]:
        """A parameter whose value is read from the variables at each run."""
        name = f"p{len(self.binds)}"
        self.binds[name] = read if convert is None else lambda variables: convert(read(variables))
        return bindparam(name, type_=kind)

    def alias(self, stored: StoredType) -> FromClause:
        """The type's table under a name of its own."""
        self._aliases += 1
        return stored.table.alias(f"{stored.table.name}_{self._aliases}")

    def object(
        self,
        stored: StoredType,
        row: FromClause,
        selections: Sequence[SelectionSetNode | None],
        *,
        typed: bool = False,
    ) -> list[Piece]:
        """The JSON of one row of `stored`, with what is asked of it. `typed`: say its type, hidden, where it is walked."""
        kind = self.catalogue.schema.type_map[stored.name]
        assert isinstance(kind, GraphQLObjectType)
        pairs: list[tuple[str, Sequence[Piece]]] = []
        hidden: dict[str, Sequence[Piece]] = {}
        for field in selected(self.document, kind, selections):
            if field.name == "__typename":
                pairs.append((field.key, [f'"{stored.name}"']))
                continue
            source = stored.fields[field.name]
            if isinstance(source, AskedOf):
                # Its place is kept, so that the keys stand in the order they were asked for.
                pairs.append((field.key, ["null"]))
                for column in source.needs:
                    hidden[HIDDEN + column] = value_of(row.c[column], nullable=bool(row.c[column].nullable))
                with self.noting(field.nodes):
                    self._live += 1
                continue
            with self.noting(field.nodes):
                pairs.append((field.key, self._value(stored, row, field)))
        if typed and self._live:
            hidden[TYPE] = [f'"{stored.name}"']
        return members([*pairs, *hidden.items()])

    def to_rows(self, link: Link, row: FromClause, target: FromClause, table: str) -> ColumnElement[bool]:
        """`target` is what `row` links to, as far as the caller may see it."""
        return and_(
            *(target.c[there] == row.c[here] for here, there in zip(link.here, link.there, strict=True)),
            visible(target, link.target, self.scope, reached_from=table),
        )

    def _value(self, stored: StoredType, row: FromClause, field: Selected) -> Sequence[Piece]:
        source = stored.fields[field.name]
        match source:
            case Key():
                assert stored.prefix is not None
                return external_id(stored.prefix, row.c["id"])
            case ColumnOf(name, nullable):
                return value_of(row.c[name], nullable=nullable)
            case ComputedBy(declaration):
                return value_of(declaration.expression(row), nullable=declaration.nullable)
            case ToOne(link, nullable):
                return self._to_one(stored, row, field, link, nullable=nullable)
            case ToMany(link, order):
                return self._to_many(stored, row, field, link, order)
            case ByPages(link):
                from hub.plan.pages import related_pages

                return related_pages(self, stored, row, field, link)
            case _:
                raise AssertionError(f"{stored.name}.{field.name} is not stored")

    def _to_one(
        self, stored: StoredType, row: FromClause, field: Selected, link: Link, *, nullable: bool
    ) -> Sequence[Piece]:
        target = self.catalogue.standing_on(link.target)
        other = self.alias(target)
        pieces = self.object(target, other, below(field))
        found = (
            select(joined(pieces))
            .select_from(other)
            .where(self.to_rows(link, row, other, stored.table.name))
            .correlate(row)
            .scalar_subquery()
        )
        return [func.coalesce(found, constant("null"))] if nullable else [found]

    def _to_many(
        self,
        stored: StoredType,
        row: FromClause,
        field: Selected,
        link: Link,
        order: tuple[tuple[str, bool], ...],
    ) -> Sequence[Piece]:
        target = self.catalogue.standing_on(link.target)
        other = self.alias(target)
        item = joined(self.object(target, other, below(field)))
        ordering = [other.c[name].desc() if descending else other.c[name].asc() for name, descending in order]
        items = func.string_agg(
            item, aggregate_order_by(literal_column("','"), *ordering) if ordering else literal_column("','")
        )
        found = (
            select(joined(array_of(items)))
            .select_from(other)
            .where(self.to_rows(link, row, other, stored.table.name))
            .correlate(row)
            .scalar_subquery()
        )
        return [found]
