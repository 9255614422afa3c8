# SPDX-License-Identifier: EUPL-1.2
"""A line of NDJSON that publishes or withdraws: an object with one member, a mutation's name, and under it what its `input` takes.

So whoever has written for one door has written for the other, and each member is read as GraphQL reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from graphql import GraphQLInputObjectType, GraphQLSchema, Undefined, get_named_type, is_required_input_field
from graphql.utilities import coerce_input_value

from connectors.strict_json import strict_json
from hub.errors import InvalidInput
from hub.opportunities.forms import Form, Withdrawal

Reading: TypeAlias = Callable[[Mapping[str, Any]], Form | Withdrawal]
"""How the members of a mutation's `input`, each read, become what is published or withdrawn."""
LONGEST_LINE: Final = 10_000
"""Bytes: the longest that may be published has some 3,000."""


class LineInvalid(InvalidInput):
    """The line cannot be read: `path` says which member of what is published, none where it is none of them."""

    code = "LINE_INVALID"

    def __init__(self, message: str, *path: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class _Shape:
    """What stands under a mutation's name."""

    kind: GraphQLInputObjectType
    reading: Reading

    def read(self, told: Any) -> Form | Withdrawal | list[LineInvalid]:
        """What is published or withdrawn, or all that is wrong with its members."""
        fields = self.kind.fields
        if not isinstance(told, dict):
            return [LineInvalid("Under the mutation's name stands an object: what its `input` takes.")]
        wrong = []
        if not told.keys() <= fields.keys():
            # NOTE an unknown member is not said again: its name may be anything.
            names = ", ".join(f"`{name}`" for name in fields)
            wrong.append(LineInvalid(f"It has a member that is none of these: {names}."))
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if name not in told:
                if is_required_input_field(field):
                    wrong.append(LineInvalid(f"It has no `{name}`.", name))
                continue
            values[name] = coerce_input_value(told[name], field.type)
            if values[name] is Undefined:
                described = get_named_type(field.type).description or ""
                wrong.append(LineInvalid(f"It is no `{field.type}`. {described}".rstrip(), name))
        return wrong or self.reading(values)


class PublicationLines:
    """How lines are read; `readings` by the mutation's name."""

    def __init__(self, schema: GraphQLSchema, readings: Mapping[str, Reading]) -> None:
        assert schema.mutation_type is not None
        mutations = schema.mutation_type.fields
        self._shapes: Mapping[str, _Shape] = {
            name: _Shape(cast("GraphQLInputObjectType", get_named_type(mutations[name].args["input"].type)), reading)
            for name, reading in readings.items()
        }  # fmt: skip

    def read(self, line: bytes) -> Form | Withdrawal | list[LineInvalid]:
        """What a line publishes or withdraws, or all that is wrong with its form."""
        if len(line) > LONGEST_LINE:
            return [LineInvalid(f"A line has at most {LONGEST_LINE:,} bytes.")]
        try:
            told = strict_json(line)
        except ValueError:
            return [LineInvalid("A line is one JSON object in UTF-8, in which no member stands twice.")]
        if isinstance(told, dict) and len(told) == 1:
            [(name, input_)] = told.items()
            shape = self._shapes.get(name)
            if shape is not None:
                return shape.read(input_)
        names = ", ".join(f"`{name}`" for name in self._shapes)
        return [LineInvalid(f"A line has one member, which is one of these: {names}.")]
