# SPDX-License-Identifier: EUPL-1.2
"""The raw records of one file, and pages of them as an agency's service would give them: after a place in the file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from connectors.file_exchange.configuration import FilingAgency, Format
from connectors.file_exchange.csv_records import CsvRecords
from connectors.file_exchange.lines import Row, Unreadable, lines_of
from connectors.file_exchange.ndjson_records import NdjsonRecords
from connectors.file_exchange.refusals import FileRefused, WholeRefusal
from connectors.file_exchange.shapes import SHAPES
from connectors.file_exchange.spool import Spooled
from connectors.file_exchange.xml_records import XmlRecords
from connectors.records.delivery import Delivered, Page
from connectors.records.reading import unreadable

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class RawRecords:
    """A file's records before they are read; about how many there are; columns that no member has."""

    rows: Iterator[Row]
    total: int
    unknown: tuple[str, ...]


def open_records(copy: Spooled, agency: FilingAgency, flow: str) -> RawRecords:
    """The records of a copied file; what would refuse it whole is found here, before any of them lands.

    Raises:
        FileRefused: it is not a file of that format, or goes beyond the limits.

    """
    shape, limits = SHAPES[flow], agency.limits
    if agency.format is Format.XML:
        document = XmlRecords(copy.file, shape, agency.encoding, limits)
        return RawRecords(document.rows(), document.total, ())
    header = 1 if agency.format is Format.CSV else 0
    if copy.lines - header > limits.records:
        raise FileRefused(WholeRefusal.TOO_MANY_RECORDS, f"The file has more than {limits.records} records.")
    lines = lines_of(copy.file, limits.line)
    source: CsvRecords | NdjsonRecords
    if agency.format is Format.CSV:
        source = CsvRecords(
            lines,
            shape,
            encoding=agency.encoding,
            separator=agency.separator,
            columns=agency.columns.get(flow, {}),
        )
    else:
        source = NdjsonRecords(lines)
    return RawRecords(source.rows(), max(copy.lines - header, 0), source.unknown)


class FiledRows:
    """Pages of raw records, each read as it is given; places only go on."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._passed = 0

    async def page(self, read: Callable[[object], Delivered[R]], after: str | None, limit: int) -> Page[R]:
        """The next records after so many."""
        return await asyncio.to_thread(self._page, read, int(after or 0), limit)

    def _page(self, read: Callable[[object], Delivered[R]], after: int, limit: int) -> Page[R]:
        for _ in islice(self._rows, after - self._passed):
            self._passed += 1
        found = tuple(_delivered(read, row) for row in islice(self._rows, limit))
        self._passed += len(found)
        return Page(found, str(self._passed), len(found) == limit)


def _delivered(read: Callable[[object], Delivered[R]], row: Row) -> Delivered[R]:
    if isinstance(row.value, Unreadable):
        return unreadable(row.value.kept, row.value.reason, line=row.line)
    return replace(read(row.value), line=row.line)
