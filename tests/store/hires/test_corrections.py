# SPDX-License-Identifier: EUPL-1.2
"""Corrections and annulments take the place of the communication they name: once, wholly or not at all, by who sent it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from hub.ledger.append import Everyone
from hub.ledger.communications import Annulment, Hire, Taken
from hub.ledger.erasure import erase
from hub.ledger.hires_due import HiresDue
from hub.ledger.record import Recorded, Recorder
from hub.ledger.refusals import Refusal, RefusalCode
from hub.ledger.sequencer import sequence
from hub.store.engine import Database
from hub.store.reference.demo import demo_key
from tests.api.world import UNKNOWN_CODE, World
from tests.store.hires.acting import (
    FORGOTTEN,
    NOW,
    STATE,
    TODAY,
    TOLERANCE,
    TOO_LATE,
    Owner,
    accept,
    event,
    events,
    hire,
    kept,
    take,
    taken,
    unsaid,
    withdraw,
)

YESTERDAY = TODAY - timedelta(days=1)


def corrected(world: World, one: Hire, **changes: Any) -> Hire:
    """A correction of one, under a code of its own."""
    return replace(one, code=hire(world).code, replaces=one.code, **changes)


def annulled(world: World, one: Hire) -> Annulment:
    return Annulment(hire(world).code, one.kind, one.fiscal_code, one.code)


async def state(owner: Owner, one: Hire | Annulment) -> str:
    row = await kept(owner, one)
    assert row is not None
    return str(row["state"])


async def refused(
    database: Database, recorder: Recorder, one: Hire | Annulment, **more: Any
) -> tuple[RefusalCode, tuple[str, ...], object]:
    found = await take(database, recorder, one, **more)
    assert isinstance(found, Refusal)
    return found.code, found.path, found.tells_of


# ── a correction ──────────────────────────────────────────────────────────────────────────────────────


async def test_another_day_withdraws_the_event_and_records_the_right_one(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    await accept(database, lazio, world, TODAY - timedelta(days=5))
    wrong = hire(world, on=YESTERDAY)
    first = await taken(database, lazio, wrong)
    right = corrected(world, wrong, starts_on=TODAY)
    second = await taken(database, lazio, right)
    assert (second.state, second.again) == (STATE.RECORDED, False)
    recorded = await event(owner, second.event_id)
    assert recorded["type"] == "HIRED_THROUGH_SUITABLE_OFFER", "the acceptance is free again"
    [withdrawal] = await owner.fetch(
        "SELECT * FROM conditionality_event WHERE withdraws_event_id = $1", first.event_id
    )
    assert withdrawal["note"] == f"Corrected by communication {right.code}."
    assert (withdrawal["agency_id"], withdrawal["operator"]) == (lazio.agency_id, "op-1")
    assert (await state(owner, wrong), await state(owner, right)) == ("RECORDED", "RECORDED")
    assert await taken(database, lazio, right) == replace(second, again=True)
    assert await taken(database, lazio, wrong) == replace(first, again=True)
    assert await events(owner) == 3  # with the withdrawal, by a key of the same form


async def test_the_same_day_keeps_the_event(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    accepted = await accept(database, lazio, world, TODAY - timedelta(days=5))
    wrong = hire(world)
    first = await taken(database, lazio, wrong)
    right = corrected(world, wrong, employer_code="RSSMRA80A01H501U", contract_type="A.02.00")
    second = await taken(database, lazio, right)
    assert second == first
    row = await kept(owner, right)
    assert row is not None
    assert (row["employer_code"], row["contract_type"]) == ("RSSMRA80A01H501U", "A.02.00")
    assert (row["event_id"], row["acceptance_event_id"]) == (first.event_id, accepted)
    assert await taken(database, lazio, right) == replace(first, again=True)
    assert await events(owner) == 1
    # It may be corrected further, and then the event is not what is right any more.
    last = corrected(world, right, starts_on=YESTERDAY)
    third = await taken(database, lazio, last)
    assert third.event_id != first.event_id
    assert await standing(owner) == [third.event_id]


async def test_one_that_waits_is_amended(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    tomorrow, later = TODAY + timedelta(days=1), TODAY + timedelta(days=2)
    wrong = hire(world, on=tomorrow)
    right = corrected(world, wrong, starts_on=later)
    for one in (wrong, right):
        assert (await taken(database, lazio, one)).state is STATE.WAITING
    row = await kept(owner, wrong)
    assert row is not None
    assert row["state"] == "REPLACED"
    assert unsaid(row) == FORGOTTEN
    assert (await taken(database, lazio, wrong)).state is STATE.REPLACED
    assert await look(database, days=1) == 0
    assert await look(database, days=2) == 1
    row = await kept(owner, right)
    assert row is not None
    assert (row["state"], row["replaces_code"]) == ("RECORDED", wrong.code)
    assert await events(owner) == 1


async def test_one_that_began_may_turn_out_to_be_ahead(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    wrong = hire(world)
    await taken(database, lazio, wrong)
    right = corrected(world, wrong, starts_on=TODAY + timedelta(days=1))
    assert (await taken(database, lazio, right)).state is STATE.WAITING
    assert await standing(owner) == []
    assert await look(database, days=1) == 1
    assert len(await standing(owner)) == 1


async def test_of_who_is_no_beneficiary_on_the_right_day_nothing_is_kept(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    wrong = hire(world)
    await taken(database, lazio, wrong)
    right = corrected(world, wrong, starts_on=TODAY.replace(year=2025))
    for _ in range(2):
        assert (await taken(database, lazio, right)).state is STATE.NO_BENEFICIARY
    row = await kept(owner, right)
    assert row is not None
    assert unsaid(row) == FORGOTTEN
    assert await standing(owner) == []


@pytest.mark.parametrize("who", ["torino", UNKNOWN_CODE])
async def test_what_came_to_nothing_is_corrected_into_nothing(
    who: str, database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    wrong = hire(world, who)
    right = corrected(world, wrong, starts_on=YESTERDAY)
    for one in (wrong, right, right):
        assert (await taken(database, lazio, one)).state is STATE.NO_BENEFICIARY
    assert (await taken(database, lazio, wrong)).state is STATE.REPLACED
    assert await owner.fetchval("SELECT count(*) FROM idempotency_key") == 0


async def test_what_came_to_nothing_by_its_day_may_become_an_event_by_the_right_one(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    wrong = hire(world, on=TODAY.replace(year=2025))
    assert (await taken(database, lazio, wrong)).state is STATE.NO_BENEFICIARY
    assert (await taken(database, lazio, corrected(world, wrong, starts_on=TODAY))).state is STATE.RECORDED


async def test_what_a_desk_withdrew_is_corrected_into_an_event(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    wrong = hire(world)
    first = await taken(database, lazio, wrong)
    assert isinstance(await withdraw(database, lazio, first.event_id), Recorded)
    second = await taken(database, lazio, corrected(world, wrong))
    assert await standing(owner) == [second.event_id]


async def test_who_has_left_the_territory_is_corrected_by_who_sent_it(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    wrong = hire(world)
    await taken(database, lazio, wrong)
    moved = replace(lazio, reach_values=dict.fromkeys(lazio.reach_values, "01"))
    right = await taken(database, moved, corrected(world, wrong, starts_on=YESTERDAY))
    assert await standing(owner) == [right.event_id]


# ── an annulment ──────────────────────────────────────────────────────────────────────────────────────


async def test_an_annulment_withdraws_the_event_once(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world)
    first = await taken(database, lazio, one)
    told = annulled(world, one)
    done = await taken(database, lazio, told)
    withdrawal = await event(owner, done.event_id)
    assert (withdrawal["type"], withdrawal["withdraws_event_id"]) == ("EVENT_WITHDRAWN", first.event_id)
    assert withdrawal["note"] == f"Annulled by communication {told.code}."
    assert (done.state, done.person, done.again) == (STATE.ANNULMENT, world.people["north"].id, False)
    row = await kept(owner, told)
    assert row is not None
    assert unsaid(row) == FORGOTTEN
    assert await taken(database, lazio, told) == replace(done, again=True)
    assert await taken(database, lazio, one) == replace(first, again=True)
    assert await standing(owner) == []


async def test_an_annulment_of_what_waits_drops_it(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world, on=TODAY + timedelta(days=1))
    await taken(database, lazio, one)
    done = await taken(database, lazio, annulled(world, one))
    assert (done.state, done.event_id) == (STATE.ANNULMENT, None)
    assert await state(owner, one) == "REPLACED"
    assert await look(database, days=1) == 0
    assert (await taken(database, lazio, one, NOW + timedelta(days=1))).state is STATE.REPLACED
    assert await events(owner) == 0


async def test_an_annulment_of_nothing_does_nothing_and_the_hire_stays_annulled(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world, "torino")
    await taken(database, lazio, one)
    assert (await taken(database, lazio, annulled(world, one))).event_id is None
    everywhere = replace(lazio, reach=Everyone(), reach_values={})
    assert (await taken(database, everywhere, one)).state is STATE.REPLACED
    assert await events(owner) == 0


async def test_what_was_erased_is_neither_corrected_nor_annulled(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world)
    first = await taken(database, lazio, one)
    same_day = corrected(world, one)
    await taken(database, lazio, same_day)
    async with database.write.acquire() as connection:
        await sequence(connection)
    place = await owner.fetchval("SELECT position FROM feed_entry WHERE event_id = $1", first.event_id)
    async with owner.transaction():
        await erase(owner, place, agency_code="regione-12", operator="op", reason="asked for")
    assert (await state(owner, one), await state(owner, same_day)) == ("ERASED", "ERASED")
    later = await taken(database, lazio, corrected(world, same_day, starts_on=YESTERDAY))
    assert (later.state, later.event_id) == (STATE.ERASED, first.event_id)
    assert (await taken(database, lazio, annulled(world, same_day))).event_id is None
    assert await events(owner) == 1


# ── what is refused ───────────────────────────────────────────────────────────────────────────────────


async def test_the_earlier_one_comes_first(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world)
    for told in (corrected(world, one), annulled(world, one)):
        assert await refused(database, lazio, told) == (
            RefusalCode.COMMUNICATION_UNKNOWN, ("earlierCode",), None,
        )  # fmt: skip
    assert await owner.fetchval("SELECT count(*) FROM communication") == 0
    await taken(database, lazio, one)
    told = annulled(world, one)
    await taken(database, lazio, told)
    again = replace(one, code=hire(world).code, replaces=told.code)
    assert (await refused(database, lazio, again))[0] is RefusalCode.COMMUNICATION_UNKNOWN, (
        "an annulment is no hire"
    )


async def test_beyond_the_days_nothing_changes(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one, person = hire(world), world.people["north"].id
    first = await taken(database, lazio, one)
    for told in (corrected(world, one, starts_on=YESTERDAY), annulled(world, one)):
        found = await refused(database, lazio, told, terms=TOO_LATE)
        assert found == (RefusalCode.WITHDRAWAL_TOO_LATE, ("earlierCode",), person)
        assert await kept(owner, told) is None
    assert await standing(owner) == [first.event_id]
    # The same day takes nothing back, and is late for nothing.
    assert isinstance(await take(database, lazio, corrected(world, one), terms=TOO_LATE), Taken)


async def test_what_is_refused_in_the_end_takes_nothing_back(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world)
    first = await taken(database, lazio, one)
    right = corrected(world, one, starts_on=YESTERDAY)
    await owner.execute(
        "INSERT INTO idempotency_key (agency_id, operation, key, input_hash, result_id)"
        " VALUES ($1, 'recordConditionalityEvent', $2, sha256(''), $3)",
        lazio.agency_id, f"communication {right.code}", first.event_id,
    )  # fmt: skip
    assert (await refused(database, lazio, right))[0] is RefusalCode.IDEMPOTENCY_KEY_REUSED
    assert await standing(owner) == [first.event_id]
    assert await kept(owner, right) is None


async def test_another_agency_corrects_and_annuls_nothing(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one, nobody, person = hire(world), hire(world, "torino"), world.people["north"].id
    first, east = await taken(database, lazio, one), hire(world, "east")
    second = await taken(database, lazio, east)
    await taken(database, lazio, nobody)
    other = replace(lazio, agency_id=demo_key("agency", "regione-01"))
    for told in (corrected(world, one, starts_on=YESTERDAY), annulled(world, one)):
        found = await refused(database, other, told)
        assert found == (RefusalCode.EVENT_OF_ANOTHER_AGENCY, ("earlierCode",), person)
    # To whom the worker is nobody, it is as if it were not there: neither refused nor touched.
    beyond = replace(other, reach_values=dict.fromkeys(lazio.reach_values, "01"))
    assert (await taken(database, beyond, annulled(world, one))).event_id is None
    assert (await taken(database, beyond, corrected(world, east))).state is STATE.NO_BENEFICIARY
    assert (await taken(database, other, annulled(world, nobody))).event_id is None
    assert await standing(owner) == [first.event_id, second.event_id]
    assert await state(owner, nobody) == "NO_BENEFICIARY"


async def test_of_another_worker_nothing_is_taken_back(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one, person = hire(world), world.people["north"].id
    first = await taken(database, lazio, one)
    east = replace(one, fiscal_code=world.people["east"].fiscal_code)
    for told in (corrected(world, east), annulled(world, east)):
        found = await refused(database, lazio, told)
        assert found == (RefusalCode.COMMUNICATION_OF_ANOTHER_WORKER, ("earlierCode",), person)
    assert await standing(owner) == [first.event_id]


@pytest.mark.parametrize("who", ["north", "torino"])
async def test_what_was_corrected_is_corrected_in_its_correction(
    who: str, database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world, who)
    await taken(database, lazio, one)
    await taken(database, lazio, corrected(world, one, starts_on=YESTERDAY))
    for told in (corrected(world, one), annulled(world, one)):
        assert await refused(database, lazio, told) == (
            RefusalCode.COMMUNICATION_REPLACED, ("earlierCode",), None,
        )  # fmt: skip


async def test_a_code_names_one_earlier_communication(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one, other = hire(world), hire(world, on=YESTERDAY)
    await taken(database, lazio, one)
    await taken(database, lazio, other)
    right = corrected(world, one)
    await taken(database, lazio, right)
    for told in (
        replace(right, replaces=other.code),
        replace(right, replaces=None),
        Annulment(right.code, right.kind, right.fiscal_code, one.code),
        Annulment(one.code, one.kind, one.fiscal_code, other.code),
    ):
        assert (await refused(database, lazio, told))[0] is RefusalCode.COMMUNICATION_CHANGED
    for told in (replace(right, replaces=right.code), annulled(world, replace(one, code="x"))):
        assert (await refused(database, lazio, told))[0] is RefusalCode.COMMUNICATION_CODE_INVALID


# ── at once ───────────────────────────────────────────────────────────────────────────────────────────


async def test_many_that_correct_one_at_once_are_one(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    one = hire(world)
    await taken(database, lazio, one)
    found = await asyncio.gather(
        *(take(database, lazio, corrected(world, one, starts_on=YESTERDAY)) for _ in range(3)),
        *(take(database, lazio, annulled(world, one)) for _ in range(3)),
    )
    codes = sorted(each.code for each in found if isinstance(each, Refusal))
    assert codes == ["COMMUNICATION_REPLACED"] * 5
    sql = "SELECT count(*) FROM conditionality_event WHERE type = 'EVENT_WITHDRAWN' AND note LIKE '%by communication%'"
    assert await owner.fetchval(sql) == 1


async def test_a_day_that_comes_while_it_is_corrected_is_recorded_once(
    database: Database, owner: Owner, world: World, lazio: Recorder
) -> None:
    wrong = hire(world, on=TODAY + timedelta(days=1))
    await taken(database, lazio, wrong)
    right = corrected(world, wrong, starts_on=TODAY)
    await asyncio.gather(look(database, days=1), taken(database, lazio, right, NOW + timedelta(days=1)))
    row = await kept(owner, right)
    assert row is not None
    assert await standing(owner) == [row["event_id"]]


# ── what the database keeps to ────────────────────────────────────────────────────────────────────────


async def test_the_rows_stay(
    database: Database, hub: Owner, owner: Owner, world: World, lazio: Recorder
) -> None:
    one, waiting = hire(world), hire(world, "east", TODAY + timedelta(days=1))
    right, told = corrected(world, one), annulled(world, waiting)
    for each in (one, waiting, right, told):
        await taken(database, lazio, each)
    for connection in (hub, owner):
        for code, change in (
            (right.code, "replaces_code = NULL"), (right.code, "starts_on = starts_on - 1"),
            (told.code, "state = 'NO_BENEFICIARY'"), (waiting.code, "state = 'NO_BENEFICIARY'"),
        ):  # fmt: skip
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"UPDATE communication SET {change} WHERE code = $1", code)
    bare = "INSERT INTO communication (code, kind, state, agency_id, replaces_code) VALUES ($1, 'UNILAV', $2, $3, $4)"
    for values, error in (
        ((told.code[:-2] + "ZZ", "ANNULMENT", lazio.agency_id, None), asyncpg.CheckViolationError),
        ((told.code[:-2] + "ZZ", "ANNULMENT", lazio.agency_id, "Z" * 16), asyncpg.ForeignKeyViolationError),
        ((told.code[:-2] + "ZZ", "ANNULMENT", lazio.agency_id, one.code), asyncpg.UniqueViolationError),
    ):
        with pytest.raises(error):
            await hub.execute(bare, *values)


async def standing(owner: Owner) -> list[Any]:
    """The hires that were communicated and are not withdrawn."""
    rows = await owner.fetch(
        "SELECT DISTINCT e.id FROM conditionality_event AS e JOIN idempotency_key AS k ON k.result_id = e.id"
        " WHERE k.key LIKE 'communication %' AND e.type <> 'EVENT_WITHDRAWN'"
        " AND NOT EXISTS (SELECT FROM conditionality_event AS w WHERE w.withdraws_event_id = e.id) ORDER BY e.id"
    )
    return [row["id"] for row in rows]


async def look(database: Database, *, days: int) -> int:
    """How many hires were due so many days from now."""
    return await HiresDue(database.write, lambda: NOW + timedelta(days=days), TOLERANCE).look()
