# SPDX-License-Identifier: EUPL-1.2
"""How deep a document goes, measured before it is validated, so that nothing walks one that goes too deep."""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    SelectionSetNode,
)


def check_depth(document: DocumentNode, most: int) -> GraphQLError | None:
    """The error when a document's fields nest deeper than `most`; introspection is not counted.

    A fragment that contains itself is left to validation, which names it.
    """
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    known: dict[str, int] = {}

    def of_fragment(name: str, opening: frozenset[str]) -> int:
        if name in opening or name not in fragments:
            return 0
        if name not in known:
            known[name] = of_selection(fragments[name].selection_set, opening | {name})
        return known[name]

    def of_selection(selection: SelectionSetNode | None, opening: frozenset[str]) -> int:
        if selection is None:
            return 0
        deepest = 0
        for node in selection.selections:
            if isinstance(node, FieldNode):
                depth = (
                    0 if node.name.value.startswith("__") else 1 + of_selection(node.selection_set, opening)
                )
            elif isinstance(node, FragmentSpreadNode):
                depth = of_fragment(node.name.value, opening)
            else:
                depth = of_selection(node.selection_set, opening)  # type: ignore[attr-defined]
            deepest = max(deepest, depth)
        return deepest

    try:
        depth = max(
            (
                of_selection(node.selection_set, frozenset())
                for node in document.definitions
                if hasattr(node, "selection_set")
            ),
            default=0,
        )
    except RecursionError:
        depth = most + 1
    if depth <= most:
        return None
    return GraphQLError(
        f"The document's fields nest {depth} deep; at most {most} are allowed.",
        extensions={"code": "MAX_DEPTH_LIMIT", "limit": most, "depth": depth},
    )
