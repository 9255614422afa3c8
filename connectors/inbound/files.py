# SPDX-License-Identifier: EUPL-1.2
"""An agency's files land by the flows its service would feed: the same records, the same upserts, the same quarantine.

A file is left alone until its checksum is beside it, refused whole where that does not hold, and else landed page by page, each in one
transaction with how far it came. What was dealt with stands in `received_file`; the receipt is written after, from there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

import structlog

from connectors.file_exchange.checksums import LONGEST, SUFFIX, told_digest
from connectors.file_exchange.configuration import FilingAgency
from connectors.file_exchange.folders import RECEIPT_MARK, Entry, Folder
from connectors.file_exchange.receipts import Refused, receipt, receipt_name
from connectors.file_exchange.records import RawRecords, open_records
from connectors.file_exchange.refusals import FileRefused, WholeRefusal
from connectors.file_exchange.spool import Spooled, spool
from connectors.inbound import received_files, runs
from connectors.inbound.filed_kinds import FILED_FLOWS, filed_kind
from connectors.inbound.flow import (
    PAGE_SIZE,
    Drained,
    RunReport,
    drain,
    end_run,
    note_records,
)
from connectors.inbound.received_files import Arrival
from connectors.inbound.retrying import count_refused
from connectors.inbound.runs import Clock, Run
from connectors.progress import Progress, unwatched
from connectors.records.delivery import Page, Refusal
from hub.errors import ConfigurationError
from hub.spans import span
from hub.store.engine import Pool
from hub.store.statement import Connection
from hub.store.vocabulary import FileState

PACKED = ".gz"

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class FilesReport:
    """What a run of a flow did: its records, and its files by what became of them.

    `refused`: name, code and reason of each file that was refused whole. `known`: dealt with in an earlier run. `incomplete`: without a
    whole checksum file, left alone.
    """

    run: RunReport
    read: int = 0
    repeated: int = 0
    known: int = 0
    incomplete: int = 0
    refused: list[tuple[str, str, str]] = field(default_factory=list)


async def pull_files(
    pool: Pool,
    agency: FilingAgency,
    folder: Folder,
    *,
    clock: Clock,
    page_size: int = PAGE_SIZE,
    progress: Progress = unwatched,
) -> list[FilesReport]:
    """Land what an agency's folder has that is new, flow by flow (`FILED_FLOWS`); a report for each of those it sends.

    `progress`: told, under a file's name, of its records, and about how many there are.

    Raises:
        ConfigurationError: there is no such agency, a name is of two flows, or another run reads the same file.
        UpstreamError: the folder does not give a file, or does not take a receipt; what was landed stands.

    """
    entries = {one.name: one for one in await folder.entries()}
    names = _by_flow(agency, [name for name in entries if _is_content(name)])
    reports = []
    for flow in FILED_FLOWS:
        if flow in agency.files:
            puller = _Puller(pool, agency, folder, flow, clock, page_size, progress)
            reports.append(await puller.pull(entries, names[flow]))
    return reports


class _Puller:
    """One flow of one agency's folder."""

    def __init__(
        self,
        pool: Pool,
        agency: FilingAgency,
        folder: Folder,
        flow: str,
        clock: Clock,
        page_size: int,
        progress: Progress,
    ) -> None:
        self._pool = pool
        self._agency = agency
        self._folder = folder
        self._name = flow
        self._kind = filed_kind(flow)
        self._clock = clock
        self._page_size = page_size
        self._progress = progress

    async def pull(self, entries: dict[str, Entry], names: list[str]) -> FilesReport:
        about = {"snodo.agency": self._agency.agency_code, "snodo.flow": self._kind.flow}
        with span("inbound.run", attributes=about) as noted:
            report = await self._pull(entries, names)
            note_records(noted, report.run)
            noted.note({"snodo.files.read": report.read, "snodo.files.refused": len(report.refused)})
        return report

    async def _pull(self, entries: dict[str, Entry], names: list[str]) -> FilesReport:
        flow, code = self._kind.flow, self._agency.agency_code
        async with self._pool.acquire() as connection:
            agency_id = await runs.agency_id_of(connection, code)
            run = await runs.begin(connection, agency_id, flow, self._clock())
            ended = await received_files.ended(connection, agency_id, flow, names)
        counts = FilesReport(RunReport(code, flow, 0, 0, 0, 0, run.watermark))
        drained = Drained(watermark=run.watermark)
        await self._write_receipts(run)  # of files that a killed run had dealt with
        for name in names:
            told = await self._told(name, entries)
            if told is None:
                counts.incomplete += 1
            elif (entries[name], "" if isinstance(told, FileRefused) else told) in ended:
                counts.known += 1
            else:
                drained += await self._deal_with(run, entries[name], told, counts)
                await self._write_receipts(run)
        counts.run = await end_run(
            self._pool,
            self._kind,
            run,
            drained,
            agency_code=code,
            clock=self._clock,
            page_size=self._page_size,
            progress=self._progress,
        )
        return counts

    async def _told(self, name: str, entries: dict[str, Entry]) -> str | FileRefused | None:
        """The digest the checksum file tells, or why it tells none; None while it is not there whole."""
        beside = entries.get(name + SUFFIX)
        if beside is None:
            return None
        content = b""
        async for piece in self._folder.read(beside.name):
            content += piece
            if len(content) > LONGEST:
                break
        try:
            return told_digest(content, name)
        except FileRefused as refused:
            return refused

    async def _deal_with(
        self, run: Run, entry: Entry, told: str | FileRefused, counts: FilesReport
    ) -> Drained:
        none = Drained(watermark=run.watermark)
        if isinstance(told, FileRefused):
            await self._refuse(Arrival(run.agency_id, run.flow, entry, ""), None, told, counts)
            return none
        arrival = Arrival(run.agency_id, run.flow, entry, told)
        try:
            copy = await spool(
                self._folder.read(entry.name),
                packed=entry.name.endswith(PACKED),
                limits=self._agency.limits,
            )
        except FileRefused as refused:
            await self._refuse(arrival, None, refused, counts)
            return none
        with copy:
            try:
                records = self._checked(copy, told)
            except FileRefused as refused:
                await self._refuse(arrival, copy.sha256, refused, counts)
                return none
            return await self._land(run, arrival, records, counts)

    def _checked(self, copy: Spooled, told: str) -> RawRecords:
        if copy.sha256 != told:
            raise FileRefused(
                WholeRefusal.CHECKSUM_MISMATCH,
                "The file is not what its checksum says: part of it may be missing.",
            )
        if copy.broken is not None:
            raise copy.broken
        return open_records(copy, self._agency, self._name)

    async def _land(self, run: Run, arrival: Arrival, records: RawRecords, counts: FilesReport) -> Drained:
        async with self._pool.acquire() as connection, connection.transaction():
            await runs.take_turn(connection, run.agency_id)
            reading = await received_files.take(connection, arrival, records.unknown, self._clock())
        drained = Drained(watermark=run.watermark)
        if reading.state is FileState.READING:
            done = reading.records

            async def advance(
                connection: Connection, page: Page[Any], outcomes: Sequence[Refusal | None]
            ) -> None:
                nonlocal done
                refused = count_refused(outcomes)
                # NOTE the watermark is of the agency's service, if it has one, and stays where it was.
                await runs.advance(connection, run, run.watermark, len(outcomes) - refused, refused)
                await received_files.advance(connection, reading.id, done, page.records, outcomes)
                done += len(page.records)

            def landed(page: Page[Any]) -> None:
                self._progress(arrival.entry.name, done, max(records.total, done) if page.more else done)

            drained = await drain(
                self._pool,
                filed_kind(self._name, records.rows),
                run,
                str(reading.records),
                advance,
                clock=self._clock,
                page_size=self._page_size,
                landed=landed,
            )
            async with self._pool.acquire() as connection:
                await received_files.finish(connection, reading.id, self._clock())
            counts.read += 1
        if not reading.is_this:
            async with self._pool.acquire() as connection:
                await received_files.note_repeated(connection, arrival, reading.id, self._clock())
            counts.repeated += 1
        return Drained(drained.received, drained.quarantined, run.watermark)

    async def _refuse(
        self, arrival: Arrival, sha256: str | None, refused: FileRefused, counts: FilesReport
    ) -> None:
        async with self._pool.acquire() as connection:
            await received_files.note_refused(connection, arrival, sha256, refused, self._clock())
        counts.refused.append((arrival.entry.name, refused.code.value, refused.reason))
        _log.warning(
            "file refused", agency=self._agency.agency_code, flow=arrival.flow, code=refused.code.value
        )

    async def _write_receipts(self, run: Run) -> None:
        written = self._agency.receipt_format
        async with self._pool.acquire() as connection:
            due = await received_files.unreceipted(connection, run.agency_id, run.flow)
        for file in due:
            # NOTE no connection is held while the folder is written to: the other machine may be slow.
            pieces = receipt(file, self._refusals(file.read_as), written)
            await self._folder.write(receipt_name(file, written), pieces)
            async with self._pool.acquire() as connection:
                await received_files.note_receipt(connection, file.id, self._clock())

    async def _refusals(self, file_id: UUID) -> AsyncIterator[Refused]:
        after = 0
        while True:
            async with self._pool.acquire() as connection:
                found = await received_files.refusals(connection, file_id, after)
            for after, one in found:  # noqa: B007 (the last one's place is where the next page begins)
                yield one
            if len(found) < received_files.REFUSALS_AT_ONCE:
                return


def _by_flow(agency: FilingAgency, names: list[str]) -> dict[str, list[str]]:
    """The names each flow's pattern takes.

    Raises:
        ConfigurationError: one is taken by two.

    """
    found: dict[str, list[str]] = {flow: [] for flow in agency.files}
    for name in sorted(names):
        flows = [flow for flow, pattern in agency.files.items() if fnmatchcase(name, pattern)]
        if len(flows) > 1:
            raise ConfigurationError(
                f"The patterns of {' and '.join(flows)} in the file of {agency.agency_code} take the same names: tell them apart."
            )
        for flow in flows:
            found[flow].append(name)
    return found


def _is_content(name: str) -> bool:
    return not name.endswith(SUFFIX) and RECEIPT_MARK not in name
