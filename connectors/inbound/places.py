# SPDX-License-Identifier: EUPL-1.2
"""Municipalities by Belfiore code and employment centres by their ministry code, a page's worth at a time.

A person's centre is the one the agency names; else the one active centre in the person's municipality. Where a
municipality has several (Roma) or none, the centre stays unknown: guessing one would show the person's page to an
office that is not theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from connectors.records.delivery import RecordRefused
from hub.store.statement import Connection, Statement
from hub.store.tables import EmploymentCentre, Municipality


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality: its key, its region, its last day when it was closed, and its only active centre."""

    id: UUID
    region_code: str
    closed_on: date | None
    only_centre: UUID | None


class Places:
    """What the codes of a page stand for."""

    def __init__(self, places: dict[str, Place], centres: dict[str, UUID]) -> None:
        self._places = places
        self._centres = centres

    def place(self, belfiore_code: str, field: str, open_on: date | None = None) -> Place:
        """The municipality with this code.

        Args:
            belfiore_code: its code.
            field: the record's field that holds the code.
            open_on: a day it must still exist on. A residence may be told under a code that was closed: the
                person lives there whatever the municipality is called now.

        Raises:
            RecordRefused: there is none, or it was closed before that day.

        """
        place = self._places.get(belfiore_code)
        if place is None:
            raise RecordRefused(field, "No municipality has this Belfiore code.")
        if open_on is not None and place.closed_on is not None and place.closed_on < open_on:
            raise RecordRefused(field, "The municipality was closed before that day.")
        return place

    def centre(self, code: str | None, place: Place, field: str) -> UUID | None:
        """The centre of a person who lives in `place`; None when it cannot be known.

        Raises:
            RecordRefused: the agency names a centre that is not known.

        """
        if code is None:
            return place.only_centre
        found = self._centres.get(code)
        if found is None:
            raise RecordRefused(field, "No employment centre has this code.")
        return found


async def find_places(
    connection: Connection, belfiore_codes: Iterable[str], centre_codes: Iterable[str] = ()
) -> Places:
    """Look up the codes of a page."""
    rows = await _PLACES.fetch(connection, codes=sorted(set(belfiore_codes)))
    only: dict[UUID, UUID | None] = {}
    for centre in await _CENTRES_IN.fetch(connection, places=[row["id"] for row in rows]):
        place_id = centre["municipality_id"]
        only[place_id] = None if place_id in only else centre["id"]
    places = {
        row["belfiore_code"]: Place(row["id"], row["region_code"], row["valid_to"], only.get(row["id"]))
        for row in rows
    }
    named = sorted(set(centre_codes))
    centres = await _CENTRES.fetch(connection, codes=named) if named else []
    return Places(places, {row["code"]: row["id"] for row in centres})


_CODES = bindparam("codes", type_=ARRAY(Text))
_PLACES = Statement(
    select(
        Municipality.id, Municipality.belfiore_code, Municipality.region_code, Municipality.valid_to
    ).where(Municipality.belfiore_code == any_(_CODES))
)
_CENTRES = Statement(
    select(EmploymentCentre.code, EmploymentCentre.id).where(EmploymentCentre.code == any_(_CODES))
)
_CENTRES_IN = Statement(
    select(EmploymentCentre.municipality_id, EmploymentCentre.id).where(
        EmploymentCentre.municipality_id
        == any_(bindparam("places", type_=ARRAY(EmploymentCentre.municipality_id.type))),
        EmploymentCentre.active,
    )
)
