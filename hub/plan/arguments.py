# SPDX-License-Identifier: EUPL-1.2
"""Arguments as the planner sees them: which are there, and where their values will come from at each run.

A plan serves every request whose arguments have the same shape. So the planner never looks at a value: it asks whether an
argument is present, which members an input object has, and takes a *reader* that fetches the value from the variables of
the request at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_non_null_type,
    value_from_ast,
)
from graphql.utilities.coerce_input_value import coerce_default_value

from hub.errors import InvalidInput

Variables: TypeAlias = Mapping[str, Any]
Reader: TypeAlias = Callable[[Variables], Any]


@dataclass(frozen=True, slots=True)
class Argument:
    """A value that is present and not null. `example` is this request's: good for its shape, never for its content."""

    type: GraphQLInputType
    example: Any
    read: Reader
    written: _Written | None = None
    """Of a literal with variables inside: its parts are read apart, each from where it stands."""

    def members(self) -> dict[str, Argument]:
        """The members of an input object that are present and not null, by GraphQL name."""
        kind = get_named_type(self.type)
        assert isinstance(kind, GraphQLInputObjectType)
        if self.written is not None and isinstance(self.written.node, ObjectValueNode):
            given = {member.name.value: member.value for member in self.written.node.fields}
            found = {
                name: from_node(field.type, given[name], self.written.variables)
                for name, field in kind.fields.items()
                if name in given
            }
            return {name: member for name, member in found.items() if member is not None}
        return {
            name: Argument(field.type, self.example[name], _member_reader(self.read, name))
            for name, field in kind.fields.items()
            if self.example.get(name) is not None
        }

    def items(self) -> list[Argument]:
        """The items of a list, none of which is null."""
        kind = get_nullable_type(self.type)
        assert isinstance(kind, GraphQLList)
        if self.written is not None:
            node = self.written.node
            nodes = (
                node.values if isinstance(node, ListValueNode) else (node,)
            )  # one item stands for its list
            found = [from_node(kind.of_type, one, self.written.variables) for one in nodes]
            return [item for item in found if item is not None]
        return [
            Argument(kind.of_type, item, _item_reader(self.read, index))
            for index, item in enumerate(self.example)
        ]


@dataclass(frozen=True, slots=True)
class _Written:
    node: ValueNode
    variables: Variables


def arguments_of(
    field_arguments: Mapping[str, GraphQLArgument], node: FieldNode, variables: Variables
) -> dict[str, Argument]:
    """The arguments of one field that are present and not null, by GraphQL name; defaults of the schema included.

    Raises:
        InvalidInput: an argument that must not be null is.

    """
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    found: dict[str, Argument] = {}
    for name, definition in field_arguments.items():
        value = given.get(name)
        if value is None or (isinstance(value, VariableNode) and value.name.value not in variables):
            default = coerce_default_value(definition)
            argument = (
                None
                if default is Undefined or default is None
                else Argument(definition.type, default, _constant_reader(default))
            )
        else:
            argument = from_node(definition.type, value, variables)
        if argument is not None:
            found[name] = argument
        elif is_non_null_type(
            definition.type
        ):  # a nullable variable with a default may stand here, and be null
            raise InvalidInput(f"`{name}` must not be null.")
    return found


def from_node(kind: GraphQLInputType, node: ValueNode, variables: Variables) -> Argument | None:
    """The argument an AST value stands for; None when it is absent or null."""
    if is_non_null_type(kind):
        return from_node(kind.of_type, node, variables)
    if isinstance(node, VariableNode):
        name = node.name.value
        value = variables.get(name)
        return None if value is None else Argument(kind, value, _variable_reader(name))
    if not _holds_variables(node):
        value = value_from_ast(node, kind)
        return None if value is None or value is Undefined else Argument(kind, value, _constant_reader(value))
    # A literal with variables inside: an object or a list, rebuilt at each run from the same AST.
    value = value_from_ast(node, kind, dict(variables))
    if value is Undefined:  # validation has passed, so that only a variable can be what is wrong
        raise InvalidInput("A variable is null in a place where null is not taken.")
    if value is None:
        return None
    return Argument(kind, value, _literal_reader(node, kind), _Written(node, variables))


def _holds_variables(node: ValueNode) -> bool:
    if isinstance(node, VariableNode):
        return True
    if isinstance(node, ListValueNode):
        return any(_holds_variables(item) for item in node.values)
    if isinstance(node, ObjectValueNode):
        return any(_holds_variables(member.value) for member in node.fields)
    return False


def _constant_reader(value: Any) -> Reader:
    return lambda _variables: value


def _variable_reader(name: str) -> Reader:
    return lambda variables: variables[name]


def _member_reader(read: Reader, name: str) -> Reader:
    return lambda variables: read(variables)[name]


def _item_reader(read: Reader, index: int) -> Reader:
    return lambda variables: read(variables)[index]


def _literal_reader(node: ValueNode, kind: GraphQLInputType) -> Reader:
    return lambda variables: value_from_ast(node, kind, dict(variables))
