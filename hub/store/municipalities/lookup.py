# SPDX-License-Identifier: EUPL-1.2
"""What a municipality was called, and under which codes, on a day.

An ISTAT code passes from one municipality to another (364 have, in the archive of 2023-05), a name changes, a municipality
is closed and founded again: only the Belfiore code and a day together say which record is meant.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Text, bindparam, func, literal_column, select

from hub.errors import InvalidInput
from hub.store.statement import Connection, Statement
from hub.store.territory import Municipality, MunicipalityVersion

_NOT_PLAIN = re.compile("[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class MunicipalityAsOf:
    """A municipality as it was on the day asked for."""

    municipality_id: UUID
    belfiore_code: str
    istat_code: str
    name: str
    province: str
    region_code: str
    valid_from: date
    """First day of this record, not of the municipality."""
    valid_to: date | None
    """Last day of this record, inclusive; None while it holds."""


async def municipality_as_of(
    connection: Connection,
    *,
    belfiore: str | None = None,
    istat: str | None = None,
    name: str | None = None,
    on: date,
) -> list[MunicipalityAsOf]:
    """The municipalities that on this day had all that is given, by Belfiore code; an empty list if none had.

    Codes are compared as they are, names by `plain_name`: “Agliè”, “AGLIE'” and “aglie” are one. More than one answer is
    possible: today there are two municipalities called Castro.

    The connection must give text as str (the write pool, or the owner's): the read pool gives bytes.

    Raises:
        InvalidInput: neither code nor name is given, or the name holds no letter.

    """
    given = {"belfiore": belfiore, "istat": istat, "name": None if name is None else plain_name(name)}
    asked = {key: value for key, value in given.items() if value is not None}
    if not asked:
        raise InvalidInput("Give a Belfiore code, an ISTAT code or a name.")
    if asked.get("name") == "":
        raise InvalidInput("The name of a municipality has letters.")
    rows = await _as_of(frozenset(asked)).fetch(connection, day=on, **asked)
    return [MunicipalityAsOf(**row) for row in rows]


def plain_name(name: str) -> str:
    """A name reduced to what people agree on: small letters without accents, no apostrophes, hyphens or blanks.

    The registry writes AGLIÈ, a keyboard without accents AGLIE' (the transliteration of the decree of 2 February 2009).
    """
    return _NOT_PLAIN.sub("", unicodedata.normalize("NFD", name).lower())


def _plain(column: ColumnElement[str]) -> ColumnElement[str]:
    """`plain_name` in the database, whatever its locale; every function in it is immutable."""
    decomposed = func.normalize(column, literal_column("NFD"))
    return func.lower(
        func.regexp_replace(
            decomposed, literal_column("'[^A-Za-z0-9]+'"), literal_column("''"), literal_column("'g'")
        )
    )


@cache
def _as_of(asked: frozenset[str]) -> Statement:
    """The statement for the keys that are given: one text for each of the seven ways to ask."""
    version, municipality = MunicipalityVersion, Municipality
    key: dict[str, ColumnElement[str]] = {
        "belfiore": municipality.__table__.c.belfiore_code,
        "istat": version.__table__.c.istat_code,
        "name": _plain(version.__table__.c.name),
    }
    day = bindparam("day", type_=Date())
    return Statement(
        select(
            version.municipality_id,
            municipality.belfiore_code,
            version.istat_code,
            version.name,
            version.province,
            version.region_code,
            func.lower(version.validity).label("valid_from"),
            (func.upper(version.validity, type_=Date()) - 1).label("valid_to"),
        )
        .join_from(version, municipality, municipality.id == version.municipality_id)
        .where(version.validity.op("@>", is_comparison=True)(day))
        .where(*(key[name] == bindparam(name, type_=Text()) for name in sorted(asked)))
        .order_by(municipality.belfiore_code)
    )
