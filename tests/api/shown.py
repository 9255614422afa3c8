# SPDX-License-Identifier: EUPL-1.2
"""Whom an answer shows, from the reference's own walk over it; nothing here is shared with the hub.

Each object in an answer stands for a row, and each row about people for somebody: its person, or the household where it is no one
person's. A household reached from one of its people, or from a pact, adds nobody.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from graphql import GraphQLObjectType, GraphQLResolveInfo, get_named_type
from graphql.execution import Executor

from tests.api.oracle import Oracle
from tests.api.sight import ACTIVITY, Row, Sight

PERSON = {"ConditionalityEvent", "Delivery", "Convocation", "PucAssignment", *ACTIVITY.values()}
STANDS = {"Beneficiary", "Household", "Pact", "FeedEntry", *PERSON}
"""Types whose rows say whom they are about."""


class Walk:
    """Notes the objects of an answer by their paths, and the rows that cursors stand for."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle
        self.objects: dict[tuple[Any, ...], tuple[str, Row]] = {}
        self.connections: dict[tuple[Any, ...], GraphQLObjectType] = {}

    def executor(self) -> type[Executor[Any]]:
        """graphql-core's, which notes each object it completes: one without a field stands in the answer, too."""
        note = self.note

        class Noting(Executor[Any]):
            def complete_object_value(self, return_type, details, info, path, result, context):  # type: ignore[no-untyped-def]
                note(tuple(path.as_list()), return_type, result)
                return super().complete_object_value(return_type, details, info, path, result, context)

        return Noting

    def note(self, path: tuple[Any, ...], kind: GraphQLObjectType, value: Any) -> None:
        if kind.name in STANDS:
            self.objects[path] = (kind.name, value)
        elif kind.name.endswith("Edge"):
            self.note_row(path, kind.fields["node"].type, value["node"])
        elif kind.name.endswith("Connection"):
            self.connections[path] = kind

    def note_row(self, path: tuple[Any, ...], kind: Any, row: Row) -> None:
        name = get_named_type(kind).name
        if name == "Activity":
            name = ACTIVITY[row["kind"]]
        if name in STANDS:
            self.objects[path] = (name, row)

    def resolve(self, resolve: Any, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        """As a middleware: the cursors of a page, which are asked for by name."""
        value = resolve(source, info, **arguments)
        if info.parent_type.name == "PageInfo" and info.field_name.endswith("Cursor") and value:
            path = tuple(info.path.as_list())
            node = get_named_type(self.connections[path[:-2]].fields["nodes"].type)
            if node.name in TABLES:
                row = self.oracle.by_id[TABLES[node.name]][UUID(value.removeprefix("cursor:"))]
                self.note_row(path, node, row)
        return value


TABLES = {
    "Beneficiary": "beneficiary",
    "Household": "household",
    "Pact": "pact",
    "ConditionalityEvent": "conditionality_event",
    "Delivery": "delivery",
    "PucAssignment": "puc_assignment",
    "TrainingActivity": "activity",
    "Activity": "activity",
}
"""By the type of a list's nodes."""


def shown(oracle: Oracle, query: str, sight: Sight, variables: dict[str, Any]) -> set[UUID]:
    """The keys of the people and households an answer shows."""
    walk = Walk(oracle)
    oracle.answer(query, sight, variables, middleware=[walk], executor_class=walk.executor())
    return {
        found
        for path, (kind, row) in walk.objects.items()
        # A household is reached from a person by a field, never through a list: the person stands right above.
        if (found := _about(oracle, kind, row, walk.objects.get(path[:-1], (None,))[0])) is not None
    }


def _about(oracle: Oracle, kind: str, row: Row, parent: str | None) -> UUID | None:
    match kind:
        case "Beneficiary":
            return row["id"]  # type: ignore[no-any-return]
        case "Household":
            return None if parent in ("Beneficiary", "Pact") else row["id"]
        case "Pact":
            return row["beneficiary_id"] or row["household_id"]  # type: ignore[no-any-return]
        case "FeedEntry":
            return oracle.by_id["conditionality_event"][row["event_id"]]["beneficiary_id"]  # type: ignore[no-any-return]
        case _:
            return row["beneficiary_id"]  # type: ignore[no-any-return]
