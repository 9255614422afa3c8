# SPDX-License-Identifier: EUPL-1.2
"""One run of a flow: page by page from the watermark, each page one transaction that holds the watermark too.

A run that is killed leaves whole pages: the next one goes on from the last. No connection is held and no transaction
is open for the agency's sake: the next page is asked for while one lands, and awaited outside. At the end the records that wait in quarantine are tried again: what they were
waiting for (their person, the end of another pact) may have landed meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import structlog

from connectors.inbound import runs
from connectors.inbound.kinds import Kind
from connectors.inbound.retrying import count_refused, retry_waiting, tell
from connectors.inbound.runs import Clock, Landing, Run
from connectors.progress import Progress, Steps, unwatched
from connectors.records.delivery import Page, Refusal
from hub.spans import Span, Value, span
from hub.store.engine import Pool
from hub.store.statement import Connection

R = TypeVar("R")

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


@dataclass(frozen=True, slots=True)
class Drained:
    """Records that came and that were refused, and the watermark after the last of them."""

    received: int = 0
    quarantined: int = 0
    watermark: str | None = None

    def __add__(self, later: Drained) -> Drained:
        """Both, one after the other."""
        return Drained(self.received + later.received, self.quarantined + later.quarantined, later.watermark)


class Advance(Protocol[R]):
    """Notes how far a flow has come, in the transaction that landed a page."""

    def __call__(
        self, connection: Connection, page: Page[R], outcomes: Sequence[Refusal | None], /
    ) -> Awaitable[None]:
        """`outcomes`: per record why it did not land, or None."""


async def run_flow(
    pool: Pool,
    kind: Kind[R],
    *,
    agency_code: str,
    clock: Clock,
    page_size: int = PAGE_SIZE,
    progress: Progress = unwatched,
) -> RunReport:
    """Pull a flow from where its last run came to until there is no more.

    Args:
        pool: the database's write pool.
        kind: the flow.
        agency_code: of the agency the records are kept under.
        clock: the time of day, with an offset.
        page_size: records of a page.
        progress: told of each page that has landed.

    Raises:
        ConfigurationError: there is no such agency.
        UpstreamError: the agency does not give a page; the pages before it have landed, of this one nothing.

    """
    with span("inbound.run", attributes={"snodo.agency": agency_code, "snodo.flow": kind.flow}) as noted:
        report = await _run(pool, kind, agency_code, clock, page_size, progress)
        note_records(noted, report)
    return report


def note_records(noted: Span, report: RunReport) -> None:
    """Say in a run's span what became of its records."""
    noted.note(
        {
            "snodo.records.received": report.received,
            "snodo.records.landed": report.landed,
            "snodo.records.quarantined": report.quarantined,
            "snodo.records.released": report.released,
        }
    )


async def _run(
    pool: Pool, kind: Kind[R], agency_code: str, clock: Clock, page_size: int, progress: Progress
) -> RunReport:
    async with pool.acquire() as connection:
        agency_id = await runs.agency_id_of(connection, agency_code)
        run = await runs.begin(connection, agency_id, kind.flow, clock())

    async def advance(connection: Connection, page: Page[R], outcomes: Sequence[Refusal | None]) -> None:
        refused = count_refused(outcomes)
        await runs.advance(connection, run, page.watermark, len(outcomes) - refused, refused)

    landed = told_by_page(partial(progress, f"{agency_code} {kind.flow}"))
    drained = await drain(
        pool, kind, run, run.watermark, advance, clock=clock, page_size=page_size, landed=landed
    )
    return await end_run(
        pool,
        kind,
        run,
        drained,
        agency_code=agency_code,
        clock=clock,
        page_size=page_size,
        progress=progress,
    )


def told_by_page(steps: Steps) -> Callable[[Page[R]], None]:
    """What tells of each page how far it goes: as its source says, else the records so far, which the last page makes the total."""
    records = 0

    def tell_of(page: Page[R]) -> None:
        nonlocal records
        records += len(page.records)
        if page.reach is None:
            steps(records, None if page.more else records)
        else:
            done = page.reach.done
            steps(done, max(page.reach.total, done) if page.more else done)

    return tell_of


async def drain(
    pool: Pool,
    kind: Kind[R],
    run: Run,
    after: str | None,
    advance: Advance[R],
    *,
    clock: Clock,
    page_size: int,
    landed: Callable[[Page[R]], None],
) -> Drained:
    """Land every page after a watermark; `advance` notes each one in the transaction that landed it, `landed` is told of it after."""
    drained = Drained(watermark=after)
    async with aclosing(_pages(kind, after, page_size)) as pages:
        async for page in pages:
            drained += Drained(
                len(page.records),
                await _land_page(pool, kind, page, drained.watermark, advance, run.landing(clock())),
                page.watermark,
            )
            landed(page)
    return drained


async def end_run(
    pool: Pool,
    kind: Kind[R],
    run: Run,
    drained: Drained,
    *,
    agency_code: str,
    clock: Clock,
    page_size: int,
    progress: Progress,
) -> RunReport:
    """Try what waits in quarantine again, and note that the run came to its end."""
    released = await retry_waiting(
        pool,
        kind,
        run.agency_id,
        run.id,
        clock=clock,
        page_size=page_size,
        steps=partial(progress, tried_again(agency_code, kind.flow)),
    )
    async with pool.acquire() as connection:
        await runs.finish(connection, run, clock())
    received, quarantined = drained.received, drained.quarantined
    landed = received - quarantined
    report = RunReport(agency_code, kind.flow, received, landed, quarantined, released, drained.watermark)
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


def tried_again(agency_code: str, flow: str) -> str:
    """What it is called that records wait in quarantine and are tried again."""
    return f"{agency_code} {flow}, tried again"


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
    pool: Pool,
    kind: Kind[R],
    page: Page[R],
    before: str | None,
    advance: Advance[R],
    landing: Landing,
) -> int:
    """Land a page and note that it has, all or nothing; how many records were refused.

    NOTE a page without records moves the watermark, too: people were asked about who have nothing, and are not asked about again after a kill.
    """
    if not page.records and page.watermark == before:
        return 0
    about: dict[str, Value] = {"snodo.flow": kind.flow, "snodo.records.received": len(page.records)}
    with span("inbound.page", attributes=about) as noted:
        async with pool.acquire() as connection, connection.transaction():
            await runs.take_turn(connection, landing.agency_id)
            outcomes = await tell(connection, kind, landing, page.records)
            await advance(connection, page, outcomes)
        refused = count_refused(outcomes)
        noted.note({"snodo.records.quarantined": refused})
    return refused
