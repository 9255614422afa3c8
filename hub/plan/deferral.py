# SPDX-License-Identifier: EUPL-1.2
"""`@defer` where it is of use: on fragments that ask an agency something. Stored data is there with the first part anyway.

Every other `@defer` is taken out of the document before it is planned, as the draft allows ("Incremental Delivery", section
6.2: a service may decide not to defer), so that what remains is what a client really waits for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLDeferDirective,
    GraphQLField,
    InlineFragmentNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)

from hub.plan.catalogue import Catalogue
from hub.plan.positions import AskedOf

Fragment = TypeVar("Fragment", FragmentSpreadNode, InlineFragmentNode)

DEFER = GraphQLDeferDirective.name
"""A word in the text of every document that defers."""


def deferring(document: DocumentNode, catalogue: Catalogue) -> tuple[DocumentNode, bool]:
    """A valid document without the `@defer`s that wait for nobody, and whether one is left.

    The document itself when it has none at all.
    """
    search = _Search(catalogue, document)
    types = TypeInfo(catalogue.schema)
    kept = _Keeper(search, types)
    changed = visit(document, TypeInfoVisitor(types, kept))
    return changed, kept.left


class _Search:
    """Whether a selection asks an agency anything, fragments opened."""

    def __init__(self, catalogue: Catalogue, document: DocumentNode) -> None:
        self._catalogue = catalogue
        self._fragments: Mapping[str, FragmentDefinitionNode] = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, bool] = {}

    def of_fragment(self, name: str) -> bool:
        if name not in self._known:
            fragment = self._fragments[name]
            self._known[name] = self.of_selection(fragment.type_condition.name.value, fragment.selection_set)
        return self._known[name]

    def of_selection(self, type_name: str, selection: SelectionSetNode) -> bool:
        for node in selection.selections:
            match node:
                case FieldNode():
                    found = self._of_field(type_name, node)
                case FragmentSpreadNode():
                    found = self.of_fragment(node.name.value)
                case InlineFragmentNode():
                    condition = node.type_condition
                    found = self.of_selection(
                        type_name if condition is None else condition.name.value, node.selection_set
                    )
                case _:
                    raise AssertionError(node.kind)
            if found:
                return True
        return False

    def _of_field(self, type_name: str, node: FieldNode) -> bool:
        stored = self._catalogue.types.get(type_name)
        if stored is not None and isinstance(stored.fields.get(node.name.value), AskedOf):
            return True
        if node.selection_set is None or node.name.value.startswith("__"):
            return False
        fields: Mapping[str, GraphQLField] = self._catalogue.schema.type_map[type_name].fields  # type: ignore[attr-defined]
        return self.of_selection(get_named_type(fields[node.name.value].type).name, node.selection_set)


class _Keeper(Visitor):
    """Takes `@defer` from each fragment that asks no agency."""

    def __init__(self, search: _Search, types: TypeInfo) -> None:
        super().__init__()
        self._search = search
        self._types = types
        self.left = False

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_place: Any) -> FragmentSpreadNode | None:
        return self._kept(node, asks=self._search.of_fragment(node.name.value))

    def enter_inline_fragment(self, node: InlineFragmentNode, *_place: Any) -> InlineFragmentNode | None:
        kind = self._types.get_type()  # of the fragment, which the type information has entered already
        assert kind is not None
        return self._kept(node, asks=self._search.of_selection(get_named_type(kind).name, node.selection_set))

    def _kept(self, node: Fragment, *, asks: bool) -> Fragment | None:
        rest = tuple(
            directive
            for directive in node.directives or ()
            if directive.name.value != GraphQLDeferDirective.name
        )
        if len(rest) == len(node.directives or ()):
            return None
        if asks:
            self.left = True
            return None
        return replace(node, directives=rest)
