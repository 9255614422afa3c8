# SPDX-License-Identifier: EUPL-1.2
"""What waits in quarantine is tried again: at the end of each run of its flow, or because somebody says so, without one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from connectors.inbound import quarantine, runs
from connectors.inbound.kept_records import KeptRecord, count_waiting, payload_of
from connectors.inbound.kinds import KeptKind
from connectors.inbound.runs import Clock, Landing
from connectors.inbound.settle import settle
from connectors.progress import Steps, unwatched_steps
from connectors.records.delivery import Delivered, Refusal
from hub.store.engine import Pool
from hub.store.statement import Connection

R = TypeVar("R")


async def tell(
    connection: Connection, kind: KeptKind[R], landing: Landing, records: Sequence[Delivered[R]]
) -> list[Refusal | None]:
    """Land records and note in the quarantine what became of them: per record why it did not land, or None."""
    outcomes: list[Refusal | None] = await settle(connection, kind, landing, records)
    if records:
        told = list(zip(records, outcomes, strict=True))
        await quarantine.note(connection, kind, landing.agency_id, told, landing.at)
    return outcomes


async def retry_waiting(
    pool: Pool,
    kind: KeptKind[Any],
    agency_id: UUID,
    run_id: UUID | None,
    *,
    clock: Clock,
    page_size: int,
    steps: Steps = unwatched_steps,
) -> int:
    """Try a flow's waiting records again until none of them lands any more; how many did. `run_id`: of the run that does it, if any.

    `steps`: told of each page that was tried; a record that is tried more than once counts as often.
    """
    released = tried = 0
    # Counted only where one look does not find them all: most runs leave nothing waiting.
    waiting: int | None = None
    while True:
        before, after, began = released, None, tried
        while True:
            async with pool.acquire() as connection, connection.transaction():
                await runs.take_turn(connection, agency_id)
                rows = await quarantine.waiting(connection, agency_id, kind.flow, after, page_size)
                records = [kind.read(payload) for _, payload in rows]
                landing = Landing(agency_id, run_id, clock())
                released += len(records) - count_refused(await tell(connection, kind, landing, records))
            tried += len(rows)
            if len(rows) < page_size:
                if tried:
                    steps(tried, tried)
                break
            if waiting is None:
                waiting = await _count_to_try(pool, agency_id, kind.flow) + released
            steps(tried, max(began + waiting - before, tried))
            after = rows[-1][0]
        if released == before:
            return released


async def _count_to_try(pool: Pool, agency_id: UUID, flow: str) -> int:
    """How many wait that have a key of their own: others are not tried."""
    async with pool.acquire() as connection:
        waiting, nameless = await count_waiting(connection, agency_id, flow)
    return waiting - nameless


async def retry_record(
    pool: Pool, kind: KeptKind[Any], record: KeptRecord, *, clock: Clock
) -> Refusal | None:
    """Try one record again, without a run: why it does not land, or None.

    Raises:
        RecordSettled: it waits no more.

    """
    async with pool.acquire() as connection, connection.transaction():
        await runs.take_turn(connection, record.agency_id)
        told = kind.read(await payload_of(connection, record))
        [outcome] = await tell(connection, kind, Landing(record.agency_id, None, clock()), [told])
    return outcome


def count_refused(outcomes: Sequence[Refusal | None]) -> int:
    """How many did not land."""
    return sum(outcome is not None for outcome in outcomes)
