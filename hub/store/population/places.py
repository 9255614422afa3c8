# SPDX-License-Identifier: EUPL-1.2
"""Where a population lives: the demo's municipalities with the keys they have in this database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from hub.store.population.chance import Draw
from hub.store.population.wire import key_field, text_field
from hub.store.reference.agency_codes import (
    INPS_AGENCY_CODE,
    centre_agency_code,
    municipality_agency_code,
    region_agency_code,
)
from hub.store.reference.demo import DemoMunicipality, demo_centres, demo_municipalities
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, EmploymentCentre, Municipality

# How many households a municipality's inhabitants apply for, by region and against the others: most in the South.
_WEIGHT = {"15": 8, "19": 7, "16": 4, "18": 4, "12": 4, "03": 4, "01": 3, "20": 2, "08": 2, "09": 2, "05": 2}


@dataclass(frozen=True, slots=True)
class Centre:
    """An employment centre and its agency, as fields of a row."""

    key: bytes
    agency: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality; `key` and `region` are one field each, `agency`, `region_agency` and `inps` that of an agency."""

    belfiore_code: str
    name: str
    region_code: str
    key: bytes
    region: bytes
    agency: bytes
    region_agency: bytes
    inps: bytes
    centres: tuple[Centre, ...]


async def read_places(connection: Connection) -> tuple[Place, ...]:
    """The demo's municipalities, once `load_demo_reference` has put them into the database."""
    return tuple(
        places_of(
            {row["belfiore_code"]: row["id"] for row in await _MUNICIPALITIES.fetch(connection)},
            {row["code"]: row["id"] for row in await _CENTRES.fetch(connection)},
            {row["code"]: row["id"] for row in await _AGENCIES.fetch(connection)},
        )
    )


def places_of(
    municipalities: dict[str, UUID], centres: dict[str, UUID], agencies: dict[str, UUID]
) -> Sequence[Place]:
    """The places whose keys these are, each by its code; a municipality without a centre is served by its region's."""

    def centre(code: str) -> Centre:
        return Centre(key_field(centres[code].bytes), key_field(agencies[centre_agency_code(code)].bytes))

    def place(of: DemoMunicipality) -> Place:
        own = [c.code for c in demo_centres() if c.belfiore_code == of.belfiore_code]
        near = own or [c.code for c in demo_centres() if c.region_code == of.region_code]
        return Place(
            belfiore_code=of.belfiore_code,
            name=of.name,
            region_code=of.region_code,
            key=key_field(municipalities[of.belfiore_code].bytes),
            region=text_field(of.region_code),
            agency=key_field(agencies[municipality_agency_code(of.belfiore_code)].bytes),
            region_agency=key_field(agencies[region_agency_code(of.region_code)].bytes),
            inps=key_field(agencies[INPS_AGENCY_CODE].bytes),
            centres=tuple(centre(code) for code in near),
        )

    return [place(of) for of in demo_municipalities()]


def by_need(places: Sequence[Place]) -> Draw[Place]:
    """Draws a place as often as households apply there: by region, and more where the centres are."""
    with_centre = {c.belfiore_code for c in demo_centres()}
    return Draw(
        [
            (place, _WEIGHT.get(place.region_code, 1) * (3 if place.belfiore_code in with_centre else 1))
            for place in places
        ]
    )


_MUNICIPALITIES = Statement(select(Municipality.belfiore_code, Municipality.id))
_CENTRES = Statement(select(EmploymentCentre.code, EmploymentCentre.id))
_AGENCIES = Statement(select(Agency.code, Agency.id))
