# SPDX-License-Identifier: EUPL-1.2
"""Conditions that several filters share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, any_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from hub.plan.declare import Condition
from hub.store.base import table_of
from hub.store.tables import EmploymentCentre, Municipality


def by_column(column: str, kind: TypeEngine[Any]) -> Condition:
    """The column equals the value."""
    return Condition(lambda row, value: row.c[column] == value, kind)


def by_any_of(column: str) -> Condition:
    """The column is one of the values."""
    return Condition(lambda row, values: row.c[column] == any_(values), ARRAY(Text()))


def from_(column: str, kind: TypeEngine[Any]) -> Condition:
    """The column is the value or later."""
    return Condition(lambda row, value: row.c[column] >= value, kind)


def before(column: str, kind: TypeEngine[Any]) -> Condition:
    """The column is earlier than the value."""
    return Condition(lambda row, value: row.c[column] < value, kind)


def by_municipality() -> Condition:
    """The row's municipality has the Belfiore code."""

    def expression(row: FromClause, value: ColumnElement[Any]) -> ColumnElement[bool]:
        place = table_of(Municipality).alias()
        found = select(place.c.id).where(place.c.belfiore_code == value).scalar_subquery()
        return row.c.municipality_id == found

    return Condition(expression, Text())


def by_region() -> Condition:
    """The row's municipality lies in the region."""

    def expression(row: FromClause, value: ColumnElement[Any]) -> ColumnElement[bool]:
        place = table_of(Municipality).alias()
        return row.c.municipality_id.in_(select(place.c.id).where(place.c.region_code == value))

    return Condition(expression, Text())


def by_centre() -> Condition:
    """The row's employment centre has the ministry code."""

    def expression(row: FromClause, value: ColumnElement[Any]) -> ColumnElement[bool]:
        centre = table_of(EmploymentCentre).alias()
        found = select(centre.c.id).where(centre.c.code == value).scalar_subquery()
        return row.c.employment_centre_id == found

    return Condition(expression, Text())
