# SPDX-License-Identifier: EUPL-1.2
"""Every row of every table of cases, and the pages they make: `SNODO_WRITE_GOLDEN=1` writes them."""

from __future__ import annotations

import os

import pytest

from tests.unit.measures.cases import REFERENCE, Page, Row, Table, pages

PAGES = list(pages())
TABLES = [(page, table) for page in PAGES for table in page.tables]
ROWS = [(table, row) for _, table in TABLES for row in table.rows]


def named(table: Table, row: Row) -> str:
    """A row's name among the tests."""
    return f"{table.title}: {', '.join(row[:-1])}"


@pytest.mark.parametrize(("table", "row"), ROWS, ids=[named(*one) for one in ROWS])
def test_the_law_answers_so(table: Table, row: Row) -> None:
    assert table.answer(*row[:-1]) == row[-1]


@pytest.mark.parametrize(("page", "table"), TABLES, ids=[table.title for _, table in TABLES])
def test_a_table_is_whole(page: Page, table: Table) -> None:
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert len(set(table.rows)) == len(table.rows)
    assert len({row[:-1] for row in table.rows}) == len(table.rows), "one case, one answer"
    assert not any("|" in cell or "\n" in cell for row in table.rows for cell in row)


@pytest.mark.parametrize("page", PAGES, ids=[page.file for page in PAGES])
def test_the_page_is_the_tables(page: Page) -> None:
    file = REFERENCE / page.file
    if os.environ.get("SNODO_WRITE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(page.text(), encoding="utf-8")
    assert file.read_text(encoding="utf-8") == page.text()


def test_there_are_as_many_cases_as_promised() -> None:
    assert len(ROWS) >= 300
