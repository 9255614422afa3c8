# SPDX-License-Identifier: EUPL-1.2
"""Job offers of a region land."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Date, DateTime, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from connectors.inbound.places import Place, find_places
from connectors.inbound.regional_kind import RegionalRecords, RegionalSource
from connectors.inbound.runs import Landing
from connectors.inbound.upserts import Versions, landing_values, upsert_newer
from connectors.records.delivery import RecordRefused, Refusal
from connectors.regional import RegionalOffer
from connectors.regional.resources import OFFERS
from hub.store.batch import Batch
from hub.store.statement import Connection
from hub.store.tables import JobOffer

FLOW = "job-offers"


class JobOffers(RegionalSource[RegionalOffer]):
    """The job offers of one region's system."""

    def __init__(self, region: RegionalRecords) -> None:
        super().__init__(region, OFFERS, FLOW, _VERSIONS)

    async def land(
        self, connection: Connection, landing: Landing, records: Sequence[RegionalOffer]
    ) -> list[Refusal | None]:
        """See `Kind.land`."""
        places = await find_places(connection, (one.belfiore_code for one in records))
        outcomes: list[Refusal | None] = []
        rows = []
        for one in records:
            try:
                rows.append(_row(one, places.place(one.belfiore_code, "codComune", one.published_on)))
                outcomes.append(None)
            except RecordRefused as refused:
                outcomes.append(refused.refusal)
        await _PUT.execute(connection, **landing_values(landing), **_OFFERS.bind(rows))
        return outcomes


def _row(one: RegionalOffer, place: Place) -> dict[str, Any]:
    return {
        "external_id": one.external_id,
        "changed_at": one.changed_at,
        "title": one.title,
        "employer_name": one.employer_name,
        "profession_code": one.profession_code,
        "contract_type": one.contract_type,
        "weekly_hours": one.weekly_hours,
        "monthly_pay": one.monthly_pay,
        "places": one.places,
        "municipality_id": place.id,
        "published_on": one.published_on,
        "expires_on": one.expires_on,
        "status": one.status.value,
    }


_OFFERS = Batch(
    "offers",
    external_id=Text,
    changed_at=DateTime(timezone=True),
    title=Text,
    employer_name=Text,
    profession_code=Text,
    contract_type=Text,
    weekly_hours=Numeric(4, 1),
    monthly_pay=Numeric(10, 2),
    places=Integer,
    municipality_id=PG_UUID(as_uuid=True),
    published_on=Date,
    expires_on=Date,
    status=Text,
)
_PUT = upsert_newer(
    JobOffer,
    _OFFERS,
    {one.name: one for one in _OFFERS.table.c if one.name not in {"external_id", "changed_at"}},
)
_VERSIONS = Versions(JobOffer)
