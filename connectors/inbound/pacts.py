# SPDX-License-Identifier: EUPL-1.2
"""Pacts of a region land, each with its goals.

A person's pact is of the person's household, and goes with the person to another (a foreign key sees to it). A pact about someone the hub does not know (yet) waits in quarantine.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, DateTime, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from connectors.inbound.goals import land_goals
from connectors.inbound.regional_kind import RegionalRecords, RegionalSource
from connectors.inbound.runs import Landing
from connectors.inbound.upserts import Versions, landing_values, upsert_newer
from connectors.records.delivery import Refusal
from connectors.regional import RegionalPact
from connectors.regional.resources import PACTS
from hub.store.batch import Batch
from hub.store.statement import Connection, Statement
from hub.store.tables import Beneficiary, Household, Pact

FLOW = "pacts"


class Pacts(RegionalSource[RegionalPact]):
    """The pacts of one region's system."""

    def __init__(self, region: RegionalRecords) -> None:
        super().__init__(region, PACTS, FLOW, _VERSIONS)

    async def land(
        self, connection: Connection, landing: Landing, records: Sequence[RegionalPact]
    ) -> list[Refusal | None]:
        """See `Kind.land`."""
        return await land_pacts(connection, landing, records)


async def land_pacts(
    connection: Connection, landing: Landing, records: Sequence[RegionalPact]
) -> list[Refusal | None]:
    """Land pacts, each with its goals; see `Kind.land`."""
    codes = [one.fiscal_code for one in records if one.fiscal_code is not None]
    people = {row["fiscal_code"]: row for row in await _PEOPLE.fetch(connection, codes=codes)}
    protocols = [one.inps_protocol for one in records if one.inps_protocol is not None]
    households = {
        row["inps_protocol"]: row["id"] for row in await _HOUSEHOLDS.fetch(connection, protocols=protocols)
    }
    outcomes: list[Refusal | None] = []
    rows, known = [], []
    for one in records:
        if one.fiscal_code is not None and one.fiscal_code not in people:
            outcomes.append(Refusal("codiceFiscale", "No beneficiary has this fiscal code."))
        elif one.inps_protocol is not None and one.inps_protocol not in households:
            outcomes.append(Refusal("codProtocolloInps", "No household has this protocol."))
        else:
            person = people.get(one.fiscal_code) if one.fiscal_code is not None else None
            household_id = person["household_id"] if person else households[one.inps_protocol]
            rows.append(_row(one, household_id, person["id"] if person else None))
            known.append(one)
            outcomes.append(None)
    await _PUT.execute(connection, **landing_values(landing), **_PACTS.bind(rows))
    await land_goals(connection, landing.agency_id, known)
    return outcomes


def _row(one: RegionalPact, household_id: UUID, beneficiary_id: UUID | None) -> dict[str, Any]:
    return {
        "external_id": one.external_id,
        "changed_at": one.changed_at,
        "kind": one.kind.value,
        "status": one.status.value,
        "household_id": household_id,
        "beneficiary_id": beneficiary_id,
        "created_on": one.proposed_on,
        "signed_on": one.signed_on,
        "starts_on": one.signed_on or one.proposed_on,
        # As one text: arrays of several lengths make no array. No code holds a space.
        "professions": None if one.professions is None else " ".join(one.professions),
        "before": None if one.ends_on is None else one.ends_on + timedelta(days=1),
    }


_PEOPLE = Statement(
    select(Beneficiary.fiscal_code, Beneficiary.id, Beneficiary.household_id).where(
        Beneficiary.fiscal_code == any_(bindparam("codes", type_=ARRAY(Text)))
    )
)
_HOUSEHOLDS = Statement(
    select(Household.inps_protocol, Household.id).where(
        Household.inps_protocol == any_(bindparam("protocols", type_=ARRAY(Text)))
    )
)
_PACTS = Batch(
    "pacts",
    external_id=Text,
    changed_at=DateTime(timezone=True),
    kind=Text,
    status=Text,
    household_id=PG_UUID(as_uuid=True),
    beneficiary_id=PG_UUID(as_uuid=True),
    created_on=Date,
    signed_on=Date,
    starts_on=Date,
    professions=Text,
    before=Date,
)
_PUT = upsert_newer(
    Pact,
    _PACTS,
    {
        **{
            name: _PACTS[name]
            for name in ("kind", "status", "household_id", "beneficiary_id", "created_on", "signed_on")
        },
        "professions": func.string_to_array(_PACTS["professions"], " "),
        "period": func.daterange(_PACTS["starts_on"], _PACTS["before"]),
    },
)
_VERSIONS = Versions(Pact)
