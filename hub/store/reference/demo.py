# SPDX-License-Identifier: EUPL-1.2
"""The small set of municipalities, employment centres and agencies that the demo and the tests need.

The municipalities are real: ISTAT and Belfiore codes, and the day since when their present record holds, agree with ANPR's
archive. Their coordinates are approximate: the seat, to a hundredth of a degree. The employment centres are not: their codes are well formed (`<Belfiore>C<6 digits>`) but lie in a range, 900001
onwards, that the published list of 2019 does not use, and their names say so.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, bindparam, func, null, select, update
from sqlalchemy.dialects.postgresql import insert

from hub.store.reference.agency_codes import (
    INPS_AGENCY_CODE,
    centre_agency_code,
    municipality_agency_code,
    region_agency_code,
)
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, Base, EmploymentCentre, Municipality, MunicipalityVersion, Region
from hub.store.vocabulary import AgencyKind

AUTONOMOUS_PROVINCES = ("21", "22")
"""Bolzano and Trento, which stand for region 04 among the labour territories."""


@dataclass(frozen=True, slots=True)
class DemoMunicipality:
    """One line of municipalities_demo.csv."""

    istat_code: str
    belfiore_code: str
    name: str
    province: str
    region_code: str
    valid_from: date
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class DemoCentre:
    """One line of employment_centres_demo.csv; its municipality is in its code, its region is its municipality's."""

    code: str
    name: str
    belfiore_code: str
    region_code: str


@cache
def demo_municipalities() -> tuple[DemoMunicipality, ...]:
    """The municipalities, in the order of the file: by region, the capital first."""
    lies = {line["belfiore_code"]: line for line in _lines("municipality_coordinates_demo.csv")}
    return tuple(
        DemoMunicipality(
            istat_code=line["istat_code"],
            belfiore_code=line["belfiore_code"],
            name=line["name"],
            province=line["province"],
            region_code=line["region_code"],
            valid_from=date.fromisoformat(line["valid_from"]),
            latitude=float(lies[line["belfiore_code"]]["latitude"]),
            longitude=float(lies[line["belfiore_code"]]["longitude"]),
        )
        for line in _lines("municipalities_demo.csv")
    )


@cache
def demo_centres() -> tuple[DemoCentre, ...]:
    """The synthetic employment centres, in the order of the file."""
    region_of = {place.belfiore_code: place.region_code for place in demo_municipalities()}
    return tuple(
        DemoCentre(line["code"], line["name"], line["code"][:4], region_of[line["code"][:4]])
        for line in _lines("employment_centres_demo.csv")
    )


def demo_key(subject: str, code: str) -> UUID:
    """The same key on every machine: shaped as UUID version 7 of 2019-01-01, its random part a digest of the code."""
    digest = int.from_bytes(hashlib.sha256(f"{subject}:{code}".encode()).digest()[:10], "big")
    random_a, random_b = digest >> 68, digest & ((1 << 62) - 1)
    return UUID(int=(1_546_300_800_000 << 80) | (7 << 76) | (random_a << 64) | (2 << 62) | random_b)


async def load_demo_reference(connection: Connection) -> None:
    """Add what is missing of the demo's municipalities, their present version, their centres, and an agency for each.

    Rows that are there stay as they are: an archive that was imported knows more than this set does.
    """
    async with connection.transaction():
        await _add_municipalities(connection)
        await _add_centres(connection)
        await _add_agencies(connection)


async def _add_municipalities(connection: Connection) -> None:
    for place in demo_municipalities():
        await _ADD_MUNICIPALITY.execute(
            connection,
            id=demo_key("municipality", place.belfiore_code),
            belfiore_code=place.belfiore_code,
            istat_code=place.istat_code,
            name=place.name,
            province=place.province,
            region_code=place.region_code,
            valid_from=place.valid_from,
        )
        await _PLACE.execute(
            connection, code=place.belfiore_code, latitude=place.latitude, longitude=place.longitude
        )
    ids = await municipality_ids(connection)
    versioned = {row["municipality_id"] for row in await _VERSIONED.fetch(connection)}
    for place in demo_municipalities():
        if ids[place.belfiore_code] not in versioned:
            await _ADD_VERSION.execute(
                connection,
                id=demo_key("municipality_version", place.belfiore_code),
                municipality_id=ids[place.belfiore_code],
                istat_code=place.istat_code,
                name=place.name,
                province=place.province,
                region_code=place.region_code,
                valid_from=place.valid_from,
            )


async def municipality_ids(connection: Connection) -> dict[str, UUID]:
    """The key of every stored municipality, by Belfiore code."""
    return {row["belfiore_code"]: row["id"] for row in await _MUNICIPALITY_IDS.fetch(connection)}


async def _add_centres(connection: Connection) -> None:
    ids = await municipality_ids(connection)
    for centre in demo_centres():
        await _ADD_CENTRE.execute(
            connection,
            id=demo_key("employment_centre", centre.code),
            code=centre.code,
            name=centre.name,
            municipality_id=ids[centre.belfiore_code],
            region_code=centre.region_code,
        )


async def _add_agencies(connection: Connection) -> None:
    regions = {row["code"]: row["name"] for row in await _REGIONS.fetch(connection)}
    for code, name, kind in demo_agencies(regions):
        await _ADD_AGENCY.execute(connection, id=demo_key("agency", code), code=code, name=name, kind=kind)


def demo_agencies(regions: dict[str, str]) -> Iterator[tuple[str, str, AgencyKind]]:
    """Code, name and kind of every agency of the demo; `regions` gives the name of each region's code."""
    yield INPS_AGENCY_CODE, "INPS", AgencyKind.INPS
    for code, name in sorted(regions.items()):
        title = "Provincia autonoma di" if code in AUTONOMOUS_PROVINCES else "Regione"
        yield region_agency_code(code), f"{title} {name}", AgencyKind.REGION
    for place in demo_municipalities():
        yield (
            municipality_agency_code(place.belfiore_code),
            f"Comune di {place.name}",
            AgencyKind.MUNICIPALITY,
        )
    for centre in demo_centres():
        yield centre_agency_code(centre.code), centre.name, AgencyKind.EMPLOYMENT_CENTRE


def _lines(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(
        files("hub.store.reference").joinpath(name).read_text(encoding="utf-8").splitlines()
    )


def _insert_unless_known(
    table: type[Base], columns: str, known_by: str, **computed: ColumnElement[Any]
) -> Statement:
    """Add a row of the named columns and the computed ones, unless one with the same `known_by` is there."""
    statement = insert(table).values({name: bindparam(name) for name in columns.split()} | computed)
    return Statement(statement.on_conflict_do_nothing(index_elements=[known_by]))


_ADD_MUNICIPALITY = _insert_unless_known(
    Municipality, "id belfiore_code istat_code name province region_code valid_from", "belfiore_code"
)
# Also for one that was there before there were coordinates, or came from the archive, which has none.
_PLACE = Statement(
    update(Municipality)
    .where(Municipality.belfiore_code == bindparam("code"), Municipality.latitude.is_(None))
    .values(latitude=bindparam("latitude"), longitude=bindparam("longitude"))
)
_ADD_VERSION = _insert_unless_known(
    MunicipalityVersion,
    "id municipality_id istat_code name province region_code",
    "id",
    validity=func.daterange(bindparam("valid_from", type_=Date), null()),
)
_ADD_CENTRE = _insert_unless_known(EmploymentCentre, "id code name municipality_id region_code", "code")
_ADD_AGENCY = _insert_unless_known(Agency, "id code name kind", "code")
_MUNICIPALITY_IDS = Statement(select(Municipality.belfiore_code, Municipality.id))
_VERSIONED = Statement(select(MunicipalityVersion.municipality_id).distinct())
_REGIONS = Statement(select(Region.code, Region.name))
