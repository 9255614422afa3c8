# SPDX-License-Identifier: EUPL-1.2
"""Reading single values of a delivered record.

Each function raises `RecordRefused` with the field's path (`path` + `name`) and a reason that never holds the value.
The `optional_` forms give None for an absent, null or blank value, and refuse a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from connectors.records.delivery import RecordRefused
from hub.store.fiscal_code import InvalidFiscalCode, parse_fiscal_code

Json = Mapping[str, Any]
V = TypeVar("V")

LONGEST_TEXT = 1_000
"""Characters of a text that may land."""
_ROME = ZoneInfo("Europe/Rome")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BELFIORE = re.compile(r"[A-Z][0-9]{3}", re.ASCII)
_CENTRE = re.compile(r"[A-Z][0-9]{3}C[0-9]{6}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_EARLIEST = date(1890, 1, 1)
_LATEST = date(2200, 1, 1)


def optional_text(record: Json, name: str, path: str = "") -> str | None:
    """A text without blanks around it, at most `LONGEST_TEXT` characters, without control characters."""
    value = record.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise RecordRefused(path + name, "The value is not a text.")
    stripped = value.strip()
    if len(stripped) > LONGEST_TEXT:
        raise RecordRefused(path + name, f"The text is longer than {LONGEST_TEXT} characters.")
    if _CONTROL.search(stripped):
        raise RecordRefused(path + name, "The text holds control characters.")
    return stripped or None


def text(record: Json, name: str, path: str = "") -> str:
    """A text that must be there."""
    return _present(optional_text(record, name, path), name, path)


def identifier(record: Json, name: str, path: str = "") -> str:
    """A key in the agency's world: a text, or a whole number written as one."""
    value = record.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(record, name, path)


def optional_day(record: Json, name: str, path: str = "") -> date | None:
    """A day, `YYYY-MM-DD`; of a date-time (PSLP writes days as such) the day in Rome."""
    value = optional_text(record, name, path)
    if value is None:
        return None
    try:
        found = (
            date.fromisoformat(value) if _DAY.fullmatch(value) else _moment(value).astimezone(_ROME).date()
        )
    except (ValueError, OverflowError):
        raise RecordRefused(path + name, "The value is not a date.") from None
    if not _EARLIEST <= found < _LATEST:
        raise RecordRefused(path + name, "The date is out of range.")
    return found


def day(record: Json, name: str, path: str = "") -> date:
    """A day that must be there."""
    return _present(optional_day(record, name, path), name, path)


def moment(record: Json, name: str, path: str = "") -> datetime:
    """A moment in UTC, from ISO 8601; a bare day begins, and a time without offset is, in Rome."""
    value = text(record, name, path)
    try:
        found = _moment(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise RecordRefused(path + name, "The value is not a date and time.") from None
    if not _EARLIEST <= found.date() < _LATEST:
        raise RecordRefused(path + name, "The date is out of range.")
    return found


def optional_amount(record: Json, name: str, path: str = "") -> Decimal | None:
    """An amount of euro, not negative, at most two decimals: a JSON number, or a text with a decimal point."""
    value = record.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise RecordRefused(path + name, "The value is not an amount.")
    written = value.strip() if isinstance(value, str) else str(value)
    if not _AMOUNT.fullmatch(written):
        raise RecordRefused(path + name, "The value is not an amount.")
    try:
        amount = Decimal(written)
    except InvalidOperation:  # pragma: no cover (the pattern admits only decimals)
        raise RecordRefused(path + name, "The value is not an amount.") from None
    if amount < 0:
        raise RecordRefused(path + name, "The amount is negative.")
    if amount != amount.quantize(Decimal("0.01")):
        raise RecordRefused(path + name, "The amount has more than two decimals.")
    if amount >= Decimal("100000000"):
        raise RecordRefused(path + name, "The amount is out of range.")
    return amount.quantize(Decimal("0.01"))


def amount(record: Json, name: str, path: str = "") -> Decimal:
    """An amount that must be there."""
    return _present(optional_amount(record, name, path), name, path)


def whole(record: Json, name: str, path: str = "", *, least: int = 0, most: int = 1_000_000) -> int:
    """A whole number between `least` and `most`, both included."""
    value = record.get(name)
    if value is None:
        raise RecordRefused(path + name, "The field is missing.")
    if isinstance(value, bool) or not isinstance(value, int):
        raise RecordRefused(path + name, "The value is not a whole number.")
    if not least <= value <= most:
        raise RecordRefused(path + name, f"The number is not between {least} and {most}.")
    return value


def fiscal_code(record: Json, name: str, path: str = "") -> str:
    """A fiscal code in its one written form (hub.store.fiscal_code): upper case, check letter right."""
    value = text(record, name, path)
    try:
        return parse_fiscal_code(value)
    except InvalidFiscalCode as error:
        raise RecordRefused(path + name, error.message) from None


def belfiore(record: Json, name: str, path: str = "") -> str:
    """A municipality's Belfiore code: a letter and three digits."""
    value = text(record, name, path).upper()
    if not _BELFIORE.fullmatch(value):
        raise RecordRefused(path + name, "The value is not a Belfiore code: a letter and three digits.")
    return value


def optional_centre(record: Json, name: str, path: str = "") -> str | None:
    """An employment centre's ministry code: Belfiore, C, six digits."""
    value = optional_text(record, name, path)
    if value is not None and not _CENTRE.fullmatch(value):
        raise RecordRefused(path + name, "The value is not a centre's code: Belfiore, C, six digits.")
    return value


def flag(record: Json, name: str, path: str = "") -> bool:
    """An S/N flag of the labour systems; absent is N."""
    value = optional_text(record, name, path)
    if value not in {None, "S", "N"}:
        raise RecordRefused(path + name, "The value is neither S nor N.")
    return value == "S"


def part(record: Json, name: str, path: str = "") -> Json:
    """An object inside the record."""
    value = _present(record.get(name), name, path)
    if not isinstance(value, dict):
        raise RecordRefused(path + name, "The value is not an object.")
    return value


def parts(record: Json, name: str, path: str = "") -> list[Json]:
    """A list of objects inside the record; an absent one is empty."""
    value = record.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise RecordRefused(path + name, "The value is not a list of objects.")
    return value


def _present(value: V | None, name: str, path: str) -> V:
    if value is None:
        raise RecordRefused(path + name, "The field is missing.")
    return value


def _moment(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    return found if found.tzinfo is not None else found.replace(tzinfo=_ROME)
