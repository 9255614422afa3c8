# SPDX-License-Identifier: EUPL-1.2
"""Ambiti territoriali sociali, from a CSV file: each region draws its own (L. 328/2000, art. 8 c. 3), in its own codes.

Columns `code`, `name`, `region`, `belfiore_codes`, in any order, others beside them: one line an ambito, the region by its ISTAT
code, the municipalities by their Belfiore codes, apart by spaces. An ambito in the file has the municipalities of its line and no
others; one that is not in it stays as it is, since files come region by region.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hub.errors import InvalidInput
from hub.store.csv_lines import lines_of, read_text, rows_of
from hub.store.statement import Connection

COLUMNS = ("code", "name", "region", "belfiore_codes")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)
_REGION = re.compile(r"[0-9]{2}", re.ASCII)

_REGIONS = (
    "SELECT code FROM unnest($1::text[]) AS given (code) WHERE code NOT IN (SELECT code FROM region) LIMIT 1"
)
_ELSEWHERE = """
SELECT given.belfiore_code FROM unnest($1::text[], $2::text[]) AS given (belfiore_code, ambito_code)
JOIN municipality USING (belfiore_code)
JOIN unnest($3::text[], $4::text[]) AS ambito (code, region_code) ON ambito.code = given.ambito_code
WHERE municipality.region_code <> ambito.region_code ORDER BY 1 LIMIT 1
"""
_LAND = """
INSERT INTO ambito (code, name, region_code) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (code) DO UPDATE SET name = excluded.name, region_code = excluded.region_code
    WHERE (ambito.name, ambito.region_code) IS DISTINCT FROM (excluded.name, excluded.region_code)
RETURNING old.code IS NULL AS added
"""
_LEAVE = """
DELETE FROM ambito_municipality WHERE ambito_code = ANY ($3::text[]) AND municipality_id NOT IN (
    SELECT municipality.id FROM unnest($1::text[], $2::text[]) AS given (belfiore_code, ambito_code) JOIN municipality USING (belfiore_code))
"""
_JOIN = """
INSERT INTO ambito_municipality (municipality_id, ambito_code)
SELECT municipality.id, given.ambito_code FROM unnest($1::text[], $2::text[]) AS given (belfiore_code, ambito_code) JOIN municipality USING (belfiore_code)
ON CONFLICT (municipality_id) DO UPDATE SET ambito_code = excluded.ambito_code
    WHERE ambito_municipality.ambito_code <> excluded.ambito_code
"""
_UNKNOWN = """
SELECT belfiore_code FROM unnest($1::text[]) AS given (belfiore_code)
WHERE belfiore_code NOT IN (SELECT belfiore_code FROM municipality) ORDER BY 1
"""
_COUNTS = """
SELECT (SELECT count(*) FROM ambito WHERE code <> ALL ($1::text[])) AS others,
    (SELECT count(*) FROM municipality WHERE valid_to IS NULL AND id NOT IN (SELECT municipality_id FROM ambito_municipality)) AS without
"""


class InvalidAmbiti(InvalidInput):
    """The file has no ambiti."""

    code = "INVALID_AMBITI"


@dataclass(frozen=True, slots=True)
class AmbitoLine:
    """One line of the file."""

    code: str
    name: str
    region: str
    belfiore_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AmbitiReport:
    """What landed."""

    given: int
    added: int
    changed: int
    """Of another name or region than before."""
    joined: int
    """Municipalities that were in none, or in another."""
    left: int
    """Municipalities that are in none any more."""
    unknown: tuple[str, ...]
    """Belfiore codes that are not in the reference data."""
    others: int
    """Ambiti that are not in the file, and stay."""
    without: int
    """Municipalities in force that are in no ambito."""


def read_ambiti(file: Path) -> tuple[AmbitoLine, ...]:
    """The lines of a file.

    Raises:
        InvalidAmbiti: it cannot be read, lacks a column, or has a line that is none; the message names the line.

    """
    return ambiti_of(read_text(file, InvalidAmbiti))


def ambiti_of(text: str) -> tuple[AmbitoLine, ...]:
    """The lines of a file's text; raises InvalidAmbiti."""
    found: dict[str, AmbitoLine] = {}
    belongs: dict[str, str] = {}
    for line in lines_of(text, COLUMNS, InvalidAmbiti):
        code, name, region, codes = line.cells
        if not _CODE.fullmatch(code):
            raise line.refuse("an ambito's code is 1 to 32 letters, digits, dots, dashes and underscores.")
        if code in found:
            raise line.refuse(f"{code} stands in the file twice.")
        if not name:
            raise line.refuse(f"{code} has no name.")
        if not _REGION.fullmatch(region):
            raise line.refuse("a region is two digits, its ISTAT code.")
        places = tuple(map(line.belfiore, codes.split()))
        for place in places:
            if place in belongs:
                raise line.refuse(f"{place} is in {belongs[place]} already; it is in one ambito at most.")
            belongs[place] = code
        found[code] = AmbitoLine(code, name, region, places)
    return tuple(found.values())


async def land_ambiti(connection: Connection, ambiti: tuple[AmbitoLine, ...]) -> AmbitiReport:
    """Land the lines of a file; run again, nothing more is changed.

    Raises:
        InvalidAmbiti: a region is not known here, or a municipality lies in another region than its ambito; nothing lands.

    """
    codes = [one.code for one in ambiti]
    regions = [one.region for one in ambiti]
    pairs = [(place, one.code) for one in ambiti for place in one.belfiore_codes]
    given = [place for place, _ in pairs], [code for _, code in pairs]
    async with connection.transaction():
        unknown = await connection.fetchval(_REGIONS, regions)
        if unknown is not None:
            raise InvalidAmbiti(f"{unknown} is not the code of a region known to this hub.")
        elsewhere = await connection.fetchval(_ELSEWHERE, *given, codes, regions)
        if elsewhere is not None:
            raise InvalidAmbiti(f"{elsewhere} lies in another region than its ambito.")
        landed = await connection.fetch(_LAND, codes, [one.name for one in ambiti], regions)
        left = await connection.execute(_LEAVE, *given, codes)
        joined = await connection.execute(_JOIN, *given)
        strangers = await connection.fetch(_UNKNOWN, given[0])
        counts = await connection.fetchrow(_COUNTS, codes)
    assert counts is not None
    added = sum(row["added"] for row in landed)
    return AmbitiReport(
        given=len(ambiti),
        added=added,
        changed=len(landed) - added,
        joined=rows_of(joined),
        left=rows_of(left),
        unknown=tuple(row["belfiore_code"] for row in strangers),
        others=counts["others"],
        without=counts["without"],
    )
