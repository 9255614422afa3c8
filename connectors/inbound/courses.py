# SPDX-License-Identifier: EUPL-1.2
"""Training courses of a region land."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Date, DateTime, Integer, Text
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from connectors.inbound.places import Place, find_places
from connectors.inbound.regional_kind import RegionalRecords, RegionalSource
from connectors.inbound.runs import Landing
from connectors.inbound.upserts import Versions, landing_values, upsert_newer
from connectors.records.delivery import RecordRefused, Refusal
from connectors.regional import RegionalCourse
from connectors.regional.resources import COURSES
from hub.store.batch import Batch
from hub.store.statement import Connection
from hub.store.tables import TrainingCourse

FLOW = "training-courses"


class TrainingCourses(RegionalSource[RegionalCourse]):
    """The training courses of one region's system."""

    def __init__(self, region: RegionalRecords) -> None:
        super().__init__(region, COURSES, FLOW, _VERSIONS)

    async def land(
        self, connection: Connection, landing: Landing, records: Sequence[RegionalCourse]
    ) -> list[Refusal | None]:
        """See `Kind.land`."""
        places = await find_places(connection, (one.belfiore_code for one in records))
        outcomes: list[Refusal | None] = []
        rows = []
        for one in records:
            try:
                rows.append(_row(one, places.place(one.belfiore_code, "codComune", one.starts_on)))
                outcomes.append(None)
            except RecordRefused as refused:
                outcomes.append(refused.refusal)
        await _PUT.execute(connection, **landing_values(landing), **_COURSES.bind(rows))
        return outcomes


def _row(one: RegionalCourse, place: Place) -> dict[str, Any]:
    return {
        "external_id": one.external_id,
        "changed_at": one.changed_at,
        "title": one.title,
        "provider_name": one.provider_name,
        "mode": one.mode.value,
        "municipality_id": place.id,
        "starts_on": one.starts_on,
        "ends_on": one.ends_on,
        "hours": one.hours,
        "places": one.places,
        "enrolled": one.enrolled,
        "status": one.status.value,
    }


_COURSES = Batch(
    "courses",
    external_id=Text,
    changed_at=DateTime(timezone=True),
    title=Text,
    provider_name=Text,
    mode=Text,
    municipality_id=PG_UUID(as_uuid=True),
    starts_on=Date,
    ends_on=Date,
    hours=Integer,
    places=Integer,
    enrolled=Integer,
    status=Text,
)
_PUT = upsert_newer(
    TrainingCourse,
    _COURSES,
    {one.name: one for one in _COURSES.table.c if one.name not in {"external_id", "changed_at"}},
)
_VERSIONS = Versions(TrainingCourse)
