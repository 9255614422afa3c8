# SPDX-License-Identifier: EUPL-1.2
"""How far a document extends, measured before it is validated, so that nothing walks one that goes too far."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
)

from hub.plan.limits import DocumentLimits

WEIGHT_OF_OBJECT = 10
"""A field with fields of its own is a subquery: it costs the planner about as much as ten without."""
HEAVIEST = 1_000_000
"""A weight above it is not told apart: fragments that spread each other weigh more than a number in JSON can say."""


class Extent(NamedTuple):
    """Levels of fields, their weight, and the fields side by side; every fragment opened wherever it is spread.

    Introspection counts in the weight only: its types lie deep.
    """

    depth: int = 0
    weight: int = 0
    width: int = 0


def check_extent(document: DocumentNode, limits: DocumentLimits) -> GraphQLError | None:
    """The error when a document has more of something than is allowed.

    A fragment that contains itself is left to validation, which names it.
    """
    aliases, directives = count_marks(document)
    if aliases > limits.aliases:
        return over(
            "MAX_ALIASES_LIMIT", f"The document has {aliases} aliases", limits.aliases, aliases=aliases
        )
    if directives > limits.directives:
        return over(
            "MAX_DIRECTIVES_LIMIT",
            f"The document has {directives} directives",
            limits.directives,
            directives=directives,
        )
    try:
        found = measure(document)
    except RecursionError:
        found = Extent(depth=limits.depth + 1)
    if found.depth > limits.depth:
        return over(
            "MAX_DEPTH_LIMIT",
            f"The document's fields nest {found.depth} deep",
            limits.depth,
            depth=found.depth,
        )
    if found.width > limits.root_fields:
        return over(
            "MAX_ROOT_FIELDS_LIMIT",
            f"An operation has {found.width} root fields",
            limits.root_fields,
            rootFields=found.width,
        )
    if found.weight > limits.weight:
        return over(
            "MAX_FIELDS_LIMIT",
            f"The document's fields, its fragments opened and each with fields of its own counted {WEIGHT_OF_OBJECT} "
            f"times, weigh {found.weight}",
            limits.weight,
            weight=found.weight,
        )
    return None


def over(code: str, found: str, limit: int, **values: int) -> GraphQLError:
    """The error of a limit that is passed: what was found, as a sentence without its end, and what is allowed."""
    return GraphQLError(
        f"{found}; at most {limit} are allowed. Ask in several requests.",
        extensions={"code": code, "limit": limit, **values},
    )


def count_marks(document: DocumentNode) -> tuple[int, int]:
    """The aliases and the directives that are written in a document."""
    aliases = directives = 0
    for node in _written(document):
        directives += len(getattr(node, "directives", None) or ())
        if isinstance(node, FieldNode) and node.alias is not None:
            aliases += 1
    return aliases, directives


def _written(document: DocumentNode) -> Iterator[Any]:
    """Every definition, variable and selection, each once."""
    ahead: list[Any] = list(document.definitions)
    while ahead:
        node = ahead.pop()
        yield node
        ahead.extend(getattr(node, "variable_definitions", None) or ())
        selection_set = getattr(node, "selection_set", None)
        if selection_set is not None:
            ahead.extend(selection_set.selections)


def measure(document: DocumentNode) -> Extent:
    """The greatest extent among the document's definitions; its width is of operations alone.

    Each fragment is measured once.
    """
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
        deepest = weight = width = 0
        for node in selection.selections if selection is not None else ():
            if isinstance(node, FieldNode):
                inside = of_selection(node.selection_set, opening)
                deepest = max(deepest, 0 if node.name.value.startswith("__") else 1 + inside.depth)
                weight += inside.weight + (1 if node.selection_set is None else WEIGHT_OF_OBJECT)
                width += 1
            else:
                inside = (
                    of_fragment(node.name.value, opening)
                    if isinstance(node, FragmentSpreadNode)
                    else of_selection(node.selection_set, opening)  # type: ignore[attr-defined]
                )
                deepest, weight, width = (
                    max(deepest, inside.depth),
                    weight + inside.weight,
                    width + inside.width,
                )
        return Extent(deepest, min(weight, HEAVIEST), min(width, HEAVIEST))

    measured = [
        (node, of_selection(node.selection_set, frozenset()))
        for node in document.definitions
        if hasattr(node, "selection_set")
    ]
    return Extent(
        max((one.depth for _, one in measured), default=0),
        max((one.weight for _, one in measured), default=0),
        max((one.width for node, one in measured if isinstance(node, OperationDefinitionNode)), default=0),
    )
