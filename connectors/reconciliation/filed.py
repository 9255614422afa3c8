# SPDX-License-Identifier: EUPL-1.2
"""A flow as an agency's files told it: those that were received are read again from its folder, as far as they are still there.

What is kept of a file is its digest and what became of its records, not the records: a content that its agency has deleted since cannot be
compared, and is counted. What lies in the folder and was not received yet is not told.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from connectors.file_exchange.configuration import FilingAgency
from connectors.file_exchange.folders import Entry, Folder
from connectors.file_exchange.records import RawRecords, open_records
from connectors.file_exchange.refusals import FileRefused
from connectors.file_exchange.spool import Spooled, spool
from connectors.inbound.filed_kinds import filed_kind
from connectors.inbound.files import PACKED
from connectors.inbound.received_files import Content, contents
from connectors.progress import Progress, Steps
from connectors.reconciliation.comparison import Files, Told
from connectors.reconciliation.told import Latest
from connectors.reconciliation.written import Written
from hub.errors import ConfigurationError
from hub.store.engine import Pool


async def told_in_files(
    pool: Pool,
    agency: FilingAgency,
    folder: Folder,
    agency_id: UUID,
    name: str,
    write: Callable[[Any], Written],
    page_size: int,
    progress: Progress,
) -> tuple[list[Told], Files]:
    """What the received files of one flow tell, in the order they were received, and how many of them are there.

    Args:
        pool: the database's.
        agency: who sends them.
        folder: where they are.
        agency_id: the agency's key.
        name: what its TOML file calls the flow.
        write: what is compared of a record.
        page_size: records read at once.
        progress: told, under a file's name, of its records that were read.

    Raises:
        ConfigurationError: a file that was read cannot be read by the agency's present TOML file.
        UpstreamError: the folder does not give a file.

    """
    async with pool.acquire() as connection:
        received = await contents(connection, agency_id, filed_kind(name).flow)
    there = {*await folder.entries()}
    latest = Latest(write)
    compared = 0
    for content in received:
        copy = await _copy(agency, folder, content, there)
        if copy is not None:
            with copy:
                records = _records(copy, agency, name, content)
                # NOTE how many there are is counted, or guessed, before they are read.
                steps = partial(_of_about, records.total, partial(progress, content.arrivals[0].name))
                await latest.add(filed_kind(name, records.rows), page_size, steps)
            compared += 1
    return latest.told, Files(compared, len(received) - compared)


async def _copy(agency: FilingAgency, folder: Folder, content: Content, there: set[Entry]) -> Spooled | None:
    """The content, of whichever of its arrivals still lies there unchanged; None where none does."""
    for entry in content.arrivals:
        if entry not in there:
            continue
        packed = entry.name.endswith(PACKED)
        try:
            copy = await spool(folder.read(entry.name), packed=packed, limits=agency.limits)
        except FileRefused as refused:
            raise _changed(entry.name, refused) from None
        if copy.sha256 == content.sha256:
            return copy
        copy.file.close()
    return None


def _of_about(total: int, steps: Steps, done: int, told: int | None) -> None:
    """Say how far a file was read, and about how many there are while nobody else says it."""
    steps(done, max(total, done) if told is None else told)


def _records(copy: Spooled, agency: FilingAgency, name: str, content: Content) -> RawRecords:
    try:
        if copy.broken is not None:
            raise copy.broken
        return open_records(copy, agency, name)
    except FileRefused as refused:
        raise _changed(content.arrivals[0].name, refused) from None


def _changed(name: str, refused: FileRefused) -> ConfigurationError:
    return ConfigurationError(
        f"{name} was read when it came, and cannot be read by the agency's TOML file as it is now: {refused.reason}"
    )
