# SPDX-License-Identifier: EUPL-1.2
"""Conditions that several filters share, and the fields that compose filters."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

import strawberry
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Float,
    FromClause,
    Text,
    and_,
    any_,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from hub.plan.declare import Bound, Combination, Composed, Condition, Related, stands_on
from hub.plan.filter_extent import InvalidFilter
from hub.store.base import table_of
from hub.store.tables import EmploymentCentre, Municipality

FARTHEST_KM = 1_500
"""From one end of the country to the other, and some more."""
PROFESSION = re.compile(r"[0-9]{1,2}(\.[0-9]{1,2}){0,5}", re.ASCII)
KM_PER_DEGREE = "111.0"
"""Of latitude: a little less than there are anywhere, so that a band of them is never too narrow."""


def condition(stands: Condition | Combination, description: str | None = None) -> Any:
    """A member of a filter."""
    return strawberry.field(default=strawberry.UNSET, description=description, metadata=stands_on(stands))


def related(relationship: str, description: str | None = None) -> Any:
    """A member of a filter that is a filter of related rows."""
    return strawberry.field(
        default=strawberry.UNSET, description=description, metadata=stands_on(Related(relationship))
    )


def all_of() -> Any:
    """The member `and` of a filter."""
    return _composed(Composed.AND, "All of these hold; `[]` holds.")


def one_of() -> Any:
    """The member `or` of a filter."""
    return _composed(Composed.OR, "At least one of these holds; `[]` does not.")


def none_of() -> Any:
    """The member `not` of a filter."""
    return _composed(Composed.NOT, "This does not hold.")


def some() -> Any:
    """The member `some` of a filter of many related rows."""
    return strawberry.field(
        default=strawberry.UNSET, description="At least one row the caller may see meets this."
    )


def none() -> Any:
    """The member `none` of a filter of many related rows."""
    return strawberry.field(
        default=strawberry.UNSET, description="No row the caller may see meets this; `{}` for no row at all."
    )


def _composed(how: Composed, description: str) -> Any:
    return strawberry.field(
        name=how.value, default=strawberry.UNSET, description=description, metadata=stands_on(how)
    )


def by_column(column: str, kind: TypeEngine[Any]) -> Condition:
    """The column equals the value."""
    return Condition(lambda row, value: row.c[column] == value, kind, compares=(column,))


def by_any_of(column: str) -> Condition:
    """The column is one of the values."""
    return Condition(lambda row, values: row.c[column] == any_(values), ARRAY(Text()), compares=(column,))


def from_(column: str, kind: TypeEngine[Any]) -> Condition:
    """The column is the value or later."""
    return Condition(lambda row, value: row.c[column] >= value, kind, compares=(column,))


def before(column: str, kind: TypeEngine[Any]) -> Condition:
    """The column is earlier than the value."""
    return Condition(lambda row, value: row.c[column] < value, kind, compares=(column,))


def by_profession(column: str) -> Condition:
    """The column, of a collation that compares by bytes, is a CP2011 code or lies below it."""

    def expression(row: FromClause, value: ColumnElement[Any]) -> ColumnElement[bool]:
        # `/` comes right after `.`: what begins with the code goes on with a point, and 5.2.1 does not find 5.2.10.
        return and_(row.c[column] >= value, row.c[column] < value.concat(literal_column("'/'", Text())))

    return Condition(expression, Text(), _profession, compares=(column,))


def _profession(code: str) -> str:
    if not PROFESSION.fullmatch(code):
        raise InvalidFilter("A profession is a CP2011 code, whole or its beginning: `5.2.1`.")
    return code


@strawberry.input(description="From one moment to before another; `{}` is any moment.")
class Period:
    from_: datetime.datetime | None = strawberry.field(name="from", default=strawberry.UNSET)
    before: datetime.datetime | None = strawberry.UNSET


def within_period(column: str) -> Combination:
    """The column lies within a `Period`; never, when the column is 'infinity' for want of a moment."""

    def expression(row: FromClause, values: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
        bounds = [row.c[column] < values.get("before", literal_column("'infinity'"))]
        return and_(*bounds, *([row.c[column] >= values["from"]] if "from" in values else []))

    moment = Bound(DateTime(timezone=True))
    return Combination(expression, {"from": moment, "before": moment}, compares=(column,))


@strawberry.input(
    description="The beginning of a name, or all of it. Accents, capitals and apostrophes do not matter: `nicolo` finds Nicolò and NICOLO'."
)
class NameFilter:
    family: str = strawberry.field(description="Cognome.")
    given: str | None = strawberry.field(default=strawberry.UNSET, description="Nome.")


def by_name(family: str, given: str) -> Combination:
    """The columns, keys of names (`name_key`), begin as a `NameFilter` says."""

    def begins(key: ColumnElement[str], value: ColumnElement[Any]) -> ColumnElement[bool]:
        # NOTE a range, not LIKE: an index serves it whatever the value, in a plan made for all values too.
        first = func.name_key(value, type_=Text())
        return and_(key >= first, key < first.concat(func.chr(literal_column("1114111"))))

    def expression(row: FromClause, values: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
        conditions = [begins(row.c[family], values["family"])]
        if "given" in values:
            conditions.append(begins(row.c[given], values["given"]))
        return and_(*conditions)

    return Combination(
        expression, {"family": Bound(Text()), "given": Bound(Text())}, compares=(family, given)
    )


@strawberry.input(
    description="Near a municipality, as the crow flies between the seats; those without known coordinates are never near."
)
class NearFilter:
    municipality: str = strawberry.field(description="Belfiore code.")
    within_km: float = strawberry.field(description=f"More than 0, at most {FARTHEST_KM:,}.")


def near() -> Combination:
    """The row's municipality lies as a `NearFilter` says."""

    def expression(row: FromClause, values: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
        here, there = table_of(Municipality).alias(), table_of(Municipality).alias()
        distance = values["withinKm"]
        # The band of latitudes is what an index finds; the distance decides.
        degrees = distance / literal_column(KM_PER_DEGREE, Float())
        close = select(there.c.id).where(
            here.c.belfiore_code == values["municipality"],
            there.c.latitude.between(here.c.latitude - degrees, here.c.latitude + degrees),
            func.distance_km(
                here.c.latitude, here.c.longitude, there.c.latitude, there.c.longitude, type_=Float()
            )
            <= distance,
        )
        return row.c.municipality_id.in_(close)

    values = {"municipality": Bound(Text()), "withinKm": Bound(Float(), _distance)}
    return Combination(expression, values, compares=("municipality",))


def _distance(km: float) -> float:
    if not 0 < km <= FARTHEST_KM:
        raise InvalidFilter(f"`withinKm` is more than 0 and at most {FARTHEST_KM:,}.")
    return float(km)


def by_municipality() -> Condition:
    """The row's municipality has the Belfiore code."""

    def expression(row: FromClause, value: ColumnElement[Any]) -> ColumnElement[bool]:
        place = table_of(Municipality).alias()
        found = select(place.c.id).where(place.c.belfiore_code == value).scalar_subquery()
        return row.c.municipality_id == found

    return Condition(expression, Text(), compares=("municipality.belfiore_code",))


def by_region() -> Condition:
    """The row's municipality lies in the region."""

    def expression(row: FromClause, value: ColumnElement[Any]) -> ColumnElement[bool]:
        place = table_of(Municipality).alias()
        return row.c.municipality_id.in_(select(place.c.id).where(place.c.region_code == value))

    return Condition(expression, Text(), compares=("municipality.region_code",))


def by_centre() -> Condition:
    """The row's employment centre has the ministry code."""

    def expression(row: FromClause, value: ColumnElement[Any]) -> ColumnElement[bool]:
        centre = table_of(EmploymentCentre).alias()
        found = select(centre.c.id).where(centre.c.code == value).scalar_subquery()
        return row.c.employment_centre_id == found

    return Condition(expression, Text(), compares=("employment_centre.code",))
