# SPDX-License-Identifier: EUPL-1.2
"""A line of the access log: who asked for what, and whom the answer was about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import orjson
from sqlalchemy import (
    CTE,
    JSON,
    BigInteger,
    ColumnElement,
    FromClause,
    LargeBinary,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.types import TypeEngine

from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.store.base import table_of
from hub.store.statement import Statement
from hub.store.tables import AccessLog
from hub.store.vocabulary import AccessOutcome

LONGEST_ASKED = 8_000
"""Bytes of JSON of what was asked with. Beyond them only what is short is kept: whom the answer showed is kept in any case."""
LONGEST_VALUE = 200
"""Bytes of JSON of one value that are kept where all of them are too long."""
LENGTH = "$.bytes"
"""The name their number is kept under, which is neither a variable's nor its default's."""
LONGEST_NAME = 200
"""Characters of an operation's name."""

_UUID = PG_UUID(as_uuid=True)
_SAID: Mapping[str, TypeEngine[Any]] = {
    "agency_id": _UUID,
    "client_id": _UUID,
    "purpose_id": _UUID,
    "person_id": _UUID,
    "user_id": Text(),
    "user_location": Text(),
    "loa": Text(),
    "operation": Text(),
    "selection_hash": LargeBinary(),
    "asked": Text(),
}
"""The columns known before anything is read, and what each is bound as."""
_FOUND: Mapping[str, TypeEngine[Any]] = {
    "subjects": Text(),
    "positions": Text(),
    "feed_reached": BigInteger(),
    "outcome": Text(),
}
_COLUMNS = (*_SAID, *_FOUND)
_CASTS: Mapping[str, TypeEngine[Any]] = {
    "asked": JSON(),
    "subjects": ARRAY(_UUID),
    "positions": INT8MULTIRANGE(),
}
"""What comes as text and is kept as something else."""
LINE: Mapping[str, TypeEngine[Any]] = {f"line_{name}": kind for name, kind in _SAID.items()}
"""What `logged` binds, and what each is bound as."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What an operation asks for: its field coordinates, sorted; their SHA-256, as lines; and what it says in literals.

    `literals`: arguments by coordinate, the defaults of variables as `$name`. No variable is called so.
    """

    coordinates: tuple[str, ...]
    hash: bytes
    literals: Mapping[str, Any]


class Operated(Protocol):
    """An operation, as far as a line names it."""

    @property
    def name(self) -> str | None:
        """Its name in the document."""

    @property
    def selection(self) -> Selection:
        """What it asks for."""


@dataclass(slots=True)  # not frozen: one is made for each request
class Look:
    """Who asks, for what, with what: all of a line that is known before the answer is."""

    caller: Caller
    operator: Operator | None
    operation: Operated
    variables: Mapping[str, Any]
    """As they were given, of those the operation declares."""

    def said(self) -> tuple[Any, ...]:
        """The values of the columns known beforehand, in their order."""
        caller, operator, name, selection = (
            self.caller,
            self.operator,
            self.operation.name,
            self.operation.selection,
        )
        return (
            caller.agency_id,
            caller.client_id,
            caller.purpose_id,
            caller.person_id,
            *((operator.user_id, operator.user_location, operator.loa) if operator else (None, None, None)),
            name if name is None or len(name) <= LONGEST_NAME else name[:LONGEST_NAME],
            selection.hash,
            _written({**self.variables, **selection.literals} if selection.literals else self.variables),
        )

    def values(self) -> dict[str, Any]:
        """The same by the names `logged` binds."""
        return dict(zip((f"line_{name}" for name in _SAID), self.said(), strict=True))

    def line(
        self,
        outcome: AccessOutcome,
        subjects: str = "{}",
        positions: str | None = None,
        reached: int | None = None,
    ) -> bytes:
        """The whole line, as `lines` reads it; `subjects` and `positions` as PostgreSQL writes an array of keys and a multirange.

        `reached`: the position of the feed that was read up to.
        """
        values = (*self.said(), subjects, positions, reached, outcome.value)
        return orjson.dumps(
            {name: value for name, value in zip(_COLUMNS, values, strict=True) if value is not None},
            default=_written_out,
        )


def _written(asked: Mapping[str, Any]) -> str:
    if not asked:
        return "{}"
    text = _json(asked)
    if len(text) <= LONGEST_ASKED:
        return text.decode()
    # What is long is told by its length alone, so that it does not hide what stands beside it.
    short = {name: value if len(_json(value)) <= LONGEST_VALUE else "…" for name, value in asked.items()}
    told = _json({**short, LENGTH: len(text)})
    return told.decode() if len(told) <= LONGEST_ASKED else f'{{"{LENGTH}":{len(text)}}}'


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value, default=str)
    except TypeError:  # an integer beyond 64 bits, which a document may hold
        return json.dumps(value, default=str).encode()


def _written_out(value: Any) -> str:
    """Bytes as PostgreSQL writes them; and a key, of the driver's own type."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


@cache
def lines() -> Statement:
    """The statement that writes any number of lines: a JSON array of them, bound as `lines`.

    One text, since it takes the process half of what an array for each of fourteen columns does.
    """
    columns = [column(name, kind) for name, kind in {**_SAID, **_FOUND}.items()]
    given = (
        func.json_to_recordset(cast(bindparam("lines", type_=Text()), JSON()))
        .table_valued(*columns, name="line")
        .render_derived(with_types=True)
    )
    return Statement(_insert({name: given.c[name] for name in _COLUMNS}, given))


def logged(
    answer: FromClause, subjects: ColumnElement[Any], said: Mapping[str, ColumnElement[Any]] | None = None
) -> CTE:
    """The part of a statement that writes the line of its own answer: one for each row of `answer`.

    `said`: the values of `LINE`, where they are not bound.
    """
    said = said or {name: bindparam(name, type_=kind) for name, kind in LINE.items()}
    values: dict[str, ColumnElement[Any]] = {name: said[f"line_{name}"] for name in _SAID}
    values |= {
        "subjects": subjects,
        "outcome": bindparam("outcome", AccessOutcome.ANSWERED.value, type_=Text()),
    }
    written: CTE = _insert(values, answer).cte("logged")
    return written


def _insert(values: Mapping[str, ColumnElement[Any]], source: FromClause) -> Any:
    typed = [
        cast(value, _CASTS[name]) if name in _CASTS and isinstance(value.type, Text) else value
        for name, value in values.items()
    ]
    return insert(table_of(AccessLog)).from_select(
        list(values), select(*typed).select_from(source), include_defaults=False
    )
