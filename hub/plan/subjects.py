# SPDX-License-Identifier: EUPL-1.2
"""The marks in an answer's text that say whom it is about, in SQL (`hub.access.seen` takes them out)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.access.seen import KEY, MARK, PLACES
from hub.plan.json_text import Piece

_MARK, _PLACES = (literal_column(f"E'\\x{mark.hex()}'", Text) for mark in (MARK, PLACES))


def marked(subject: ColumnElement[Any] | None, pieces: list[Piece]) -> list[Piece]:
    """The pieces of an object with the mark of whom it is about before them."""
    # The mark goes with the key: `||` with NULL is NULL, which `concat` takes as nothing.
    return pieces if subject is None else [_MARK.concat(cast(subject, Text)), *pieces]


def places(start: ColumnElement[int], end: ColumnElement[int], *, whole: bool) -> list[Piece]:
    """How far a page of the feed reaches, before its JSON; and, of a `whole` one, its places."""
    return reached(end, [literal_column("'('", Text), start, ",", end, "]"] if whole else [])


def reached(end: ColumnElement[int], taken: list[Piece]) -> list[Piece]:
    """The same, with its places as PostgreSQL writes ranges, apart by commas."""
    return [_PLACES, end, " ", *taken, _PLACES]


def subjects_in(text: ColumnElement[str]) -> ColumnElement[Any]:
    """The keys in a text: for a statement that writes a row and the line about it at once."""
    piece = (
        func.unnest(func.string_to_array(text, _MARK))
        .table_valued("piece", with_ordinality="n", name="marked")
        .render_derived()
    )
    key = cast(func.left(piece.c["piece"], literal_column(str(KEY))), PG_UUID(as_uuid=True))
    found = select(key.distinct()).select_from(piece).where(piece.c["n"] > literal_column("1"))
    return func.array(found.scalar_subquery(), type_=ARRAY(PG_UUID(as_uuid=True)))
