# SPDX-License-Identifier: EUPL-1.2
"""Variables: their coerced values, and the part of them a plan depends on (their shape)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    VariableDefinitionNode,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)
from graphql.execution.values import VariableValues, get_variable_values

Shape: TypeAlias = "tuple[object, ...]"


class VariableReader:
    """Coerces the variables of one operation and tells their shape."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._definitions = definitions
        self._shapes: list[tuple[str, Callable[[Any], object]]] = []
        for definition in definitions:
            kind = type_from_ast(schema, definition.type)
            self._shapes.append((definition.variable.name.value, _shape_reader(kind)))

    def coerce(
        self, given: Mapping[str, Any]
    ) -> tuple[dict[str, Any], VariableValues | None, list[GraphQLError]]:
        """The coerced values, or the errors a client can act on."""
        if not self._definitions:
            return {}, None, []
        values = get_variable_values(
            self._schema, self._definitions, dict(given), max_errors=10, hide_suggestions=False
        )
        if isinstance(values, list):
            return {}, None, values
        return values.coerced, values, []

    def shape(self, coerced: Mapping[str, Any]) -> Shape:
        """Which variables are there, and what a statement's text depends on: booleans, orders, members of filters."""
        return tuple(
            # NOTE absent, null and present are three shapes, and none of them may equal a boolean's value.
            read(value)
            if (value := coerced.get(name)) is not None
            else ("null" if name in coerced else "absent")
            for name, read in self._shapes
        )


def _shape_reader(kind: Any) -> Callable[[Any], object]:
    if is_non_null_type(kind):
        return _shape_reader(kind.of_type)
    if is_list_type(kind):
        inner = _shape_reader(kind.of_type)
        if inner is _present:
            return _present
        return lambda items: tuple(inner(item) for item in items)
    if isinstance(kind, GraphQLInputObjectType):
        return _object_shape(kind)
    if isinstance(kind, GraphQLEnumType):
        # An order is part of the statement's text. Other words could be bound, and share their plans; they are few.
        return _word
    if isinstance(kind, GraphQLScalarType) and kind.name == "Boolean":
        return bool
    if isinstance(kind, GraphQLScalarType) and kind.name == "ID":
        return _prefix
    return _present


def _present(_value: Any) -> object:
    return "present"


def _word(value: Any) -> object:
    return value.name if isinstance(value, enum.Enum) else value


def _prefix(value: Any) -> object:
    """An id's kind decides which table `node` reads. Anything else of the text is content."""
    text = str(value)
    return text[:3] if text[3:4] == "_" and text[:3].isascii() and text[:3].islower() else ""


def _object_shape(kind: GraphQLInputObjectType) -> Callable[[Any], object]:
    readers: dict[str, Callable[[Any], object]] = {}

    def read(value: Any) -> object:
        if not readers:  # filled at first use: input types may contain themselves
            readers.update({name: _shape_reader(field.type) for name, field in kind.fields.items()})
        return tuple((name, readers[name](member)) for name, member in value.items() if member is not None)

    return read
