# SPDX-License-Identifier: EUPL-1.2
"""SQL expressions that write JSON as text.

`concat` over escaped values is half as fast again as `json_build_object`, has no limit of fifty members once it is nested,
and keeps the keys in the order they were asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Numeric,
    Text,
    case,
    cast,
    func,
    literal_column,
)
from sqlalchemy.types import Enum, TypeEngine, Uuid

Piece: TypeAlias = "str | ColumnElement[Any]"

# PostgreSQL passes at most 100 arguments to a function.
_MOST_ARGUMENTS = 90
# What a constant may hold: JSON punctuation, GraphQL names and the hub's own words. A quote or a backslash cannot get in,
# so a constant can never end the SQL string it stands in.
_CONSTANT = re.compile(r'[\w{}\[\]":,$ .+\-]*', re.ASCII)


def constant(text: str) -> ColumnElement[str]:
    """A piece of the answer that is the same for every caller and value, as an SQL string."""
    if not _CONSTANT.fullmatch(text):
        raise ValueError("a constant of an answer may not hold this character")
    return literal_column(f"'{text}'", Text)


def joined(pieces: Iterable[Piece]) -> ColumnElement[str]:
    """All pieces as one text; neighbouring constants become one."""
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    arguments = [constant(piece) if isinstance(piece, str) else piece for piece in merged]
    while len(arguments) > _MOST_ARGUMENTS:
        arguments = [
            func.concat(*arguments[start : start + _MOST_ARGUMENTS])
            for start in range(0, len(arguments), _MOST_ARGUMENTS)
        ]
    return func.concat(*arguments, type_=Text)


def members(pairs: Sequence[tuple[str, Sequence[Piece]]]) -> list[Piece]:
    """`{"key":value,…}` for pairs of a key and the pieces of its value."""
    return ["{", *listed(pairs), "}"]


def listed(pairs: Sequence[tuple[str, Sequence[Piece]]]) -> list[Piece]:
    """The same without the braces."""
    pieces: list[Piece] = []
    for index, (key, value) in enumerate(pairs):
        pieces.append(f'{"," if index else ""}"{key}":')
        pieces.extend(value)
    return pieces


def value_of(column: ColumnElement[Any], *, nullable: bool) -> list[Piece]:
    """The JSON of one column or expression, by its SQL type. Money is a string, so that no cent is lost on the way."""
    bare = _bare(column.type)
    if bare == "escaped":
        escaped: ColumnElement[Any] = func.to_json(column)
        return [func.coalesce(cast(escaped, Text), constant("null"))] if nullable else [escaped]
    if bare == "plain":
        text = cast(column, Text)
        return (
            [func.coalesce(text, constant("null"))]
            if nullable
            else [text if isinstance(column.type, Boolean) else column]
        )
    if nullable:
        return [
            case(
                (column.is_(None), constant("null")), else_=func.concat(constant('"'), column, constant('"'))
            )
        ]
    return ['"', column, '"']


def _bare(kind: TypeEngine[Any]) -> str:
    """How a type is written: `quoted` needs no escape, `plain` no quotes, `escaped` both."""
    if isinstance(kind, (Enum, Date, Numeric, Uuid)):
        return "quoted"
    if isinstance(kind, (Integer, Boolean, JSON)):
        return "plain"
    if isinstance(kind, (DateTime, Text, ARRAY)):
        return "escaped"  # a timestamp's ISO form is what to_json makes of it, and of an array a list
    raise TypeError(f"the planner cannot write an SQL {kind!r} as JSON")


def external_id(prefix: str, key: ColumnElement[Any]) -> list[Piece]:
    """`"ben_0193…"`: the key as the outside sees it."""
    return [f'"{prefix}_', func.encode(func.uuid_send(key), literal_column("'hex'")), '"']


def array_of(items: ColumnElement[Any]) -> list[Piece]:
    """`[…]` of an aggregate of items; empty when there are none."""
    return ["[", items, "]"]
