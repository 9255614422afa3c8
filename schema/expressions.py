# SPDX-License-Identifier: EUPL-1.2
"""Expressions that several computed fields share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, literal_column
from sqlalchemy.types import TypeEngine


def finite(column: str, kind: TypeEngine[Any]) -> Callable[[FromClause], ColumnElement[Any]]:
    """The column, and NULL where it is 'infinity': a date or a moment there is not."""
    return lambda row: func.nullif(row.c[column], literal_column("'infinity'"), type_=kind)
