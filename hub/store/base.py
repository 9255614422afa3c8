# SPDX-License-Identifier: EUPL-1.2
"""What every table shares: names of constraints, the key made by the database, words of a vocabulary."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Enum, MetaData, Table, Text, func, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, mapped_column

# Every constraint is named, by one rule, so that a refusal of the database can be told apart in code and in logs.
NAMING = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}


class Base(DeclarativeBase):
    """A table of the hub."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 (declared by SQLAlchemy)
        str: Text(),
        datetime: DateTime(timezone=True),
        UUID: postgresql.UUID(as_uuid=True),
    }


Key = Annotated[
    UUID, mapped_column(postgresql.UUID(as_uuid=True), primary_key=True, server_default=text("uuidv7()"))
]
"""A key the database makes: UUID version 7, so that rows made together lie together."""

RecordedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
"""When the row was made, by the database's clock."""


def table_of(model: type[Base]) -> Table:
    """The table a model declares."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def words(vocabulary: type[enum.StrEnum]) -> Enum:
    """A text column that holds one word of `vocabulary`; `one_of()` beside it makes the database insist."""
    longest = max(len(word) for word in vocabulary)
    return Enum(vocabulary, native_enum=False, create_constraint=False, length=max(longest, 40))


def one_of(column: str, vocabulary: type[enum.StrEnum]) -> CheckConstraint:
    """The CHECK that keeps `column` inside `vocabulary`."""
    listed = ", ".join(f"'{word.value}'" for word in vocabulary)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
