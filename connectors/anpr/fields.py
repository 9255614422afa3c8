# SPDX-License-Identifier: EUPL-1.2
"""Reading single fields of ANPR's JSON: absent is None, anything of another type is not ANPR's contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from connectors.anpr.services import AGENCY
from hub.errors import UpstreamInvalid

E = TypeVar("E", bound=StrEnum)
Json = Mapping[str, Any]
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of characters: PostgreSQL or JSON would choke on them."""


def invalid(field: str) -> UpstreamInvalid:
    """Build the error that names a field, never its value."""
    return UpstreamInvalid(
        f"ANPR's answer: {field} is not what its contract says.", agency=AGENCY, field=field
    )


def text(parent: Json, name: str) -> str | None:
    """Read a string; blank is absent.

    Raises:
        UpstreamInvalid: it is no string, or holds what is no text.

    """
    value = parent.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or _NO_TEXT.search(value):
        raise invalid(name)
    return value.strip() or None


def part(parent: Json, name: str) -> Json:
    """Read an object; an absent one is empty.

    Raises:
        UpstreamInvalid: it is no object.

    """
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(name)
    return value


def parts(parent: Json, name: str) -> list[Json]:
    """Read a list of objects; an absent one is empty.

    Raises:
        UpstreamInvalid: it is no list, or something in it is no object.

    """
    value = parent.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise invalid(name)
    return value


def day(parent: Json, name: str) -> date | None:
    """Read a `YYYY-MM-DD`.

    Raises:
        UpstreamInvalid: it is no such day.

    """
    value = text(parent, name)
    if value is None:
        return None
    try:
        if len(value) != 10:
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise invalid(name) from None


def whole(parent: Json, name: str) -> int | None:
    """Read a whole number that ANPR writes as a string.

    Raises:
        UpstreamInvalid: it is none.

    """
    value = text(parent, name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()):
        raise invalid(name)
    return int(value)


def coded(parent: Json, name: str, table: type[E]) -> E | None:
    """Read a code of a table.

    Raises:
        UpstreamInvalid: the table has no such code.

    """
    value = text(parent, name)
    if value is None:
        return None
    try:
        return table(value)
    except ValueError:
        raise invalid(name) from None


def istat_code(municipality: Json) -> str | None:
    """Read a municipality's six-digit ISTAT code.

    Raises:
        UpstreamInvalid: it is none.

    """
    code = text(municipality, "codiceIstat")
    if code is not None and not (len(code) == 6 and code.isascii() and code.isdigit()):
        raise invalid("codiceIstat")
    return code


def birth_date(person: Json) -> date | None:
    """Read the day of birth; None too when ANPR knows the year or month only.

    Raises:
        UpstreamInvalid: it is no day.

    """
    incomplete = {text(person, name) for name in ("senzaGiorno", "senzaGiornoMese")} & {"S", "1", "true"}
    return None if incomplete else day(person, "dataNascita")
