# SPDX-License-Identifier: EUPL-1.2
"""Who looked at a person, read from the access log; and whom a line is about that names people by fiscal code."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE, array

from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import AccessLog, Beneficiary, ConditionalityEvent, ErasedLook, FeedEntry


def person_of(fiscal_code: ColumnElement[Any]) -> ColumnElement[Any]:
    """The key of the person with a fiscal code, wherever it lives."""
    person = table_of(Beneficiary).alias()
    return select(person.c.id).where(person.c.fiscal_code == fiscal_code).scalar_subquery()


async def people_of(connection: Connection, fiscal_codes: Iterable[str]) -> list[UUID]:
    """The keys of the people with these fiscal codes, wherever they live: for the log alone, which says nothing of them to anybody."""
    return [row["id"] for row in await _people().fetch(connection, fiscal_codes=list(fiscal_codes))]


@cache
def _people() -> Statement:
    person = table_of(Beneficiary)
    codes = bindparam("fiscal_codes", type_=ARRAY(Text))
    return Statement(select(person.c.id).where(person.c.fiscal_code == any_(codes)))


def is_about(line: FromClause, person: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a line is about a person: by key, or the household it is of; by an event's place in the feed, or one erased since."""
    someone = table_of(Beneficiary).alias()
    household = select(someone.c.household_id).where(someone.c.id == person).scalar_subquery()
    entry, event = table_of(FeedEntry).alias(), table_of(ConditionalityEvent).alias()
    place = func.int8range(entry.c.position, entry.c.position, literal_column("'[]'"))
    places = (
        select(func.range_agg(place, type_=INT8MULTIRANGE()))
        .select_from(entry.join(event, event.c.id == entry.c.event_id))
        .where(event.c.beneficiary_id == person)
    )
    keys: ColumnElement[Any] = array([person, household])
    return or_(
        line.c.subjects.op("&&", is_comparison=True)(keys),
        line.c.positions.op("&&", is_comparison=True)(places.scalar_subquery()),
        _was_about(line, person),
    )


def _was_about(line: FromClause, person: ColumnElement[Any]) -> ColumnElement[bool]:
    look = table_of(ErasedLook).alias()

    def theirs(column: ColumnElement[Any]) -> ColumnElement[Any]:
        found = select(column).where(look.c.beneficiary_id == person)
        return any_(func.array(found.scalar_subquery(), type_=ARRAY(column.type)))

    # NOTE two arrays, read once: an index is entered at each. The moment of one line and the key of another are of none.
    return and_(line.c.at == theirs(look.c.line_at), line.c.id == theirs(look.c.line_id))


def lines_about(person: ColumnElement[Any]) -> FromClause:
    """The lines about a person, each once."""
    line = table_of(AccessLog).alias()
    # NOTE a fence: left to itself PostgreSQL may walk the log from its end, and try each line of a million.
    return (
        select(*line.c).where(is_about(line, person)).offset(literal_column("0", Integer)).subquery("about")
    )
