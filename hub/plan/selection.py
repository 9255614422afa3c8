# SPDX-License-Identifier: EUPL-1.2
"""A selection set as the planner walks it: fragments opened, `@skip`/`@include` decided, fields of one response key merged.

Follows "CollectFields" and "MergeSelectionSets" of the GraphQL specification (September 2025, section 6.3.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

from hub.errors import InvalidInput
from hub.plan.arguments import Variables


@dataclass(frozen=True)
class Selected:
    """One response key of an object: the field, and every node that asks for it."""

    key: str
    nodes: Sequence[FieldNode]

    @property
    def name(self) -> str:
        """The field's name in the schema."""
        return self.nodes[0].name.value


@dataclass(frozen=True)
class Document:
    """What the walk needs of a document: the schema, the fragments, and this request's variables."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Variables


def selected(
    document: Document, kind: GraphQLObjectType, selections: Sequence[SelectionSetNode | None]
) -> list[Selected]:
    """The fields asked of an object of type `kind`, in the order of their first mention.

    Raises:
        InvalidInput: the condition of a directive is null.

    """
    grouped: dict[str, list[FieldNode]] = {}
    # NOTE one set for all that is merged: a fragment opened at each mention would double with every level.
    seen: set[str] = set()
    for selection in selections:
        if selection is not None:
            for node in _fields(document, kind, selection, seen):
                key = node.alias.value if node.alias else node.name.value
                grouped.setdefault(key, []).append(node)
    return [Selected(key, nodes) for key, nodes in grouped.items()]


def below(field: Selected) -> list[SelectionSetNode | None]:
    """The selection sets of a field, to be merged."""
    return [node.selection_set for node in field.nodes]


def _fields(
    document: Document, kind: GraphQLObjectType, selection: SelectionSetNode, seen: set[str]
) -> Iterator[FieldNode]:
    for node in selection.selections:
        if not included(document, node):
            continue
        if isinstance(node, FieldNode):
            yield node
            continue
        condition: NamedTypeNode | None
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name in seen:
                continue
            seen.add(name)
            fragment = document.fragments[name]
            condition, inner = fragment.type_condition, fragment.selection_set
        else:
            assert isinstance(node, InlineFragmentNode)
            condition, inner = node.type_condition, node.selection_set
        if condition is None or _applies(document.schema, condition.name.value, kind):
            yield from _fields(document, kind, inner, seen)


def included(document: Document, node: SelectionNode) -> bool:
    """Whether `@skip` and `@include` leave a node in."""
    return all(
        _holds(document, directive) is (directive.name.value == "include")
        for directive in node.directives or ()
        if directive.name.value in ("skip", "include")
    )


def _holds(document: Document, directive: DirectiveNode) -> bool:
    """The condition of `@skip` or `@include`: validation lets it be a literal or a variable, and nothing else."""
    given = next(argument.value for argument in directive.arguments or () if argument.name.value == "if")
    if isinstance(given, VariableNode):
        value = document.variables.get(given.name.value)
        if not isinstance(value, bool):
            raise InvalidInput(f"`@{directive.name.value}` needs true or false in `${given.name.value}`.")
        return value
    assert isinstance(given, BooleanValueNode)
    return given.value


def _applies(schema: GraphQLSchema, condition: str, kind: GraphQLObjectType) -> bool:
    if condition == kind.name:
        return True
    named = schema.type_map[condition]
    return isinstance(named, (GraphQLInterfaceType, GraphQLUnionType)) and schema.is_sub_type(named, kind)
