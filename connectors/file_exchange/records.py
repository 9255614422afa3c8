# SPDX-License-Identifier: EUPL-1.2
"""The records of one file as a region's system would give them: page by page, after a place in the file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from connectors.file_exchange.configuration import FilingRegion, Format
from connectors.file_exchange.csv_records import CsvRecords
from connectors.file_exchange.lines import Row, Unreadable, lines_of
from connectors.file_exchange.ndjson_records import NdjsonRecords
from connectors.file_exchange.refusals import FileRefused, WholeRefusal
from connectors.file_exchange.shapes import SHAPES
from connectors.file_exchange.spool import Spooled
from connectors.file_exchange.xml_records import XmlRecords
from connectors.records.delivery import Delivered, Page
from connectors.records.reading import unreadable
from connectors.regional.codes import RegionalCodes
from connectors.regional.resources import Resource, read_record

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class RawRecords:
    """A file's records before they are read; about how many there are; columns that no member has."""

    rows: Iterator[Row]
    total: int
    unknown: tuple[str, ...]


def open_records(copy: Spooled, region: FilingRegion, flow: str) -> RawRecords:
    """The records of a copied file; what would refuse it whole is found here, before any of them lands.

    Raises:
        FileRefused: it is not a file of that format, or goes beyond the limits.

    """
    shape, limits = SHAPES[flow], region.limits
    if region.format is Format.XML:
        document = XmlRecords(copy.file, shape, region.encoding, limits)
        return RawRecords(document.rows(), document.total, ())
    header = 1 if region.format is Format.CSV else 0
    if copy.lines - header > limits.records:
        raise FileRefused(WholeRefusal.TOO_MANY_RECORDS, f"The file has more than {limits.records} records.")
    lines = lines_of(copy.file, limits.line)
    source: CsvRecords | NdjsonRecords
    if region.format is Format.CSV:
        source = CsvRecords(
            lines,
            shape,
            encoding=region.encoding,
            separator=region.separator,
            columns=region.columns.get(flow, {}),
        )
    else:
        source = NdjsonRecords(lines)
    return RawRecords(source.rows(), max(copy.lines - header, 0), source.unknown)


class FiledRecords:
    """The records of one file, as the flows want a region; where it has none, only what was kept is read."""

    def __init__(self, codes: RegionalCodes, rows: Iterator[Row] | None = None) -> None:
        self._codes = codes
        self._rows: Iterator[Row] = iter(()) if rows is None else rows
        self._passed = 0

    async def page(self, resource: Resource[R], after: str | None, limit: int) -> Page[R]:
        """The next records after so many; places only go on."""
        return await asyncio.to_thread(self._page, resource, int(after or 0), limit)

    def _page(self, resource: Resource[R], after: int, limit: int) -> Page[R]:
        for _ in islice(self._rows, after - self._passed):
            self._passed += 1
        found = tuple(self._delivered(resource, row) for row in islice(self._rows, limit))
        self._passed += len(found)
        return Page(found, str(self._passed), len(found) == limit)

    def _delivered(self, resource: Resource[R], row: Row) -> Delivered[R]:
        if isinstance(row.value, Unreadable):
            return unreadable(row.value.kept, row.value.reason, line=row.line)
        return replace(self.read(resource, row.value), line=row.line)

    def read(self, resource: Resource[R], raw: object) -> Delivered[R]:
        """Read one record, also one that was kept from an earlier file."""
        return read_record(resource, raw, self._codes, {})
