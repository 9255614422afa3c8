# SPDX-License-Identifier: EUPL-1.2
"""What changed from one run to another: counts for whoever looks, and a file of households for whoever must act."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, TextIO

import asyncpg
from sqlalchemy import Numeric, Select, Subquery, Text, Uuid, bindparam, case, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement

from hub.casework.runs.record import Run
from hub.measures.reasons import Verdict
from hub.store.base import table_of
from hub.store.identifiers import encode_id
from hub.store.statement import Connection, Statement
from hub.store.tables import Assessment

HOUSEHOLD_PREFIX = "hsh"
COLUMNS = (
    "household_id",
    "change",
    "verdict_before",
    "verdict_after",
    "monthly_before",
    "monthly_after",
    "not_met",
    "not_known",
)
"""Of the file; codes of one column stand apart by spaces, and are those of the later run."""
AT_ONCE = 1_000

_assessment = table_of(Assessment)


class Change(StrEnum):
    """What a household's assessment changed to; each changed household is one of these."""

    NEWLY_ELIGIBLE = "NEWLY_ELIGIBLE"
    """Has the right now, and had not, or was not there."""
    NO_LONGER_ELIGIBLE = "NO_LONGER_ELIGIBLE"
    """Had the right, and has it no more, or is not there any more."""
    BECAME_UNDETERMINED = "BECAME_UNDETERMINED"
    """A fact is missing now; none was, or it was not there."""
    AMOUNT_CHANGED = "AMOUNT_CHANGED"
    """Had the right and has it, to another monthly amount, or one that is known on one side alone."""
    NEWLY_REFUSED = "NEWLY_REFUSED"
    """Has no right; that was not determined, or it was not there."""
    GONE = "GONE"
    """Had no right, or that was not determined, and is not there any more."""


@dataclass(frozen=True, slots=True)
class Changed:
    """How many households changed so, and what they are due a month together before and after, in euro, where it is known."""

    households: int
    monthly_before: Decimal
    monthly_after: Decimal


async def differences(connection: Connection, earlier: Run, later: Run) -> Mapping[Change, Changed]:
    """How many households changed, by what; a change that none has is there with 0."""
    found = dict.fromkeys(Change, Changed(0, Decimal(0), Decimal(0)))
    for row in await _counted().fetch(connection, earlier=earlier.id, later=later.id):
        found[Change(row["change"])] = Changed(row["households"], row["before"], row["after"])
    return found


async def write_differences(connection: Connection, earlier: Run, later: Run, file: TextIO) -> int:
    """Each changed household as a line of CSV, by id; how many. Inside a transaction; memory is that of a thousand lines."""
    lines = csv.writer(file)
    lines.writerow(COLUMNS)
    listed, written = _listed(), 0
    given = listed.arguments({"earlier": earlier.id, "later": later.id})
    async for row in connection.cursor(listed.text, *given, prefetch=AT_ONCE):
        lines.writerow(_line(row))
        written += 1
    return written


def _line(row: asyncpg.Record) -> list[str]:
    household = encode_id(HOUSEHOLD_PREFIX, row["household_id"])
    codes = (" ".join(row[name] or ()) for name in COLUMNS[-2:])
    return [household, *("" if row[name] is None else str(row[name]) for name in COLUMNS[1:-2]), *codes]


@cache
def _counted() -> Statement:
    changed = _compared()
    return Statement(
        select(
            changed.c.change,
            func.count().label("households"),
            func.coalesce(func.sum(changed.c.monthly_before), 0, type_=Numeric).label("before"),
            func.coalesce(func.sum(changed.c.monthly_after), 0, type_=Numeric).label("after"),
        )
        .where(changed.c.change.is_not(None))
        .group_by(changed.c.change)
    )


@cache
def _listed() -> Statement:
    changed = _compared()
    return Statement(select(changed).where(changed.c.change.is_not(None)).order_by(changed.c.household_id))


def _compared() -> Subquery:
    """Every household of either run, with its change; NULL where nothing changed."""
    before, after = _of("earlier"), _of("later")
    columns: Select[Any] = select(
        func.coalesce(before.c.household_id, after.c.household_id).label("household_id"),
        _change(before, after).label("change"),
        before.c.verdict.label("verdict_before"),
        after.c.verdict.label("verdict_after"),
        before.c.monthly_amount.label("monthly_before"),
        after.c.monthly_amount.label("monthly_after"),
        after.c.not_met,
        after.c.not_known,
    )
    both = before.join(after, before.c.household_id == after.c.household_id, full=True)
    return columns.select_from(both).subquery("compared")


def _of(name: str) -> Subquery:
    return select(_assessment).where(_assessment.c.run_id == bindparam(name, type_=Uuid)).subquery(name)


def _change(before: Subquery, after: Subquery) -> ColumnElement[str | None]:
    was, is_ = before.c.verdict, after.c.verdict
    yes, open_ = _word(Verdict.SATISFIED), _word(Verdict.UNDETERMINED)
    return case(
        (is_.is_(None), case((was == yes, _word(Change.NO_LONGER_ELIGIBLE)), else_=_word(Change.GONE))),
        (
            is_.is_not_distinct_from(was),
            case(
                (
                    (is_ == yes) & before.c.monthly_amount.is_distinct_from(after.c.monthly_amount),
                    _word(Change.AMOUNT_CHANGED),
                )
            ),
        ),
        (is_ == yes, _word(Change.NEWLY_ELIGIBLE)),
        (is_ == open_, _word(Change.BECAME_UNDETERMINED)),
        (was == yes, _word(Change.NO_LONGER_ELIGIBLE)),
        else_=_word(Change.NEWLY_REFUSED),
    )


def _word(word: StrEnum) -> ColumnElement[str]:
    return literal_column(f"'{word}'", Text)
