# SPDX-License-Identifier: EUPL-1.2
"""Hires that begin on a later day wait for it, and each becomes one event then."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hub.ledger import hire_statements
from hub.ledger.communications import Taken, beginning_of
from hub.ledger.hires_due import HiresDue
from hub.ledger.record import Recorder
from hub.store.engine import Database
from tests.api.world import World
from tests.store.hires.acting import (
    FORGOTTEN,
    NOW,
    STATE,
    TODAY,
    TOLERANCE,
    Owner,
    accept,
    event,
    events,
    hire,
    kept,
    taken,
    unsaid,
)


async def test_a_hire_that_is_ahead_waits_and_is_recorded_on_its_day(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    await accept(database, lazio, world, TODAY)
    one = hire(world, on=TODAY + timedelta(days=2))
    assert (await taken(database, lazio, one)).state is STATE.WAITING
    assert (await taken(database, lazio, one)).again
    midnight = datetime(2026, 9, 16, 22, tzinfo=UTC)  # of the 17th, in Italy
    clock = [midnight - timedelta(seconds=1)]
    due = HiresDue(database.write, lambda: clock[0], TOLERANCE)
    assert await due.look() == 0
    clock[0] = midnight
    assert await due.look() == 1
    assert await due.look() == 0
    row = await kept(owner, one)
    assert row is not None
    recorded = await event(owner, row["event_id"])
    assert (recorded["type"], recorded["occurred_at"]) == ("HIRED_THROUGH_SUITABLE_OFFER", midnight)
    assert (recorded["agency_id"], recorded["client_id"], recorded["operator"]) == (
        lazio.agency_id, lazio.client_id, "op-1",
    )  # fmt: skip
    again = await taken(database, lazio, one, midnight)
    assert (again.state, again.event_id, again.again) == (STATE.RECORDED, row["event_id"], True)


async def test_one_that_comes_again_on_its_day_need_not_wait_longer(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world, on=TODAY + timedelta(days=1))
    assert (await taken(database, lazio, one)).state is STATE.WAITING
    day = NOW + timedelta(days=1)
    due = HiresDue(database.write, lambda: day, TOLERANCE)
    found = await asyncio.gather(*(taken(database, lazio, one, day) for _ in range(3)), due.look())
    assert {each.state for each in found[:3] if isinstance(each, Taken)} == {STATE.RECORDED}
    assert await events(owner) == 1


async def test_many_processes_look_and_each_hire_is_one_event(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    day = TODAY + timedelta(days=1)
    for who in ("north", "east", "scattered-rome", "latina"):
        assert (await taken(database, lazio, hire(world, who, day))).state is STATE.WAITING
    due = [HiresDue(database.write, lambda: beginning_of(day), TOLERANCE) for _ in range(4)]
    assert sum(await asyncio.gather(*(one.look() for one in due))) >= 4
    assert await events(owner) == 4
    assert await owner.fetchval("SELECT count(*) FROM communication WHERE state = 'RECORDED'") == 4


async def test_while_others_tell_of_its_person_a_hire_waits_for_the_next_look_and_nobody_for_the_other(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world, on=TODAY + timedelta(days=1))
    assert (await taken(database, lazio, one)).state is STATE.WAITING
    due = HiresDue(database.write, lambda: NOW + timedelta(days=1), TOLERANCE)
    async with database.write.acquire() as connection, connection.transaction():
        # As a run that lands several communications about the same person, of which this one comes later.
        await hire_statements.lock().execute(connection, of=str(world.people["north"].id))
        async with asyncio.timeout(10):
            assert await due.look() == 1
        assert await hire_statements.earlier().fetchrow(connection, code=one.code) is not None
    assert await events(owner) == 0
    assert await due.look() == 1
    assert await events(owner) == 1


async def test_who_has_no_benefit_on_the_day_any_more_is_forgotten(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world, on=TODAY + timedelta(days=1))
    assert (await taken(database, lazio, one)).state is STATE.WAITING
    await owner.execute(
        "UPDATE benefit SET status = 'REVOKED' WHERE household_id = $1", world.people["north"].household_id
    )
    assert await HiresDue(database.write, lambda: NOW + timedelta(days=1), TOLERANCE).look() == 1
    row = await kept(owner, one)
    assert row is not None
    assert row["state"] == "NO_BENEFICIARY"
    assert unsaid(row) == FORGOTTEN
