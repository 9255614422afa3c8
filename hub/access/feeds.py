# SPDX-License-Identifier: EUPL-1.2
"""Whose feed an entry is in, beyond that its reader may see its event (`hub.access.rows`).

national       every entry
region         entries of households that lived in it when the event got its position, recorded by another agency than the reader
municipality   entries of households that lived in it then; an ambito is its municipalities
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.types import Text

from hub.access.caller import Scope
from hub.access.rows import AGENCY, MUNICIPALITIES, REGIONS
from hub.store.base import table_of
from hub.store.tables import ConditionalityEvent, Municipality
from hub.store.vocabulary import GrantScope


def in_own_feed(row: FromClause, scope: Scope) -> list[ColumnElement[bool]]:
    """The conditions under which `row`, an alias of `feed_entry`, is in the feed of a caller of this scope."""
    match scope.kind:
        case GrantScope.REGION:
            return [_is(row.c.region_code, REGIONS, scope), _recorded_by_another(row)]
        case GrantScope.MUNICIPALITY:
            return [_of_municipality(row, scope)]
        case _:
            return []


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
    event = table_of(ConditionalityEvent).alias()
    recorder = select(event.c.agency_id).where(event.c.id == row.c.event_id).scalar_subquery()
    return recorder != bindparam(AGENCY, type_=UUID(as_uuid=True))
