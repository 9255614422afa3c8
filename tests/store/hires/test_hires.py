# SPDX-License-Identifier: EUPL-1.2
"""Hires on real PostgreSQL: each becomes one event of its day, once, or leaves nothing behind."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from hub.ledger.append import Everyone
from hub.ledger.communications import beginning_of
from hub.ledger.erasure import erase
from hub.ledger.record import Recorder
from hub.ledger.refusals import Refusal, RefusalCode
from hub.ledger.sequencer import sequence
from hub.store.engine import Database
from hub.store.reference.demo import demo_key
from hub.store.vocabulary import AgencyKind, CommunicationKind, ConditionalityEventType
from tests.api.world import UNKNOWN_CODE, World
from tests.store.hires.acting import (
    FORGOTTEN,
    STATE,
    TODAY,
    Owner,
    accept,
    event,
    events,
    hire,
    kept,
    record,
    take,
    taken,
    unsaid,
)


async def test_a_hire_of_a_beneficiary_is_an_event_of_its_day(
    database: Database, owner: Owner, world: World, lazio: Recorder
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
    owner: Owner,
    world: World,
    lazio: Recorder,
) -> None:
    one = hire(world, who, TODAY + timedelta(days=ahead))
    found = await taken(database, lazio, one)
    assert (found.state, found.event_id) == (STATE.NO_BENEFICIARY, None)
    row = await kept(owner, one)
    assert row is not None
    assert unsaid(row) == FORGOTTEN
    assert one.fiscal_code not in repr(row)
    assert await events(owner) == 0
    assert await owner.fetchval("SELECT count(*) FROM idempotency_key") == 0


async def test_before_the_benefit_there_is_none(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    assert (await taken(database, lazio, hire(world, on=date(2025, 12, 31)))).state is STATE.NO_BENEFICIARY
    assert (await taken(database, lazio, hire(world, on=date(2026, 1, 1)))).state is STATE.RECORDED


async def test_one_that_came_to_nothing_is_judged_anew(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world, "torino")
    assert (await taken(database, lazio, one)).state is STATE.NO_BENEFICIARY
    everywhere = replace(lazio, reach=Everyone(), reach_values={})
    assert (await taken(database, everywhere, one)).state is STATE.RECORDED
    # Who does not reach the person learns nothing of it afterwards either.
    again = await taken(database, lazio, one)
    assert (again.state, again.event_id) == (STATE.NO_BENEFICIARY, None)


async def test_a_communication_is_taken_once(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world)
    first = await taken(database, lazio, one)
    other = replace(lazio, agency_id=demo_key("agency", "regione-01"), operator="op-2")
    assert await taken(database, other, one) == replace(first, again=True)
    assert await events(owner) == 1


async def test_two_at_once_are_one(database: Database, owner: Owner, world: World, lazio: Recorder) -> None:
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
    owner: Owner,
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
    change: dict[str, Any], code: RefusalCode, database: Database, owner: Owner,
    world: World, lazio: Recorder,
) -> None:  # fmt: skip
    refused = await take(database, lazio, hire(world, **change))
    assert isinstance(refused, Refusal)
    assert refused.code is code
    assert await owner.fetchval("SELECT count(*) FROM communication") == 0


@pytest.mark.parametrize(
    ("who", "ahead"), [("north", 0), ("north", 30), ("torino", 30), (UNKNOWN_CODE, 0), (UNKNOWN_CODE, 30)]
)
async def test_an_agency_of_another_kind_is_told_one_thing_whoever_it_is_about(
    who: str, ahead: int, database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world, who, TODAY + timedelta(days=ahead))
    refused = await take(database, replace(lazio, agency_kind=AgencyKind.MUNICIPALITY), one)
    assert refused == Refusal(
        RefusalCode.TYPE_NOT_YOURS,
        "Events of this type are recorded by EMPLOYMENT_CENTRE, HUB, REGION; your agency is MUNICIPALITY.",
        (),
    )
    assert await owner.fetchval("SELECT count(*) FROM communication") == 0


async def test_a_second_hire_of_one_day_is_recorded_already(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    await taken(database, lazio, hire(world))
    second = hire(world, employer_code="RSSMRA80A01H501U")
    assert (await taken(database, lazio, second)).state is STATE.ALREADY_RECORDED
    row = await kept(owner, second)
    assert row is not None
    assert unsaid(row) == FORGOTTEN


@pytest.mark.parametrize(
    "kind", [ConditionalityEventType.HIRED, ConditionalityEventType.HIRED_THROUGH_SUITABLE_OFFER]
)
async def test_what_a_desk_recorded_is_not_recorded_again(
    kind: ConditionalityEventType, database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    pact = "work" if kind is ConditionalityEventType.HIRED_THROUGH_SUITABLE_OFFER else None
    await record(database, lazio, world, kind, beginning_of(TODAY), pact=pact)
    assert (await taken(database, lazio, hire(world))).state is STATE.ALREADY_RECORDED
    assert await events(owner) == 0


# ── what the database keeps to ────────────────────────────────────────────────────────────────────────


async def test_what_was_recorded_stays(
    database: Database, hub: Owner, owner: Owner,
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
    database: Database, hub: Owner, world: World, lazio: Recorder
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
    database: Database, owner: Owner, world: World, lazio: Recorder
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
    assert unsaid(row) == FORGOTTEN - {"event_id"}
    again = await taken(database, lazio, one)
    assert (again.state, again.event_id, again.again) == (STATE.ERASED, found.event_id, True)
    assert await events(owner) == 1
