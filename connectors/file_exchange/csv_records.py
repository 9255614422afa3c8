# SPDX-License-Identifier: EUPL-1.2
"""CSV: a header line, then one record a line (docs/adr/0045).

A line is read by itself, so that a quote that never closes spoils its own record, and not every one after it. A record over several lines is
thereby refused: a text with a line break in it could not land either.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping

from connectors.file_exchange.configuration import Encoding, Separator
from connectors.file_exchange.lines import Line, Row, Unreadable, unreadable_bytes
from connectors.file_exchange.refusals import FileRefused, WholeRefusal
from connectors.file_exchange.shapes import Shape

_MARK = "\ufeff"
_FORMULA = re.compile(r"\s*(?:[=@]|[+-][A-Za-z=@(])")
"""How a cell begins that a spreadsheet would reckon (OWASP, CSV injection): no value of ours does, and `="00123"` is not what was meant."""
_NAME = re.compile(r"[A-Za-z0-9_ ./-]{1,60}", re.ASCII)
MOST_UNKNOWN = 50
"""Unknown columns that are named."""


class CsvRecords:
    """The records of one file whose header has been read."""

    def __init__(
        self,
        lines: Iterator[Line],
        shape: Shape,
        *,
        encoding: Encoding,
        separator: Separator,
        columns: Mapping[str, str],
    ) -> None:
        """Read the header.

        Args:
            lines: of the file, from the first.
            shape: the members a record has.
            encoding: of the text.
            separator: of the cells.
            columns: the name of a column by the path of its member, where the two differ.

        Raises:
            FileRefused: there is no header, or a column that is needed is not in it.

        """
        self._lines = lines
        self._shape = shape
        self._encoding = encoding
        self._separator = separator
        header = self._header()
        by_name = {name: path for path, name in columns.items()}
        self._paths = tuple(
            by_name.get(name) or (name if shape.has(name) and name not in columns else None)
            for name in header
        )
        missing = [columns.get(path, path) for path in shape.needed if path not in self._paths]
        if missing:
            # NOTE what is there is not told back: without a header it is the first record, and names somebody.
            raise FileRefused(WholeRefusal.COLUMNS_MISSING, f"Columns are missing: {', '.join(missing)}.")
        self.unknown = tuple(
            name if _NAME.fullmatch(name) else f"column {number}"
            for number, (name, path) in enumerate(zip(header, self._paths, strict=True), start=1)
            if path is None
        )[:MOST_UNKNOWN]
        """Columns that no member has; they are passed over."""

    def rows(self) -> Iterator[Row]:
        """The records, in the file's order."""
        for line in self._lines:
            yield Row(line.number, self._record(line))

    def _header(self) -> list[str]:
        line = next(self._lines, None)
        cells = Unreadable("", {}) if line is None else self._cells(line, first=True)
        if isinstance(cells, Unreadable):
            reason = f"The file has no header that can be read. {cells.reason}".strip()
            raise FileRefused(WholeRefusal.HEADER_UNREADABLE, reason)
        names = [cell.strip() for cell in cells]
        if names[0].startswith(_MARK):
            raise FileRefused(
                WholeRefusal.HEADER_UNREADABLE,
                "The file begins with a byte order mark: its encoding is utf-8-sig, and the configuration says utf-8.",
            )
        told = [name for name in names if name]
        if len(set(told)) != len(told):
            raise FileRefused(WholeRefusal.HEADER_UNREADABLE, "A column stands twice in the header.")
        return names

    def _record(self, line: Line) -> dict[str, object] | Unreadable:
        cells = self._cells(line)
        if isinstance(cells, Unreadable):
            return cells
        if len(cells) != len(self._paths):
            return Unreadable(
                f"The line has {len(cells)} cells, the header {len(self._paths)}.", {"value": cells}
            )
        if any(_FORMULA.match(cell) for cell in cells):
            return Unreadable("A cell begins as a formula does.", {"value": cells})
        shape = self._shape
        return shape.record(
            {
                path: shape.value(path, cell)
                for path, cell in zip(self._paths, cells, strict=True)
                if path is not None
            }
        )

    def _cells(self, line: Line, *, first: bool = False) -> list[str] | Unreadable:
        if isinstance(line.content, Unreadable):
            return line.content
        text = self._text(line.content, first=first)
        if isinstance(text, Unreadable):
            return text
        try:
            return next(csv.reader([text], delimiter=self._separator.value, strict=True))
        except csv.Error:
            return Unreadable(
                "The quotes of the line do not close, or stand where none may.", {"value": text}
            )

    def _text(self, content: bytes, *, first: bool) -> str | Unreadable:
        if self._encoding is not Encoding.CP1252:
            marked = first and self._encoding is Encoding.UTF_8_SIG
            try:
                return content.decode("utf-8-sig" if marked else "utf-8")
            except UnicodeDecodeError:
                return unreadable_bytes("The line is not in UTF-8.", content)
        if not content.isascii() and _is_utf8(content):
            # NOTE every UTF-8 text is one of cp1252, too, with other letters: of an Italian text both at once is never meant.
            return unreadable_bytes("The line is in UTF-8, and the configuration says cp1252.", content)
        try:
            return content.decode("cp1252")
        except UnicodeDecodeError:
            return unreadable_bytes("The line is not in cp1252.", content)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
