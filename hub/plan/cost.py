# SPDX-License-Identifier: EUPL-1.2
"""What an operation will cost, estimated before it runs: from its selection, once, and from its variables, each time.

The rules are those of the GraphQL Cost Directives Specification, its field cost and type cost in one number:

    a field         its weight, and what is asked of it
    a list          its weight, and for each item the item's weight and what is asked of it
    an interface    the dearest of its types

One unit is about what reading one row by its key costs (docs/explanation/cost.md). What depends on a variable stays open in
the estimate: it is a sum of products of page sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    ObjectValueNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from hub.errors import InvalidInput
from hub.plan.arguments import Argument, Variables, arguments_of
from hub.plan.limits import MOST_OBJECTS, PageLimits, PlanTooLarge
from hub.plan.pages import size_reader
from hub.plan.selection import Document, Selected, below, selected
from hub.plan.weights import Coordinate, FieldCost, Size, is_list

SizeReader: TypeAlias = Callable[[Variables], int]


class TooExpensive(InvalidInput):
    """The operation would cost more than one request may."""

    code = "COST_ESTIMATED_TOO_EXPENSIVE"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A cost: what is fixed, and products of a size that is read from the variables with a cost of its own."""

    fixed: float = 0.0
    open: tuple[tuple[SizeReader, Estimate], ...] = ()

    def of(self, variables: Variables) -> float:
        """The cost with these variables, which have the shape it was made for.

        Raises:
            InvalidPage: one of them is no size of a page.

        """
        cost = self.fixed
        for read, each in self.open:
            cost += read(variables) * (each.of(variables) if each.open else each.fixed)
        return cost

    def check(self, variables: Variables, limit: int) -> None:
        """Raise TooExpensive when the cost is above the limit, InvalidPage as `of` does."""
        cost = self.of(variables) if self.open else self.fixed
        if cost > limit:
            raise TooExpensive(
                f"The operation is estimated to cost {rounded(cost)}; at most {limit} is allowed. "
                "Ask for smaller pages, or in several requests.",
                cost=rounded(cost),
                limit=limit,
            )


NOTHING = Estimate()


def rounded(cost: float) -> int:
    """A cost as clients see it."""
    return ceil(cost)


class Estimator:
    """Estimates selections of one document, for one shape of its variables."""

    def __init__(self, costs: Mapping[Coordinate, FieldCost], document: Document, limits: PageLimits) -> None:
        self._costs = costs
        self._document = document
        self._limits = limits
        self._objects = 0

    def selection(self, kind: GraphQLNamedType, selections: Sequence[SelectionSetNode | None]) -> Estimate:
        """The cost of what is asked of one value of this type.

        Raises:
            InvalidInput: an argument cannot be read, or a page cannot have the size that stands in the document.

        """
        return self._of(kind, selections, {})

    def _of(
        self,
        kind: GraphQLNamedType,
        selections: Sequence[SelectionSetNode | None],
        sized: Mapping[str, Estimate | SizeReader],
    ) -> Estimate:
        if isinstance(kind, (GraphQLInterfaceType, GraphQLUnionType)):
            # What several members are asked alike is estimated once, as it is written once.
            known: dict[tuple[object, ...], Estimate] = {}
            members = self._document.schema.get_possible_types(kind)
            return _dearest([self._object(member, selections, sized, known) for member in members])
        if not isinstance(kind, GraphQLObjectType):
            return NOTHING
        return self._object(kind, selections, sized, {})

    def _object(
        self,
        kind: GraphQLObjectType,
        selections: Sequence[SelectionSetNode | None],
        sized: Mapping[str, Estimate | SizeReader],
        known: dict[tuple[object, ...], Estimate],
    ) -> Estimate:
        # NOTE members that are asked for different things multiply with each level, whatever the document weighs.
        self._objects += 1
        if self._objects > MOST_OBJECTS:
            raise PlanTooLarge(limit=MOST_OBJECTS)
        found: list[Estimate] = []
        for field in selected(self._document, kind, selections):
            if field.name.startswith("__"):  # introspection is bounded by a rule of validation
                continue
            cost = self._costs[kind.name, field.name]
            place = (
                cost.own,
                cost.item,
                *cost.arguments.items(),
                cost.size,
                str(kind.fields[field.name].type),
            )
            mark = (*place, *(id(node) for node in field.nodes))
            if mark not in known:
                known[mark] = self._field(kind, field, sized.get(field.name))
            found.append(known[mark])
        return _sum(found)

    def _field(
        self, parent: GraphQLObjectType, field: Selected, size: Estimate | SizeReader | None
    ) -> Estimate:
        definition = parent.fields[field.name]
        cost = self._costs[parent.name, field.name]
        own = cost.own + sum(
            cost.arguments.get(argument.name.value, 0.0) for argument in field.nodes[0].arguments or ()
        )
        sized: dict[str, Estimate | SizeReader] = {}
        if cost.size is not None:
            said = self._size(cost.size, definition, field.nodes[0])
            if cost.size.sized:
                sized = dict.fromkeys(cost.size.sized, said)
            else:
                size = said
        below_it = self._of(get_named_type(definition.type), below(field), sized)
        if cost.size is not None and cost.size.sized:
            # Read even where nothing is multiplied by it: a size no page can have is refused before anything runs.
            below_it = _sum([below_it, _times(said, NOTHING)])
        if size is None or not is_list(definition):
            return _sum([Estimate(own), below_it])
        return _sum([Estimate(own), _times(size, _sum([Estimate(cost.item), below_it]))])

    def _size(self, size: Size, definition: GraphQLField, node: FieldNode) -> Estimate | SizeReader:
        """How many items there will be: a number that stands, or where it is read."""
        given = self._slicing(size, definition, node)
        if not given:
            return Estimate(float(size.assumed if size.assumed is not None else self._limits.default))
        written = {argument.name.value: argument.value for argument in node.arguments or ()}
        read = self._reader(given)
        if any(
            isinstance(written.get(name), VariableNode | ObjectValueNode) for name, *_ in map(_way, given)
        ):
            return read
        return Estimate(float(read(self._document.variables)))

    def _slicing(self, size: Size, definition: GraphQLField, node: FieldNode) -> dict[str, Argument]:
        """The arguments that size it, or members of arguments (`input.events`), as far as they are given."""
        roots = {name: definition.args[name] for name, *_ in map(_way, size.slicing)}
        given = arguments_of(roots, node, self._document.variables)
        found: dict[str, Argument] = {}
        for path in size.slicing:
            name, *members = _way(path)
            argument = given.get(name)
            for member in members:
                argument = None if argument is None else argument.members().get(member)
            if argument is not None:
                found[path] = argument
        return found

    def _reader(self, given: Mapping[str, Argument]) -> SizeReader:
        """Where a size is read: as many as the items of a list; else a page's, refused where a page's size is."""
        for argument in given.values():
            if isinstance(argument.example, (list, tuple)):
                items = argument.read
                return lambda variables: len(items(variables))
        return size_reader(given, self._limits)


def _way(path: str) -> list[str]:
    """An argument's name, and those of the members that lead to what is meant."""
    return path.split(".")


def _times(size: Estimate | SizeReader, each: Estimate) -> Estimate:
    if not isinstance(size, Estimate):
        return Estimate(0.0, ((size, each),))
    number = size.fixed
    return Estimate(
        number * each.fixed, tuple((read, _times(Estimate(number), inner)) for read, inner in each.open)
    )


def _sum(parts: Iterable[Estimate]) -> Estimate:
    """The parts together; what is multiplied by the same size is added up first, so that each size is read once."""
    fixed = 0.0
    each: dict[SizeReader, Estimate] = {}
    for part in parts:
        fixed += part.fixed
        for read, inner in part.open:
            each[read] = _sum([each[read], inner]) if read in each else inner
    return Estimate(fixed, tuple(each.items()))


def _dearest(alternatives: list[Estimate]) -> Estimate:
    if not any(one.open for one in alternatives):
        return max(alternatives, key=lambda one: one.fixed, default=NOTHING)
    highest = tuple(alternatives)

    def read(variables: Variables) -> Any:
        return max(one.of(variables) for one in highest)

    return Estimate(0.0, ((read, Estimate(1.0)),))
