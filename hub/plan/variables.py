# SPDX-License-Identifier: EUPL-1.2
"""Variables: their coerced values, and the part of them a plan depends on (their shape)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)
from graphql.execution.values import get_variable_values
from graphql.utilities.coerce_input_value import coerce_default_value

from hub.plan.filter_extent import check_given
from hub.plan.list_extent import check_items
from hub.store.identifiers import id_prefix

Shape: TypeAlias = "tuple[object, ...]"


@dataclass(frozen=True)
class _Variable:
    """One variable as the operation declares it."""

    name: str
    required: bool
    has_default: bool
    leaf: Callable[[Any], Any] | None
    """Reads the value of a scalar, an enum, an object or a list of these; None for any other type, whose values graphql-core reads."""
    shape: Callable[[Any], object]
    nests: bool
    """Whether its type holds itself, as filters do: then what is given may be of any depth."""
    lists: bool
    """Whether its type is a list, or holds one."""


class VariableReader:
    """Coerces the variables of one operation and tells their shape."""

    def __init__(
        self,
        schema: GraphQLSchema,
        definitions: Sequence[VariableDefinitionNode],
        orders: Collection[str] = frozenset(),
        contents: Collection[str] = frozenset(),
    ) -> None:
        """Take the operation's definitions; the names of the enums that are orders of lists, and of the input types that are content."""
        self._schema = schema
        self._definitions = definitions
        self._variables = [_variable(schema, definition, orders, contents) for definition in definitions]
        self._names = frozenset(one.name for one in self._variables)
        self._nesting = [one.name for one in self._variables if one.nests]
        self._lists = [one.name for one in self._variables if one.lists]
        always_there = all(one.shape is _present and one.required for one in self._variables)
        self._only_shape: Shape | None = (_present(None),) * len(definitions) if always_there else None

    def declared(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was given of the variables the operation has: a client may send others beside them, which nothing reads."""
        if given.keys() <= self._names:
            return given
        return {name: value for name, value in given.items() if name in self._names}

    def coerce(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[GraphQLError]]:
        """The coerced values, or the errors a client can act on.

        Raises:
            InvalidFilter: a filter is too deep or too large to be walked.
            TooManyItems: the lists hold more than can soon be read.

        """
        for name in self._nesting:
            check_given(given.get(name))
        if self._lists:
            check_items(given.get(name) for name in self._lists)
        read = self._read(given)
        if read is not None:
            return read, []
        # Of what is no list as well: graphql-core takes 10 us an item, and as long again to say what is wrong with the last.
        check_items(given.get(one.name) for one in self._variables)
        values = get_variable_values(
            self._schema, self._definitions, dict(given), max_errors=10, hide_suggestions=False
        )
        if isinstance(values, list):
            return {}, values
        return values.coerced, []

    def _read(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """The coerced values where all of them are plain; None: ask graphql-core, which also says what is wrong."""
        coerced: dict[str, Any] = {}
        for variable in self._variables:
            value = given.get(variable.name)
            if value is None:
                if variable.required or variable.has_default:
                    return None
                if variable.name in given:
                    coerced[variable.name] = None
            elif variable.leaf is None:
                return None
            else:
                try:
                    coerced[variable.name] = variable.leaf(value)
                except Exception:  # any: graphql-core reads it again, and words the error
                    return None
        return coerced

    def shape(self, coerced: Mapping[str, Any]) -> Shape:
        """Which variables are there, and what a statement's text depends on: booleans, orders, members of filters."""
        if self._only_shape is not None:
            return self._only_shape
        return tuple(
            # NOTE absent, null and present are three shapes, and none of them may equal a boolean's value.
            [
                one.shape(value)
                if (value := coerced.get(one.name)) is not None
                else ("null" if one.name in coerced else "absent")
                for one in self._variables
            ]
        )

    def hollow(self, coerced: Mapping[str, Any]) -> dict[str, Any]:
        """Variables of the same shape that hold nothing else: what a plan is made from is remembered with it."""
        return {
            one.name: (None if value is None else True if one.shape is _present else _hollow(value))
            for one in self._variables
            if (value := coerced.get(one.name)) is not None or one.name in coerced
        }


def _variable(
    schema: GraphQLSchema,
    definition: VariableDefinitionNode,
    orders: Collection[str],
    contents: Collection[str],
) -> _Variable:
    declared: Any = type_from_ast(schema, definition.type)
    kind = declared.of_type if is_non_null_type(declared) else declared
    return _Variable(
        definition.variable.name.value,
        required=is_non_null_type(declared),
        has_default=definition.default_value is not None,
        leaf=_plain_reader(kind),
        shape=_shape_reader(declared, orders, contents),
        nests=_holds_itself(get_named_type(declared), ()),
        lists=_holds_list(declared, ()),
    )


class _NotPlain(Exception):
    """A value that is left to graphql-core."""


def _plain_reader(kind: Any) -> Callable[[Any], Any] | None:
    """How a value of a type is read, which is not null; None where that is left to graphql-core."""
    if is_leaf_type(kind):
        read: Callable[[Any], Any] = kind.coerce_input_value
        return read
    if is_list_type(kind):
        # An item that may be null is left to graphql-core.
        item = _plain_reader(kind.of_type.of_type) if is_non_null_type(kind.of_type) else None
        return None if item is None else partial(_read_list, item)
    if not isinstance(kind, GraphQLInputObjectType) or kind.is_one_of or "out_type" in vars(kind):
        return None
    return None if _holds_itself(kind, ()) else _object_reader(kind)


def _object_reader(kind: GraphQLInputObjectType) -> Callable[[Any], Any] | None:
    members: list[tuple[str, str, bool, Callable[[Any], Any]]] = []
    defaults: dict[str, Any] = {}
    for name, field in kind.fields.items():
        required = is_non_null_type(field.type)
        read = _plain_reader(field.type.of_type if required else field.type)
        if read is None:
            return None
        if field.default_value is not Undefined or field.default is not None:
            default = coerce_default_value(field)
            # What a boolean is coerced to is what it was written as; one that may be null is left to graphql-core.
            if type(default) is not bool or not required:
                return None
            defaults[name] = default
        members.append((name, field.out_name or name, required, read))
    if defaults:
        return partial(_read_with_defaults, members, defaults)
    return partial(_read_object, members)


def _read_list(read: Callable[[Any], Any], given: Any) -> Any:
    """A list's items. One value in its place, which stands for a list of it, is left to graphql-core."""
    if type(given) is not list or None in given:
        raise _NotPlain
    return [read(item) for item in given]


def _read_with_defaults(
    members: Sequence[tuple[str, str, bool, Callable[[Any], Any]]], defaults: Mapping[str, Any], given: Any
) -> Any:
    if type(given) is not dict:
        raise _NotPlain
    return _read_object(members, {**defaults, **given})


def _read_object(members: Sequence[tuple[str, str, bool, Callable[[Any], Any]]], given: Any) -> Any:
    """An object's members, in the order of their type's."""
    if type(given) is not dict:
        raise _NotPlain
    coerced: dict[str, Any] = {}
    known = 0
    for name, out_name, required, read in members:
        value = given.get(name)
        if value is not None:
            coerced[out_name] = read(value)
        elif required:
            raise _NotPlain
        elif name in given:
            coerced[out_name] = None
        else:
            continue
        known += 1
    if known != len(given):
        raise _NotPlain
    return coerced


def _holds_itself(kind: Any, inside: tuple[str, ...]) -> bool:
    if not isinstance(kind, GraphQLInputObjectType):
        return False
    return kind.name in inside or any(
        _holds_itself(get_named_type(field.type), (*inside, kind.name)) for field in kind.fields.values()
    )


def _holds_list(kind: Any, inside: tuple[str, ...]) -> bool:
    if is_non_null_type(kind):
        return _holds_list(kind.of_type, inside)
    if not isinstance(kind, GraphQLInputObjectType):
        return is_list_type(kind)
    return kind.name not in inside and any(
        _holds_list(field.type, (*inside, kind.name)) for field in kind.fields.values()
    )


def _shape_reader(kind: Any, orders: Collection[str], contents: Collection[str]) -> Callable[[Any], object]:
    if is_non_null_type(kind):
        return _shape_reader(kind.of_type, orders, contents)
    if is_list_type(kind):
        inner = _shape_reader(kind.of_type, orders, contents)
        if inner is _present:
            return _present
        if (
            inner is _word
        ):  # named again, an order decides nothing; a list of a million words would be remembered
            return lambda items: tuple(dict.fromkeys(map(inner, items)))
        return lambda items: tuple(inner(item) for item in items)
    if isinstance(kind, GraphQLInputObjectType):
        return _present if kind.name in contents else _object_shape(kind, orders, contents)
    if isinstance(kind, GraphQLEnumType) and kind.name in orders:
        return _word  # an order is part of the statement's text; any other word is bound
    if isinstance(kind, GraphQLScalarType) and kind.name == "Boolean":
        return bool
    if isinstance(kind, GraphQLScalarType) and kind.name == "ID":
        return id_prefix  # which table `node` reads; anything else of the text is content
    return _present


def _present(_value: Any) -> object:
    return "present"


def _word(value: Any) -> object:
    return value.name if isinstance(value, enum.Enum) else value


def _object_shape(
    kind: GraphQLInputObjectType, orders: Collection[str], contents: Collection[str]
) -> Callable[[Any], object]:
    readers: dict[str, Callable[[Any], object]] = {}

    def read(value: Any) -> object:
        if not readers:  # filled at first use: input types may contain themselves
            readers.update(
                {name: _shape_reader(field.type, orders, contents) for name, field in kind.fields.items()}
            )
        return tuple([(name, readers[name](member)) for name, member in value.items() if member is not None])

    return read


def _hollow(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return value[:4]  # as much as `id_prefix` looks at
    if isinstance(value, dict):
        return {name: _hollow(member) for name, member in value.items()}
    if isinstance(value, list):
        if any(isinstance(item, dict) for item in value):
            return [_hollow(item) for item in value]
        return [*dict.fromkeys(item for item in value if isinstance(item, enum.Enum))]
    return value
