# SPDX-License-Identifier: EUPL-1.2
"""Many rows as one statement's parameters: one array per column, unnested side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, bindparam, column, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine


class Batch:
    """A FROM clause `unnest($1::…[], $2::…[]) AS name(a, b)`, and the arrays to bind to it."""

    def __init__(self, name: str, **columns: TypeEngine[Any] | type[TypeEngine[Any]]) -> None:
        self._columns = tuple(columns)
        arrays = (bindparam(one, type_=ARRAY(kind)) for one, kind in columns.items())
        self.table: TableValuedAlias = (
            func.unnest(*arrays)
            .table_valued(*(column(one, kind) for one, kind in columns.items()))
            .render_derived(name=name)
        )

    def __getitem__(self, name: str) -> ColumnElement[Any]:
        """A column of the unnested rows."""
        return self.table.c[name]

    def bind(self, rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
        """The arrays, by parameter name; each row names every column."""
        arrays: dict[str, list[Any]] = {name: [] for name in self._columns}
        for row in rows:
            for name in self._columns:
                arrays[name].append(row[name])
        return arrays
