# SPDX-License-Identifier: EUPL-1.2
"""A run's work: take a chunk, assess its households, keep what came of it and the chunk's mark, all in one transaction.

Whoever dies leaves the chunk as it was. What a household comes to depends on its facts, the law and the day alone, so that how a run
is divided, and by how many hands it is done, changes no row (tests/store/test_assessment_runs.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, func, select, update

from hub.casework.household_facts import StoredHousehold, read_next_households
from hub.errors import InvalidInput
from hub.measures.assessment import Assessment
from hub.measures.measure import Measure
from hub.measures.reasons import Verdict
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import AssessmentChunk

AT_ONCE = 200
"""Households of a chunk: less than a tenth of a second's work, which is what a kill loses."""

COLUMNS = (
    "run_id",
    "household_id",
    "verdict",
    "not_met",
    "not_known",
    "scale",
    "monthly_amount",
    "months",
    "unverified",
)
Row: TypeAlias = (
    "tuple[UUID, UUID, str, list[str], list[str], Decimal | None, Decimal | None, int | None, bool]"
)
"""An assessment, as `COLUMNS` has it."""

_chunk = table_of(AssessmentChunk)


async def assess_next(
    reading: Connection, writing: Connection, run_id: UUID, measure: Measure, on: date
) -> int | None:
    """Assess one chunk that nobody else has; how many households it had, or None when none is left.

    `reading` sees the facts of the run. Where all that is left is in other hands it waits for them, and takes what they let go.
    """
    async with writing.transaction():
        taken = await _free().fetchrow(writing, run_id=run_id) or await _held().fetchrow(
            writing, run_id=run_id
        )
        if taken is None:
            return None
        before = UUID(int=taken["first_household_id"].int - 1)
        found = await read_next_households(reading, measure, on=on, after=before, limit=taken["households"])
        await writing.copy_records_to_table("assessment", records=rows_of(run_id, found), columns=COLUMNS)
        # NOTE the table refuses the mark unless each household of the chunk is there.
        await _marked().execute(writing, of_run=run_id, place=taken["ordinal"])
        return len(found)


def rows_of(run_id: UUID, households: Sequence[StoredHousehold]) -> list[Row]:
    """What the rules say of each household."""
    return [_row(run_id, household) for household in households]


def _row(run_id: UUID, household: StoredHousehold) -> Row:
    try:
        found = household.assessed()
    except InvalidInput as refusal:  # what is stored cannot be: that is said of it, and stops nobody else's
        return (
            run_id, household.id, Verdict.UNDETERMINED.value, [], [refusal.code], None, None, None, False,
        )  # fmt: skip
    due, lasts = found.entitlement, found.duration
    return (
        run_id,
        household.id,
        found.verdict.value,
        _codes(found, Verdict.NOT_SATISFIED),
        [reason.code for reason in due.reasons]
        if due is not None and due.monthly is None
        else _codes(found, Verdict.UNDETERMINED),
        found.scale.value,
        due.monthly if due is not None else None,
        lasts.months if lasts is not None else None,
        found.unverified,
    )


def _codes(found: Assessment, verdict: Verdict) -> list[str]:
    return [finding.reason.code for finding in found.requirements if finding.verdict is verdict]


@cache
def _free() -> Statement:
    return _taken(skip_locked=True)


@cache
def _held() -> Statement:
    return _taken(skip_locked=False)


def _taken(*, skip_locked: bool) -> Statement:
    return Statement(
        select(_chunk.c.ordinal, _chunk.c.first_household_id, _chunk.c.households)
        .where(_chunk.c.run_id == bindparam("run_id", type_=Uuid), _chunk.c.assessed_at.is_(None))
        .order_by(_chunk.c.ordinal)
        .limit(1)
        .with_for_update(skip_locked=skip_locked)
    )


@cache
def _marked() -> Statement:
    return Statement(
        update(_chunk)
        .where(
            _chunk.c.run_id == bindparam("of_run", type_=Uuid),
            _chunk.c.ordinal == bindparam("place", type_=Integer),
        )
        .values(assessed_at=func.clock_timestamp())
    )
