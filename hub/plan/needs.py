# SPDX-License-Identifier: EUPL-1.2
"""Which fields an operation needs to be permitted: those it selects, and those its filters, orders and cursors tell of.

    a selected field      itself, by the type it is selected on
    a filter's member     the fields it compares: to ask who has a value is to learn who has it
    an order              the fields it goes by; a cursor holds their values, so that a list's own order counts as soon as
                          anything but `totalCount` is selected of it

Fragments are opened where they are spread: one on an interface asks, within an object, for that object's fields alone. Spread again
at a like place, one needs nothing more.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)

from hub.plan.arguments import Argument, arguments_of
from hub.plan.catalogue import Catalogue, filtered_type, node_type_name
from hub.plan.declare import Combination, Composed, Condition, ordered_by
from hub.plan.filter_types import RelatedBy
from hub.plan.positions import GatheredType
from hub.plan.selection import Document, included

COUNT = "totalCount"
"""The one field of a connection that tells nothing of its rows."""


@dataclass(frozen=True, slots=True)
class Use:
    """A place that needs a field."""

    coordinate: str
    path: tuple[str, ...]
    """Response keys."""
    node: FieldNode


@dataclass(frozen=True, slots=True)
class _Place:
    """A selection's: the type it is on, its response keys, and the fields that the list it is a page of goes by."""

    kind: GraphQLNamedType
    path: tuple[str, ...] = ()
    order: tuple[str, ...] = ()


_Opened: TypeAlias = "tuple[str, str, tuple[str, ...]]"
"""A fragment that was opened: its name, the type it was opened on, and the order of the list that was around it."""


@dataclass
class Needs:
    """Reads the selections of one document, for one shape of its variables."""

    catalogue: Catalogue
    document: Document
    omitted: list[Use] = field(default_factory=list)
    """What `permitted_part` left out."""

    def uses(self, kind: GraphQLNamedType, selection: SelectionSetNode) -> Iterator[Use]:
        """Every place of a selection on `kind` that needs a field.

        Raises:
            InvalidInput: an argument cannot be read.

        """
        return self._uses(_Place(kind), selection, set())

    def permitted_part(
        self, kind: GraphQLNamedType, selection: SelectionSetNode, refused: Container[str]
    ) -> SelectionSetNode | None:
        """The selection without what needs a refused field, and without objects of which nothing is left; None: all of it.

        Fragments are written where they were spread, so that what one place may not ask is left out of that place alone.
        """
        return self._part(_Place(kind), selection, refused)

    def _uses(self, place: _Place, selection: SelectionSetNode, opened: set[_Opened]) -> Iterator[Use]:
        for node, inner in self._opened(place, selection):
            if not isinstance(node, FieldNode):
                assert inner is not None
                if isinstance(node, FragmentSpreadNode):
                    here = (node.name.value, inner[0].kind.name, place.order)
                    if here in opened:
                        continue
                    opened.add(here)
                yield from self._uses(inner[0], inner[1], opened)
                continue
            if node.name.value.startswith("__"):
                continue
            path = _path(place, node)
            for coordinate in self._needed(place, node):
                yield Use(coordinate, path, node)
            if node.selection_set is not None:
                yield from self._uses(self._below(place, node), node.selection_set, opened)

    def _part(
        self, place: _Place, selection: SelectionSetNode, refused: Container[str]
    ) -> SelectionSetNode | None:
        kept: list[FieldNode | InlineFragmentNode] = []
        for node, inner in self._opened(place, selection):
            if not isinstance(node, FieldNode):
                assert inner is not None
                part = self._part(inner[0], inner[1], refused)
                if part is not None:
                    kept.append(
                        InlineFragmentNode(
                            type_condition=inner[2], directives=node.directives, selection_set=part
                        )
                    )
                continue
            left_out = (
                []
                if node.name.value.startswith("__")
                else [one for one in self._needed(place, node) if one in refused]
            )
            if left_out:
                self.omitted += [Use(one, _path(place, node), node) for one in left_out]
            elif node.selection_set is None or node.name.value.startswith("__"):
                kept.append(node)
            else:
                part = self._part(self._below(place, node), node.selection_set, refused)
                if part is not None:
                    kept.append(replace(node, selection_set=part))
        return replace(selection, selections=tuple(kept)) if kept else None

    def _opened(
        self, place: _Place, selection: SelectionSetNode
    ) -> Iterator[
        tuple[
            FieldNode | FragmentSpreadNode | InlineFragmentNode,
            tuple[_Place, SelectionSetNode, NamedTypeNode | None] | None,
        ]
    ]:
        """The nodes that are asked for; a fragment with the place it is at, what it holds, and its type."""
        for node in selection.selections:
            if not included(self.document, node):
                continue
            if isinstance(node, FieldNode):
                yield node, None
                continue
            assert isinstance(node, (FragmentSpreadNode, InlineFragmentNode))
            condition: NamedTypeNode | None
            if isinstance(node, FragmentSpreadNode):
                fragment = self.document.fragments[node.name.value]
                condition, inner = fragment.type_condition, fragment.selection_set
            else:
                condition, inner = node.type_condition, node.selection_set
            kind = self._narrowed(place.kind, condition)
            if kind is not None:
                yield node, (replace(place, kind=kind), inner, condition)

    def _narrowed(self, kind: GraphQLNamedType, condition: NamedTypeNode | None) -> GraphQLNamedType | None:
        """What is asked within a fragment: the narrower of its type and the place's; None where it never applies."""
        if condition is None or condition.name.value == kind.name:
            return kind
        schema = self.document.schema
        named = schema.type_map[condition.name.value]
        if is_abstract_type(named) and schema.is_sub_type(named, kind):
            return kind
        if not is_abstract_type(kind):
            return None
        # NOTE two abstract types may share objects though neither holds the other (`_Entity` and `Node`): what the planner opens
        # there is asked for, so nothing below is passed over.
        return named if is_abstract_type(named) or schema.is_sub_type(kind, named) else None

    def _below(self, place: _Place, node: FieldNode) -> _Place:
        definition = _definition(place, node)
        return _Place(get_named_type(definition.type), _path(place, node), self._order(definition, node))

    def _needed(self, place: _Place, node: FieldNode) -> Iterator[str]:
        name = node.name.value
        yield f"{place.kind.name}.{name}"
        if name != COUNT:
            yield from place.order
        definition = _definition(place, node)
        target = filtered_type(definition)
        if target is None or not node.arguments:
            return
        given = arguments_of(
            {name: one for name, one in definition.args.items() if name in ("filter", "orderBy")},
            node,
            self.document.variables,
        )
        if "filter" in given:
            yield from self._compared(given["filter"], target)
        if "orderBy" in given:
            yield from self._ordered(given["orderBy"], target)

    def _order(self, definition: GraphQLField, node: FieldNode) -> tuple[str, ...]:
        """The fields that a list goes by where none are asked for; those that are asked for are needed at the list itself."""
        target = listed_type(definition)
        if target is None:
            return ()
        asked = definition.args.get("orderBy")
        if asked is not None:
            given = arguments_of({"orderBy": asked}, node, self.document.variables)
            if "orderBy" in given and given["orderBy"].items():
                return ()
        position = self.catalogue.position(target)
        if isinstance(position, GatheredType):
            return (f"{target}.{position.order}",)
        return tuple(
            one for name in position.order.columns for one in self.catalogue.fields.shown(target, name)
        )

    def _ordered(self, given: Argument, target: str) -> Iterator[str]:
        for item in given.items():
            for column in ordered_by(item.example)[0]:
                yield from self.catalogue.fields.shown(target, column)

    def _compared(self, given: Argument, target: str) -> Iterator[str]:
        known = self.catalogue.filters[get_named_type(given.type).name]
        for name, member in given.members().items():
            match known[name]:
                case Condition(compares=paths) | Combination(compares=paths):
                    for path in paths:
                        yield from self.catalogue.fields.shown(target, path)
                case Composed() as composed:
                    for item in member.items() if composed.takes_list else [member]:
                        yield from self._compared(item, target)
                case RelatedBy(relationship, link, many):
                    yield from self.catalogue.fields.shown(target, relationship)
                    related = self.catalogue.standing_on(link.target).name
                    for one in member.members().values() if many else [member]:
                        yield from self._compared(one, related)


def _definition(place: _Place, node: FieldNode) -> GraphQLField:
    assert isinstance(place.kind, (GraphQLObjectType, GraphQLInterfaceType))
    definition: GraphQLField = place.kind.fields[node.name.value]
    return definition


def listed_type(definition: GraphQLField) -> str | None:
    """The type of the rows of a list that is read by pages; None for any other field."""
    kind = get_named_type(definition.type)
    if not isinstance(kind, GraphQLObjectType) or "pageInfo" not in kind.fields:
        return None
    return node_type_name(definition)


def _path(place: _Place, node: FieldNode) -> tuple[str, ...]:
    return (*place.path, node.alias.value if node.alias else node.name.value)
