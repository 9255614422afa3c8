# SPDX-License-Identifier: EUPL-1.2
"""Lazio's labour system behind a real socket, people on a real database, and what happens to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from connectors.exchange import Exchange, Policy
from connectors.outbound.destinations import register
from connectors.outbound.dispatcher import Dispatcher
from connectors.outbound.fact import Recipient
from connectors.outbound.retries import Retries
from connectors.outbound.taking import Address
from connectors.pdnd import ClientIdentity, Passes, TokenEndpoint
from connectors.regional import RegionalConnector, RegionalSystem
from connectors.simulators.keys import DemoKeys, open_keys
from connectors.simulators.pdnd import PdndSimulator
from connectors.simulators.region import RegionSimulator
from connectors.simulators.region_world import RegionWorld
from connectors.simulators.registry import REGION_AUDIENCE, Registry, demo_registry
from connectors.simulators.serving import serve
from hub.ledger.sequencer import sequence
from hub.store.engine import Database
from hub.store.reference.demo import demo_key, load_demo_reference
from hub.store.vocabulary import ConditionalityEventType, DeliveryChannel
from tests.api.world import EAST, NORTH, ROMA, TORINO, Builder

Type = ConditionalityEventType
LAZIO: Address = (DeliveryChannel.REGION, "regione-12")
START = datetime(2026, 9, 21, 9, 0, tzinfo=UTC)
TOLD = (Type.ACTIVITY_NOT_ATTENDED, Type.ACTIVITY_ATTENDED, Type.PACT_SIGNED, Type.HIRED)
_hours = count(1)


class Clock:
    """The time of day, as the test says it is."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Casework:
    """People of Rome and Torino, and what is recorded about them."""

    owner: asyncpg.Connection[asyncpg.Record]
    people: dict[str, UUID] = field(default_factory=dict)

    async def happens(
        self,
        who: str,
        kind: Type = Type.ACTIVITY_NOT_ATTENDED,
        *,
        recorder: str = "inps",
        withdraws: UUID | None = None,
        published: bool = True,
    ) -> UUID:
        """Record an event, and have it published; its key."""
        event: UUID = await self.owner.fetchval(
            """
            INSERT INTO conditionality_event (type, occurred_at, agency_id, beneficiary_id, household_id, fiscal_code, inps_protocol,
                measure, withdraws_event_id, note)
            SELECT $1, $2, agency.id, b.id, h.id, b.fiscal_code, h.inps_protocol, h.measure, $5,
                CASE WHEN $5::uuid IS NULL THEN NULL ELSE 'x' END
            FROM beneficiary b JOIN household h ON h.id = b.household_id CROSS JOIN agency WHERE b.id = $3 AND agency.code = $4
            RETURNING id
            """,
            kind.value,
            START - timedelta(days=1000) + timedelta(hours=next(_hours)),
            self.people[who],
            recorder,
            withdraws,
        )
        await self.owner.execute("INSERT INTO outbox_message (topic, subject_id) VALUES ('feed', $1)", event)
        if published:
            await sequence(self.owner)
        return event

    async def fiscal_code(self, who: str) -> str:
        """A person's."""
        code: str = await self.owner.fetchval(
            "SELECT fiscal_code FROM beneficiary WHERE id = $1", self.people[who]
        )
        return code

    async def deliveries(self) -> list[dict[str, Any]]:
        """Every delivery, in the order of the feed."""
        rows = await self.owner.fetch(
            "SELECT d.*, b.fiscal_code FROM delivery d LEFT JOIN beneficiary b ON b.id = d.beneficiary_id ORDER BY position"
        )
        return [dict(row) for row in rows]

    async def states(self) -> list[str]:
        """Of every delivery, in the order of the feed."""
        return [row["state"] for row in await self.deliveries()]

    async def attempts(self) -> list[tuple[int, str | None, str | None]]:
        """Ordinal, outcome and code of every attempt, by delivery in the order of the feed."""
        rows = await self.owner.fetch(
            "SELECT a.* FROM delivery_attempt a JOIN delivery d ON d.id = a.delivery_id ORDER BY d.position, ordinal"
        )
        return [(row["ordinal"], row["outcome"], row["code"]) for row in rows]

    async def destination(self) -> dict[str, Any]:
        """The one there is."""
        [row] = await self.owner.fetch("SELECT * FROM destination")
        return dict(row)


class Lazio:
    """The simulated region, its PDND, and the hub's connector to it."""

    def __init__(
        self, registry: Registry, keys: DemoKeys, urls: dict[str, str], http: httpx2.AsyncClient
    ) -> None:
        self.world = RegionWorld()
        self.pdnd = PdndSimulator(registry, keys, now=self.now)
        self.system = RegionSimulator(registry, keys, self.world, now=self.now)
        hub = registry.consumer("hub")
        identity = ClientIdentity.from_pem(hub.client_id, keys.path("hub"))
        tokens = TokenEndpoint(
            identity,
            Exchange("PDND", Policy(), http),
            url=f"{urls['pdnd']}/token.oauth2",
            assertion_audience=registry.assertion_audience,
            now=self.now,
        )
        once = Policy(attempts=1, attempt_timeout=2.0, deadline=3.0)
        self.connector = RegionalConnector(
            identity,
            Passes(identity, tokens, now=self.now),
            Exchange("Regione Lazio", once, http),
            RegionalSystem("12", urls["region"], REGION_AUDIENCE, hub.purpose_for("region").purpose_id),
            now=self.now,
        )

    @staticmethod
    def now() -> float:
        return START.timestamp()

    @property
    def told(self) -> list[str]:
        """The events it took, in the order they first came."""
        return [str(one["idEvento"]) for one in self.world.told.taken]


@pytest.fixture(scope="session")
def registry() -> Registry:
    return demo_registry()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> DemoKeys:
    return open_keys(tmp_path_factory.mktemp("outbound-keys"), registry)


class _Socketed:
    """Answers as whatever the test has put in."""

    def __init__(self) -> None:
        self.app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
async def sockets() -> AsyncIterator[tuple[dict[str, _Socketed], dict[str, str]]]:
    apps = {name: _Socketed() for name in ("pdnd", "region")}
    async with serve(apps) as urls:
        yield apps, urls


@pytest.fixture
async def lazio(registry: Registry, keys: DemoKeys, sockets: Any) -> AsyncIterator[Lazio]:
    apps, urls = sockets
    async with httpx2.AsyncClient(verify=False) as http:  # plain HTTP: no certificates to load for each test
        made = Lazio(registry, keys, urls, http)
        apps["pdnd"].app, apps["region"].app = made.pdnd.app, made.system.app
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def casework(database: Database, owner: asyncpg.Connection[asyncpg.Record]) -> Casework:
    """Of Rome `ada`, `ida` and `ugo`, of Torino `eva`; Lazio's system is to be told of absences, pacts and hires of its people."""
    await load_demo_reference(owner)
    b = Builder(owner)
    async with owner.transaction():
        await b.household("roma", ROMA, "ADI", manager=None, ends=None)
        await b.household("torino", TORINO, "ADI", manager=None, ends=None)
        for name, household, place, centre in (
            ("ada", "roma", ROMA, NORTH),
            ("ida", "roma", ROMA, EAST),
            ("ugo", "roma", ROMA, NORTH),
            ("eva", "torino", TORINO, None),
        ):
            await b.person(name, household, place, centre, ("Nome", "Cognome"))
    async with database.write.acquire() as connection:
        await register(connection, LAZIO[1], LAZIO[0], TOLD, ["12"])
    return Casework(owner, {name: one.id for name, one in b.world.people.items()})


Dispatch = Callable[..., Dispatcher]


@pytest.fixture
def dispatch(database: Database, lazio: Lazio, clock: Clock) -> Dispatch:
    """Dispatchers, each as a process of its own would have one."""

    def make(recipient: Recipient | None = None, retries: Retries | None = None) -> Dispatcher:
        recipients = {LAZIO: recipient or lazio.connector}
        return Dispatcher(database.write, recipients, clock, Random(7).random, retries)

    return make


def agency_key(code: str) -> UUID:
    return demo_key("agency", code)
