# SPDX-License-Identifier: EUPL-1.2
"""Tables of cases a lawyer can read: each row is a test, and each page of them is a page of docs/reference/measures.

A module `cases_*.py` beside this one holds one `PAGE`. A row is words; the last of them is the answer, which `answer` gives for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).parent
REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "measures"
Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One rule: what the law says, and its cases. `columns` names each cell, the answer last."""

    title: str
    law: str
    columns: Row
    rows: tuple[Row, ...]
    answer: Callable[..., str]

    def text(self) -> str:
        """The table in Markdown."""
        lines = [self.columns, ("---",) * len(self.columns), *self.rows]
        body = "".join("| " + " | ".join(line) + " |\n" for line in lines)
        return f"## {self.title}\n\n{self.law}\n\n{body}"


@dataclass(frozen=True)
class Page:
    """Tables that belong together; `file` is its name in docs/reference/measures."""

    file: str
    title: str
    intro: str
    tables: tuple[Table, ...]

    def text(self) -> str:
        """The page in Markdown."""
        return "\n".join((f"# {self.title}\n\n{self.intro}\n", *(table.text() for table in self.tables)))


def pages() -> Iterator[Page]:
    """Every page, in the order of their modules' names."""
    for file in sorted(FOLDER.glob("cases_*.py")):
        page = import_module(f"tests.unit.measures.{file.stem}").PAGE
        assert isinstance(page, Page)
        yield page
