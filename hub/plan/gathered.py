# SPDX-License-Identifier: EUPL-1.2
"""A list gathered from several tables: each arm is cut by its own index, then the arms are merged. One statement."""

from __future__ import annotations

import enum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    func,
    literal_column,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.access.rows import visible
from hub.plan.arguments import Argument, Variables
from hub.plan.builder import Builder
from hub.plan.cursor import read_cursor
from hub.plan.order import TotalOrder, python_type
from hub.plan.pages import Belongs, Cut
from hub.plan.positions import ColumnOf, ComputedBy, GatheredType, StoredType

LEAST, GREATEST = UUID(int=0), UUID(int=2**128 - 1)
"""No row has such a key."""


class GatheredRows:
    """The rows of every member of a gathered interface: what they are ordered by, their type's name, their key."""

    parent: FromClause | None = None
    reached_from: str | None = None

    def __init__(self, builder: Builder, target: GatheredType) -> None:
        self._builder, self._target = builder, target

    def order(self, asked: list[enum.Enum] | None) -> TotalOrder:
        """Latest first; of one day, by the type's name, then by key."""
        assert asked is None
        return TotalOrder(self._target.name, (("at", True), ("type", True), ("id", True)))

    def page(self, cut: Cut) -> Select[Any]:
        """The arms' pages, merged and cut again."""
        arms = [self._arm(member, cut).subquery() for member in self._target.members]
        merged = union_all(*(select(arm.c["at"], arm.c["type"], arm.c["id"]) for arm in arms)).subquery(
            "gathered"
        )
        return select(*merged.c).order_by(*cut.direction.clauses(merged)).limit(cut.limit)

    def count(self, filters: Belongs) -> ColumnElement[int]:
        """How many rows all arms have together."""
        counts: list[ColumnElement[int]] = []
        for member in self._target.members:
            rows = self._builder.alias(member)
            chosen = self._chosen(member, rows, filters)
            counts.append(select(func.count()).select_from(rows).where(*chosen).scalar_subquery())
        total = counts[0]
        for count in counts[1:]:
            total = total + count
        return total

    def _arm(self, member: StoredType, cut: Cut) -> Select[Any]:
        rows = self._builder.alias(member)
        at = self._at(member, rows)
        # Compared byte by byte, as Python compares the name in a cursor.
        name = literal_column(f"'{member.name}' COLLATE \"C\"", Text)
        chosen = self._chosen(member, rows, cut.filters)
        here = tuple_(at, rows.c["id"])
        for given, beyond in cut.cursors:
            descending = beyond.columns[0][1]
            there = tuple_(*self._edge(member, given, cut.order, at))
            chosen.append(here < there if descending else here > there)
        latest_first = cut.direction.columns[0][1]
        ordering = [one.desc() if latest_first else one.asc() for one in (at, rows.c["id"])]
        return (
            select(at.label("at"), name.label("type"), rows.c["id"].label("id"))
            .select_from(rows)
            .where(*chosen)
            .order_by(*ordering)
            .limit(cut.limit)
        )

    def _chosen(self, member: StoredType, rows: FromClause, filters: Belongs) -> list[ColumnElement[bool]]:
        return [visible(rows, member.table.name, self._builder.scope), *filters(rows)]

    def _at(self, member: StoredType, rows: FromClause) -> ColumnElement[Any]:
        source = member.fields[self._target.order]
        if isinstance(source, ColumnOf):
            return rows.c[source.name]
        assert isinstance(source, ComputedBy)
        return source.declaration.expression(rows)

    def _edge(
        self, member: StoredType, given: Argument, order: TotalOrder, at: ColumnElement[Any]
    ) -> list[ColumnElement[Any]]:
        """Where a cursor stands in this arm, so that a comparison of two columns, which the arm's index serves, is exact.

        An arm's type is constant: on the cursor's day its rows lie all on one side, unless the cursor is of the type.
        """
        types = (python_type(at.type), str, UUID)

        def values(variables: Variables) -> list[Any]:
            return read_cursor(given.read(variables), order.mark, types)

        def key(variables: Variables) -> UUID:
            _, name, found = values(variables)
            if name == member.name:
                return found  # type: ignore[no-any-return]
            return GREATEST if member.name < name else LEAST

        day = self._builder.bind(lambda variables: values(variables)[0], at.type)
        return [day, self._builder.bind(key, PG_UUID(as_uuid=True))]
