# SPDX-License-Identifier: EUPL-1.2
"""The access report: who looked at one person, newest first, by pages; to that person, or to a data protection officer."""

from __future__ import annotations

import enum
from typing import Any

from graphql import GraphQLField
from sqlalchemy import ColumnElement, FromClause, Select, Text, func, select

from hub.access.log_reading import lines_about, person_of
from hub.access.self_rows import myself
from hub.access.subjects import REPORT
from hub.errors import InvalidInput
from hub.plan.arguments import Reader, Variables, arguments_of
from hub.plan.builder import Builder
from hub.plan.catalogue import node_type_name
from hub.plan.json_text import joined
from hub.plan.order import TotalOrder
from hub.plan.pages import Belongs, Cut, connection, cursor_values
from hub.plan.positions import StoredType
from hub.plan.selection import Selected
from hub.plan.subjects import marked
from hub.store.vocabulary import GrantScope


def access_report(builder: Builder, field: Selected, definition: GraphQLField, argument: str) -> Select[Any]:
    """The statement of `Query.accessReport`. Whoever it is about is marked, whether or not anybody ever looked."""
    given = arguments_of(definition.args, field.nodes[0], builder.document.variables).get(argument)
    if builder.scope.kind is GrantScope.SELF:
        person: ColumnElement[Any] = myself()
        if given is not None:
            builder.bind(_refuses(f"A citizen's report is about itself: leave `{argument}` out."), Text())
    else:
        nobody = _refuses(f"Say with `{argument}` whom the report is about.")
        person = person_of(builder.bind(nobody if given is None else given.read, Text()))
    target = builder.catalogue.stored(node_type_name(definition))
    builder.is_personal = True
    pieces = connection(builder, field, definition, target, _Lines(builder, target, person))
    return select(joined(marked(person, pieces)))


def _refuses(message: str) -> Reader:
    """Raises when values are bound, not when the plan is made: whether the caller may ask at all is said first."""

    def read(_variables: Variables) -> Any:
        raise InvalidInput(message)

    return read


class _Lines:
    """The lines about one person."""

    parent: FromClause | None = None
    reached_from: str | None = REPORT

    def __init__(self, builder: Builder, target: StoredType, person: ColumnElement[Any]) -> None:
        self._builder, self._target, self._person = builder, target, person

    def order(self, asked: list[enum.Enum] | None) -> TotalOrder:
        """Newest first."""
        assert asked is None
        return TotalOrder(self._target.table.name, (("at", True), ("id", True)))

    def page(self, cut: Cut) -> Select[Any]:
        """Whole lines."""
        rows = lines_about(self._person)
        chosen = [
            direction.beyond(rows, cursor_values(self._builder, given, cut.order, rows))
            for given, direction in cut.cursors
        ]
        return select(*rows.c).where(*chosen).order_by(*cut.direction.clauses(rows)).limit(cut.limit)

    def count(self, _filters: Belongs) -> ColumnElement[int]:
        """How many there are."""
        return select(func.count()).select_from(lines_about(self._person)).scalar_subquery()
