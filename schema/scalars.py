# SPDX-License-Identifier: EUPL-1.2
"""The scalars of the schema, each with its one written form."""

from __future__ import annotations

import datetime
import decimal
from typing import Any, NewType

import strawberry
from strawberry.schema.config import StrawberryConfig

from hub.store.fiscal_code import parse_fiscal_code

FiscalCode = NewType("FiscalCode", str)
BigInt = NewType("BigInt", int)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} is a string.")
    return value


def _fiscal_code(value: Any) -> FiscalCode:
    return FiscalCode(parse_fiscal_code(_text(value, "A fiscal code")))


def _big_int(value: Any) -> BigInt:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError("A BigInt is a whole number.")
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError("A BigInt has at most 64 bits.")
    return BigInt(number)


def _date(value: Any) -> datetime.date:
    text = _text(value, "A date")
    try:
        if len(text) != 10 or not text[4] == text[7] == "-":  # fromisoformat reads weeks too
            raise ValueError
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError("A date is written YYYY-MM-DD (ISO 8601).") from None


def _date_time(value: Any) -> datetime.datetime:
    text = _text(value, "A date-time")
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("A date-time is written YYYY-MM-DDThh:mm:ss+hh:mm (ISO 8601 with offset).") from None
    if moment.tzinfo is None:
        raise ValueError("A date-time needs its offset from UTC: write Z or +01:00 at its end.")
    try:
        return moment.astimezone(datetime.UTC)
    except OverflowError:
        raise ValueError("A date-time lies between the years 1 and 9999.") from None


def _decimal(value: Any) -> decimal.Decimal:
    try:
        number = decimal.Decimal(_text(value, "A decimal"))
    except decimal.InvalidOperation:
        raise ValueError('A decimal is a string of digits with a point: "350.00".') from None
    if not number.is_finite():
        raise ValueError("A decimal is a finite number.")
    return number


SCALARS = StrawberryConfig(
    scalar_map={
        FiscalCode: strawberry.scalar(
            name="FiscalCode",
            description="Codice fiscale: 16 characters (omocodia included, check letter verified, upper-cased) or the 11-digit provisional form.",
            serialize=str,
            parse_value=_fiscal_code,
        ),
        BigInt: strawberry.scalar(
            name="BigInt",
            description="A whole number of up to 64 bits; written as a JSON number, read also from a string.",
            serialize=int,
            parse_value=_big_int,
        ),
        datetime.date: strawberry.scalar(
            name="Date",
            description="A day, ISO 8601: 2026-11-21.",
            serialize=datetime.date.isoformat,
            parse_value=_date,
        ),
        datetime.datetime: strawberry.scalar(
            name="DateTime",
            description="A moment, ISO 8601 with offset: 2026-11-21T10:30:00+01:00. Answers are in UTC.",
            serialize=datetime.datetime.isoformat,
            parse_value=_date_time,
        ),
        decimal.Decimal: strawberry.scalar(
            name="Decimal",
            description='Money in euro, as a decimal string: "350.00".',
            serialize=str,
            parse_value=_decimal,
        ),
    },
)
