# SPDX-License-Identifier: EUPL-1.2
"""From a selection over stored types to SQL that writes its JSON: objects, to-one, to-many, columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

from graphql import FieldNode, GraphQLObjectType, SelectionSetNode
from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.types import TypeEngine

from hub.access.caller import Scope
from hub.access.rows import counted, read_as, visible
from hub.access.subjects import is_personal, subject_of
from hub.plan.arguments import Reader
from hub.plan.catalogue import Catalogue
from hub.plan.json_text import Piece, array_of, constant, external_id, joined, listed, members, value_of
from hub.plan.limits import MOST_OBJECTS, PageLimits, PlanTooLarge
from hub.plan.link import Link
from hub.plan.plan import Bind
from hub.plan.positions import (
    AskedOf,
    ByPages,
    ColumnOf,
    ComputedBy,
    GatheredType,
    Key,
    PartOf,
    Position,
    StoredType,
    ToldApartType,
    ToMany,
    ToOne,
)
from hub.plan.selection import Document, Selected, below, selected
from hub.plan.subjects import marked

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
        self.carried: dict[FromClause, str] = {}
        """Rows that have the columns of another table beside their own: the one row of it that they lead to."""
        self.is_personal = False
        """Whether a table about people is read, if only to count its rows."""
        self._aliases = 0
        self._live = 0
        self._objects = 0

    @property
    def has_live(self) -> bool:
        """Whether a federated field was met."""
        return self._live > 0

    @contextmanager
    def noting(self, nodes: Sequence[FieldNode]) -> Iterator[None]:
        """If a federated field is met inside, what `nodes` ask for is walked.

        Counted, not looked up among the walked: a fragment's fields are the same nodes wherever it is spread.
        """
        before = self._live
        yield
        if self._live > before:
            self.walked.update(id(node) for node in nodes)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """What is written inside ranges over the rows this scope may count, which may be more than it sees."""
        scope, self.scope = self.scope, counted(self.scope)
        try:
            yield
        finally:
            self.scope = scope

    def bind(
        self, read: Reader, kind: TypeEngine[Any], convert: Callable[[Any], Any] | None = None
    ) -> ColumnElement[Any]:
        """A parameter whose value is read from the variables at each run."""
        name = f"p{len(self.binds)}"
        found = self.binds[name] = read if convert is None else lambda variables: convert(read(variables))
        if isinstance(kind, Date):
            # NOTE as text: asyncpg takes the last day of the year 9999, which registries write for "no end", for infinity.
            self.binds[name] = lambda variables: str(found(variables))
            return cast(bindparam(name, type_=Text()), kind)
        return bindparam(name, type_=kind)

    def alias(self, stored: StoredType | ToldApartType) -> FromClause:
        """The type's table under a name of its own, as the caller reads it."""
        self.is_personal = self.is_personal or is_personal(stored.table.name)
        return read_as(stored.table, self.unique(stored.table.name), self.scope)

    def unique(self, name: str) -> str:
        """A name nothing else in the statement has.

        NOTE two underscores: SQLAlchemy names what has no name by one and a number, each kind from one on, in every statement. A row
        of a predicate so named would hide the row it is compared with, and be compared with itself.
        """
        self._aliases += 1
        return f"{name}__{self._aliases}"

    def object(
        self,
        position: Position,
        row: FromClause,
        selections: Sequence[SelectionSetNode | None],
        *,
        reached_from: str | None = None,
        typed: bool = False,
    ) -> list[Piece]:
        """The JSON of one row, with what is asked of it, marked with whom it is about.

        `reached_from`: the table of the row that leads to it. `typed`: say its type, hidden, where it is walked.
        """
        match position:
            case StoredType():
                pieces = self._stored(position, row, selections, typed=typed)
                return self.mark(position.table.name, row, pieces, reached_from)
            case ToldApartType():
                pieces = self._told_apart(position, row, selections)
                return self.mark(position.table.name, row, pieces, reached_from)
            case GatheredType():
                return self.chosen(
                    row.c["type"],
                    {member.name: (member, row.c["id"]) for member in position.members},
                    selections,
                )

    def mark(
        self, table: str, row: FromClause, pieces: list[Piece], reached_from: str | None = None
    ) -> list[Piece]:
        """The pieces of an object that stands for `row`, with the mark of whom it is about, if that is somebody new."""
        self.is_personal = self.is_personal or is_personal(table)
        return marked(subject_of(row, table, reached_from), pieces)

    def chosen(
        self,
        type_name: ColumnElement[Any],
        members: Mapping[str, tuple[StoredType, ColumnElement[Any]]],
        selections: Sequence[SelectionSetNode | None],
    ) -> list[Piece]:
        """The JSON of the row that a type's name and a key name: each member is looked up in its own table, as far as it is seen."""
        arms: list[tuple[ColumnElement[bool], ColumnElement[str]]] = []
        for name, (stored, key) in members.items():
            other = self.alias(stored)
            found = (
                select(joined(self.object(stored, other, selections, typed=True)))
                .select_from(other)
                .where(other.c["id"] == key, visible(other, stored.table.name, self.scope))
            )
            arms.append((type_name == constant(name), found.correlate_except(other).scalar_subquery()))
        return [case(*arms)]

    def _stored(
        self,
        stored: StoredType,
        row: FromClause,
        selections: Sequence[SelectionSetNode | None],
        *,
        typed: bool,
    ) -> list[Piece]:
        live, hidden = self._live, dict[str, Sequence[Piece]]()
        name = [f'"{stored.name}"']
        pairs = self._pairs(stored, row, self._asked(stored, selections), name, hidden)
        if typed and self._live > live:
            hidden[TYPE] = name
        return members([*pairs, *hidden.items()])

    def _told_apart(
        self, position: ToldApartType, row: FromClause, selections: Sequence[SelectionSetNode | None]
    ) -> list[Piece]:
        """What every type is asked for alike, from the start on, is written once; the rest by type, alike types together."""
        live, hidden = self._live, dict[str, Sequence[Piece]]()
        column = row.c[position.column]
        names = ((column == constant(word), constant(one.name)) for word, one in position.members.items())
        name: list[Piece] = ['"', case(*names), '"']
        asked = {word: self._asked(one, selections) for word, one in position.members.items()}
        marks = {word: [_mark(one, field) for field in asked[word]] for word, one in position.members.items()}
        alike = sum(1 for _ in takewhile(lambda at: len(set(at)) == 1, zip(*marks.values(), strict=False)))
        word, some = next(iter(position.members.items()))
        shared = self._pairs(some, row, asked[word][:alike], name, hidden)
        by_rest: dict[tuple[object, ...], list[str]] = {}
        for word in position.members:
            by_rest.setdefault(tuple(marks[word][alike:]), []).append(word)
        rests = [
            (words, self._pairs(position.members[words[0]], row, asked[words[0]][alike:], name, hidden))
            for words in by_rest.values()
        ]
        if self._live > live:
            hidden[TYPE] = name
        before = listed([*hidden.items(), *shared])
        arms = [
            (
                column.in_([constant(word) for word in words]),
                joined(["," if before else "", *listed(pairs)]),
            )
            for words, pairs in rests
            if pairs
        ]
        # A type that has nothing more is in no arm: `concat` takes the NULL as nothing.
        return ["{", *before, *([case(*arms)] if arms else []), "}"]

    def _asked(self, stored: StoredType, selections: Sequence[SelectionSetNode | None]) -> list[Selected]:
        kind = self.catalogue.schema.type_map[stored.name]
        assert isinstance(kind, GraphQLObjectType)
        return selected(self.document, kind, selections)

    def _pairs(
        self,
        stored: StoredType,
        row: FromClause,
        fields: Sequence[Selected],
        name: Sequence[Piece],
        hidden: dict[str, Sequence[Piece]],
    ) -> list[tuple[str, Sequence[Piece]]]:
        """Response key and value of each field; `name`: the type's. What federated fields read is added to `hidden`."""
        # NOTE an interface's selection is written once per type, and so at each level below: what a document may weigh does
        # not bound what it becomes here.
        self._objects += 1
        if self._objects > MOST_OBJECTS:
            raise PlanTooLarge(limit=MOST_OBJECTS)
        pairs: list[tuple[str, Sequence[Piece]]] = []
        for field in fields:
            if field.name == "__typename":
                pairs.append((field.key, name))
                continue
            source = stored.fields[field.name]
            if isinstance(source, AskedOf):
                self.is_personal = self.is_personal or source.is_personal
                # Its place is kept, so that the keys stand in the order they were asked for.
                pairs.append((field.key, ["null"]))
                for column in source.needs:
                    hidden[HIDDEN + column] = value_of(row.c[column], nullable=bool(row.c[column].nullable))
                for read, computed in source.reads:
                    hidden[HIDDEN + read] = value_of(computed.expression(row), nullable=computed.nullable)
                with self.noting(field.nodes):
                    self._live += 1
                continue
            with self.noting(field.nodes):
                pairs.append((field.key, self._value(stored, row, field)))
        return pairs

    def to_rows(
        self, link: Link, row: FromClause, position: Position, target: FromClause, table: str
    ) -> ColumnElement[bool]:
        """`target`, an alias of what `position` stands on, is what `row` links to, as far as the caller may see it."""
        return and_(
            *(target.c[there] == row.c[here] for here, there in zip(link.here, link.there, strict=True)),
            own_rows(position, target),
            self._seen(position, target),
            visible(target, link.target, self.scope, reached_from=table),
        )

    def _seen(self, position: Position, row: FromClause) -> ColumnElement[bool]:
        """The condition under which `row`, where several types share its table, is of one whose rows the caller sees."""
        if not isinstance(position, ToldApartType):
            return true()
        unseen = [constant(word) for word, one in position.members.items() if one.name in self.scope.unseen]
        return row.c[position.column].not_in(unseen) if unseen else true()

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
            case PartOf(part, present):
                return self._part(part, present, row, field)
            case ToOne(link, name, nullable):
                return self._to_one(stored, row, field, link, name, nullable=nullable)
            case ToMany(link, name, order):
                return self._to_many(stored, row, field, link, name, order)
            case ByPages(link, name):
                from hub.plan.pages import related_pages

                return related_pages(self, stored, row, field, link, name)
            case _:
                raise AssertionError(f"{stored.name}.{field.name} is not stored")

    def _part(
        self, part: StoredType, present: tuple[str, ...], row: FromClause, field: Selected
    ) -> Sequence[Piece]:
        # No mark: it is about whom the row is about.
        pieces = self._stored(part, row, below(field), typed=False)
        is_there = and_(*(row.c[column].is_not(None) for column in present))
        return [case((is_there, joined(pieces)), else_=constant("null"))]

    def target(self, name: str) -> StoredType | ToldApartType:
        """The type of this name, where a relationship leads to it."""
        target = self.catalogue.position(name)
        assert not isinstance(target, GatheredType), name
        return target

    def _to_one(
        self, stored: StoredType, row: FromClause, field: Selected, link: Link, name: str, *, nullable: bool
    ) -> Sequence[Piece]:
        target = self.target(name)
        # What a row carries is another table's: from an event to another event there is a way to go.
        if self.carried.get(row) == link.target != stored.table.name:
            return self.object(target, row, below(field), reached_from=stored.table.name)
        other = self.alias(target)
        pieces = self.object(target, other, below(field), reached_from=stored.table.name)
        found = (
            select(joined(pieces))
            .select_from(other)
            .where(self.to_rows(link, row, target, other, stored.table.name))
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
        name: str,
        order: tuple[tuple[str, bool], ...],
    ) -> Sequence[Piece]:
        target = self.target(name)
        other = self.alias(target)
        item = joined(self.object(target, other, below(field), reached_from=stored.table.name))
        ordering = [other.c[name].desc() if descending else other.c[name].asc() for name, descending in order]
        items = func.string_agg(
            item, aggregate_order_by(literal_column("','"), *ordering) if ordering else literal_column("','")
        )
        found = (
            select(joined(array_of(items)))
            .select_from(other)
            .where(self.to_rows(link, row, target, other, stored.table.name))
            .correlate(row)
            .scalar_subquery()
        )
        return [found]


def own_rows(position: Position, row: FromClause) -> ColumnElement[bool]:
    """The condition under which `row`, of the table that `position` stands on, is of its type."""
    when = position.when if isinstance(position, StoredType) else None
    return true() if when is None else row.c[when[0]] == constant(when[1])


def _mark(stored: StoredType, field: Selected) -> tuple[object, ...]:
    """What makes a field of two types the same: its key, what it stands on, and what is asked of it."""
    return field.key, stored.fields.get(field.name), tuple(id(node) for node in field.nodes)
