# SPDX-License-Identifier: EUPL-1.2
"""`@cost` and `@listSize` as they stand in the schema, read once when the hub starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from hub.plan.declare import DEFINITION

LEAF = 0.2
"""The weight of a scalar or an enum: a few bytes of the row that is read anyway. The specification's default is 0."""
COMPOSITE = 1.0
"""The weight of an object, and of an item of a list."""

Coordinate: TypeAlias = "tuple[str, str]"


@dataclass(frozen=True)
class Size:
    """How many items a list has. `sized`: the fields of the field's type it is said of; none: of the field itself.

    `slicing`: arguments, or members of arguments, each with the way to it (`input.events`).
    """

    assumed: int | None
    slicing: tuple[str, ...]
    sized: frozenset[str]


@dataclass(frozen=True)
class FieldCost:
    """What one field costs each time it is asked for, without what is asked of it."""

    own: float
    item: float
    """Of each item, where the field is a list."""
    arguments: Mapping[str, float]
    size: Size | None


def read_costs(schema: GraphQLSchema, problems: list[str]) -> dict[Coordinate, FieldCost]:
    """The cost of every field of the schema's own types; a list nobody sizes is a problem."""
    found: dict[Coordinate, FieldCost] = {}
    sized: set[Coordinate] = set()
    for coordinate, field in fields_of(schema):
        cost = _field_cost(field)
        found[coordinate] = cost
        if cost.size is not None:
            target = get_named_type(field.type)
            sized.update((target.name, name) for name in cost.size.sized)
            sized.update([coordinate] if not cost.size.sized else [])
            _check_size(coordinate, field, target, cost.size, problems)
    problems.extend(
        f"{kind}.{name} is a list, and no @listSize says how long it is"
        for (kind, name), field in fields_of(schema)
        if is_list(field) and (kind, name) not in sized
    )
    _check_ways_in(schema, found, sized, problems)
    return found


def _check_ways_in(
    schema: GraphQLSchema,
    costs: Mapping[Coordinate, FieldCost],
    sized: set[Coordinate],
    problems: list[str],
) -> None:
    """A list that is sized by the field its type was reached by must be sized by every such field."""
    for coordinate, field in fields_of(schema):
        target = get_named_type(field.type)
        size = costs[coordinate].size
        problems.extend(
            f"{'.'.join(coordinate)} gives {target.name}, and no @listSize on it says how long {name!r} is"
            for name in getattr(target, "fields", {})
            if (target.name, name) in sized
            and costs[target.name, name].size is None
            and (size is None or name not in size.sized)
        )


def is_list(field: GraphQLField) -> bool:
    """Whether a field gives a list."""
    return is_list_type(field.type.of_type if is_non_null_type(field.type) else field.type)


def fields_of(schema: GraphQLSchema) -> Iterator[tuple[Coordinate, GraphQLField]]:
    """Every field of the schema's own object and interface types, with its type's name and its own."""
    for kind in schema.type_map.values():
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                yield (kind.name, name), field


def _field_cost(field: GraphQLField) -> FieldCost:
    named = get_named_type(field.type)
    item = _weight_of_type(named)
    # A list is one subquery however long it is; a list of scalars is as a scalar.
    default = item if not is_list(field) else LEAF if is_leaf_type(named) else COMPOSITE
    directive = applied(field, "listSize")
    return FieldCost(
        own=_weight(field, default),
        item=item,
        arguments={
            name: weight for name, argument in field.args.items() if (weight := _weight(argument, 0.0))
        },
        size=None
        if directive is None
        else Size(
            # What is not given is strawberry's UNSET, which is as false as None.
            directive.assumed_size or None,
            tuple(directive.slicing_arguments or ()),
            frozenset(directive.sized_fields or ()),
        ),
    )


def _weight_of_type(kind: GraphQLNamedType) -> float:
    return _weight(kind, LEAF if is_leaf_type(kind) else COMPOSITE)


def _weight(marked: Any, default: float) -> float:
    directive = applied(marked, "cost")
    return default if directive is None else float(directive.weight)


def applied(marked: Any, name: str) -> Any:
    """The directive of this name that stands on a field, an argument or a type; None where there is none."""
    definition = marked.extensions.get(DEFINITION)
    for directive in getattr(definition, "directives", None) or ():
        if type(directive).__strawberry_directive__.graphql_name == name:
            return directive
    return None


def _check_size(
    coordinate: Coordinate, field: GraphQLField, target: GraphQLNamedType, size: Size, problems: list[str]
) -> None:
    what = ".".join(coordinate)
    problems.extend(
        f"{what} is sized by {path!r}, which is no argument of it"
        for path in size.slicing
        if not _leads_somewhere(field, path)
    )
    known = getattr(target, "fields", {})
    problems.extend(
        f"{what} sizes {target.name}.{name}, which is no list"
        for name in sorted(size.sized)
        if name not in known or not is_list(known[name])
    )
    if not size.sized and not is_list(field):
        problems.append(f"{what} has a @listSize, and neither is a list nor names a sized field")
    if size.assumed is None and not size.slicing:
        problems.append(f"{what} has a @listSize without a size")


def _leads_somewhere(field: GraphQLField, path: str) -> bool:
    """Whether a path names an argument, or a member of one (`input.events`)."""
    fields: Any = field.args
    for name in path.split("."):
        if name not in fields:
            return False
        fields = getattr(get_named_type(fields[name].type), "fields", {})
    return True
