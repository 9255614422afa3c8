# SPDX-License-Identifier: EUPL-1.2
"""Several runs of one plan as one statement: a row of values for each, and each its own answer.

    SELECT member.ord, (the plan, with member.p0 where $1 stood)
    FROM unnest($1::text[], …) WITH ORDINALITY AS member(p0, …, ord)

The row predicate's values are among a member's own: who asks together sees no more than who asks alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnClause, Select, bindparam, column, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import visitors
from sqlalchemy.types import Integer, TypeEngine

from hub.store.statement import Statement

MEMBER = "member"
"""The row of values; no other alias of a plan is called so."""
NUMBER = "number"
"""The value of a member whose plan has none of its own: what all of them bind alike makes no row for each."""


class Joined:
    """The statement for any number of runs. What `alone` binds as an array must be the same in all of them."""

    def __init__(self, select_: Select[Any], alone: Statement) -> None:
        own: dict[str, TypeEngine[Any]] = {}

        def of_member(element: Any, **_: Any) -> ColumnClause[Any] | None:
            if not isinstance(element, BindParameter) or not element.required or element.key in alone.arrays:
                return None
            own[element.key] = element.type
            # NOTE no column of an alias: a subquery that names what it correlates with would take that alias for a table of its own.
            return literal_column(f"{MEMBER}.{element.key}", element.type)

        replaced = visitors.replacement_traverse(select_, {}, of_member)
        assert isinstance(replaced, Select)
        if not own:
            own[NUMBER] = Integer()
        lists = [bindparam(name, type_=ARRAY(kind)) for name, kind in own.items()]
        members = (
            func.unnest(*lists)
            .table_valued(*(column(name) for name in own), with_ordinality="ord", name=MEMBER)
            .render_derived(name=MEMBER)
        )
        statement = Statement(select(members.c.ord, replaced.scalar_subquery()).select_from(members))
        self.text = statement.text
        place = {name: number for number, name in enumerate(alone.names)}
        self._places = [(place.get(name), name in own) for name in statement.names]
        self._constants = [statement.defaults.get(name) for name in statement.names]

    def arguments(self, members: Sequence[Sequence[Any]]) -> list[Any]:
        """The values of the joined statement, from those each member would run alone with."""
        return [
            (range(len(members)) if own else constant)
            if place is None
            else [values[place] for values in members]
            if own
            else members[0][place]
            for (place, own), constant in zip(self._places, self._constants, strict=True)
        ]
