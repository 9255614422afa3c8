# SPDX-License-Identifier: EUPL-1.2
"""The ledger on real PostgreSQL: recording, sequencing, and what the database refuses by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zlib import crc32

import asyncpg
import pytest

from hub.access.caller import Scope
from hub.access.rows import CENTRES, PeopleInReach
from hub.ledger.record import Recorded, Recorder, RecordEvent, record_event
from hub.ledger.refusals import Refusal, RefusalCode
from hub.ledger.sequencer import LOCK, Sequencer, sequence
from hub.store.engine import Database, connection_arguments
from hub.store.vocabulary import AgencyKind, ConditionalityEventType, GrantScope

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def database_url(populated_url: str) -> str:
    """A population whose feed is full."""
    return populated_url


@pytest.fixture
async def recorder(owner: asyncpg.Connection[asyncpg.Record]) -> Recorder:
    """A centre with people in its territory."""
    row = await owner.fetchrow(
        "SELECT employment_centre_id AS centre, count(*) FROM beneficiary WHERE employment_centre_id IS NOT NULL"
        " GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
    )
    agency = await owner.fetchval("SELECT id FROM agency WHERE kind = 'EMPLOYMENT_CENTRE' LIMIT 1")
    assert row is not None
    reach = PeopleInReach(Scope(GrantScope.CENTRE, single=True))
    return Recorder(
        agency, AgencyKind.EMPLOYMENT_CENTRE, uuid4(), uuid4(), "op-1", reach, {CENTRES: row["centre"]}
    )


@pytest.fixture
async def fiscal_code(owner: asyncpg.Connection[asyncpg.Record], recorder: Recorder) -> str:
    """Of a person in the recorder's reach."""
    found: str = await owner.fetchval(
        "SELECT fiscal_code FROM beneficiary p JOIN household h ON h.id = p.household_id JOIN benefit b ON b.id = h.benefit_id"
        " WHERE employment_centre_id = $1 AND b.status = 'ACTIVE' AND b.period @> $2::date AND b.period @> ($2::date - 1)"
        " ORDER BY p.id LIMIT 1",
        recorder.reach_values[CENTRES],
        NOW.date(),
    )
    return found


def command(
    fiscal_code: str,
    key: str,
    occurred_at: datetime | None = None,
    note: str | None = None,
    pact: UUID | None = None,
) -> RecordEvent:
    # Another fact for each key: its moment follows from the key.
    moment = occurred_at or NOW - timedelta(milliseconds=crc32(key.encode()) % 10_000_000)
    return RecordEvent(key, fiscal_code, ConditionalityEventType.CONVOCATION_MISSED, moment, pact, note)


async def record(database: Database, recorder: Recorder, event: RecordEvent) -> Recorded | Refusal:
    async with database.write.acquire() as connection, connection.transaction():
        return await record_event(connection, recorder, event, now=NOW, tolerance=timedelta(seconds=60))


async def sequence_now(database: Database) -> int:
    async with database.write.acquire() as connection:
        return await sequence(connection)


async def last_position(owner: asyncpg.Connection[asyncpg.Record]) -> int:
    found: int = await owner.fetchval("SELECT coalesce(max(position), 0) FROM feed_entry")
    return found


async def test_an_event_keeps_what_was_true_when_it_was_recorded(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], recorder: Recorder, fiscal_code: str
) -> None:
    outcome = await record(database, recorder, command(fiscal_code, "a", note="x"))
    assert isinstance(outcome, Recorded)
    await owner.execute(
        "UPDATE beneficiary SET fiscal_code = 'PRVGNN90R10H501Q' WHERE fiscal_code = $1", fiscal_code
    )
    row = await owner.fetchrow("SELECT * FROM conditionality_event WHERE id = $1", outcome.event_id)
    assert row is not None
    assert (row["fiscal_code"], row["operator"], row["client_id"], row["purpose_id"]) == (
        fiscal_code, recorder.operator, recorder.client_id, recorder.purpose_id,
    )  # fmt: skip


async def test_positions_are_dense_and_in_the_order_of_becoming_visible(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], recorder: Recorder, fiscal_code: str
) -> None:
    before = await last_position(owner)
    late = await database.write.acquire()
    transaction = late.transaction()
    await transaction.start()
    first = await record_event(late, recorder, command(fiscal_code, "late"), now=NOW, tolerance=timedelta())
    assert isinstance(first, Recorded)
    others = [await record(database, recorder, command(fiscal_code, f"k{i}")) for i in range(5)]
    assert await sequence_now(database) == 5
    await transaction.commit()
    await database.write.release(late)
    assert await sequence_now(database) == 1
    assert await sequence_now(database) == 0
    rows = await owner.fetch(
        "SELECT position, event_id FROM feed_entry WHERE position > $1 ORDER BY position", before
    )
    assert [row["position"] for row in rows] == list(range(before + 1, before + 7))
    expected = [other.event_id for other in others if isinstance(other, Recorded)]
    assert [row["event_id"] for row in rows] == [*expected, first.event_id], (
        "the late commit comes after what was read"
    )


async def test_a_reader_that_pulls_while_many_commit_never_skips(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], recorder: Recorder, fiscal_code: str
) -> None:
    start = await last_position(owner)
    writing = True
    read: list[int] = []

    async def write(number: int) -> None:
        for i in range(25):
            async with database.write.acquire() as connection, connection.transaction():
                await record_event(
                    connection,
                    recorder,
                    command(fiscal_code, f"{number}-{i}"),
                    now=NOW,
                    tolerance=timedelta(),
                )
                await asyncio.sleep(0.001 * ((number * 7 + i) % 5))  # commits in another order than it began

    async def pull(connection: asyncpg.Connection[asyncpg.Record]) -> None:
        cursor = start
        while writing or len(read) < 50:
            rows = await connection.fetch(
                "SELECT position FROM feed_entry WHERE position > $1 ORDER BY position", cursor
            )
            read.extend(row["position"] for row in rows)
            cursor = read[-1] if read else cursor
            await asyncio.sleep(0.002)

    sequencing = asyncio.create_task(Sequencer(database.write, 0.002).run())
    pulling = asyncio.create_task(pull(owner))
    await asyncio.gather(write(1), write(2))
    writing = False
    async with asyncio.timeout(10):
        await pulling
    sequencing.cancel()
    await asyncio.gather(sequencing, return_exceptions=True)
    assert read == list(range(start + 1, start + 51))


async def test_the_same_key_and_input_is_one_event_however_many_send_it_at_once(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], recorder: Recorder, fiscal_code: str
) -> None:
    outcomes = await asyncio.gather(
        *(record(database, recorder, command(fiscal_code, "same")) for _ in range(12))
    )
    assert len({outcome.event_id for outcome in outcomes if isinstance(outcome, Recorded)}) == 1
    assert (
        sorted(outcome.again for outcome in outcomes if isinstance(outcome, Recorded))
        == [False] + [True] * 11
    )
    assert await owner.fetchval("SELECT count(*) FROM outbox_message") == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"occurred_at": NOW + timedelta(seconds=61)}, RefusalCode.OCCURRED_IN_FUTURE),
        ({"note": "x" * 2_001}, RefusalCode.NOTE_TOO_LONG),
        ({"pact": UUID(int=1)}, RefusalCode.PACT_NOT_FOUND),
        ({"key": ""}, RefusalCode.IDEMPOTENCY_KEY_INVALID),
        ({"key": "x" * 201}, RefusalCode.IDEMPOTENCY_KEY_INVALID),
        ({"key": "a\nb"}, RefusalCode.IDEMPOTENCY_KEY_INVALID),
        ({"fiscal_code": "PRVGNN90R10H501Q"}, RefusalCode.PERSON_NOT_FOUND),
    ],
)
async def test_a_refusal_writes_nothing(
    database: Database,
    owner: asyncpg.Connection[asyncpg.Record],
    recorder: Recorder,
    fiscal_code: str,
    change: dict[str, object],
    code: RefusalCode,
) -> None:
    counted = "SELECT (SELECT count(*) FROM conditionality_event) + (SELECT count(*) FROM idempotency_key) + (SELECT count(*) FROM outbox_message)"
    before = await owner.fetchval(counted)
    outcome = await record(database, recorder, command(**{"fiscal_code": fiscal_code, "key": "k", **change}))  # type: ignore[arg-type]
    assert isinstance(outcome, Refusal)
    assert outcome.code is code
    assert await owner.fetchval(counted) == before


async def test_an_event_within_the_desks_tolerance_is_taken(
    database: Database, recorder: Recorder, fiscal_code: str
) -> None:
    outcome = await record(database, recorder, command(fiscal_code, "k", NOW + timedelta(seconds=60)))
    assert isinstance(outcome, Recorded)


async def test_a_key_used_for_another_input_is_refused(
    database: Database, recorder: Recorder, fiscal_code: str
) -> None:
    await record(database, recorder, command(fiscal_code, "k", note="one"))
    outcome = await record(database, recorder, command(fiscal_code, "k", note="two"))
    assert isinstance(outcome, Refusal)
    assert outcome.code is RefusalCode.IDEMPOTENCY_KEY_REUSED


@pytest.mark.parametrize("offset", [0, 2, -1_000_000])
async def test_the_database_refuses_a_gap_in_the_feed(
    database: Database,
    owner: asyncpg.Connection[asyncpg.Record],
    recorder: Recorder,
    fiscal_code: str,
    offset: int,
) -> None:
    outcome = await record(database, recorder, command(fiscal_code, "k"))
    assert isinstance(outcome, Recorded)
    position = await last_position(owner) + offset
    with pytest.raises((asyncpg.CheckViolationError, asyncpg.UniqueViolationError)):
        await owner.execute(
            "INSERT INTO feed_entry (position, event_id, region_code, municipality_code, measure, type, entry)"
            " SELECT $1, $2, region_code, municipality_code, measure, type, entry FROM feed_entry LIMIT 1",
            position,
            outcome.event_id,
        )


@asynccontextmanager
async def running(sequencer: Sequencer) -> AsyncIterator[Sequencer]:
    task = asyncio.create_task(sequencer.run())
    try:
        yield sequencer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: object, seconds: float) -> float:
    """Seconds until the condition holds; fails after `seconds`."""
    started = time.monotonic()
    async with asyncio.timeout(seconds):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.005)
    return time.monotonic() - started


async def _holders(owner: asyncpg.Connection[asyncpg.Record]) -> list[int]:
    """The process ids of who holds the sequencer's lock in this database: `pg_locks` shows those of the whole server."""
    found = await owner.fetch(
        """SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""",
        LOCK,
    )
    return [row["pid"] for row in found]


async def test_one_sequencer_is_active_and_another_takes_over_when_its_connection_dies(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], recorder: Recorder, fiscal_code: str
) -> None:
    async with running(Sequencer(database.write, 0.01)) as one:
        await until(lambda: one.active, 2)
        async with running(Sequencer(database.write, 0.01)) as other:
            await asyncio.sleep(0.7)
            assert not other.active
            [pid] = await _holders(owner)
            await owner.execute("SELECT pg_terminate_backend($1)", pid)
            assert await until(lambda: one.active or other.active, 3) < 2
            before = await last_position(owner)
            await record(database, recorder, command(fiscal_code, "after"))
            async with asyncio.timeout(2):
                while await last_position(owner) != before + 1:
                    await asyncio.sleep(0.005)
    assert await _holders(owner) == []


class _DeafConnection:
    """A connection on which the answer to the try for the lock never comes, though the server gave it."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    async def fetchval(self, query: str, *values: object) -> object:
        await self._connection.fetchval(query, *values)
        raise TimeoutError


async def test_a_lock_given_without_a_word_is_given_back(
    database: Database, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    async with database.write.acquire() as connection:
        with pytest.raises(TimeoutError):
            await Sequencer(database.write, 0.01)._hold(_DeafConnection(connection))  # type: ignore[arg-type]
        assert await _holders(owner) == []


async def test_a_database_url_of_another_kind_is_refused() -> None:
    from hub.errors import DatabaseError

    with pytest.raises(DatabaseError, match="postgresql\\+asyncpg"):
        connection_arguments("mysql://x/y")


async def test_the_sequencer_survives_whatever_stops_it(
    database: Database,
    owner: asyncpg.Connection[asyncpg.Record],
    recorder: Recorder,
    fiscal_code: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from hub.ledger import sequencer

    faults = iter([RuntimeError("unforeseen"), asyncpg.InternalClientError("unforeseen")])

    async def failing(connection: object) -> int:
        fault = next(faults, None)
        if fault is not None:
            raise fault
        return await sequence(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(sequencer, "sequence", failing)
    monkeypatch.setattr(sequencer, "TAKE_OVER", 0.01)
    await record(database, recorder, command(fiscal_code, "k"))
    before = await last_position(owner)
    async with running(Sequencer(database.write, 0.01)):
        async with asyncio.timeout(5):
            while await last_position(owner) == before:
                await asyncio.sleep(0.01)
