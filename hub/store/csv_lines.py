# SPDX-License-Identifier: EUPL-1.2
"""Reference data of an operator's, from a CSV file: columns in any order, others beside them, each fault with its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.errors import InvalidInput

_BELFIORE = re.compile(r"[A-Z][0-9]{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of the columns asked for, in their order, without white space around them."""

    number: int
    cells: tuple[str, ...]
    refused: type[InvalidInput]

    def refuse(self, what: str) -> InvalidInput:
        """The refusal of the file for this line's sake."""
        return self.refused(f"line {self.number}: {what}")

    def belfiore(self, code: str) -> str:
        """A municipality's code, as it is; raises the file's refusal."""
        if not _BELFIORE.fullmatch(code):
            raise self.refuse("a Belfiore code is a letter and three digits.")
        return code


def read_text(file: Path, refused: type[InvalidInput]) -> str:
    """The text of a file in UTF-8, its byte order mark aside; raises `refused`."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise refused(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise refused(f"{file} is not UTF-8.") from error


def lines_of(text: str, columns: Sequence[str], refused: type[InvalidInput]) -> Iterator[Line]:
    """Each line; raises `refused` where a column is missing, or the text is no CSV."""
    lines = csv.DictReader(io.StringIO(text))
    try:
        if missing := [name for name in columns if name not in (lines.fieldnames or ())]:
            raise refused(f"The file has no column {', '.join(missing)}.")
        for line in lines:
            yield Line(lines.line_num, tuple((line[name] or "").strip() for name in columns), refused)
    except csv.Error as error:
        raise refused(f"After line {lines.line_num} the file is no CSV.") from error


def rows_of(done: str) -> int:
    """How many rows a statement changed, as PostgreSQL says it: `UPDATE 3`."""
    return int(done.rpartition(" ")[2])
