# SPDX-License-Identifier: EUPL-1.2
"""What the statements that record and withdraw have in common: words as they stand in the text, and the days of Italy."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, Text, cast, func, literal_column

ZONE = "Europe/Rome"
"""Whose days the dates of benefits, pacts and hires are."""


def word(value: StrEnum) -> ColumnElement[Any]:
    """A word of one of the hub's own vocabularies, in the statement's text: PostgreSQL plans by it."""
    return literal_column(f"'{value.value}'", Text())


def day_of(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """The day it is in Italy at a moment."""
    return cast(func.timezone(ZONE, moment), Date)
