# SPDX-License-Identifier: EUPL-1.2
"""The rows of values a writing statement is run for: one, or many at once, each numbered and with a key made for it.

    WITH given AS (SELECT 1 AS ord, uuidv7() AS id, $1 AS agency_id, …)                              one
    WITH given AS (SELECT ord, uuidv7() AS id, agency_id, … FROM unnest($1::uuid[], …) …)            many

Of many, what all rows share may be bound once. What is written from `given` is the same text in both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    ColumnClause,
    ColumnElement,
    bindparam,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.sql import visitors
from sqlalchemy.types import Integer, TypeEngine

from hub.store.statement import Statement

NAME = "given"
"""The rows' name in the statement; no other alias is called so."""
ORD, KEY = "ord", "id"

Clause = TypeVar("Clause", bound=ClauseElement)


class Given:
    """A CTE of the values of `kinds`, by name.

    `many`: each is bound as an array, whose items are the rows; but those in `shared`, which are the same in every row.
    """

    def __init__(
        self,
        kinds: Mapping[str, TypeEngine[Any]],
        *,
        many: bool,
        shared: Collection[str] = (),
    ) -> None:
        self.kinds = kinds
        self.many = many
        made = func.uuidv7(type_=PG_UUID(as_uuid=True)).label(KEY)
        if many:
            own = {name: kind for name, kind in kinds.items() if name not in shared}
            lists = [bindparam(name, type_=ARRAY(kind)) for name, kind in own.items()]
            columns = [column(name, kind) for name, kind in own.items()]
            rows = (
                func.unnest(*lists)
                .table_valued(*columns, with_ordinality=ORD, name="listed")
                .render_derived(name="listed")
            )
            values = [
                rows.c[name] if name in own else bindparam(name, type_=kind).label(name)
                for name, kind in kinds.items()
            ]
            of_each = [rows.c[ORD], made, *values]
            self.rows = select(*of_each).select_from(rows).cte(NAME)
        else:
            bound = [bindparam(name, type_=kind).label(name) for name, kind in kinds.items()]
            self.rows = select(literal_column("1", Integer()).label(ORD), made, *bound).cte(NAME)

    def __getitem__(self, name: str) -> ColumnElement[Any]:
        """A row's value, or its `ord` or `id`."""
        return self.rows.c[name]

    def within(self, clause: Clause, *kept: ClauseElement) -> Clause:
        """`clause`, with each parameter of these names replaced by the row's value: it must stand where the rows are selected from.

        `kept`: what it is written over, and is to stay the very same.
        """

        def of_row(element: Any, **_: Any) -> ColumnClause[Any] | None:
            if isinstance(element, BindParameter) and element.required and element.key in self.kinds:
                # NOTE no column of the CTE: a subquery that names what it correlates with would take it for a table of its own.
                return literal_column(f"{NAME}.{element.key}", element.type)
            return None

        return visitors.replacement_traverse(clause, {"stop_on": [*kept, self.rows]}, of_row)  # type: ignore[return-value]


def required(clause: ClauseElement) -> dict[str, TypeEngine[Any]]:
    """The parameters of a clause that have no value of their own, arrays left out."""
    return {
        element.key: element.type
        for element in visitors.iterate(clause)
        if isinstance(element, BindParameter) and element.required and not isinstance(element.type, ARRAY)
    }


class ForMany:
    """The statement for many rows, run with the values each of them would be run alone with."""

    def __init__(self, many: Statement, own: frozenset[str], alone: Statement) -> None:
        """`own`: what is a row's; all else must be the same in all of them."""
        self.text = many.text
        place = {name: number for number, name in enumerate(alone.names)}
        self._places = [(place.get(name), name in own) for name in many.names]
        self._constants = [many.defaults.get(name) for name in many.names]

    def arguments(self, members: Sequence[Sequence[Any]]) -> list[Any]:
        """The values of the statement, from those of each member's own."""
        return [
            constant if place is None else [values[place] for values in members] if own else members[0][place]
            for (place, own), constant in zip(self._places, self._constants, strict=True)
        ]
