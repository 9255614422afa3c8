# SPDX-License-Identifier: EUPL-1.2
"""The part of an operation that a caller is permitted, as an operation of its own.

It is made once for each shape of the operation and each permission, and remembered with the plans of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from graphql import DocumentNode, OperationType, VariableNode, Visitor, visit

from hub.access.caller import Caller
from hub.plan.needs import Needs
from hub.plan.operation import Operation
from hub.plan.permission import ForbiddenFields, Refused
from hub.plan.selection import selected

Omitted: TypeAlias = "tuple[dict[str, object], ...]"
"""`coordinate`, `level`, and `path` by response keys, of each place that was left out."""


def permitted_part(
    operation: Operation, variables: Mapping[str, Any], caller: Caller
) -> tuple[Operation, Omitted]:
    """The operation without what the caller's purpose does not cover, and what that is; the operation itself where it covers all.

    Raises:
        ForbiddenFields: nothing would be left; or a command would be.
        InvalidInput: as `Operation.prepare`.

    """
    prepared = operation.prepare(variables, caller.scope)
    refused = prepared.fields.refused(caller.fields)
    if not refused:
        return operation, ()
    parts = prepared.fields.parts
    if caller.fields not in parts:
        if len(parts) >= prepared.fields.MOST:
            operation.outgrown(-prepared.fields.weight)
            parts.clear()
        parts[caller.fields] = _part(operation, variables, refused)
    part: tuple[Operation, Omitted] | None = parts[caller.fields]
    if part is None:
        raise ForbiddenFields(refused, caller)
    return part


def _part(
    operation: Operation, variables: Mapping[str, Any], refused: Sequence[Refused]
) -> tuple[Operation, Omitted] | None:
    levels = {one.coordinate: one.level.value for one in refused}
    needs = Needs(operation.catalogue, operation.walk(operation.variables.hollow(variables)))
    whole = operation.definition.selection_set
    selection = needs.permitted_part(operation.root, whole, levels)
    if selection is None:
        return None
    if operation.kind is OperationType.MUTATION:
        # NOTE what is done is never a part of what was asked.
        asked, left = (
            {one.key for one in selected(needs.document, operation.root, [some])}
            for some in (whole, selection)
        )
        if left != asked:
            return None
    definition = replace(operation.definition, selection_set=selection)
    named = _Variables()
    visit(selection, named)
    definition = replace(
        definition,
        variable_definitions=tuple(
            one for one in definition.variable_definitions or () if one.variable.name.value in named.found
        ),
    )
    omitted: Omitted = tuple(
        {"coordinate": use.coordinate, "level": levels[use.coordinate], "path": list(use.path)}
        for use in dict.fromkeys(needs.omitted)
    )
    return operation.instead(DocumentNode(definitions=(definition,)), definition), omitted


class _Variables(Visitor):
    """The names of the variables that stand in a selection."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_variable(self, node: VariableNode, *_place: Any) -> None:
        self.found.add(node.name.value)
