# SPDX-License-Identifier: EUPL-1.2
"""What is written back about a file: what was read, what became of it, and each refused record by line and code.

NDJSON: one object about the file, then one for each refused record. CSV: the same as rows of one table. Of a record nothing is told but the
sender's own key.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from connectors.file_exchange.configuration import ReceiptFormat
from connectors.file_exchange.folders import CHUNK, RECEIPT_MARK
from hub.store.vocabulary import FileState


@dataclass(frozen=True, slots=True)
class Summary:
    """A file that was dealt with.

    `repeats`: under which name its content was read before; counts, columns and refusals are of that reading, `read_as`.
    """

    id: UUID
    name: str
    checksum: str
    sha256: str | None
    state: FileState
    code: str | None
    reason: str | None
    ended_at: datetime
    read_as: UUID
    repeats: str | None
    unknown_columns: list[str]
    records: int
    landed: int
    refused: int


@dataclass(frozen=True, slots=True)
class Refused:
    """One record that did not land; `key`: the sender's own, None where it could not be read."""

    line: int
    key: str | None
    code: str
    field: str | None
    reason: str


def receipt_name(file: Summary, written: ReceiptFormat) -> str:
    """`patti.csv.0123456789abcdef.receipt.ndjson`: by name and digest, since a name may come with other content."""
    digest = (file.sha256 or file.checksum or "unread")[:16]
    return f"{file.name}.{digest}{RECEIPT_MARK}{written.value}"


async def receipt(
    file: Summary, refused: AsyncIterator[Refused], written: ReceiptFormat
) -> AsyncIterator[bytes]:
    """The receipt's bytes, piece by piece; the same for the same file."""
    write = _ndjson if written is ReceiptFormat.NDJSON else _csv
    pieces = [] if written is ReceiptFormat.NDJSON else [_csv(dict.fromkeys(_COLUMNS), header=True)]
    pieces.append(write(_about(file)))
    size = 0
    async for one in refused:
        piece = write(
            {
                "type": "record",
                "line": one.line,
                "key": one.key,
                "code": one.code,
                "field": one.field,
                "reason": one.reason,
            }
        )
        pieces.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield b"".join(pieces)
            pieces, size = [], 0
    yield b"".join(pieces)


def _about(file: Summary) -> dict[str, object]:
    return {
        "type": "file",
        "name": file.name,
        "outcome": file.state.value,
        "sha256": file.sha256,
        "toldSha256": file.checksum or None,
        "repeats": file.repeats,
        "code": file.code,
        "reason": file.reason,
        "records": file.records,
        "landed": file.landed,
        "refused": file.refused,
        "unknownColumns": file.unknown_columns,
        "at": file.ended_at.isoformat(),
    }


_COLUMNS = (
    "type",
    "name",
    "outcome",
    "sha256",
    "toldSha256",
    "repeats",
    "records",
    "landed",
    "refused",
    "unknownColumns",
    "at",
    "line",
    "key",
    "code",
    "field",
    "reason",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _ndjson(row: dict[str, object]) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _csv(row: dict[str, object], *, header: bool = False) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS if header else [_cell(row.get(name)) for name in _COLUMNS])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    """A cell that a spreadsheet takes for a text: a key may begin as a formula does (OWASP, CSV injection)."""
    if isinstance(value, list):
        value = " ".join(f"[{one}]" for one in value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
