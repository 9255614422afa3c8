# SPDX-License-Identifier: EUPL-1.2
"""What changed between two runs: every way a household can change, counted, and written to the file."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from itertools import product
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from hub.casework.runs import record
from hub.casework.runs.differences import COLUMNS, Change, differences, write_differences
from hub.casework.runs.record import Key, Run
from hub.casework.runs.summary import summary
from hub.measures.measure import Measure
from hub.measures.reasons import Verdict
from hub.store.identifiers import encode_id

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
YES, NO, OPEN = (verdict.value for verdict in Verdict)
STATES: tuple[tuple[str, Decimal | None] | None, ...] = (
    None,
    (YES, Decimal("500.00")),
    (YES, Decimal("612.34")),
    (YES, None),
    (NO, None),
    (OPEN, None),
)
"""What a run may say of a household: nothing, or a verdict with an amount."""


@pytest.fixture
def database_url(populated_url: str) -> str:
    """Households to speak of."""
    return populated_url


def meant(
    before: tuple[str, Decimal | None] | None, after: tuple[str, Decimal | None] | None
) -> Change | None:
    """The change, in other words than those of the statement."""
    if before == after:
        return None
    match (before and before[0], after and after[0]):
        case (was, is_) if was == is_ == YES:
            return Change.AMOUNT_CHANGED
        case (_, "SATISFIED"):
            return Change.NEWLY_ELIGIBLE
        case ("SATISFIED", "NOT_SATISFIED" | None):
            return Change.NO_LONGER_ELIGIBLE
        case (_, "UNDETERMINED"):
            return Change.BECAME_UNDETERMINED
        case (_, None):
            return Change.GONE
        case _:
            return Change.NEWLY_REFUSED


async def made(owner: Owner, said: dict[UUID, tuple[str, Decimal | None] | None]) -> Run:
    """A run that said this, and has ended."""
    key = Key(Measure.ADI, date(2026, 6, 15), bytes(32), bytes(32))
    run_id: UUID = await owner.fetchval(
        "INSERT INTO assessment_run (measure, assessed_on, law, edition, facts, started_at) VALUES ($1, $2, '', $3, $4, clock_timestamp())"
        " RETURNING id",
        key.measure, key.on, key.edition, key.facts,
    )  # fmt: skip
    for household, state in said.items():
        if state is not None:
            verdict, amount = state
            await owner.execute(
                "INSERT INTO assessment (run_id, household_id, verdict, not_met, not_known, monthly_amount, unverified)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                run_id, household, verdict, ["ISEE", "STAY"] if verdict == NO else [],
                [] if verdict == NO or amount is not None else ["RENT"], amount, verdict == OPEN,
            )  # fmt: skip
    await record.end(owner, run_id)
    return await record.run_of(owner, run_id)


async def test_every_change_is_counted_once_and_written(owner: Owner) -> None:
    pairs = list(product(STATES, STATES))
    ids: list[UUID] = [
        row["id"] for row in await owner.fetch("SELECT id FROM household ORDER BY id LIMIT $1", len(pairs))
    ]
    assert len(ids) == len(pairs)
    before, after = (dict(zip(ids, (pair[side] for pair in pairs), strict=True)) for side in (0, 1))
    earlier, later = await made(owner, before), await made(owner, after)

    changes = {household: meant(before[household], after[household]) for household in ids}
    found = await differences(owner, earlier, later)
    for change in Change:
        those = [household for household in ids if changes[household] is change]
        assert those, f"no pair shows {change}"
        sums = [
            sum((said[1] for household in those if (said := side[household]) and said[1]), Decimal(0))
            for side in (before, after)
        ]
        assert (found[change].households, found[change].monthly_before, found[change].monthly_after) == (
            len(those), *sums,
        )  # fmt: skip

    file = io.StringIO()
    async with owner.transaction():
        written = await write_differences(owner, earlier, later, file)
    lines = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert written == len(lines) == sum(one.households for one in found.values())
    assert tuple(lines[0]) == COLUMNS
    assert {line["household_id"]: line["change"] for line in lines} == {
        encode_id("hsh", household): change.value for household, change in changes.items() if change
    }
    refused = next(line for line in lines if line["verdict_after"] == NO)
    assert (refused["not_met"], refused["not_known"], refused["monthly_after"]) == ("ISEE STAY", "", "")


async def test_a_run_beside_itself_has_not_changed(owner: Owner) -> None:
    households = await owner.fetch("SELECT id FROM household LIMIT 5")
    one = await made(owner, {row["id"]: STATES[place + 1] for place, row in enumerate(households)})
    assert {told.households for told in (await differences(owner, one, one)).values()} == {0}


async def test_a_summary_is_what_was_said(owner: Owner) -> None:
    households = await owner.fetch("SELECT id FROM household LIMIT 5")
    one = await made(owner, {row["id"]: STATES[place + 1] for place, row in enumerate(households)})
    told = await summary(owner, one)
    assert told.verdicts == {Verdict.SATISFIED: 3, Verdict.NOT_SATISFIED: 1, Verdict.UNDETERMINED: 1}
    assert (told.amounts, told.monthly, told.unverified) == (2, Decimal("1112.34"), 1)
    assert (told.not_met, told.not_known) == ({"ISEE": 1, "STAY": 1}, {"RENT": 2})


async def test_the_last_run_is_the_one_before(owner: Owner) -> None:
    first, second, third = [await made(owner, {}) for _ in range(3)]
    assert [one.id for one in await record.runs(owner)] == [third.id, second.id, first.id]
    assert await record.last_before(owner, third) == second
    assert await record.last_before(owner, first) is None
    assert await record.last_whole(owner) == third
    assert await record.run_named(owner, second.name) == second
