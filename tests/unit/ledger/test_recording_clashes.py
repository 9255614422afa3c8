# SPDX-License-Identifier: EUPL-1.2
"""What the database ends because another records the same is looked at anew, and is no fault."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from hub.access.caller import Scope
from hub.access.rows import PeopleInReach
from hub.errors import Unavailable
from hub.ledger.record import TRIES, Recorded, Recorder, RecordEvent, record_event
from hub.store.statement import Connection
from hub.store.vocabulary import AgencyKind, ConditionalityEventType, GrantScope

NOW = datetime(2026, 6, 16, 8, tzinfo=UTC)
EVENT = UUID(int=7)


class Clashing:
    """A connection on which a recording is ended so many times before it is let through."""

    def __init__(self, error: type[asyncpg.PostgresError], times: int) -> None:
        self.error, self.left, self.asked = error, times, 0

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[None]:
        yield

    async def fetchval(self, *_: Any) -> UUID:
        if self.left:
            self.left -= 1
            raise self.error("ended")
        return EVENT

    async def fetch(self, *_: Any) -> list[dict[str, Any]]:
        self.asked += 1
        return [
            {"result_id": None, "refusal": None, "beneficiary_id": None, "input_hash": None, "told": None}
        ]


async def recorded(connection: Clashing) -> Any:
    recorder = Recorder(
        UUID(int=1),
        AgencyKind.EMPLOYMENT_CENTRE,
        None,
        None,
        None,
        PeopleInReach(Scope(GrantScope.NATIONAL, single=False)),
        {},
    )
    command = RecordEvent(
        "a key", "RSSMRA80A01H501U", ConditionalityEventType.CONVOCATION_ATTENDED, NOW, None, None
    )
    return await record_event(
        cast("Connection", connection), recorder, command, now=NOW, tolerance=timedelta(0)
    )


@pytest.mark.parametrize(
    "error",
    [asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError],
)
async def test_a_clash_is_looked_at_and_tried_again(error: type[asyncpg.PostgresError]) -> None:
    connection = Clashing(error, times=TRIES - 1)
    assert await recorded(connection) == Recorded(EVENT, again=False)
    assert connection.asked == TRIES - 1


async def test_a_clash_that_does_not_end_is_a_try_for_later() -> None:
    with pytest.raises(Unavailable):
        await recorded(Clashing(asyncpg.DeadlockDetectedError, times=TRIES))
