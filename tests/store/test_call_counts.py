# SPDX-License-Identifier: EUPL-1.2
"""Calls counted by PostgreSQL: leased by several processes at once, to the last call and never beyond."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from hub.access.call_counts import DefaultLimits, StoredCallCounts, Subject
from hub.access.call_windows import windows_at
from hub.access.registration import Registration, register
from hub.store.engine import Database
from hub.store.vocabulary import AgencyKind, CallsOf, CallWindow, GrantScope

CONSUMER = Registration(
    agency_code="regione-12",
    agency_name="Regione Lazio",
    agency_kind=AgencyKind.REGION,
    client_id=UUID(int=1),
    purpose_id=UUID(int=2),
    purpose="Lavoro",
    scope=GrantScope.NATIONAL,
)
NOON = 1_790_000_040.0
LIMITS = DefaultLimits(
    purpose_minute=100, consumer_day=1_000, eservice_day=None, citizen_minute=16, citizen_day=20
)


@pytest.fixture
async def subject(owner: asyncpg.Connection[asyncpg.Record]) -> Subject:
    return Subject(CONSUMER.purpose_id, await register(owner, CONSUMER))


def _counts(database: Database, **limits: Any) -> StoredCallCounts:
    return StoredCallCounts(database.write, replace(LIMITS, **limits))


async def _used(owner: asyncpg.Connection[asyncpg.Record]) -> Mapping[tuple[str, str], int]:
    rows = await owner.fetch(
        "SELECT calls_of, call_window, sum(used)::bigint AS used FROM call_count GROUP BY 1, 2"
    )
    return {(row["calls_of"], row["call_window"]): row["used"] for row in rows}


async def test_a_lease_counts_in_every_window(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], subject: Subject
) -> None:
    counts, windows = _counts(database), windows_at(NOON)
    granted = await counts.lease(subject, windows, 5)
    assert granted.calls == 5
    assert [(one.calls_of, one.call_window, one.limit, one.left) for one in granted.lefts] == [
        (CallsOf.PURPOSE, CallWindow.MINUTE, 100, 95),
        (CallsOf.CONSUMER, CallWindow.DAY, 1_000, 995),
    ]
    assert [one.window for one in granted.lefts] == [windows.minute, windows.day]
    every = {("PURPOSE", "MINUTE"), ("PURPOSE", "DAY"), ("CONSUMER", "DAY"), ("ESERVICE", "DAY")}
    assert await _used(owner) == dict.fromkeys(every, 5), (
        "what has no limit is counted too: one may be set at noon"
    )
    await counts.give_back(subject, windows, 2)
    assert await _used(owner) == dict.fromkeys(every, 3)


async def test_a_citizen_s_calls_are_its_own(
    database: Database, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    row = await owner.fetchrow(
        "SELECT purpose_id, agency_id FROM purpose JOIN agency ON agency.id = agency_id WHERE kind = 'CITIZENS'"
    )
    assert row is not None
    counts, windows = _counts(database), windows_at(NOON)
    first, second = (Subject(row["purpose_id"], row["agency_id"], UUID(int=person)) for person in (1, 2))
    assert (await counts.lease(first, windows, 100)).calls == 2, "an eighth"
    granted = await counts.lease(second, windows, 1)
    assert [(one.calls_of, one.limit, one.left) for one in granted.lefts] == [
        (CallsOf.CITIZEN, 16, 15),
        (CallsOf.CITIZEN, 20, 19),
    ]
    assert set(await _used(owner)) == {("CITIZEN", "MINUTE"), ("CITIZEN", "DAY")}
    await owner.execute("UPDATE purpose SET calls_per_minute = 3 WHERE purpose_id = $1", row["purpose_id"])
    assert (await counts.lease(second, windows, 1)).lefts[0].limit == 3
    unknown = Subject(row["purpose_id"], row["agency_id"])
    assert [one.limit for one in (await counts.lease(unknown, windows, 1)).lefts] == [100, 1_000], (
        "one consumer"
    )


async def test_leases_shrink_to_single_calls_and_end_at_the_limit(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], subject: Subject
) -> None:
    counts, windows, leases = _counts(database), windows_at(NOON), []
    while (granted := await counts.lease(subject, windows, 50)).calls:
        leases.append(granted.calls)
    assert sum(leases) == 100
    assert leases[0] == 12
    assert leases[-8:] == [1] * 8
    assert leases == sorted(leases, reverse=True)
    assert (await _used(owner))["PURPOSE", "MINUTE"] == 100
    assert (await counts.lease(subject, windows_at(NOON + 60), 50)).calls == 12, "the next minute is another"


async def test_the_limits_that_stand_in_the_tables(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], subject: Subject
) -> None:
    counts, windows = _counts(database, eservice_day=40), windows_at(NOON)
    assert (await counts.lease(subject, windows, 30)).calls == 5, "an eighth of all consumers' forty"
    await owner.execute("UPDATE purpose SET calls_per_minute = 50, calls_per_day = 20")
    await owner.execute("UPDATE agency SET calls_per_day = 30 WHERE id = $1", subject.agency_id)
    granted = await counts.lease(subject, windows, 1)
    assert [(one.calls_of, one.call_window, one.limit, one.left) for one in granted.lefts] == [
        (CallsOf.PURPOSE, CallWindow.MINUTE, 50, 44),
        (CallsOf.PURPOSE, CallWindow.DAY, 20, 14),
        (CallsOf.CONSUMER, CallWindow.DAY, 30, 24),
        (CallsOf.ESERVICE, CallWindow.DAY, 40, 34),
    ]
    await owner.execute("UPDATE purpose SET calls_per_day = 3")
    granted = await counts.lease(subject, windows, 1)
    assert granted.calls == 0
    assert [one.left for one in granted.lefts] == [44, 0, 24, 34], (
        "a limit that was lowered below what is used"
    )


async def test_what_is_over_is_forgotten(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], subject: Subject
) -> None:
    counts = _counts(database)
    await counts.lease(subject, windows_at(NOON), 1)
    await counts.forget(NOON + 3_600)
    assert set(await _used(owner)) == {("PURPOSE", "DAY"), ("CONSUMER", "DAY"), ("ESERVICE", "DAY")}
    await counts.give_back(subject, windows_at(NOON), 1)
    await counts.forget(NOON + 86_400)
    assert await _used(owner) == {}


async def test_no_more_is_given_back_than_was_leased(database: Database, subject: Subject) -> None:
    counts, windows = _counts(database), windows_at(NOON)
    await counts.lease(subject, windows, 2)
    with pytest.raises(asyncpg.CheckViolationError, match="call_count_used_check"):
        await counts.give_back(subject, windows, 3)


async def test_leases_at_once_neither_exceed_a_limit_nor_lock_each_other(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], subject: Subject
) -> None:
    others = [
        Subject(purpose_id, await register(owner, _other(purpose_id)))
        for purpose_id in (UUID(int=20), UUID(int=1 << 100))
    ]
    counts, windows = (
        _counts(database, purpose_minute=150, consumer_day=200, eservice_day=300),
        windows_at(NOON),
    )

    async def ask(one: Subject, number: int) -> int:
        granted = (await counts.lease(one, windows, 1 + number % 9)).calls
        if granted > 1:
            await counts.give_back(one, windows, 1)
            granted -= 1
        return granted

    leased = await asyncio.gather(
        *(ask(one, number) for number in range(150) for one in (subject, *others, others[0]))
    )
    used = await _used(owner)
    assert 200 < sum(leased) <= 300
    assert sum(leased) == used["ESERVICE", "DAY"] == used["PURPOSE", "DAY"]


def _other(purpose_id: UUID) -> Registration:
    number = purpose_id.int % 97
    return replace(
        CONSUMER, agency_code=f"agenzia-{number}", client_id=UUID(int=1_000 + number), purpose_id=purpose_id
    )


PROGRAM = """
import asyncio, json, sys, time
from uuid import UUID
from hub.access.call_counts import DefaultLimits, StoredCallCounts
from hub.access.caller import Caller, Scope
from hub.access.rate import CallsUsedUp, RateLimiter
from hub.settings import Settings
from hub.store.engine import open_database
from hub.store.vocabulary import AgencyKind, GrantScope

url, agency, purpose, now, began = sys.argv[1:]

async def main():
    caller = Caller(UUID(agency), "a", AgencyKind.REGION, UUID(int=1), UUID(purpose), Scope(GrantScope.NATIONAL, single=False))
    async with open_database(url, Settings(read_connections=1, write_connections=2)) as database:
        counts = StoredCallCounts(database.write, DefaultLimits(3_000, 1_000_000, None, 1, 1))
        limiter = RateLimiter(counts, lambda: float(now))
        answered = refused = 0
        await asyncio.sleep(max(0, float(began) - time.time()))
        while refused < 3:
            try:
                limiter.take(caller) or await limiter.wait(caller)
                answered += 1
            except CallsUsedUp:
                refused += 1
            if answered % 10 == 0:
                await asyncio.sleep(0)
        await limiter.close()
        print(json.dumps({"answered": answered, "leases": limiter.leases}))

asyncio.run(main())
"""


async def test_several_processes_share_one_limit(
    database_url: str, owner: asyncpg.Connection[asyncpg.Record], subject: Subject
) -> None:
    began = time.time() + 3
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, database_url, str(subject.agency_id), str(subject.purpose_id), str(NOON), str(began),
            stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    found = [json.loads((await process.communicate())[0]) for process in processes]
    answered = [one["answered"] for one in found]
    assert sum(answered) == 3_000, answered
    assert (await _used(owner))["PURPOSE", "MINUTE"] == 3_000
    assert sum(one["leases"] for one in found) < 600, "far fewer round trips than calls"
