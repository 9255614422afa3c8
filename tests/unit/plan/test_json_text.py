# SPDX-License-Identifier: EUPL-1.2
"""Constants of an answer can never leave the SQL string they stand in; values are written by their type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Date,
    Enum,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    select,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE
from sqlalchemy.types import TypeEngine

from hub.plan.json_text import constant, joined, members, value_of
from hub.store.statement import Statement

ROWS = Table(
    "rows",
    MetaData(),
    Column("name", Text),
    Column("day", Date),
    Column("pay", Numeric),
    Column("word", Enum("A")),
)


@pytest.mark.parametrize("text", ["'", "\\", "a'b", "\n", '{"a":1}\n', "\x00", "é", "%", ";", "(", "/*", "`"])
def test_what_a_constant_may_not_hold(text: str) -> None:
    with pytest.raises(ValueError, match="may not hold"):
        constant(text)


@given(text=st.text())
def test_a_constant_never_ends_its_string(text: str) -> None:
    try:
        written = Statement(select(constant(text))).text
    except ValueError:
        return
    assert "'" not in text
    assert "\\" not in text
    assert f"'{text}'" in written
    assert written.count("'") == 2


@given(name=st.from_regex(r"[_A-Za-z][_0-9A-Za-z]*", fullmatch=True))
def test_every_graphql_name_is_a_constant(name: str) -> None:
    constant(f'"{name}":')


def test_neighbouring_constants_become_one() -> None:
    pieces = members([("a", ["null"]), ("b", [ROWS.c.name]), ("c", ['"x"'])])
    assert 'concat(\'{"a":null,"b":\', rows.name, \',"c":"x"}\')' in Statement(select(joined(pieces))).text


def test_more_pieces_than_a_function_takes() -> None:
    pieces = members([(f"k{number}", [ROWS.c.name]) for number in range(500)])
    text = Statement(select(joined(pieces))).text
    assert text.count("concat(") == 1 + -(-1001 // 90)
    assert text.count("rows.name") == 500


def test_what_is_escaped_and_what_is_not() -> None:
    def written(column: str, *, nullable: bool) -> str:
        return Statement(select(joined(value_of(ROWS.c[column], nullable=nullable)))).text

    assert "to_json(rows.name)" in written("name", nullable=False)
    assert "coalesce(CAST(to_json(rows.name)" in written("name", nullable=True)
    for plain in ("day", "pay", "word"):
        assert "to_json" not in written(plain, nullable=True)
        assert "IS NULL" in written(plain, nullable=True)


@pytest.mark.parametrize("kind", [LargeBinary(), Interval(), INT8MULTIRANGE()])
def test_a_type_that_cannot_be_written(kind: TypeEngine[Any]) -> None:
    column: Column[Any] = Column("x", kind)
    with pytest.raises(TypeError, match="cannot write"):
        value_of(column, nullable=False)
