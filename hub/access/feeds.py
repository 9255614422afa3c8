# SPDX-License-Identifier: EUPL-1.2
"""Which entries are in whose feed.

national       every entry
region         entries of households that lived in it when the event got its position, recorded by another agency than the reader
municipality   entries of households that lived in it then; an ambito is its municipalities

Of those, the entries of people the reader may see now (`hub.access.rows`). An erasure is about nobody: it is in each feed that the
erased entry was in, wherever the person lives by now (docs/adr/0028).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, any_, bindparam, case, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.types import Text

from hub.access.caller import Scope
from hub.access.rows import AGENCY, MUNICIPALITIES, REGIONS, visible
from hub.store.base import table_of
from hub.store.tables import ConditionalityEvent, FeedEntry, Municipality
from hub.store.vocabulary import ConditionalityEventType, GrantScope

_ERASURE = literal_column(f"'{ConditionalityEventType.CONTENT_ERASED.value}'", Text)


def in_own_feed(row: FromClause, scope: Scope) -> list[ColumnElement[bool]]:
    """The conditions under which `row`, an alias of `feed_entry`, is in the feed of a caller of this scope."""
    match scope.kind:
        case GrantScope.REGION:
            return [_is(row.c.region_code, REGIONS, scope), _recorded_by_another(row), _told(row, scope)]
        case GrantScope.MUNICIPALITY:
            return [_of_municipality(row, scope), _told(row, scope)]
        case _:
            return [visible(row, "feed_entry", scope)]


def is_erasure(row: FromClause) -> ColumnElement[bool]:
    """Whether `row`, an alias of `feed_entry`, says that another entry was erased."""
    return row.c.type == _ERASURE


def of_erased(row: FromClause, column: str) -> ColumnElement[Any]:
    """A column of the event whose entry was erased, where `row` says so; NULL of every other entry."""
    # NOTE names of their own: left to SQLAlchemy, that of the entry may be the one the planner gave `row`.
    erasing = table_of(ConditionalityEvent).alias("erasing")
    place = table_of(FeedEntry).alias("erased_place")
    erased = table_of(ConditionalityEvent).alias("erased")
    found = (
        select(erased.c[column])
        .select_from(
            erasing.join(place, place.c.position == erasing.c.erases_position).join(
                erased, erased.c.id == place.c.event_id
            )
        )
        .where(erasing.c.id == row.c.event_id)
        .scalar_subquery()
    )
    # NOTE looked for of erasures alone: of all others the event need not be read.
    return case((is_erasure(row), found))


def _told(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    """That the entry's person may be seen, or that it is an erasure."""
    # NOTE a CASE: beside OR the rule may become a hash of all people of the territory.
    return case((is_erasure(row), true()), else_=visible(row, "feed_entry", scope))


def _is(column: ColumnElement[Any], name: str, scope: Scope) -> ColumnElement[bool]:
    if scope.single:
        return column == bindparam(name, type_=Text())
    return column == any_(bindparam(name, type_=ARRAY(Text())))


def _of_municipality(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    place, key = table_of(Municipality).alias(), UUID(as_uuid=True)
    codes = select(place.c.belfiore_code)
    if scope.single:
        code = codes.where(place.c.id == bindparam(MUNICIPALITIES, type_=key)).scalar_subquery()
        return row.c.municipality_code == code
    named = codes.where(place.c.id == any_(bindparam(MUNICIPALITIES, type_=ARRAY(key)))).scalar_subquery()
    return row.c.municipality_code == any_(func.array(named, type_=ARRAY(Text())))


def _recorded_by_another(row: FromClause) -> ColumnElement[bool]:
    """By another agency than the reader; of an erasure, what it erased."""
    event = table_of(ConditionalityEvent).alias()
    recorder = select(event.c.agency_id).where(event.c.id == row.c.event_id).scalar_subquery()
    return func.coalesce(of_erased(row, "agency_id"), recorder) != bindparam(AGENCY, type_=UUID(as_uuid=True))
