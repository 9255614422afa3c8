# SPDX-License-Identifier: EUPL-1.2
"""The demo's consumers as the hub knows them: which agency each is, and what its purpose is granted."""

from __future__ import annotations

from uuid import UUID

from connectors.simulators.registry import Registry
from hub.access.registration import Registration, register
from hub.store.reference.agency_codes import (
    INPS_AGENCY_CODE,
    centre_agency_code,
    municipality_agency_code,
    region_agency_code,
)
from hub.store.statement import Connection
from hub.store.vocabulary import AgencyKind, Capability, GrantScope

ACCREDITED_AGENCY_CODE = "soggetto-accreditato"
CENTRE, MUNICIPALITY, REGION = "H501C900031", "H501", "12"
"""The territories of the demo's consumers: a centre of Rome, Rome, and Lazio."""

_GRANTED: dict[str, tuple[str, str, AgencyKind, GrantScope, tuple[str, ...], frozenset[Capability]]] = {
    "centre": (
        centre_agency_code(CENTRE), "CPI Roma Nord (demo)", AgencyKind.EMPLOYMENT_CENTRE,
        GrantScope.CENTRE, (CENTRE,), frozenset({Capability.RECORD_EVENTS}),
    ),
    "municipality": (
        municipality_agency_code(MUNICIPALITY), "Comune di Roma (demo)", AgencyKind.MUNICIPALITY,
        GrantScope.MUNICIPALITY, (MUNICIPALITY,), frozenset({Capability.RECORD_EVENTS, Capability.READ_FEED}),
    ),
    "region": (
        region_agency_code(REGION), "Regione Lazio (demo)", AgencyKind.REGION,
        GrantScope.REGION, (REGION,),
        frozenset({Capability.RECORD_EVENTS, Capability.READ_FEED, Capability.SEND_COMMUNICATIONS}),
    ),
    "inps": (
        INPS_AGENCY_CODE, "INPS (demo)", AgencyKind.INPS,
        GrantScope.NATIONAL, (), frozenset({Capability.READ_FEED, Capability.REPORT_OUTCOMES}),
    ),
    "ministry": (
        "ministero-lavoro", "Ministero del lavoro (demo)", AgencyKind.MINISTRY,
        GrantScope.AGGREGATE, (), frozenset(),
    ),
    "accredited": (
        ACCREDITED_AGENCY_CODE, "Soggetto accreditato (demo)", AgencyKind.ACCREDITED,
        GrantScope.OWN, (), frozenset({Capability.PUBLISH_OPPORTUNITIES}),
    ),
    "dpo": (
        "snodo-dpo", "Responsabile della protezione dei dati (demo)", AgencyKind.HUB,
        GrantScope.OWN, (), frozenset({Capability.READ_ACCESS_LOG}),
    ),
    "admin": (
        "snodo-admin", "Amministrazione di Snodo (demo)", AgencyKind.HUB,
        GrantScope.OWN, (), frozenset({Capability.ADMINISTER}),
    ),
}  # fmt: skip


async def register_demo_consumers(connection: Connection, registry: Registry) -> None:
    """Register the eight consumers of the hub; the reference data must be loaded."""
    for name, (code, title, kind, scope, areas, capabilities) in _GRANTED.items():
        consumer = registry.consumer(name)
        await register(
            connection,
            Registration(
                agency_code=code,
                agency_name=title,
                agency_kind=kind,
                client_id=UUID(consumer.client_id),
                purpose_id=UUID(consumer.purpose_for("hub").purpose_id),
                purpose="Demo",
                scope=scope,
                areas=areas,
                capabilities=capabilities,
                field_set="protection-officer" if Capability.READ_ACCESS_LOG in capabilities else None,
                consumer_id=UUID(consumer.organisation_id),
            ),
        )
