# SPDX-License-Identifier: EUPL-1.2
"""Rows that a command writes, as far as the planner has to know; and the plans that write and read them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, FromClause
from sqlalchemy.types import TypeEngine

from hub.plan.plan import Bind, Plan
from hub.store.given import ForMany, Given
from hub.store.statement import Statement

VALUES = "$values"
"""The name under which the values of a written row, and of its line in the access log, stand among the variables, by parameter."""


@dataclass(frozen=True)
class Appends:
    """What a command writes from the values given: the row, all its columns, by the key given; and what else the statement does."""

    row: FromClause
    beside: tuple[CTE, ...]


@dataclass(frozen=True)
class Written:
    """A row that a statement writes, as far as the planner has to know.

    `kinds`: the parameters that are bound for each row. `binds`: those of them that the command gives; the rest are the
    caller's. `tables`: those that are written to, by triggers too.
    """

    append: Callable[[Given], Appends]
    kinds: Mapping[str, TypeEngine[Any]]
    binds: frozenset[str]
    tables: frozenset[str]


class WrittenPlan(Plan):
    """The plan of one row, and joined of several."""

    def __init__(
        self,
        statement: Statement,
        binds: Mapping[str, Bind],
        make: Callable[[], Statement],
        own: frozenset[str],
        *,
        is_personal: bool,
    ) -> None:
        """Take the statement of one row; `make`: of many, each under a line of its own; `own`: what is a row's."""
        super().__init__(
            statement,
            binds,
            frozenset(),
            lambda alone: ForMany(make(), own, alone),
            is_personal=is_personal,
        )
