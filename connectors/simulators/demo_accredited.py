# SPDX-License-Identifier: EUPL-1.2
"""What the demo's accredited subject has published. It has no system that could be pulled, so that its rows are written."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Date, Integer, Numeric, Text, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from connectors.simulators.consumers import ACCREDITED_AGENCY_CODE
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, JobOffer, Municipality, TrainingCourse
from hub.store.vocabulary import CourseMode, OpportunityStatus

# title, employer, CP2011 code, hours a week, places, Belfiore
_OFFERS = (
    ("Addetto alla reception", "Albergo Appio Srl", "4.2.1.1.0", 32, 2, "H501"),
    ("Giardiniera", "Vivai del Circeo Ss", "6.4.1.3.1", 40, 3, "E472"),
)
# title, mode, days from now to start, weeks, hours, places, Belfiore
_COURSES = (
    ("Orientarsi nella ricerca di lavoro", CourseMode.ONLINE, 9, 2, 24, 20, "H501"),
    ("Pizzaiolo", CourseMode.ON_SITE, 16, 8, 160, 12, "E472"),
)
PROVIDER = "Lavoro Vicino Scarl"


async def publish_demo_opportunities(connection: Connection, as_of: date) -> None:
    """Write its two offers and two courses, as of a day; those that are there stay as they are.

    The reference data must be loaded and the consumers registered.
    """
    for number, (title, employer, profession, hours, places, place) in enumerate(_OFFERS, 1):
        await _offer().execute(
            connection, place=place, title=title, employer_name=employer, profession_code=profession, weekly_hours=hours,
            places=places, published_on=as_of, expires_on=as_of + timedelta(days=45), external_id=f"ACC-{number}",
        )  # fmt: skip
    for number, (title, mode, start, weeks, hours, places, place) in enumerate(_COURSES, 1):
        starts = as_of + timedelta(days=start)
        await _course().execute(
            connection, place=place, title=title, mode=mode.value, starts_on=starts, ends_on=starts + timedelta(weeks=weeks),
            hours=hours, places=places, external_id=f"ACC-{number}",
        )  # fmt: skip


@cache
def _offer() -> Statement:
    return _published(
        JobOffer,
        title=bindparam("title", type_=Text),
        employer_name=bindparam("employer_name", type_=Text),
        profession_code=bindparam("profession_code", type_=Text),
        weekly_hours=bindparam("weekly_hours", type_=Numeric(4, 1)),
        published_on=bindparam("published_on", type_=Date),
        expires_on=bindparam("expires_on", type_=Date),
    )


@cache
def _course() -> Statement:
    return _published(
        TrainingCourse,
        title=bindparam("title", type_=Text),
        provider_name=PROVIDER,
        mode=bindparam("mode", type_=Text),
        starts_on=bindparam("starts_on", type_=Date),
        ends_on=bindparam("ends_on", type_=Date),
        hours=bindparam("hours", type_=Integer),
        enrolled=0,
    )


def _published(table: type[JobOffer] | type[TrainingCourse], **values: Any) -> Statement:
    agency, municipality = table_of(Agency), table_of(Municipality)
    source = select(agency.c.id).where(agency.c.code == ACCREDITED_AGENCY_CODE)
    place = select(municipality.c.id).where(municipality.c.belfiore_code == bindparam("place", type_=Text))
    new = insert(table).values(
        source_agency_id=source.scalar_subquery(),
        municipality_id=place.scalar_subquery(),
        external_id=bindparam("external_id", type_=Text),
        places=bindparam("places", type_=Integer),
        status=OpportunityStatus.OPEN,
        **values,
    )
    return Statement(new.on_conflict_do_nothing(index_elements=["source_agency_id", "external_id"]))
