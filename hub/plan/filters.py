# SPDX-License-Identifier: EUPL-1.2
"""Filters as conditions of a statement: which members are there is part of its text, what they hold is bound.

An object's members must all hold; `and`, `or` and `not` compose whole filters; `some` and `none` ask for related rows, of which
only those the caller may see count. Every condition is true or false: what compares with NULL is false, and its `not` true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from graphql import get_named_type
from sqlalchemy import ColumnElement, FromClause, and_, false, literal_column, or_, select, true

from hub.access.rows import is_rounded
from hub.plan.arguments import Argument
from hub.plan.builder import Builder
from hub.plan.declare import Combination, Composed, Condition
from hub.plan.filter_extent import GroupsComposed, check_conditions, check_levels
from hub.plan.filter_types import NONE, RelatedBy
from hub.plan.positions import GatheredType, Position, Tabled

Make: TypeAlias = Callable[[FromClause], ColumnElement[bool]]
"""Writes a condition for a row; its values are bound once, however many rows it is written for."""


def conditions_of(builder: Builder, given: Argument | None, target: Position) -> list[Make]:
    """The conditions of a filter of `target`; all must hold.

    Raises:
        InvalidFilter: its members do not go together, there are too many, or the scope counts only and one is `or` or `not`.

    """
    # A gathered list's filter reaches no related rows, so that any of its tables will do.
    tabled = target.members[0] if isinstance(target, GatheredType) else target
    return [] if given is None else _Walk(builder).members(given, tabled, 1)


class _Walk:
    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def members(self, given: Argument, stored: Tabled, level: int) -> list[Make]:
        check_levels(level)
        known = self._builder.catalogue.filters[get_named_type(given.type).name]
        return [
            self._member(known[name], member, stored, level) for name, member in self._counted(given).items()
        ]

    def _counted(self, given: Argument) -> dict[str, Argument]:
        members = given.members()
        self._count(len(members))
        return members

    def _count(self, more: int) -> None:
        # NOTE counted over the whole root field: a variable may stand in many places, and PostgreSQL takes 65,535 parameters.
        self._builder.conditions += more
        check_conditions(self._builder.conditions)

    def _member(self, known: object, given: Argument, stored: Tabled, level: int) -> Make:
        match known:
            case Condition():
                value = self._builder.bind(given.read, known.kind, known.convert)
                return lambda row: known.expression(row, value)
            case Combination():
                check_levels(level + 1)
                values = {
                    name: self._builder.bind(member.read, known.values[name].kind, known.values[name].convert)
                    for name, member in self._counted(given).items()
                }
                return lambda row: known.expression(row, values)
            case Composed():
                return self._composed(known, given, stored, level)
            case RelatedBy():
                return self._related(known, given, stored, level)
            case _:
                raise AssertionError(f"{known} is no member of a filter")

    def _composed(self, known: Composed, given: Argument, stored: Tabled, level: int) -> Make:
        if known is not Composed.AND and is_rounded(stored.table.name, self._builder.scope):
            # NOTE what rounding hides shows in the difference of two groups, if one may be the other and somebody more.
            raise GroupsComposed
        if known is Composed.NOT:
            inside = self.members(given, stored, level + 1)
            return lambda row: _all(inside, row).is_not(true())
        items = given.items()
        self._count(len(items))
        each = [self.members(item, stored, level + 1) for item in items]
        if known is Composed.AND:
            return lambda row: and_(true(), *(_all(one, row) for one in each))
        return lambda row: or_(false(), *(_all(one, row) for one in each))

    def _related(self, known: RelatedBy, given: Argument, stored: Tabled, level: int) -> Make:
        target = self._builder.catalogue.standing_on(known.link.target)
        if not known.many:
            return self._related_rows(known, self.members(given, target, level + 1), stored, target)
        asked = [
            self._related_rows(known, self.members(member, target, level + 2), stored, target, name != NONE)
            for name, member in self._counted(given).items()
        ]
        return lambda row: and_(true(), *(make(row) for make in asked))

    def _related_rows(
        self, known: RelatedBy, inside: Sequence[Make], stored: Tabled, target: Tabled, some: bool = True
    ) -> Make:
        """That there are some, or that there are none."""

        def make(row: FromClause) -> ColumnElement[bool]:
            other = self._builder.alias(target)
            related = self._builder.to_rows(known.link, row, target, other, stored.table.name)
            found = select(true()).select_from(other).where(related, *(one(other) for one in inside))
            if some:
                return found.exists()
            # NOTE a look for each row, not NOT EXISTS: that may be turned round, and the other table read from end to end.
            return found.limit(literal_column("1")).scalar_subquery().is_(None)

        return make


def _all(conditions: Sequence[Make], row: FromClause) -> ColumnElement[bool]:
    return and_(true(), *(make(row) for make in conditions))
