# SPDX-License-Identifier: EUPL-1.2
"""A selection set as the planner walks it: fragments opened, `@skip`/`@include` decided, fields of one response key merged.

Follows "CollectFields" and "MergeSelectionSets" of the GraphQL specification (September 2025, section 6.3.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    GraphQLUnionType,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionSetNode,
    get_directive_values,
)

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
    """The fields asked of an object of type `kind`, in the order of their first mention."""
    grouped: dict[str, list[FieldNode]] = {}
    for selection in selections:
        if selection is not None:
            for node in _fields(document, kind, selection, set()):
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
        if not _included(document, node):
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


def _included(document: Document, node: object) -> bool:
    if not node.directives:  # type: ignore[attr-defined]
        return True
    skip = get_directive_values(GraphQLSkipDirective, node, dict(document.variables))  # type: ignore[arg-type]
    if skip and skip["if_"] is True:
        return False
    include = get_directive_values(GraphQLIncludeDirective, node, dict(document.variables))  # type: ignore[arg-type]
    return not (include and include["if_"] is False)


def _applies(schema: GraphQLSchema, condition: str, kind: GraphQLObjectType) -> bool:
    if condition == kind.name:
        return True
    named = schema.type_map[condition]
    return isinstance(named, (GraphQLInterfaceType, GraphQLUnionType)) and schema.is_sub_type(named, kind)
