# SPDX-License-Identifier: EUPL-1.2
"""A run in numbers: verdicts, euro, and what was not met or not known how often. Nobody can be told from it but by very small numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from sqlalchemy import Numeric, Uuid, bindparam, func, select
from sqlalchemy.sql.elements import ColumnElement

from hub.casework.runs.record import Run
from hub.measures.reasons import Verdict
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import Assessment

_assessment = table_of(Assessment)


@dataclass(frozen=True, slots=True)
class Summary:
    """Households by verdict; `monthly`: euro a month together, of the `amounts` that are known; codes by how often, most often first.

    `unverified`: assessments that rest on something that was not read in the law.
    """

    verdicts: Mapping[Verdict, int]
    amounts: int
    monthly: Decimal
    unverified: int
    not_met: Mapping[str, int]
    not_known: Mapping[str, int]


async def summary(connection: Connection, run: Run) -> Summary:
    """What a run comes to."""
    verdicts = dict.fromkeys(Verdict, 0)
    amounts, monthly, unverified = 0, Decimal(0), 0
    for row in await _by_verdict().fetch(connection, run=run.id):
        verdicts[Verdict(row["verdict"])] = row["households"]
        amounts += row["amounts"]
        monthly += row["monthly"]
        unverified += row["unverified"]
    codes = [
        {row["code"]: row["households"] for row in await statement.fetch(connection, run=run.id)}
        for statement in (_not_met(), _not_known())
    ]
    return Summary(verdicts, amounts, monthly, unverified, *codes)


@cache
def _by_verdict() -> Statement:
    return Statement(
        select(
            _assessment.c.verdict,
            func.count().label("households"),
            func.count(_assessment.c.monthly_amount).label("amounts"),
            func.coalesce(func.sum(_assessment.c.monthly_amount), 0, type_=Numeric).label("monthly"),
            func.count().filter(_assessment.c.unverified).label("unverified"),
        )
        .where(_assessment.c.run_id == bindparam("run", type_=Uuid))
        .group_by(_assessment.c.verdict)
    )


@cache
def _not_met() -> Statement:
    return _codes(_assessment.c.not_met)


@cache
def _not_known() -> Statement:
    return _codes(_assessment.c.not_known)


def _codes(column: ColumnElement[list[str]]) -> Statement:
    codes = (
        select(func.unnest(column).label("code"))
        .where(_assessment.c.run_id == bindparam("run", type_=Uuid))
        .subquery("codes")
    )
    households = func.count().label("households")
    return Statement(
        select(codes.c.code, households).group_by(codes.c.code).order_by(households.desc(), codes.c.code)
    )
