# SPDX-License-Identifier: EUPL-1.2
"""The order of a list: total, because the key is its last column, so that a keyset page is exact."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, UnaryExpression, and_, false, or_, tuple_
from sqlalchemy.types import Date, DateTime, Integer, Numeric
from sqlalchemy.types import Uuid as UuidType

from hub.plan.declare import ordered_by
from hub.plan.positions import StoredType, ToldApartType


@dataclass(frozen=True)
class TotalOrder:
    """Columns and whether each descends; the last is the key."""

    table: str
    columns: tuple[tuple[str, bool], ...]

    @property
    def mark(self) -> str:
        """What a cursor of this order starts with."""
        return (
            self.table
            + " "
            + ",".join(("-" if descending else "") + name for name, descending in self.columns)
        )

    def reversed(self) -> TotalOrder:
        """The same list, read from its end. Its cursors are the same."""
        return TotalOrder(self.table, tuple((name, not descending) for name, descending in self.columns))

    def clauses(self, row: FromClause) -> list[UnaryExpression[Any]]:
        """ORDER BY."""
        return [row.c[name].desc() if descending else row.c[name].asc() for name, descending in self.columns]

    def keys(self, row: FromClause) -> list[ColumnElement[Any]]:
        """The columns a cursor holds."""
        return [row.c[name] for name, _ in self.columns]

    def types(self, row: FromClause) -> tuple[type, ...]:
        """The Python type of each value of a cursor."""
        return tuple(python_type(row.c[name].type) for name, _ in self.columns)

    def beyond(self, row: FromClause, values: list[ColumnElement[Any]]) -> ColumnElement[bool]:
        """The rows that come after the one these values stand for."""
        keys = self.keys(row)
        directions = {descending for _, descending in self.columns}
        if len(directions) == 1:
            # One comparison of rows: an index in this order is entered at the right place.
            here, there = tuple_(*keys), tuple_(*values)
            return here < there if directions.pop() else here > there
        alternatives: list[ColumnElement[bool]] = []
        for index, (_, descending) in enumerate(self.columns):
            same = [keys[i] == values[i] for i in range(index)]
            further = keys[index] < values[index] if descending else keys[index] > values[index]
            alternatives.append(and_(*same, further))
        return or_(false(), *alternatives)


def total_order(stored: StoredType | ToldApartType, asked: list[enum.Enum] | None) -> TotalOrder:
    """The order asked for (`-column` descends), or the type's own; with the key at the end."""
    if asked:
        columns = [(name, descending) for names, descending in map(ordered_by, asked) for name in names]
    else:
        columns = [(name, stored.order.descending) for name in stored.order.columns]
    distinct: dict[str, bool] = {}
    for name, descending in columns:
        distinct.setdefault(name, descending)  # a column named again decides nothing any more
    key = "id" if "id" in stored.table.c else next(iter(stored.table.primary_key.columns)).name
    distinct.setdefault(key, next(reversed(distinct.values()), False))
    return TotalOrder(stored.table.name, tuple(distinct.items()))


def python_type(kind: object) -> type:
    """The Python type of a cursor's value of this SQL type."""
    for sql, python in (
        (DateTime, datetime),
        (Date, date),
        (Integer, int),
        (Numeric, Decimal),
        (UuidType, UUID),
    ):
        if isinstance(kind, sql):
            return python
    return str
