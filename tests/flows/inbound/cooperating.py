# SPDX-License-Identifier: EUPL-1.2
"""Lazio by application cooperation, behind a real socket, and what its people's records land as."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import httpx2

from connectors.cooperation import CooperatingRegion, SapConnector
from connectors.cooperation.codes import ACTIVITIES
from connectors.cooperation.configuration import EGov
from connectors.exchange import Exchange, Policy
from connectors.inbound import RunReport
from connectors.simulators.cooperating_region import NAMESPACE, PATH, CooperatingRegionSimulator, Parties
from connectors.simulators.serving import serve
from connectors.simulators.worker_record import SimulatedPolicy, SimulatedRecord
from tests.api.world import NORTH, ROMA, TORINO, Builder

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

PATIENT = Policy(attempts=1, attempt_timeout=8.0, deadline=10.0)
HURRIED = Policy(attempts=1, attempt_timeout=0.3, deadline=0.5)
NAMES = ("ada", "bea", "ida", "ugo", "zoe")
PACT = SimulatedPolicy(
    number="0800000001A", kind="A02", proposed_on=date(2026, 3, 1), starts_on=date(2026, 3, 3), ends_on=date(2026, 12, 31),
    event="02", event_on=date(2026, 3, 3),
)  # fmt: skip
COURSE = SimulatedPolicy(
    number="0800000002B", kind="C05", title="Addetto alle vendite", proposed_on=date(2026, 3, 10),
    starts_on=date(2026, 4, 1), ends_on=date(2026, 6, 30), event="10", event_on=date(2026, 6, 30),
)  # fmt: skip
TRAINEE = replace(COURSE, number="0800000003C", kind="C06", title="Tirocinio", event="02", event_on=date(2026, 4, 1))  # fmt: skip


class Region:
    """Lazio by application cooperation, its people in the hub, and one in Torino."""

    def __init__(self, owner: Owner, address: str, http: httpx2.AsyncClient) -> None:
        self.owner, self.address, self.http = owner, address, http
        self.simulator = CooperatingRegionSimulator([], parties=Parties("Nazionale", "LAZIO"), region="08")
        self.codes: dict[str, str] = {}
        self.keys: dict[str, UUID] = {}
        self.policy = PATIENT
        self.activities = ACTIVITIES

    def connector(self) -> SapConnector:
        region = CooperatingRegion(
            "12", self.address + PATH, NAMESPACE, egov=EGov("Nazionale", "SPCNazionale", "LAZIO"), activities=self.activities
        )  # fmt: skip
        return SapConnector(region, Exchange(region.name, self.policy, self.http))

    def hold(self, who: str, *policies: SimulatedPolicy, on: date = date(2026, 7, 1), code: str = "") -> None:
        """Let the region have this SAP of somebody."""
        number = code or f"AA0000000{[*self.codes].index(who)}Z"
        record = SimulatedRecord(code=number, fiscal_code=self.codes[who], updated_on=on, policies=policies)
        self.simulator.by_code[number] = record.document()

    async def watermark(self) -> str | None:
        found: str | None = await self.owner.fetchval(
            "SELECT watermark FROM inbound_run ORDER BY started_at DESC, id DESC LIMIT 1"
        )
        return found

    async def open_quarantine(self) -> list[tuple[str, str | None, str]]:
        rows = await self.owner.fetch(
            "SELECT record_key, field, reason FROM quarantined_record WHERE resolved_at IS NULL ORDER BY record_key"
        )
        return [tuple(row.values()) for row in rows]


@asynccontextmanager
async def cooperating(owner: Owner, names: tuple[str, ...]) -> AsyncIterator[Region]:
    """The region while it answers, with people of these names; and `eva` in Torino."""
    b = Builder(owner)
    async with owner.transaction():
        await b.household("roma", ROMA, "ADI", manager=None, ends=None)
        await b.household("torino", TORINO, "ADI", manager=None, ends=None)
        for name in names:
            await b.person(name, "roma", ROMA, NORTH, ("Nome", "Cognome"))
        await b.person("eva", "torino", TORINO, None, ("Nome", "Cognome"))
    async with httpx2.AsyncClient(verify=False) as http:
        made = Region(owner, "", http)
        async with serve({"region": made.simulator.app}) as urls:
            made.address = urls["region"]
            for name, person in b.world.people.items():
                made.codes[name], made.keys[name] = person.fiscal_code, person.id
            yield made


Pull = Callable[..., Awaitable[RunReport]]


def in_order(region: Region) -> list[str]:
    """The region's people as a round comes to them."""
    return sorted((name for name in region.keys if name != "eva"), key=lambda name: region.keys[name])


async def activities(owner: Owner) -> list[tuple[Any, ...]]:
    rows = await owner.fetch(
        """
        SELECT a.external_id, a.kind, a.status, a.title, a.starts_on, a.ends_on, p.external_id, b.fiscal_code
        FROM activity a JOIN beneficiary b ON b.id = a.beneficiary_id LEFT JOIN pact p ON p.id = a.pact_id
        JOIN agency g ON g.id = a.source_agency_id AND g.code = 'regione-12' ORDER BY a.external_id
        """
    )
    return [tuple(row.values()) for row in rows]
