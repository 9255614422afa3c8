# SPDX-License-Identifier: EUPL-1.2
"""What tests of communicated hires do and look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from hub.ledger.communications import Hire, HireTerms, Taken, Told, beginning_of
from hub.ledger.hires import take_communication
from hub.ledger.record import Recorded, Recorder, RecordEvent, record_event
from hub.ledger.refusals import Refusal
from hub.ledger.withdraw import WithdrawEvent, withdraw_event
from hub.store.engine import Database
from hub.store.vocabulary import CommunicationKind, CommunicationState, ConditionalityEventType
from tests.api.world import World

NOW = datetime(2026, 9, 15, 9, tzinfo=UTC)
TODAY = NOW.date()
TOLERANCE = timedelta(seconds=60)
TERMS = HireTerms(TOLERANCE, withdrawal_days=10_000)
TOO_LATE = HireTerms(TOLERANCE, withdrawal_days=-10_000)
"""An event may be withdrawn, or may not, whatever the time of day of the database."""
STATE = CommunicationState
_codes = count(1)

Row = dict[str, Any]
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

FORGOTTEN = {
    "client_id", "purpose_id", "operator", "beneficiary_id", "starts_on", "ends_on", "employer_code", "contract_type",
    "event_id", "acceptance_event_id",
}  # fmt: skip
"""What is not kept of one that came to nothing."""


def unsaid(row: Row) -> set[str]:
    """The columns of a communication in which nothing is kept; which one it corrects or annuls is kept of all that do."""
    return {name for name, value in row.items() if value is None} - {"replaces_code"}


def hire(world: World, who: str = "north", on: date = TODAY, **changes: Any) -> Hire:
    code = world.people[who].fiscal_code if who in world.people else who
    made = Hire(f"12{next(_codes):014}", CommunicationKind.UNILAV, code, "12345678903", on, None, "A.01.00")
    return replace(made, **changes)


async def take(
    database: Database, recorder: Recorder, one: Told, now: datetime = NOW, terms: HireTerms = TERMS
) -> Taken | Refusal:
    async with database.write.acquire() as connection, connection.transaction():
        return await take_communication(connection, recorder, one, now=now, terms=terms)


async def taken(database: Database, recorder: Recorder, one: Told, now: datetime = NOW) -> Taken:
    found = await take(database, recorder, one, now)
    assert isinstance(found, Taken)
    return found


async def kept(owner: Owner, one: Told) -> Row | None:
    row = await owner.fetchrow("SELECT * FROM communication WHERE code = $1", one.code)
    return None if row is None else dict(row)


async def event(owner: Owner, key: UUID | None) -> Row:
    row = await owner.fetchrow("SELECT * FROM conditionality_event WHERE id = $1", key)
    assert row is not None
    return dict(row)


async def accept(
    database: Database, recorder: Recorder, world: World, on: date, *, pact: str | None = "work"
) -> UUID:
    """The person of the north accepts a suitable offer."""
    at = beginning_of(on) + timedelta(hours=10)
    kind = ConditionalityEventType.SUITABLE_OFFER_ACCEPTED
    return await record(database, recorder, world, kind, at, pact=pact)


async def events(owner: Owner) -> int:
    """How many came of communications."""
    found: int = await owner.fetchval(
        "SELECT count(*) FROM conditionality_event AS e JOIN idempotency_key AS k ON k.result_id = e.id"
        " WHERE k.key LIKE 'communication %'"
    )
    return found


async def record(
    database: Database,
    recorder: Recorder,
    world: World,
    kind: ConditionalityEventType,
    at: datetime,
    *,
    pact: str | None,
) -> UUID:
    """A desk records an event of the person of the north."""
    code, under = world.people["north"].fiscal_code, None if pact is None else world.pacts[pact]
    command = RecordEvent(f"desk-{next(_codes)}", code, kind, at, under, None)
    async with database.write.acquire() as connection, connection.transaction():
        done = await record_event(connection, recorder, command, now=NOW, tolerance=TOLERANCE)
    assert isinstance(done, Recorded)
    return done.event_id


async def withdraw(database: Database, recorder: Recorder, event_id: UUID | None) -> Recorded | Refusal:
    """Whoever recorded an event takes it back."""
    assert event_id is not None
    command = WithdrawEvent(f"withdraw-{next(_codes)}", UUID(int=event_id.int), "Was somebody else.")
    async with database.write.acquire() as connection, connection.transaction():
        return await withdraw_event(connection, recorder, command, now=NOW, days=TERMS.withdrawal_days)
