# SPDX-License-Identifier: EUPL-1.2
"""A hire after an accepted suitable offer: through it, once for each acceptance while it stands."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from hub.ledger.append import Everyone
from hub.ledger.communications import Taken, beginning_of
from hub.ledger.hires import take_communication
from hub.ledger.record import Recorded, Recorder
from hub.ledger.refusals import Refusal, RefusalCode
from hub.ledger.sequencer import sequence
from hub.store.engine import Database
from hub.store.vocabulary import AgencyKind, ConditionalityEventType
from tests.api.world import World
from tests.store.hires.acting import (
    NOW,
    STATE,
    TERMS,
    TODAY,
    Owner,
    accept,
    event,
    events,
    hire,
    kept,
    record,
    taken,
    withdraw,
)

PATIENCE = 10.0
WAITS_FOR_A_LOCK = """
    SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
SECOND = (
    "INSERT INTO communication (code, kind, state, agency_id, beneficiary_id, starts_on, employer_code, event_id, acceptance_event_id)"
    " VALUES ($1, 'UNILAV', 'RECORDED', $2, $3, $4, '12345678903', $5, $6)"
)


async def test_a_hire_after_an_accepted_offer_is_through_it_once(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    accepted = await accept(database, lazio, world, TODAY - timedelta(days=5))
    one = hire(world, on=TODAY - timedelta(days=1))
    found = await taken(database, lazio, one)
    recorded = await event(owner, found.event_id)
    assert (recorded["type"], recorded["pact_id"]) == ("HIRED_THROUGH_SUITABLE_OFFER", world.pacts["work"])
    row = await kept(owner, one)
    assert row is not None
    assert row["acceptance_event_id"] == accepted
    later = await taken(database, lazio, hire(world))
    assert (await event(owner, later.event_id))["type"] == "HIRED"
    async with database.write.acquire() as connection:
        await sequence(connection)
    assert [
        row["type"]
        for row in await owner.fetch(
            "SELECT f.type FROM feed_entry AS f JOIN idempotency_key AS k ON k.result_id = f.event_id"
            " WHERE k.key LIKE 'communication %' ORDER BY f.position"
        )
    ] == ["HIRED_THROUGH_SUITABLE_OFFER", "HIRED"]


async def test_an_acceptance_of_the_day_itself_leads_to_the_hire(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    await accept(database, lazio, world, TODAY)
    found = await taken(database, lazio, hire(world))
    assert (await event(owner, found.event_id))["type"] == "HIRED_THROUGH_SUITABLE_OFFER"


async def test_the_latest_acceptance_leads_to_the_hire(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    await accept(database, lazio, world, TODAY - timedelta(days=9))
    latest = await accept(database, lazio, world, TODAY - timedelta(days=3))
    one = hire(world)
    await taken(database, lazio, one)
    row = await kept(owner, one)
    assert row is not None
    assert row["acceptance_event_id"] == latest


@pytest.mark.parametrize(
    ("before", "pact", "sql"),
    [
        pytest.param(-1, "work", None, id="accepted after the hire"),
        pytest.param(91, "work", None, id="accepted long before"),
        pytest.param(5, None, None, id="under no pact"),
        pytest.param(5, "work", "UPDATE pact SET status = 'TERMINATED' WHERE id = $1", id="the pact was ended"),
        pytest.param(
            5, "work", "UPDATE pact SET period = daterange(lower(period), '2026-09-12') WHERE id = $1", id="the pact ran out",
        ),
    ],
)  # fmt: skip
async def test_a_hire_that_does_not_follow_an_offer_is_an_ordinary_one(
    before: int, pact: str | None, sql: str | None, database: Database, owner: Owner,
    world: World, lazio: Recorder,
) -> None:  # fmt: skip
    day = TODAY - timedelta(days=1)
    await accept(database, lazio, world, day - timedelta(days=before), pact=pact)
    if sql is not None:
        await owner.execute(sql, world.pacts["work"])
    found = await taken(database, lazio, hire(world, on=day))
    assert (await event(owner, found.event_id))["type"] == "HIRED"


async def test_a_withdrawn_acceptance_leads_to_nothing(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    accepted = await accept(database, lazio, world, TODAY - timedelta(days=5))
    assert isinstance(await withdraw(database, lazio, accepted), Recorded)
    found = await taken(database, lazio, hire(world))
    assert (await event(owner, found.event_id))["type"] == "HIRED"


async def test_a_second_communication_of_the_day_is_no_second_hire(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    """The first was through an offer, the second would be an ordinary one: both are the same hire."""
    await accept(database, lazio, world, TODAY - timedelta(days=5))
    await taken(database, lazio, hire(world))
    assert (await taken(database, lazio, hire(world))).state is STATE.ALREADY_RECORDED
    assert await events(owner) == 1


async def test_an_acceptance_after_the_first_makes_no_second_hire_of_the_day(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    await taken(database, lazio, hire(world))
    await accept(database, lazio, world, TODAY)
    assert (await taken(database, lazio, hire(world))).state is STATE.ALREADY_RECORDED
    assert await events(owner) == 1


async def test_a_withdrawn_hire_leaves_its_acceptance_to_another(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    accepted = await accept(database, lazio, world, TODAY - timedelta(days=5))
    wrong, right = hire(world, on=TODAY - timedelta(days=1)), hire(world)
    first = await taken(database, lazio, wrong)
    assert isinstance(await withdraw(database, lazio, first.event_id), Recorded)
    second = await taken(database, lazio, right)
    assert (await event(owner, second.event_id))["type"] == "HIRED_THROUGH_SUITABLE_OFFER"
    for one in (wrong, right):
        row = await kept(owner, one)
        assert row is not None
        assert row["acceptance_event_id"] == accepted
    third = await taken(database, lazio, hire(world, on=TODAY - timedelta(days=2)))
    assert (await event(owner, third.event_id))["type"] == "HIRED", "the second stands"


async def test_a_withdrawn_hire_may_be_communicated_again(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    await accept(database, lazio, world, TODAY - timedelta(days=5))
    first = await taken(database, lazio, hire(world))
    assert isinstance(await withdraw(database, lazio, first.event_id), Recorded)
    again = await taken(database, lazio, hire(world))
    assert again.event_id != first.event_id
    assert (await event(owner, again.event_id))["type"] == "HIRED_THROUGH_SUITABLE_OFFER"


async def test_only_the_sender_withdraws_a_hire(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    found = await taken(database, lazio, hire(world))
    centre = replace(
        lazio,
        agency_id=await owner.fetchval("SELECT id FROM agency WHERE kind = 'EMPLOYMENT_CENTRE' LIMIT 1"),
        agency_kind=AgencyKind.EMPLOYMENT_CENTRE,
        reach=Everyone(),
        reach_values={},
    )
    refused = await withdraw(database, centre, found.event_id)
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.EVENT_OF_ANOTHER_AGENCY


async def test_two_hires_at_once_after_one_acceptance_are_one_through_it_and_one_ordinary(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    """The second waits until the first is there, and sees that the acceptance led to it."""
    await accept(database, lazio, world, TODAY - timedelta(days=5))
    one, other = hire(world, on=TODAY - timedelta(days=1)), hire(world)
    async with database.write.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        first = await take_communication(connection, lazio, one, now=NOW, terms=TERMS)
        waiting = asyncio.create_task(taken(database, lazio, other))
        async with asyncio.timeout(PATIENCE):
            while not await owner.fetchval(WAITS_FOR_A_LOCK):
                await asyncio.sleep(0.01)
        assert not waiting.done()
        await transaction.commit()
    assert isinstance(first, Taken)
    second = await waiting
    found = [(await event(owner, each.event_id))["type"] for each in (first, second)]
    assert found == ["HIRED_THROUGH_SUITABLE_OFFER", "HIRED"]


async def test_the_database_has_an_acceptance_lead_to_one_hire_that_stands(
    database: Database, hub: Owner, owner: Owner, world: World, lazio: Recorder
) -> None:
    accepted = await accept(database, lazio, world, TODAY - timedelta(days=5))
    first = await taken(database, lazio, hire(world, on=TODAY - timedelta(days=1)))
    loose = await record(
        database, lazio, world, ConditionalityEventType.HIRED, beginning_of(TODAY), pact=None
    )
    said = (hire(world).code, lazio.agency_id, world.people["north"].id, TODAY, loose, accepted)
    with pytest.raises(asyncpg.UniqueViolationError, match="leads to one hire that stands"):
        await hub.execute(SECOND, *said)
    assert isinstance(await withdraw(database, lazio, first.event_id), Recorded)
    await hub.execute(SECOND, *said)
