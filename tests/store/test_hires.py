# SPDX-License-Identifier: EUPL-1.2
"""Hires on real PostgreSQL: each becomes one event of the right type, waits for its day, or leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from hub.access.caller import Scope
from hub.access.rows import REGIONS, PeopleInReach
from hub.ledger.erasure import erase
from hub.ledger.hires import Everyone, Hire, Taken, beginning_of, take_hire
from hub.ledger.hires_due import HiresDue
from hub.ledger.record import Recorded, Recorder, RecordEvent, record_event
from hub.ledger.refusals import Refusal, RefusalCode
from hub.ledger.sequencer import sequence
from hub.store.engine import Database, connection_arguments
from hub.store.reference.demo import demo_key, load_demo_reference
from hub.store.vocabulary import (
    AgencyKind,
    CommunicationKind,
    CommunicationState,
    ConditionalityEventType,
    GrantScope,
)
from tests.api.world import UNKNOWN_CODE, World, build_world
from tests.conftest import create_database, drop_database

NOW = datetime(2026, 9, 15, 9, tzinfo=UTC)
TODAY = NOW.date()
TOLERANCE = timedelta(seconds=60)
STATE = CommunicationState
_codes = count(1)

Row = dict[str, Any]


@pytest.fixture(scope="module")
async def made(server_url: str, template: str, worker_id: str) -> AsyncIterator[tuple[str, World]]:
    """A database with the world in it, to be copied for each test."""
    name = f"snodo_hires_{worker_id}"
    connection = await asyncpg.connect(
        **connection_arguments(await create_database(server_url, name, template))
    )
    await load_demo_reference(connection)
    world = await build_world(connection)
    await connection.close()
    yield name, world
    await drop_database(server_url, name)


@pytest.fixture
def world(made: tuple[str, World]) -> World:
    return made[1]


@pytest.fixture
async def database_url(server_url: str, made: tuple[str, World], worker_id: str) -> AsyncIterator[str]:
    name = f"snodo_hire_{worker_id}_{next(_codes)}"
    yield await create_database(server_url, name, made[0])
    await drop_database(server_url, name)


@pytest.fixture
def lazio() -> Recorder:
    """A region, about the people of its territory."""
    reach = PeopleInReach(Scope(GrantScope.REGION, single=True))
    return Recorder(
        demo_key("agency", "regione-12"), AgencyKind.REGION, demo_key("client", "x"), demo_key("purpose", "x"), "op-1",
        reach, {REGIONS: "12"},
    )  # fmt: skip


def hire(world: World, who: str = "north", on: date = TODAY, **changes: Any) -> Hire:
    code = world.people[who].fiscal_code if who in world.people else who
    made = Hire(f"12{next(_codes):014}", CommunicationKind.UNILAV, code, "12345678903", on, None, "A.01.00")
    return replace(made, **changes)


async def take(database: Database, recorder: Recorder, one: Hire, now: datetime = NOW) -> Taken | Refusal:
    async with database.write.acquire() as connection, connection.transaction():
        return await take_hire(connection, recorder, one, now=now, tolerance=TOLERANCE)


async def taken(database: Database, recorder: Recorder, one: Hire, now: datetime = NOW) -> Taken:
    found = await take(database, recorder, one, now)
    assert isinstance(found, Taken)
    return found


async def kept(owner: asyncpg.Connection[asyncpg.Record], one: Hire) -> Row | None:
    row = await owner.fetchrow("SELECT * FROM communication WHERE code = $1", one.code)
    return None if row is None else dict(row)


async def event(owner: asyncpg.Connection[asyncpg.Record], key: UUID | None) -> Row:
    row = await owner.fetchrow("SELECT * FROM conditionality_event WHERE id = $1", key)
    assert row is not None
    return dict(row)


async def accept(
    database: Database,
    recorder: Recorder,
    world: World,
    on: date,
    *,
    pact: str | None = "work",
    hour: int = 10,
) -> UUID:
    """The person of the north accepts a suitable offer."""
    command = RecordEvent(
        f"accept-{next(_codes)}",
        world.people["north"].fiscal_code,
        ConditionalityEventType.SUITABLE_OFFER_ACCEPTED,
        beginning_of(on) + timedelta(hours=hour),
        None if pact is None else world.pacts[pact],
        None,
    )
    async with database.write.acquire() as connection, connection.transaction():
        done = await record_event(connection, recorder, command, now=NOW, tolerance=TOLERANCE)
    assert isinstance(done, Recorded)
    return done.event_id


async def events(owner: asyncpg.Connection[asyncpg.Record]) -> int:
    """How many came of communications."""
    found: int = await owner.fetchval(
        "SELECT count(*) FROM conditionality_event AS e JOIN idempotency_key AS k ON k.result_id = e.id"
        " WHERE k.key LIKE 'communication %'"
    )
    return found


FORGOTTEN = {
    "client_id", "purpose_id", "operator", "beneficiary_id", "starts_on", "ends_on", "employer_code", "contract_type",
    "event_id", "acceptance_event_id",
}  # fmt: skip
"""What is not kept of one that came to nothing."""


async def test_a_hire_of_a_beneficiary_is_an_event_of_its_day(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    one = hire(world, ends_on=date(2026, 12, 31))
    found = await taken(database, lazio, one)
    assert (found.state, found.again) == (STATE.RECORDED, False)
    recorded = await event(owner, found.event_id)
    assert recorded["type"] == "HIRED"
    assert recorded["occurred_at"] == datetime(2026, 9, 14, 22, tzinfo=UTC)  # midnight in Italy
    assert recorded["beneficiary_id"] == world.people["north"].id
    assert (recorded["agency_id"], recorded["operator"], recorded["note"]) == (lazio.agency_id, "op-1", None)
    row = await kept(owner, one)
    assert row is not None
    assert (row["state"], row["event_id"], row["starts_on"], row["ends_on"]) == (
        "RECORDED", found.event_id, TODAY, date(2026, 12, 31),
    )  # fmt: skip
    assert (row["employer_code"], row["contract_type"], row["acceptance_event_id"]) == (
        "12345678903",
        "A.01.00",
        None,
    )
    assert (
        await owner.fetchval("SELECT count(*) FROM outbox_message WHERE subject_id = $1", found.event_id) == 1
    )


NOBODY = {"of nobody": UNKNOWN_CODE, "of another territory": "torino", "after the benefit": "crowd-1"}


@pytest.mark.parametrize("who", NOBODY.values(), ids=NOBODY.keys())
@pytest.mark.parametrize("ahead", [0, 30])
async def test_of_who_is_no_beneficiary_nothing_is_kept(
    who: str,
    ahead: int,
    database: Database,
    owner: asyncpg.Connection[asyncpg.Record],
    world: World,
    lazio: Recorder,
) -> None:
    one = hire(world, who, TODAY + timedelta(days=ahead))
    found = await taken(database, lazio, one)
    assert (found.state, found.event_id) == (STATE.NO_BENEFICIARY, None)
    row = await kept(owner, one)
    assert row is not None
    assert {name for name, value in row.items() if value is None} == FORGOTTEN
    assert one.fiscal_code not in repr(row)
    assert await events(owner) == 0
    assert await owner.fetchval("SELECT count(*) FROM idempotency_key") == 0


async def test_before_the_benefit_there_is_none(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    assert (await taken(database, lazio, hire(world, on=date(2025, 12, 31)))).state is STATE.NO_BENEFICIARY
    assert (await taken(database, lazio, hire(world, on=date(2026, 1, 1)))).state is STATE.RECORDED


async def test_one_that_came_to_nothing_is_judged_anew(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    one = hire(world, "torino")
    assert (await taken(database, lazio, one)).state is STATE.NO_BENEFICIARY
    everywhere = replace(lazio, reach=Everyone(), reach_values={})
    assert (await taken(database, everywhere, one)).state is STATE.RECORDED
    # Who does not reach the person learns nothing of it afterwards either.
    again = await taken(database, lazio, one)
    assert (again.state, again.event_id) == (STATE.NO_BENEFICIARY, None)


async def test_a_communication_is_taken_once(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    one = hire(world)
    first = await taken(database, lazio, one)
    other = replace(lazio, agency_id=demo_key("agency", "regione-01"), operator="op-2")
    assert await taken(database, other, one) == replace(first, again=True)
    assert await events(owner) == 1


async def test_two_at_once_are_one(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    one = hire(world)
    found = await asyncio.gather(*(taken(database, lazio, one) for _ in range(6)))
    assert {each.event_id for each in found} == {found[0].event_id}
    assert sorted(each.again for each in found) == [False] + [True] * 5
    assert await events(owner) == 1


CHANGED: list[dict[str, Any]] = [
    {"starts_on": TODAY - timedelta(days=1)}, {"employer_code": "RSSMRA80A01H501U"}, {"contract_type": None},
    {"kind": CommunicationKind.UNISOMM}, {"ends_on": date(2027, 1, 1)},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGED, ids=lambda one: next(iter(one)))
async def test_a_code_that_says_something_else_is_refused(
    change: dict[str, Any],
    database: Database,
    owner: asyncpg.Connection[asyncpg.Record],
    world: World,
    lazio: Recorder,
) -> None:
    one = hire(world)
    await taken(database, lazio, one)
    refused = await take(database, lazio, replace(one, **change))
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.tells_of) == (RefusalCode.COMMUNICATION_CHANGED, world.people["north"].id)
    other = replace(one, fiscal_code=world.people["east"].fiscal_code)
    assert isinstance(await take(database, lazio, other), Refusal)
    assert await events(owner) == 1


FORMS: list[tuple[dict[str, Any], RefusalCode]] = [
    ({"code": "0" * 16}, RefusalCode.COMMUNICATION_CODE_INVALID),
    ({"code": "12345"}, RefusalCode.COMMUNICATION_CODE_INVALID),
    ({"employer_code": "12345678900"}, RefusalCode.EMPLOYER_CODE_INVALID),
    ({"contract_type": "A.1.00"}, RefusalCode.CONTRACT_TYPE_INVALID),
    ({"ends_on": TODAY - timedelta(days=1)}, RefusalCode.HIRE_PERIOD_INVALID),
    ({"starts_on": date(1900, 1, 1)}, RefusalCode.HIRE_PERIOD_INVALID),
]


@pytest.mark.parametrize(("change", "code"), FORMS)
async def test_what_is_wrong_in_itself_is_refused_and_nothing_kept(
    change: dict[str, Any], code: RefusalCode, database: Database, owner: asyncpg.Connection[asyncpg.Record],
    world: World, lazio: Recorder,
) -> None:  # fmt: skip
    refused = await take(database, lazio, hire(world, **change))
    assert isinstance(refused, Refusal)
    assert refused.code is code
    assert await owner.fetchval("SELECT count(*) FROM communication") == 0


async def test_an_agency_of_another_kind_cannot(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    refused = await take(database, replace(lazio, agency_kind=AgencyKind.MUNICIPALITY), hire(world))
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.TYPE_NOT_YOURS
    assert await owner.fetchval("SELECT count(*) FROM communication") == 0


async def test_a_second_hire_of_one_day_is_recorded_already(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    await taken(database, lazio, hire(world))
    second = hire(world, employer_code="RSSMRA80A01H501U")
    assert (await taken(database, lazio, second)).state is STATE.ALREADY_RECORDED
    row = await kept(owner, second)
    assert row is not None
    assert {name for name, value in row.items() if value is None} == FORGOTTEN


# ── through a suitable offer ──────────────────────────────────────────────────────────────────────────


async def test_a_hire_after_an_accepted_offer_is_through_it_once(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
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
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    await accept(database, lazio, world, TODAY)
    found = await taken(database, lazio, hire(world))
    assert (await event(owner, found.event_id))["type"] == "HIRED_THROUGH_SUITABLE_OFFER"


async def test_the_latest_acceptance_leads_to_the_hire(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
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
    before: int, pact: str | None, sql: str | None, database: Database, owner: asyncpg.Connection[asyncpg.Record],
    world: World, lazio: Recorder,
) -> None:  # fmt: skip
    day = TODAY - timedelta(days=1)
    await accept(database, lazio, world, day - timedelta(days=before), pact=pact)
    if sql is not None:
        await owner.execute(sql, world.pacts["work"])
    found = await taken(database, lazio, hire(world, on=day))
    assert (await event(owner, found.event_id))["type"] == "HIRED"


async def test_a_withdrawn_acceptance_leads_to_nothing(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    accepted = await accept(database, lazio, world, TODAY - timedelta(days=5))
    row = await event(owner, accepted)
    await owner.execute(
        "INSERT INTO conditionality_event (type, occurred_at, agency_id, beneficiary_id, household_id, fiscal_code, inps_protocol,"
        " measure, withdraws_event_id, note) VALUES ('EVENT_WITHDRAWN', now(), $1, $2, $3, $4, $5, $6, $7, 'x')",
        row["agency_id"], row["beneficiary_id"], row["household_id"], row["fiscal_code"], row["inps_protocol"],
        row["measure"], accepted,
    )  # fmt: skip
    found = await taken(database, lazio, hire(world))
    assert (await event(owner, found.event_id))["type"] == "HIRED"


# ── ahead of its day ──────────────────────────────────────────────────────────────────────────────────


async def test_a_hire_that_is_ahead_waits_and_is_recorded_on_its_day(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
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
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    one = hire(world, on=TODAY + timedelta(days=1))
    assert (await taken(database, lazio, one)).state is STATE.WAITING
    day = NOW + timedelta(days=1)
    due = HiresDue(database.write, lambda: day, TOLERANCE)
    found = await asyncio.gather(*(taken(database, lazio, one, day) for _ in range(3)), due.look())
    assert {each.state for each in found[:3] if isinstance(each, Taken)} == {STATE.RECORDED}
    assert await events(owner) == 1


async def test_many_processes_look_and_each_hire_is_one_event(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    day = TODAY + timedelta(days=1)
    for who in ("north", "east", "scattered-rome", "latina"):
        assert (await taken(database, lazio, hire(world, who, day))).state is STATE.WAITING
    due = [HiresDue(database.write, lambda: beginning_of(day), TOLERANCE) for _ in range(4)]
    assert sum(await asyncio.gather(*(one.look() for one in due))) >= 4
    assert await events(owner) == 4
    assert await owner.fetchval("SELECT count(*) FROM communication WHERE state = 'RECORDED'") == 4


async def test_who_has_no_benefit_on_the_day_any_more_is_forgotten(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
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
    assert {name for name, value in row.items() if value is None} == FORGOTTEN


# ── what the database keeps to ────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def hub(database: Database) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection under the hub's own role."""
    async with database.write.acquire() as connection:
        yield connection  # type: ignore[misc]


async def test_what_was_recorded_stays(
    database: Database, hub: asyncpg.Connection[asyncpg.Record], owner: asyncpg.Connection[asyncpg.Record],
    world: World, lazio: Recorder,
) -> None:  # fmt: skip
    await taken(database, lazio, hire(world))
    for connection, sql in (
        (hub, "UPDATE communication SET employer_code = '12345678903'"),
        (hub, "UPDATE communication SET received_at = now()"),
        (hub, "DELETE FROM communication"),
        (owner, "UPDATE communication SET starts_on = starts_on - 1"),
        (owner, "UPDATE communication SET state = 'ERASED'"),
        (owner, "DELETE FROM communication"),
        (owner, "TRUNCATE communication"),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(sql)


async def test_of_what_came_to_nothing_the_table_takes_nothing(
    database: Database, hub: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    one = hire(world, "torino")
    await taken(database, lazio, one)
    for column, value in (
        ("starts_on", "'2026-09-15'"),
        ("employer_code", "'12345678903'"),
        ("operator", "'x'"),
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await hub.execute(f"UPDATE communication SET {column} = {value} WHERE code = $1", one.code)


async def test_erasing_the_event_takes_what_the_communication_said(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], world: World, lazio: Recorder
) -> None:
    await accept(database, lazio, world, TODAY)
    one = hire(world)
    found = await taken(database, lazio, one)
    async with database.write.acquire() as connection:
        await sequence(connection)
    place = await owner.fetchval("SELECT position FROM feed_entry WHERE event_id = $1", found.event_id)
    async with owner.transaction():
        await erase(owner, place, agency_code="regione-12", operator="op", reason="asked for")
    row = await kept(owner, one)
    assert row is not None
    assert (row["state"], row["event_id"]) == ("ERASED", found.event_id)
    assert {name for name, value in row.items() if value is None} == FORGOTTEN - {"event_id"}
    again = await taken(database, lazio, one)
    assert (again.state, again.event_id, again.again) == (STATE.ERASED, found.event_id, True)
    assert await events(owner) == 1
