# SPDX-License-Identifier: EUPL-1.2
"""What an answer says, whoever wrote it: the form in which the contestants' answers are compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

OPAQUE = frozenset({"endCursor"})
"""Names whose values mean something only to the server that gave them."""
OF_THE_MOMENT = frozenset({"id", "recordedAt"})
"""What a server makes up when it records an event."""


def content(data: Any, *, without: frozenset[str] = OPAQUE) -> Any:
    """`data` with every value in one form: ids as 32 hexadecimal digits, moments in UTC, numbers as Decimal."""
    if isinstance(data, Mapping):
        return {
            name: _value(name, value, without) for name, value in sorted(data.items()) if name not in without
        }
    return data


def _value(name: str, value: Any, without: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [content(one, without=without) for one in value]
    if isinstance(value, Mapping):
        return content(value, without=without)
    if value is None or isinstance(value, bool):
        return value
    if name == "id":
        return str(value).rpartition("_")[2].replace("-", "")
    if name.endswith("At"):
        return datetime.fromisoformat(value).astimezone(UTC)
    if name in ("position", "monthlyAmount"):
        return Decimal(value)
    return value
