# SPDX-License-Identifier: EUPL-1.2
"""How far a document extends, measured before it is validated, so that nothing walks one that goes too far."""

from __future__ import annotations

from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    SelectionSetNode,
)

from hub.plan.limits import DocumentLimits

WEIGHT_OF_OBJECT = 10
"""A field with fields of its own is a subquery: it costs the planner about as much as ten without."""


class Extent(NamedTuple):
    """Levels of fields, and their weight with every fragment opened wherever it is spread.

    Introspection counts in the weight only: its types lie deep.
    """

    depth: int = 0
    weight: int = 0


def check_extent(document: DocumentNode, limits: DocumentLimits) -> GraphQLError | None:
    """The error when a document goes deeper, or weighs more, than allowed.

    A fragment that contains itself is left to validation, which names it.
    """
    try:
        found = measure(document)
    except RecursionError:
        found = Extent(depth=limits.depth + 1)
    if found.depth > limits.depth:
        return GraphQLError(
            f"The document's fields nest {found.depth} deep; at most {limits.depth} are allowed.",
            extensions={"code": "MAX_DEPTH_LIMIT", "limit": limits.depth, "depth": found.depth},
        )
    if found.weight > limits.weight:
        return GraphQLError(
            f"The document's fields, its fragments opened, weigh more than the {limits.weight} allowed; "
            f"a field with fields of its own weighs {WEIGHT_OF_OBJECT}. Ask in several requests.",
            extensions={"code": "MAX_FIELDS_LIMIT", "limit": limits.weight},
        )
    return None


def measure(document: DocumentNode) -> Extent:
    """The greatest depth and the greatest weight among the document's definitions; each fragment is measured once."""
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    known: dict[str, Extent] = {}

    def of_fragment(name: str, opening: frozenset[str]) -> Extent:
        if name in opening or name not in fragments:
            return Extent()
        if name not in known:
            known[name] = of_selection(fragments[name].selection_set, opening | {name})
        return known[name]

    def of_selection(selection: SelectionSetNode | None, opening: frozenset[str]) -> Extent:
        deepest = weight = 0
        for node in selection.selections if selection is not None else ():
            if isinstance(node, FieldNode):
                inside = of_selection(node.selection_set, opening)
                deepest = max(deepest, 0 if node.name.value.startswith("__") else 1 + inside.depth)
                weight += inside.weight + (1 if node.selection_set is None else WEIGHT_OF_OBJECT)
            else:
                inside = (
                    of_fragment(node.name.value, opening)
                    if isinstance(node, FragmentSpreadNode)
                    else of_selection(node.selection_set, opening)  # type: ignore[attr-defined]
                )
                deepest, weight = max(deepest, inside.depth), weight + inside.weight
        return Extent(deepest, weight)

    measured = [
        of_selection(node.selection_set, frozenset())
        for node in document.definitions
        if hasattr(node, "selection_set")
    ]
    return Extent(
        max((one.depth for one in measured), default=0), max((one.weight for one in measured), default=0)
    )
