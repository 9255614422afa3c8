# SPDX-License-Identifier: EUPL-1.2
"""Where municipalities lie, from a CSV file: ANPR's archive has no coordinates, so they come from wherever an operator has them.

Columns `belfiore_code`, `latitude`, `longitude`, in any order, others beside them: degrees of WGS 84 with a decimal point, of the
municipality's seat.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hub.errors import InvalidInput
from hub.store.csv_lines import Line, lines_of, read_text, rows_of
from hub.store.statement import Connection

COLUMNS = ("belfiore_code", "latitude", "longitude")
# Italy with its islands, generously: a file whose two columns are swapped, or that is of another country, is refused.
LATITUDES, LONGITUDES = (35.0, 48.0), (6.0, 19.0)
_DEGREES = re.compile(r"[0-9]{1,2}(\.[0-9]{1,12})?", re.ASCII)

_LAND = """
UPDATE municipality SET latitude = given.latitude, longitude = given.longitude
FROM unnest($1::text[], $2::float8[], $3::float8[]) AS given (belfiore_code, latitude, longitude)
WHERE municipality.belfiore_code = given.belfiore_code
    AND (municipality.latitude, municipality.longitude) IS DISTINCT FROM (given.latitude, given.longitude)
"""
_COUNTS = """
SELECT (SELECT count(*) FROM unnest($1::text[]) AS given (code) WHERE code NOT IN (SELECT belfiore_code FROM municipality)) AS unknown,
    (SELECT count(*) FROM municipality WHERE latitude IS NULL AND valid_to IS NULL) AS without
"""


class InvalidCoordinates(InvalidInput):
    """The file has no coordinates of municipalities."""

    code = "INVALID_COORDINATES"


@dataclass(frozen=True, slots=True)
class Place:
    """One line: degrees of WGS 84."""

    belfiore_code: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class CoordinatesReport:
    """What landed; all counts are of municipalities."""

    given: int
    changed: int
    unknown: int
    """In the file, and not in the reference data."""
    without: int
    """In force, and still without coordinates: they are near to nothing."""


def read_coordinates(file: Path) -> tuple[Place, ...]:
    """The lines of a file.

    Raises:
        InvalidCoordinates: it cannot be read, lacks a column, or has a line that is none; the message names the line.

    """
    return places_of(read_text(file, InvalidCoordinates))


def places_of(text: str) -> tuple[Place, ...]:
    """The lines of a file's text; raises InvalidCoordinates."""
    found: dict[str, Place] = {}
    for line in lines_of(text, COLUMNS, InvalidCoordinates):
        code, latitude, longitude = line.cells
        if line.belfiore(code) in found:
            raise line.refuse(f"{code} stands in the file twice.")
        found[code] = Place(
            code,
            _degrees(line, "latitude", latitude, LATITUDES),
            _degrees(line, "longitude", longitude, LONGITUDES),
        )
    return tuple(found.values())


def _degrees(line: Line, name: str, text: str, within: tuple[float, float]) -> float:
    low, high = within
    if not _DEGREES.fullmatch(text) or not low <= float(text) <= high:
        raise line.refuse(
            f"a {name} in Italy lies between {low:g} and {high:g} degrees, with a decimal point."
        )
    return float(text)


async def land_coordinates(connection: Connection, places: tuple[Place, ...]) -> CoordinatesReport:
    """Give the municipalities their coordinates; those the file does not name keep what they have.

    The connection's role may write `municipality`.
    """
    codes = [place.belfiore_code for place in places]
    async with connection.transaction():
        done = await connection.execute(
            _LAND, codes, [place.latitude for place in places], [place.longitude for place in places]
        )
        counts = await connection.fetchrow(_COUNTS, codes)
    assert counts is not None
    return CoordinatesReport(
        given=len(places),
        changed=rows_of(done),
        unknown=counts["unknown"],
        without=counts["without"],
    )
