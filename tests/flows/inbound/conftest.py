# SPDX-License-Identifier: EUPL-1.2
"""The demo's world behind real sockets, a real database with the demo's reference data, and a look at its tables."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import asyncpg
import httpx2
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.cooperation import SapConnector
from connectors.exchange import Exchange, Policy
from connectors.inbound import RunReport, pull_worker_records
from connectors.inps import PROVISIONAL_CODES, AdmittedHousehold, InpsConnector
from connectors.inps.admitted import read_household
from connectors.pdnd import ClientIdentity, Operator, Passes, TokenEndpoint
from connectors.records.delivery import Delivered, Page
from connectors.regional import RegionalConnector, RegionalSystem
from connectors.simulators.demo_world import DemoWorld, demo_world
from connectors.simulators.inps import InpsSimulator
from connectors.simulators.keys import DemoKeys, open_keys
from connectors.simulators.pdnd import PdndSimulator
from connectors.simulators.region import RegionSimulator
from connectors.simulators.registry import INPS_AUDIENCE, REGION_AUDIENCE, Registry, demo_registry
from connectors.simulators.serving import serve
from hub.store.engine import Database
from hub.store.reference.demo import load_demo_reference
from tests.flows.inbound.cooperating import NAMES, Pull, Region, cooperating
from tests.flows.inbound.looks import Tables as Tables
from tests.flows.inbound.looks import look

DAY = date(2026, 9, 21)
NOW = datetime(2026, 9, 21, 9, 0, tzinfo=UTC)
ONCE = Policy(attempts=1, attempt_timeout=0.3, deadline=0.5)


class Socketed:
    """An ASGI application that answers with whichever agency the test has put in."""

    def __init__(self) -> None:
        self.agency: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.agency is not None
        await self.agency(scope, receive, send)


class Agencies:
    """One test's PDND, INPS and Lazio, and the hub's connectors to them."""

    def __init__(
        self, registry: Registry, keys: DemoKeys, urls: dict[str, str], http: httpx2.AsyncClient
    ) -> None:
        self.registry, self.keys, self.urls, self.http = registry, keys, urls, http
        self.identity = ClientIdentity.from_pem(registry.consumer("hub").client_id, keys.path("hub"))
        self.world: DemoWorld = demo_world(DAY)
        self.pdnd = PdndSimulator(registry, keys, now=self.now)
        self.inps = InpsSimulator(registry, keys, self.world.inps, now=self.now)
        self.region = RegionSimulator(registry, keys, self.world.region, now=self.now)

    @staticmethod
    def now() -> float:
        return NOW.timestamp()

    def passes(self) -> Passes:
        tokens = TokenEndpoint(
            self.identity,
            Exchange("PDND", Policy(), self.http),
            url=f"{self.urls['pdnd']}/token.oauth2",
            assertion_audience=self.registry.assertion_audience,
            now=self.now,
        )
        return Passes(self.identity, tokens, now=self.now)

    def purpose(self, eservice: str) -> str:
        return self.registry.consumer("hub").purpose_for(eservice).purpose_id

    def inps_connector(self, policy: Policy | None = None) -> InpsConnector:
        return InpsConnector(
            self.identity,
            self.passes(),
            Exchange("INPS", policy or Policy(), self.http, clock=time.monotonic),
            url=self.urls["inps"],
            audience=INPS_AUDIENCE,
            purpose_id=self.purpose("inps"),
            now=self.now,
        )

    def region_connector(self, policy: Policy | None = None) -> RegionalConnector:
        system = RegionalSystem("12", self.urls["region"], REGION_AUDIENCE, self.purpose("region"))
        exchange = Exchange("Regione Lazio", policy or Policy(), self.http)
        return RegionalConnector(self.identity, self.passes(), exchange, system, now=self.now)


@pytest.fixture(scope="session")
def registry() -> Registry:
    return demo_registry()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> DemoKeys:
    return open_keys(tmp_path_factory.mktemp("inbound-keys"), registry)


@pytest.fixture(scope="session")
async def sockets() -> AsyncIterator[SimpleNamespace]:
    apps = {name: Socketed() for name in ("pdnd", "inps", "region")}
    async with serve(apps) as urls:
        yield SimpleNamespace(urls=urls, **apps)


@pytest.fixture
async def agencies(registry: Registry, keys: DemoKeys, sockets: SimpleNamespace) -> AsyncIterator[Agencies]:
    async with httpx2.AsyncClient(verify=False) as http:  # plain HTTP: no certificates to load for each test
        made = Agencies(registry, keys, sockets.urls, http)
        sockets.pdnd.agency, sockets.inps.agency = made.pdnd.app, made.inps.app
        sockets.region.agency = made.region.app
        yield made


@pytest.fixture
def operator() -> Operator:
    return Operator("op-4711", "CPI-H501C900031-pc12", "high")


@pytest.fixture
def once() -> Policy:
    return ONCE


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return lambda: NOW


@pytest.fixture
async def hub(database: Database, owner: asyncpg.Connection[asyncpg.Record]) -> Database:
    """The hub's pools on a database with the demo's municipalities, centres and agencies."""
    await load_demo_reference(owner)
    return database


class ScriptedInps:
    """A list of entries in pages, without HTTP: for tests that are about what lands, not about how it is asked for."""

    def __init__(self, entries: Sequence[Any]) -> None:
        self.entries = list(entries)
        self.asked: list[str | None] = []
        self.fail_after: int | None = None

    def read(self, payload: object) -> Delivered[AdmittedHousehold]:
        return read_household(payload, PROVISIONAL_CODES)

    async def admitted_households(self, after: str | None, limit: int) -> Page[AdmittedHousehold]:
        self.asked.append(after)
        if self.fail_after is not None and len(self.asked) > self.fail_after:
            raise ConnectionError("the test's agency went away")
        start = int(after or 0)
        end = min(start + limit, len(self.entries))
        records = tuple(self.read(entry) for entry in self.entries[start:end])
        return Page(records, str(end) if records else after, end < len(self.entries))


@pytest.fixture
def people() -> tuple[str, ...]:
    """Names of the people of the region by application cooperation."""
    return NAMES


@pytest.fixture
async def region(
    hub: Database, owner: asyncpg.Connection[asyncpg.Record], people: tuple[str, ...]
) -> AsyncIterator[Region]:
    """Lazio by application cooperation."""
    async with cooperating(owner, people) as made:
        yield made


@pytest.fixture
def pull(region: Region, hub: Database) -> Pull:
    """One run about its people; each is an hour after the one before."""
    hours = count()

    async def pulling(people: int = 100, connector: SapConnector | None = None) -> RunReport:
        at = NOW + timedelta(hours=next(hours))
        return await pull_worker_records(
            hub.write, connector or region.connector(), clock=lambda: at, page_size=people
        )

    return pulling


@pytest.fixture
def scripted() -> type[ScriptedInps]:
    return ScriptedInps


@pytest.fixture
def tables(owner: asyncpg.Connection[asyncpg.Record]) -> Callable[[], Any]:
    return lambda: look(owner)
