# SPDX-License-Identifier: EUPL-1.2
"""The rows of a page with the JSON each use needs, and the aggregates over them.

Aggregates name the columns the rows come in the order of, so that PostgreSQL sees they need no sort. The rows are numbered only
where one more than the page was read, to see whether there is more.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Text,
    UnaryExpression,
    case,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, array

from hub.plan.cursor import cursor_expression
from hub.plan.json_text import Piece, constant, joined
from hub.plan.order import TotalOrder
from hub.plan.subjects import marked

_NUMBER = "n"
_FIRST = literal_column("1", Integer)


class PageItems:
    """Collects what each item carries while the page's members are written; `answer` puts it together."""

    def __init__(
        self,
        rows: Subquery,
        order: TotalOrder,
        size: ColumnElement[int],
        *,
        backward: bool,
        looks_ahead: bool,
    ) -> None:
        """Take the rows, and their list's order.

        `backward`: they come in the reverse of it. `looks_ahead`: there may be one more than `size` of them.
        """
        self._rows = rows
        self._order = order
        self._backward = backward
        self._size = size
        self._looks_ahead = looks_ahead
        self._columns: list[ColumnElement[Any]] = []
        if looks_ahead:
            coming = order.reversed() if backward else order
            self._columns.append(func.row_number().over(order_by=coming.clauses(rows)).label(_NUMBER))
        self._keys: list[ColumnElement[Any]] = []
        # Without an aggregate the statement would give a row per item, where one is wanted.
        self._aggregated = False

    def column(self, expression: ColumnElement[Any]) -> ColumnElement[Any]:
        """Have each item carry an expression; the name it is found under."""
        name = f"v{len(self._columns)}"
        self._columns.append(expression.label(name))
        return literal_column(name, expression.type)

    def array(self, pieces: list[Piece]) -> list[Piece]:
        """`[…]` of one JSON per item, in the list's order."""
        item = self.column(joined(pieces))
        listed = func.string_agg(item, aggregate_order_by(literal_column("','"), *self._positions()))
        return ["[", self.aggregate(listed), "]"]

    def more(self) -> list[Piece]:
        """Whether there is a row beyond the page."""
        assert self._looks_ahead
        self._aggregated = True
        return [cast(func.count() > self._size, Text)]

    def edge_cursor(self, subject: ColumnElement[Any] | None, *, last: bool) -> list[Piece]:
        """The cursor of the first or the last item, or null. Only that one is written: the others carry its keys as they are.

        `subject`: whom an item is about, to be marked; None where the item itself says so.
        """
        about = [] if subject is None else [self.column(subject)]
        keys = array([cast(key, Text) for key in (*self._ordering(), *about)])
        all_keys = self.aggregate(
            func.array_agg(aggregate_order_by(keys, *self._positions()), type_=ARRAY(Text, dimensions=2))
        )
        at_end = all_keys[func.array_length(all_keys, _FIRST, type_=Integer) if last else _FIRST]
        values = [at_end[literal_column(str(number + 1), Integer)] for number in range(len(self._keys))]
        cursor: list[Piece] = ['"', cursor_expression(self._order.mark, values), '"']
        if about:
            cursor = marked(at_end[literal_column(str(len(self._keys) + 1), Integer)], cursor)
        return [case((all_keys.is_(None), constant("null")), else_=joined(cursor))]

    def aggregate(self, expression: Any) -> ColumnElement[Any]:
        """An aggregate over the page's items only."""
        self._aggregated = True
        if not self._looks_ahead:
            return expression  # type: ignore[no-any-return]
        return expression.filter(literal_column(_NUMBER) <= self._size)  # type: ignore[no-any-return]

    def answer(self, pieces: list[Piece]) -> Select[Any]:
        """One row with the JSON of the page; the rows are read only if an aggregate over them is in it."""
        statement = select(joined(pieces))
        if not self._aggregated:
            return statement
        return statement.select_from(select(*self._columns).select_from(self._rows).subquery("items"))

    def _ordering(self) -> list[ColumnElement[Any]]:
        """The columns of the list's order, as the items carry them."""
        if not self._keys:
            self._keys = [self.column(key) for key in self._order.keys(self._rows)]
        return self._keys

    def _positions(self) -> list[UnaryExpression[Any]]:
        """ORDER BY of the list."""
        return [
            key.desc() if descending else key.asc()
            for key, (_, descending) in zip(self._ordering(), self._order.columns, strict=True)
        ]
