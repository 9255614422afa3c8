# SPDX-License-Identifier: EUPL-1.2
"""A flow as a region's files told it: those that were received are read again from its folder, as far as they are still there.

What is kept of a file is its digest and what became of its records, not the records: a content that its region has deleted since cannot be
compared, and is counted. What lies in the folder and was not received yet is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from connectors.file_exchange.configuration import FilingRegion
from connectors.file_exchange.folders import Entry, Folder
from connectors.file_exchange.lines import Row
from connectors.file_exchange.records import FiledRecords, open_records
from connectors.file_exchange.refusals import FileRefused
from connectors.file_exchange.spool import Spooled, spool
from connectors.inbound.files import PACKED
from connectors.inbound.kinds import Kind
from connectors.inbound.received_files import Content, contents
from connectors.inbound.regional_kind import RegionalRecords
from connectors.reconciliation.comparison import Files, Told
from connectors.reconciliation.told import Latest
from connectors.reconciliation.written import Written
from hub.errors import ConfigurationError
from hub.store.engine import Pool

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Source(Generic[R]):
    """One flow of a region that sends files: what its patterns call it, how its records are read, what is compared of one."""

    name: str
    kind: Callable[[RegionalRecords], Kind[R]]
    write: Callable[[R], Written]


async def told_in_files(
    pool: Pool, region: FilingRegion, folder: Folder, agency_id: UUID, source: Source[Any], page_size: int
) -> tuple[list[Told], Files]:
    """What the received files of one flow tell, in the order they were received, and how many of them are there.

    Raises:
        ConfigurationError: a file that was read cannot be read by the region's present TOML file.
        UpstreamError: the folder does not give a file.

    """
    flow = source.kind(FiledRecords(region.codes)).flow
    async with pool.acquire() as connection:
        received = await contents(connection, agency_id, flow)
    there = {*await folder.entries()}
    latest = Latest(source.write)
    compared = 0
    for content in received:
        copy = await _copy(region, folder, content, there)
        if copy is not None:
            with copy:
                rows = _records(copy, region, source.name, content)
                await latest.add(source.kind(FiledRecords(region.codes, rows)), page_size)
            compared += 1
    return latest.told, Files(compared, len(received) - compared)


async def _copy(region: FilingRegion, folder: Folder, content: Content, there: set[Entry]) -> Spooled | None:
    """The content, of whichever of its arrivals still lies there unchanged; None where none does."""
    for entry in content.arrivals:
        if entry not in there:
            continue
        packed = entry.name.endswith(PACKED)
        try:
            copy = await spool(folder.read(entry.name), packed=packed, limits=region.limits)
        except FileRefused as refused:
            raise _changed(entry.name, refused) from None
        if copy.sha256 == content.sha256:
            return copy
        copy.file.close()
    return None


def _records(copy: Spooled, region: FilingRegion, name: str, content: Content) -> Iterator[Row]:
    try:
        if copy.broken is not None:
            raise copy.broken
        return open_records(copy, region, name).rows
    except FileRefused as refused:
        raise _changed(content.arrivals[0].name, refused) from None


def _changed(name: str, refused: FileRefused) -> ConfigurationError:
    return ConfigurationError(
        f"{name} was read when it came, and cannot be read by the region's TOML file as it is now: {refused.reason}"
    )
