# SPDX-License-Identifier: EUPL-1.2
"""One run of a flow: page by page from the watermark, each page one transaction that holds the watermark too.

A run that is killed leaves whole pages: the next one goes on from the last. No connection is held and no transaction
is open for the agency's sake: the next page is asked for while one lands, and awaited outside. At the end the records that wait in quarantine are tried again: what they were
waiting for (their person, the end of another pact) may have landed meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import structlog

from connectors.inbound import quarantine, runs
from connectors.inbound.kinds import Kind
from connectors.inbound.runs import Run
from connectors.inbound.settle import settle
from connectors.records.delivery import Delivered, Page, Refusal
from hub.store.engine import Pool
from hub.store.statement import Connection

R = TypeVar("R")
Clock = Callable[[], datetime]

PAGE_SIZE = 500
"""Records of one page, and so of one transaction."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did: records received, landed and refused; those that waited and landed now; where it came to."""

    agency_code: str
    flow: str
    received: int
    landed: int
    quarantined: int
    released: int
    watermark: str | None


async def run_flow(
    pool: Pool, kind: Kind[R], *, agency_code: str, clock: Clock, page_size: int = PAGE_SIZE
) -> RunReport:
    """Pull a flow from where its last run came to until there is no more.

    Args:
        pool: the database's write pool.
        kind: the flow.
        agency_code: of the agency the records are kept under.
        clock: the time of day, with an offset.
        page_size: records of a page.

    Raises:
        ConfigurationError: there is no such agency.
        UpstreamError: the agency does not give a page; the pages before it have landed, of this one nothing.

    """
    async with pool.acquire() as connection:
        agency_id = await runs.agency_id_of(connection, agency_code)
        run = await runs.begin(connection, agency_id, kind.flow, clock())
    received = landed = quarantined = 0
    watermark = run.watermark
    async with aclosing(_pages(kind, watermark, page_size)) as pages:
        async for page in pages:
            refused = await _land_page(pool, kind, run, page, watermark, clock())
            received += len(page.records)
            landed += len(page.records) - refused
            quarantined += refused
            watermark = page.watermark
    released = await _retry(pool, kind, agency_id, clock, page_size)
    async with pool.acquire() as connection:
        await runs.finish(connection, run, clock())
    report = RunReport(agency_code, kind.flow, received, landed, quarantined, released, watermark)
    _log.info(
        "inbound run",
        agency=agency_code,
        flow=kind.flow,
        received=received,
        landed=landed,
        quarantined=quarantined,
        released=released,
    )
    return report


async def _pages(kind: Kind[R], watermark: str | None, page_size: int) -> AsyncGenerator[Page[R]]:
    """The pages after a watermark; while one is landed the next one is already asked for."""
    following = asyncio.create_task(kind.fetch(watermark, page_size))
    try:
        more = True
        while more:
            page = await following
            if more := page.more:
                following = asyncio.create_task(kind.fetch(page.watermark, page_size))
            yield page
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _land_page(
    pool: Pool, kind: Kind[R], run: Run, page: Page[R], before: str | None, now: datetime
) -> int:
    """Land a page and move the watermark, all or nothing; how many records were refused.

    NOTE a page without records moves it, too: people were asked about who have nothing, and are not asked about again after a kill.
    """
    if not page.records and page.watermark == before:
        return 0
    async with pool.acquire() as connection, connection.transaction():
        await runs.take_turn(connection, run.agency_id)
        refused = await _tell(connection, kind, run.agency_id, page.records, now)
        await runs.advance(connection, run, page, len(page.records) - refused, refused)
    return refused


async def _retry(pool: Pool, kind: Kind[R], agency_id: UUID, clock: Clock, page_size: int) -> int:
    """Try the waiting records again until none of them lands any more; how many did."""
    released = 0
    while True:
        before, after = released, None
        while True:
            async with pool.acquire() as connection, connection.transaction():
                await runs.take_turn(connection, agency_id)
                rows = await quarantine.waiting(connection, agency_id, kind.flow, after, page_size)
                records = [kind.read(payload) for _, payload in rows]
                released += len(records) - await _tell(connection, kind, agency_id, records, clock())
            if len(rows) < page_size:
                break
            after = rows[-1][0]
        if released == before:
            return released


async def _tell(
    connection: Connection, kind: Kind[R], agency_id: UUID, records: Sequence[Delivered[R]], now: datetime
) -> int:
    """Land records and note in the quarantine what became of them; how many were refused."""
    outcomes: list[Refusal | None] = await settle(connection, kind, agency_id, records, now)
    if records:
        await quarantine.note(connection, kind, agency_id, list(zip(records, outcomes, strict=True)), now)
    return sum(outcome is not None for outcome in outcomes)
