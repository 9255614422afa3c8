# SPDX-License-Identifier: EUPL-1.2
"""Scalars: one written form out, and only what means the same in."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLScalarType
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import SnodoError
from hub.plan.variables import VariableReader
from schema.build import build_schema, sdl

SCHEMA, _ = build_schema()
REFUSED = (TypeError, ValueError, GraphQLError, SnodoError)


def _read(name: str, value: Any) -> Any:
    from schema.scalars import SCALARS

    kind = SCHEMA.type_map.get(name)
    if isinstance(kind, GraphQLScalarType):
        return kind.coerce_input_value(value)
    parse: Any = next(one.parse_value for one in SCALARS.scalar_map.values() if one.name == name)
    return parse(value)


@pytest.mark.parametrize("value", ["RSSMRA80A01H501U", " rssmra80a01h501u\n", "12345678903"])
def test_fiscal_codes(value: str) -> None:
    assert _read("FiscalCode", value) == value.strip().upper()


@pytest.mark.parametrize(
    "value", [None, 1, True, [], "", "RSSMRA80A01H501X", "1234567890", "RSSMRA80A01H501UX"]
)
def test_what_is_no_fiscal_code(value: Any) -> None:
    with pytest.raises(REFUSED):
        _read("FiscalCode", value)


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        ("2026-11-21T10:30:00+01:00", "2026-11-21T09:30:00"),
        ("2026-11-21T10:30:00Z", "2026-11-21T10:30:00"),
        ("2026-11-21 10:30:00.5-03:30", "2026-11-21T14:00:00.500000"),
    ],
)
def test_moments(value: str, utc: str) -> None:
    found = _read("DateTime", value)
    assert found == datetime.datetime.fromisoformat(utc).replace(tzinfo=datetime.UTC)
    assert found.utcoffset() == datetime.timedelta(0)


@pytest.mark.parametrize(
    "value",
    [None, 1, 1.5, "", "2026-11-21", "2026-11-21T10:30:00", "yesterday", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00"],
)  # fmt: skip
def test_what_is_no_moment(value: Any) -> None:
    with pytest.raises(REFUSED):
        _read("DateTime", value)


@pytest.mark.parametrize(
    "value", [None, 20260101, "20260101", "2026-1-1", "2026-02-30", "2026-W01-1", "2026-01-01T00:00:00Z", ""]
)
def test_what_is_no_day(value: Any) -> None:
    with pytest.raises(REFUSED):
        _read("Date", value)


@given(number=st.integers(-(2**63), 2**63 - 1))
def test_whole_numbers_of_64_bits(number: int) -> None:
    assert _read("BigInt", number) == _read("BigInt", str(number)) == number


@pytest.mark.parametrize("value", [None, True, 1.0, "1.0", "", "x", 2**63, -(2**63) - 1, "9" * 5_000, []])
def test_what_is_no_whole_number(value: Any) -> None:
    with pytest.raises(REFUSED):
        _read("BigInt", value)


@pytest.mark.parametrize("value", ["350.00", "0", "-1.5"])
def test_money(value: str) -> None:
    assert _read("Decimal", value) == Decimal(value)


@pytest.mark.parametrize("value", [None, 350, 350.0, "", "x", "NaN", "Infinity", "-Infinity", "1,5"])
def test_what_is_no_money(value: Any) -> None:
    with pytest.raises(REFUSED):
        _read("Decimal", value)


def test_refusals_never_name_what_they_refuse() -> None:
    from graphql import OperationDefinitionNode, parse

    document = parse("query ($x: FiscalCode!) { __typename }")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    _, errors = VariableReader(SCHEMA, operation.variable_definitions or ()).coerce({"x": "RSSMRA80A01H501X"})
    original = errors[0].original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    assert isinstance(original, SnodoError)
    assert "RSSMRA" not in original.message


def test_the_schema_can_be_written_and_read() -> None:
    from graphql import build_schema as read

    assert read(sdl()).type_map.keys() >= {"FiscalCode", "BigInt", "Date", "DateTime", "Decimal"}
