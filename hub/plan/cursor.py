# SPDX-License-Identifier: EUPL-1.2
"""Cursors: where a page ended, in the words of its order. Base64 of a JSON array: the list's mark, then the key values."""

from __future__ import annotations

import binascii
from base64 import b64decode
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Text, cast, func, literal_column

from hub.errors import InvalidInput


class InvalidCursor(InvalidInput):
    """A cursor is good only for the list and the order it came from; ask for the first page again without one."""

    code = "INVALID_CURSOR"


AHEAD = "SN001"
"""The SQLSTATE with which the database's function `feed_cursor` refuses a cursor of the feed."""


class CursorAhead(InvalidCursor):
    """The cursor lies beyond the end of the feed: it is of another feed, or from before a restore. Nothing was read."""

    code = "CURSOR_AHEAD"


def cursor_expression(mark: str, columns: list[ColumnElement[Any]]) -> ColumnElement[str]:
    """The SQL of a row's cursor. `mark` names the list and its order; the last column is the key."""
    content = func.json_build_array(
        literal_column(f"'{mark}'", Text), *(cast(column, Text) for column in columns)
    )
    encoded = func.encode(
        func.convert_to(cast(content, Text), literal_column("'UTF8'")), literal_column("'base64'")
    )
    # PostgreSQL breaks base64 every 76 characters.
    return func.translate(encoded, literal_column("E'\\n'"), literal_column("''"))


def read_cursor(text: str, mark: str, types: tuple[type, ...]) -> list[Any]:
    """The key values of a cursor, each as its Python type.

    Raises:
        InvalidCursor: it is no cursor, or one of another list or order.

    """
    try:
        content = orjson.loads(b64decode(text, validate=True))
        found, *values = content
        if found != mark or len(values) != len(types):
            raise InvalidCursor
        return [_parse(value, kind) for value, kind in zip(values, types, strict=True)]
    except (ValueError, TypeError, binascii.Error, ArithmeticError) as error:
        raise InvalidCursor from error


def _parse(value: object, kind: type) -> Any:
    if not isinstance(value, str) or "\x00" in value:
        raise InvalidCursor
    if kind is date and value == "infinity":
        return value  # a date goes as text
    if kind is datetime and value == "infinity":
        return kind.max  # so asyncpg writes what PostgreSQL calls infinity, and reads it
    if kind is date:
        return date.fromisoformat(value)
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise InvalidCursor
        return moment.astimezone(
            UTC
        )  # raises beyond the years there are, which PostgreSQL would refuse later
    if kind in (UUID, Decimal, int):
        return kind(value)
    return value
