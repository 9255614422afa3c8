# SPDX-License-Identifier: EUPL-1.2
"""What an operation asks for, as schema coordinates: `Beneficiary.birthDate`, and `Query.beneficiary(fiscalCode:)` for arguments.

Follows the schema coordinates of the GraphQL specification (September 2025, section 3.14). Read once for each document: whatever
`@skip` and `@include` decide, and whichever fragments apply. What a variable holds where none is given stands as `$name`.
"""

from __future__ import annotations

import hashlib
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    value_from_ast_untyped,
    visit,
)

from hub.access.line import Selection


def selection_of(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> Selection:
    """What `operation`, of the valid `document`, selects, with the arguments and the defaults it gives as literals."""
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    types = TypeInfo(schema)
    reader = _Reader(types)
    reached, ahead = set[str](), list[Any]([operation])
    while ahead:
        reader.spread.clear()
        visit(ahead.pop(), TypeInfoVisitor(types, reader))
        new = reader.spread - reached
        reached |= new
        ahead += [fragments[name] for name in new]
    coordinates = tuple(sorted(reader.fields))
    hashed = hashlib.sha256("\n".join(coordinates).encode()).digest()
    return Selection(coordinates, hashed, reader.literals)


class _Reader(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self.fields: set[str] = set()
        self.spread: set[str] = set()
        self.literals: dict[str, Any] = {}

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self._types.get_parent_type()
        if parent is not None and not node.name.value.startswith("__"):
            self.fields.add(f"{parent.name}.{node.name.value}")

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.spread.add(node.name.value)

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        if node.default_value is not None:
            self.literals[f"${node.variable.name.value}"] = value_from_ast_untyped(node.default_value, {})

    def enter_argument(self, node: ArgumentNode, _key: Any, _parent: Any, _path: Any, ancestors: Any) -> None:
        field = next((one for one in reversed(ancestors) if isinstance(one, FieldNode)), None)
        parent = self._types.get_parent_type()
        # NOTE of a directive, or a variable: what a variable holds is kept by its own name.
        if field is None or parent is None or not any(node is one for one in field.arguments or ()):
            return
        if not isinstance(node.value, VariableNode):
            key = f"{parent.name}.{field.name.value}({node.name.value}:)"
            given = value_from_ast_untyped(node.value, {})
            known = self.literals.setdefault(key, given)
            if known != given:  # asked for twice, under two names
                self.literals[key] = [*(known if isinstance(known, list) else [known]), given]
