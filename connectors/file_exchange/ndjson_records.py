# SPDX-License-Identifier: EUPL-1.2
"""NDJSON: one JSON object a line, in UTF-8, no member twice."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.file_exchange.lines import Line, Row, Unreadable, unreadable_bytes
from connectors.records.reading import storable
from connectors.strict_json import strict_json


class NdjsonRecords:
    """The records of one file."""

    unknown: tuple[str, ...] = ()

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines

    def rows(self) -> Iterator[Row]:
        """The records, in the file's order."""
        for line in self._lines:
            yield Row(line.number, _record(line))


def _record(line: Line) -> dict[str, object] | Unreadable:
    if isinstance(line.content, Unreadable):
        return line.content
    try:
        found = strict_json(line.content)
    except ValueError:
        return unreadable_bytes("The line is not a JSON text, or a member stands twice in it.", line.content)
    if not isinstance(found, dict):
        return Unreadable("The record is not an object.", {"value": storable(found)})
    return found
