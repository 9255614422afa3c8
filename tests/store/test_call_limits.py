# SPDX-License-Identifier: EUPL-1.2
"""`snodo agency limit`: what is set holds, what is taken back is the settings' again."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from hub.access.call_counts import DefaultLimits, StoredCallCounts, Subject
from hub.access.call_limits import Limits, read_limits, set_limits
from hub.access.call_windows import windows_at
from hub.access.registration import register
from hub.access.registry_refusals import InvalidRegistration, UnknownAgency, UnknownPurpose
from hub.cli.call_limits import told
from hub.store.engine import Database
from tests.store.test_call_counts import CONSUMER, LIMITS, NOON

FIRST, SECOND = CONSUMER.purpose_id, UUID(int=22)

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
async def agency_id(owner: Owner) -> UUID:
    await register(owner, CONSUMER)
    return await register(owner, replace(CONSUMER, purpose_id=SECOND))


async def _read(owner: Owner, code: str = "regione-12") -> dict[UUID, Limits]:
    return {one.purpose_id: one for one in await read_limits(owner, code, LIMITS, NOON)}


async def test_of_a_purpose_and_of_the_whole(owner: Owner, database: Database, agency_id: UUID) -> None:
    assert {(one.per_minute, one.per_day, one.consumer_per_day) for one in (await _read(owner)).values()} == {
        (100, None, 1_000)
    }
    await set_limits(owner, "regione-12", per_minute=30, per_day=500)
    await set_limits(owner, "regione-12", purpose_id=SECOND, per_day=40)
    found = await _read(owner)
    assert found[FIRST] == Limits(FIRST, 30, None, 0, 500, 0)
    assert found[SECOND] == Limits(SECOND, 30, 40, 0, 500, 0)
    counts = StoredCallCounts(database.write, LIMITS)
    await counts.lease(Subject(FIRST, agency_id), windows_at(NOON), 2)
    await counts.lease(Subject(SECOND, agency_id), windows_at(NOON), 1)
    await counts.lease(Subject(SECOND, agency_id), windows_at(NOON + 86_400), 3)
    found = await _read(owner)
    assert [(found[one].used, found[one].consumer_used) for one in (FIRST, SECOND)] == [(2, 3), (1, 3)]
    assert told(found[SECOND]) == (
        f"purpose {SECOND}: 30 a minute, 40 a day (1 used today); all purposes 500 a day (3 used today)"
    )
    await set_limits(owner, "regione-12", purpose_id=SECOND, to_default=True)
    assert (await _read(owner))[SECOND].per_minute == 100
    assert (await _read(owner))[FIRST].per_minute == 30
    await set_limits(owner, "regione-12", per_minute=7, to_default=True)
    assert {(one.per_minute, one.per_day, one.consumer_per_day) for one in (await _read(owner)).values()} == {
        (7, None, 1_000)
    }


async def test_of_each_citizen(owner: Owner) -> None:
    await set_limits(owner, "citizens", per_minute=9)
    (one,) = (await _read(owner, "citizens")).values()
    assert (one.per_minute, one.per_day, one.consumer_per_day) == (9, 20, None)
    assert told(one).endswith("9 a minute, 20 a day (0 used today)")
    await set_limits(owner, "citizens", per_day=7)
    (one,) = (await _read(owner, "citizens")).values()
    assert (one.per_minute, one.per_day, one.consumer_per_day) == (9, 7, None)
    assert await owner.fetchval("SELECT calls_per_day FROM agency WHERE code = 'citizens'") is None, (
        "all of them"
    )
    await set_limits(owner, "citizens", to_default=True)
    (one,) = (await _read(owner, "citizens")).values()
    assert (one.per_minute, one.per_day) == (LIMITS.citizen_minute, LIMITS.citizen_day)


async def test_who_is_not_known(owner: Owner, agency_id: UUID) -> None:
    with pytest.raises(UnknownAgency):
        await set_limits(owner, "regione-99", per_day=1)
    with pytest.raises(UnknownAgency):
        await read_limits(owner, "regione-99", DefaultLimits(1, 1, None, 1, 1), NOON)
    citizens = await owner.fetchval(
        "SELECT purpose_id FROM purpose JOIN agency ON id = agency_id WHERE kind = 'CITIZENS'"
    )
    with pytest.raises(UnknownPurpose):
        await set_limits(owner, "regione-12", purpose_id=citizens, per_day=1)


@pytest.mark.parametrize("calls", [0, -1, 2**63])
async def test_a_limit_is_a_number_of_calls(calls: int, owner: Owner, agency_id: UUID) -> None:
    with pytest.raises(InvalidRegistration) as refused:
        await set_limits(owner, "regione-12", per_minute=calls)
    assert refused.value.about == "per_minute"
    with pytest.raises(InvalidRegistration) as refused:
        await set_limits(owner, "regione-12", per_minute=1, per_day=calls)
    assert refused.value.about == "per_day"


async def test_a_change_is_recorded_with_its_door(owner: Owner, agency_id: UUID) -> None:
    await set_limits(owner, "regione-12", per_minute=30, per_day=500)
    rows = await owner.fetch(
        "SELECT door, subject FROM access_change WHERE action = 'CHANGED' AND subject IN ('agency', 'purpose') ORDER BY subject"
    )
    assert [tuple(row) for row in rows] == [
        ("COMMAND_LINE", "agency"),
        ("COMMAND_LINE", "purpose"),
        ("COMMAND_LINE", "purpose"),
    ]


async def test_the_database_takes_no_limit_of_nothing(owner: Owner, agency_id: UUID) -> None:
    for change in (
        "agency SET calls_per_day = 0",
        "purpose SET calls_per_day = 0",
        "purpose SET calls_per_minute = -1",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await owner.execute(f"UPDATE {change}")
