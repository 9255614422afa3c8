# SPDX-License-Identifier: EUPL-1.2
"""Cursors: what goes out comes back, and whatever else comes is refused as a cursor, not as a fault."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.plan.cursor import InvalidCursor, read_cursor
from hub.plan.feed import feed_position

MARK = "beneficiary -birth_date,id"
TYPES = (str, date, datetime, Decimal, int, UUID)
GOOD = ["x", "2026-01-01", "2026-01-01 10:00:00.5+00", "1.50", "7", "01930e5b-0000-7000-8000-00000000000a"]


def _cursor(content: object) -> str:
    return base64.b64encode(orjson.dumps(content)).decode()


@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    day=st.dates(),
    moment=st.datetimes(timezones=st.just(UTC)),
    amount=st.decimals(allow_nan=False, allow_infinity=False),
    number=st.integers(),
    key=st.uuids(),
)
def test_there_and_back(
    text: str, day: date, moment: datetime, amount: Decimal, number: int, key: UUID
) -> None:
    values = [text, day, moment, amount, number, key]
    assert read_cursor(_cursor([MARK, *map(str, values)]), MARK, TYPES) == values


def test_moments_as_postgresql_writes_them() -> None:
    for written, micros in (("00", 0), ("00.1", 100_000), ("00.000001", 1), ("00.123456", 123_456)):
        found = read_cursor(_cursor(["m", f"2026-09-01 09:00:{written}+00"]), "m", (datetime,))
        assert found == [datetime(2026, 9, 1, 9, 0, 0, micros, tzinfo=UTC)]


@given(text=st.text())
def test_any_text(text: str) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(text, MARK, TYPES)


@given(raw=st.binary())
def test_any_bytes(raw: bytes) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(base64.b64encode(raw).decode(), MARK, TYPES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(content=JSON)
def test_any_json(content: Any) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(base64.b64encode(json.dumps(content).encode()).decode(), MARK, TYPES)


@given(at=st.integers(0, 5), value=JSON)
def test_any_value_in_the_place_of_another(at: int, value: Any) -> None:
    values: list[Any] = list(GOOD)
    values[at] = value
    try:
        read = read_cursor(base64.b64encode(json.dumps([MARK, *values]).encode()).decode(), MARK, TYPES)
    except InvalidCursor:
        return
    assert isinstance(value, str)
    assert "\x00" not in value
    assert [type(one) for one in read] == list(TYPES)


@given(position=st.integers(0, 300), letter=st.sampled_from("AZaz09+/=-_ \n"))
def test_one_changed_character(position: int, letter: str) -> None:
    good = _cursor([MARK, *GOOD])
    tampered = good[: position % len(good)] + letter + good[position % len(good) + 1 :]
    try:
        read = read_cursor(tampered, MARK, TYPES)
    except InvalidCursor:
        return
    assert len(read) == len(TYPES)


def test_another_list_or_order() -> None:
    good = _cursor([MARK, *GOOD])
    assert len(read_cursor(good, MARK, TYPES)) == 6
    for mark in ("household id", MARK + ",x", "beneficiary birth_date,id", ""):
        with pytest.raises(InvalidCursor):
            read_cursor(good, mark, TYPES)
    with pytest.raises(InvalidCursor):
        read_cursor(good, MARK, TYPES[:-1])


@given(text=st.text() | st.from_regex(r"-?[0-9]{0,25}\n?", fullmatch=True))
def test_feed_positions(text: str) -> None:
    try:
        position = feed_position(text)
    except InvalidCursor:
        assert not (text.isascii() and text.isdigit() and len(text) <= 18)
        return
    assert 0 <= position < 2**63
