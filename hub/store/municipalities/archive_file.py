# SPDX-License-Identifier: EUPL-1.2
"""ANPR's archive of municipalities as it is written: a CSV file becomes rows, or one error that names line and column.

Source: github.com/italia/anpr, `src/archivi/ANPR_archivio_comuni.csv` (CC BY 4.0) and its legend,
`ANPR_archivio_comuni_legenda.md`, version 001 of 2019-05-23: UTF-8, comma, ISO dates, every validity inclusive on both
sides, `9999-12-31` where no end is known. The published file begins with a byte-order mark and ends its lines with LF.

Columns are found by their names, in any order; the legend's `IDPROVINCIA` is `ID_PROVINCIA` in the file, is ANPR's own
number, and is not read.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

from hub.errors import InvalidInput

COLUMNS = (
    "DATAISTITUZIONE",
    "DATACESSAZIONE",
    "CODISTAT",
    "CODCATASTALE",
    "DENOMINAZIONE_IT",
    "IDPROVINCIAISTAT",
    "IDREGIONE",
    "STATO",
    "SIGLAPROVINCIA",
)
"""The columns that are read; the file may have others."""

OPEN_END = "9999-12-31"
"""How the file writes that a period has no end."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

Record: TypeAlias = tuple[int, list[str]]
"""The number of a record's first line, and its fields as they stand."""


class InvalidArchive(InvalidInput):
    """The file is not ANPR's archive of municipalities."""

    code = "INVALID_ARCHIVE"

    def __init__(self, message: str, *, line: int | None = None, column: str | None = None) -> None:
        self.line = line
        self.column = column
        where = ", ".join(part for part in (line and f"line {line}", column and f"column {column}") if part)
        super().__init__(f"{where}: {message}" if where else message, line=line, column=column)


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """One line of the file: the source's own words, without blanks around them; both days belong to the period."""

    line: int
    first_day: date
    last_day: date | None
    istat_code: str
    belfiore_code: str
    name: str
    istat_province: str
    istat_region: str
    state: str
    province: str


def read_rows(path: Path) -> list[ArchiveRow]:
    """Every row of the file at `path`, in its order; lines are counted from 1, the header's.

    Raises:
        InvalidArchive: the file cannot be opened, is empty, is not UTF-8 or not CSV, lacks a column, has a line with too few
            or too many fields, or a date that does not exist. Nothing is returned of a file that is not whole.

    """
    records = _records(_decode(_read(path)))
    line, header = next(records, (1, []))
    position = _positions(header, line)
    rows = []
    for line, fields in records:
        if len(fields) != len(header):
            raise InvalidArchive(
                f"there are {len(fields)} fields where the header names {len(header)} columns. Is the file truncated?",
                line=line,
            )
        rows.append(_row(line, {column: fields[index].strip() for column, index in position.items()}))
    if not rows:
        raise InvalidArchive("the file has a header and no municipality.", line=line)
    return rows


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidArchive(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from error
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        raise InvalidArchive(f"{path} is empty.")
    return content


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        *earlier, line = content[: error.start].split(b"\n")
        raise InvalidArchive(
            f"byte {len(line) + 1} of the line is not UTF-8. Save the file as UTF-8, as ANPR publishes it.",
            line=len(earlier) + 1,
        ) from error


def _records(text: str) -> Iterator[Record]:
    """The records, each with the number of its first line; empty lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for fields in reader:
            if fields:
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidArchive(
            f"this is not CSV separated by commas: {error}. Is the file truncated?", line=line
        ) from error


def _positions(header: list[str], line: int) -> dict[str, int]:
    """Where each column of `COLUMNS` stands."""
    names = [name.strip() for name in header]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise InvalidArchive(
            f"the header lacks {', '.join(missing)}: this is not ANPR's archive of municipalities, or not separated by commas.",
            line=line,
            column=missing[0],
        )
    repeated = next((column for column in COLUMNS if names.count(column) > 1), None)
    if repeated:
        raise InvalidArchive("the header names this column twice.", line=line, column=repeated)
    return {column: names.index(column) for column in COLUMNS}


def _row(line: int, fields: Mapping[str, str]) -> ArchiveRow:
    open_ended = fields["DATACESSAZIONE"] == OPEN_END
    return ArchiveRow(
        line=line,
        first_day=_day(line, "DATAISTITUZIONE", fields),
        last_day=None if open_ended else _day(line, "DATACESSAZIONE", fields),
        istat_code=fields["CODISTAT"],
        belfiore_code=fields["CODCATASTALE"],
        name=fields["DENOMINAZIONE_IT"],
        istat_province=fields["IDPROVINCIAISTAT"],
        istat_region=fields["IDREGIONE"],
        state=fields["STATO"],
        province=fields["SIGLAPROVINCIA"],
    )


def _day(line: int, column: str, fields: Mapping[str, str]) -> date:
    written = fields[column]
    try:
        if not _DATE.fullmatch(written):
            raise ValueError(written)
        return date.fromisoformat(written)
    except ValueError as error:
        raise InvalidArchive(
            f"{written[:20]!r} is not a day written YYYY-MM-DD.", line=line, column=column
        ) from error
