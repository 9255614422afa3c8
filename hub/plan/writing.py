# SPDX-License-Identifier: EUPL-1.2
"""Rows that are written and read back by one statement, each with its line of the access log: one row, or many.

    given      the values, a row of them for each (`hub.store.given`)
    …          what the command writes, from what is given
    answer     each row that was written, as it was asked for
    logged     the line of the access log, written by the statement itself: it is there if, and only if, the rows are

A run alone, and the runs of several requests that are joined, are two endings of one text; in both each row has its own line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from graphql import SelectionSetNode
from sqlalchemy import CTE, ColumnElement, FromClause, Select, Table, select
from sqlalchemy.types import TypeEngine

from hub.access.caller import Scope
from hub.access.line import LINE, logged
from hub.access.rows import visible
from hub.plan.builder import Builder
from hub.plan.catalogue import Catalogue
from hub.plan.json_text import joined
from hub.plan.limits import PageLimits
from hub.plan.selection import Document
from hub.plan.subjects import subjects_in
from hub.plan.written import VALUES, Written, WrittenPlan
from hub.store.given import ORD, Given, required
from hub.store.statement import Statement


class _Form:
    """The SQL of one form of the statement, up to the answer."""

    def __init__(self, written: Written, given: Given, builder: Builder, text: Any, condition: Any) -> None:
        appended = written.append(given)
        row = appended.row
        read = select(given[ORD], given.within(text(builder, row), row).label("text"))
        self.given = given
        self.row = row
        self.beside = appended.beside
        self.read = read.select_from(given.rows.join(row, row.c.id == given["id"])).where(
            given.within(condition(row), row)
        )


def plan_written(
    catalogue: Catalogue,
    document: Document,
    type_name: str,
    selections: Sequence[SelectionSetNode | None],
    scope: Scope,
    limits: PageLimits,
    written: Written,
) -> WrittenPlan | None:
    """The plan that writes one row and reads it back in the same statement; None where that cannot be.

    Its statement sees the row it writes as the row of `written`, and every table as it was before: a selection that reads the
    tables it writes anywhere else has to wait for the next statement. So has one that an agency is to be asked for.
    """
    stored = catalogue.stored(type_name)

    def form(kinds: Mapping[str, TypeEngine[Any]], *, many: bool) -> tuple[Builder, _Form]:
        builder = Builder(catalogue, document, scope, limits)
        given = Given(kinds, many=many)
        return builder, _Form(
            written,
            given,
            builder,
            lambda builder, row: joined(builder.object(stored, row, selections)),
            lambda row: visible(row, stored.table.name, scope),
        )

    # What the row is read by is known once it has been written out.
    builder, first = form(written.kinds, many=False)
    if builder.has_live or _reads(first.read, first.row, written.tables):
        return None
    kinds = {**required(first.read), **written.kinds}
    own = {**kinds, **LINE}

    def of_many() -> Statement:
        _, made = form(own, many=True)
        answer, rows = made.read.cte("answer"), made.given.rows
        answers = select(rows.c[ORD], answer.c.text).select_from(
            rows.outerjoin(answer, answer.c[ORD] == rows.c[ORD])
        )
        return Statement(answers.add_cte(*made.beside, _line_of_each(made.given, answer)))

    builder, one = form(own, many=False)
    answer = one.read.cte("answer")
    statement = Statement(select(answer.c.text).add_cte(*one.beside, _line_of_each(one.given, answer)))
    for name in (*written.binds, *LINE):
        assert name not in builder.binds
        builder.binds[name] = partial(_given, name)
    return WrittenPlan(
        statement,
        dict(builder.binds),
        of_many,
        frozenset(own),
        is_personal=builder.is_personal,
    )


def _line_of_each(given: Given, answer: CTE) -> CTE:
    said: dict[str, ColumnElement[Any]] = {name: given[name] for name in LINE}
    return logged(given.rows.join(answer, answer.c[ORD] == given[ORD]), subjects_in(answer.c.text), said)


def _given(name: str, variables: Mapping[str, Any]) -> Any:
    return variables[VALUES][name]


def _reads(statement: Select[Any], row: FromClause, tables: frozenset[str]) -> bool:
    """Whether a statement reads a table that is written, other than by the row that it writes."""
    waiting: list[Any] = [statement]
    while waiting:
        element = waiting.pop()
        if element is row:
            continue
        if isinstance(element, Table) and element.name in tables:
            return True
        waiting.extend(element.get_children())
    return False
