# SPDX-License-Identifier: EUPL-1.2
"""The whole hub over real HTTP on a world made by hand, one for each test process; and another that may be written to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from connectors.simulators.consumers import register_demo_consumers
from connectors.simulators.identity_provider import ISSUER as CITIZEN_ISSUER
from connectors.simulators.identity_provider import issue_citizen_token
from connectors.simulators.keys import DemoKeys, open_keys
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.registry import HUB_AUDIENCE, Consumer, Purpose, Registry, demo_id, demo_registry
from hub.access.grants import Grant
from hub.access.registration import Registration, grant_purpose, register, revoke
from hub.app import Hub, running_hub
from hub.cli.serving import http_server, listen
from hub.settings import Settings
from hub.store.ambiti import ambiti_of, land_ambiti
from hub.store.engine import connection_arguments
from hub.store.reference.agency_codes import CITIZENS_PURPOSE_ID
from hub.store.reference.demo import load_demo_reference
from hub.store.vocabulary import AgencyKind, Capability, GrantScope
from hub.tracing.parts import Tracing
from schema.build import build_schema
from tests.api.inhabitants import build_world
from tests.api.oracle import Oracle
from tests.api.oracle_lists import cursor_id
from tests.api.purposes import FieldSet
from tests.api.set_aside import set_aside
from tests.api.sight import Sight
from tests.api.world import (
    CROWD_CODE,
    EAST,
    LATINA,
    NORTH,
    NORTH_CODE,
    ROMA,
    TORINO,
    TORINO_CENTRE,
    UNKNOWN_CODE,
    World,
)
from tests.conftest import create_database, drop_database
from tests.spans import HEARD

MORE: dict[str, tuple[GrantScope, tuple[str, ...], frozenset[Capability]]] = {
    "two-centres": (GrantScope.CENTRE, (NORTH, TORINO_CENTRE), frozenset({Capability.RECORD_EVENTS})),
    "two-towns": (GrantScope.MUNICIPALITY, (LATINA, ROMA), frozenset()),
    "two-regions": (GrantScope.REGION, ("01", "12"), frozenset()),
    "east": (GrantScope.CENTRE, (EAST,), frozenset({Capability.RECORD_EVENTS})),
    "ambito": (GrantScope.AMBITO, ("LAZ-1",), frozenset({Capability.RECORD_EVENTS})),
    "nowhere": (GrantScope.REGION, (), frozenset({Capability.RECORD_EVENTS})),
    "revoked": (GrantScope.CENTRE, (NORTH,), frozenset()),
}
"""Consumers of the hub beside the demo's: scope, areas, capabilities. Those with two areas take another plan."""

UNLIMITED = {
    "calls_per_minute": 1_000_000,
    "calls_per_day": 100_000_000,
    "citizen_calls_per_minute": 1_000_000,
    "citizen_calls_per_day": 100_000_000,
    "failed_authentications_per_minute": 1_000_000,
}
"""The tests ask, and are refused, more often than any front end does; tests/api/test_rate_limits.py has limits of its own."""

CITIZENS = {"citizen": NORTH_CODE, "citizen-of-many": CROWD_CODE, "citizen-unknown": UNKNOWN_CODE}
"""Callers who are people: their fiscal codes."""

SIGHTS: Mapping[str, Sight] = MappingProxyType(
    {
        "centre": Sight("CENTRE", (NORTH,), agency=f"cpi-{NORTH.lower()}"),
        "municipality": Sight("MUNICIPALITY", (ROMA,), agency="comune-h501"),
        "region": Sight("REGION", ("12",), agency="regione-12"),
        "inps": Sight("NATIONAL", agency="inps"),
        **{
            name: Sight(scope.value, areas, agency=name)
            for name, (scope, areas, _) in MORE.items()
            if name != "revoked"
        },
        **{name: Sight("SELF", (code,)) for name, code in CITIZENS.items()},
        "ambito": Sight(
            "MUNICIPALITY", (LATINA, TORINO), agency="ambito"
        ),  # the ambito, and a municipality granted beside it
        "ministry": Sight("AGGREGATE", agency="ministero-lavoro"),
        "accredited": Sight("OWN", ("soggetto-accreditato",), agency="soggetto-accreditato"),
    }
)
"""How far each caller sees."""


def _registry() -> Registry:
    demo = demo_registry()
    consumers = dict(demo.consumers)
    for name in (*MORE, "stranger", *(f"of-{one}" for one in PURPOSES)):
        purpose = Purpose(demo_id("purpose", name, "hub"), "hub")
        consumers[name] = Consumer(
            name, name, demo_id("organisation", name), demo_id("client", name), (purpose,)
        )
    return Registry(consumers=MappingProxyType(consumers), eservices=demo.eservices)


PURPOSES = (
    "public", "employment-centre", "municipality", "region", "inps", "ministry", "accredited", "citizen",
    "protection-officer",
)  # fmt: skip
"""The shipped field sets. `of-` before its name is a caller that has it, sees all rows, and has every capability."""


async def grant_everything(connection: asyncpg.Connection[asyncpg.Record], purpose_id: UUID) -> None:
    """Let a purpose ask for every field: for tests that are about rows."""
    await connection.execute(
        "INSERT INTO field_set (name, description, fields) VALUES ('everything', 'For tests.', $1) ON CONFLICT DO NOTHING",
        sorted(build_schema()[1].fields.levels),
    )
    await connection.execute(
        "UPDATE access_grant SET field_set = 'everything' WHERE purpose_id = $1", purpose_id
    )


async def register_purpose(
    connection: asyncpg.Connection[asyncpg.Record], registry: Registry, field_set: str
) -> None:
    """Register the caller `of-` a field set."""
    known = registry.consumer(f"of-{field_set}")
    await register(
        connection,
        Registration(
            agency_code=f"of-{field_set}",
            agency_name=field_set,
            agency_kind=AgencyKind.REGION,
            client_id=UUID(known.client_id),
            purpose_id=UUID(known.purpose_for("hub").purpose_id),
            purpose="Test",
            scope=GrantScope.NATIONAL,
            capabilities=frozenset(
                {
                    Capability.RECORD_EVENTS,
                    Capability.READ_FEED,
                    Capability.READ_ACCESS_LOG,
                    Capability.REPORT_OUTCOMES,
                }
            ),
            field_set=field_set,
        ),
    )


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """The data of an answer without errors."""
        assert self.status == 200, self.body
        assert self.json.keys() == {"data"}, self.body
        return self.json["data"]

    @property
    def codes(self) -> list[str]:
        """The code of each error; there is no trace of the inside in any."""
        for inside in (b"Traceback", b".py", b"asyncpg", b"SELECT", b"sqlalchemy"):
            assert inside not in self.body
        return [error["extensions"]["code"] for error in self.json["errors"]]


class Service:
    """A running hub: its address, its database, and the callers it knows."""

    settings: Settings
    database_url: str

    def __init__(
        self, hub: Hub, url: str, client: httpx2.AsyncClient, registry: Registry, keys: DemoKeys,
        owner: asyncpg.Connection[asyncpg.Record], world: World,
    ) -> None:  # fmt: skip
        self.hub, self.url, self.client, self.registry, self.keys = hub, url, client, registry, keys
        self.owner, self.world = owner, world
        self._tokens: dict[str, str] = {}

    def token(self, name: str) -> str:
        if name in CITIZENS and name not in self._tokens:
            self._tokens[name] = issue_citizen_token(self.keys, CITIZENS[name], lifespan=3_600)
        if name not in self._tokens:
            self._tokens[name] = issue_voucher(self.registry, self.keys, name, lifespan=7_200)
        return self._tokens[name]

    async def send(self, method: str = "POST", path: str = "/graphql", **request: Any) -> Answer:
        """Any HTTP request, as it is."""
        response = await self.client.request(method, self.url + path, **request)
        return Answer(response.status_code, response.content, response.headers)

    async def __call__(self, query: str, *, as_: str = "centre", **variables: Any) -> Answer:
        """Ask one question as one of the callers."""
        return await self.send(
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {self.token(as_)}"},
        )

    async def oracle(self) -> Oracle:
        return await Oracle.read(self.owner)

    async def metric(self, name: str) -> float:
        lines = (await self.send("GET", "/metrics")).body.decode().splitlines()
        [line] = [line for line in lines if line.startswith(name + " ")]
        return float(line.split()[1])

    async def metrics_of_callers(self) -> str:
        """What `/metrics` says but of the flows, which names the agencies whose systems send: who asks is named by nothing."""
        lines = (await self.send("GET", "/metrics")).body.decode().splitlines()
        return "\n".join(
            line
            for line in lines
            if not line.startswith(("snodo_quarantined_records{", "snodo_flow_complete_seconds{"))
        )

    async def counted(self, name: str) -> float:
        """As `metric`, of a counter that does not stand there before it has counted."""
        lines = (await self.send("GET", "/metrics")).body.decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name + " "))


def with_named_cursors(value: Any) -> Any:
    """The answer with each cursor in the oracle's words: which row it stands for."""
    match value:
        case dict():
            return {
                key: f"cursor:{cursor_id(found)}"
                if key.lower().endswith("cursor") and isinstance(found, str) and not found.isdigit()
                else with_named_cursors(found)
                for key, found in value.items()
            }
        case list():
            return [with_named_cursors(item) for item in value]
        case _:
            return value


@pytest.fixture(scope="session")
def registry() -> Registry:
    return _registry()


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="session")
def keys(data_dir: Path, registry: Registry) -> DemoKeys:
    return open_keys(data_dir, registry)


@pytest.fixture(scope="session")
async def world_database(
    server_url: str, template: str, worker_id: str, registry: Registry
) -> AsyncIterator[tuple[str, World]]:
    """A database with the world in it, to be copied: its name, and what the tests name of the world."""
    name = f"snodo_world_{worker_id}"
    url = await create_database(server_url, name, template)
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        await load_demo_reference(connection)
        await land_ambiti(
            connection, ambiti_of(f"code,name,region,belfiore_codes\nLAZ-1,Latina,12,{LATINA}\n")
        )
        await register_demo_consumers(connection, registry)
        for consumer, (scope, areas, capabilities) in MORE.items():
            known = registry.consumer(consumer)
            purpose_id = UUID(known.purpose_for("hub").purpose_id)
            await register(
                connection,
                Registration(
                    agency_code=consumer,
                    agency_name=consumer,
                    agency_kind=AgencyKind.REGION
                    if Capability.RECORD_EVENTS in capabilities
                    else AgencyKind.ACCREDITED,
                    client_id=UUID(known.client_id),
                    purpose_id=purpose_id,
                    purpose="Test",
                    scope=scope,
                    areas=areas or (("12",) if scope is GrantScope.REGION else ()),
                    capabilities=capabilities,
                ),
            )
            if consumer == "nowhere":  # as after its last area was taken from it
                await connection.execute(
                    "DELETE FROM access_grant_area WHERE grant_id IN (SELECT id FROM access_grant WHERE purpose_id = $1)",
                    purpose_id,
                )
            if consumer == "revoked":
                await revoke(connection, purpose_id)
            await grant_everything(connection, purpose_id)
            if scope is GrantScope.AMBITO:
                beside = Grant(
                    scope=GrantScope.MUNICIPALITY,
                    areas=(TORINO,),
                    field_set="everything",
                    capabilities=capabilities,
                )
                await grant_purpose(connection, consumer, purpose_id, "Test", beside)
        for consumer in ("centre", "municipality", "region", "inps", "ministry", "accredited"):
            await grant_everything(
                connection, UUID(registry.consumer(consumer).purpose_for("hub").purpose_id)
            )
        await grant_everything(connection, UUID(CITIZENS_PURPOSE_ID))
        for consumer in PURPOSES:
            await register_purpose(connection, registry, consumer)
        world = await build_world(connection)
        await set_aside(connection, world)
    finally:
        await connection.close()
    yield name, world
    await drop_database(server_url, name)


class Opener:
    """Opens hubs on copies of the world."""

    def __init__(
        self, server_url: str, worker_id: str, world: tuple[str, World], registry: Registry, keys: DemoKeys
    ) -> None:
        self._server_url, self._worker_id = server_url, worker_id
        self._template, self._world = world
        self._registry, self._keys = registry, keys

    @asynccontextmanager
    async def __call__(self, name: str, **settings: Any) -> AsyncIterator[Service]:
        """A hub of its own with these settings, until the block ends; `tracing` among them: who takes note of its spans."""
        tracing: Tracing | None = settings.pop("tracing", None)
        database = f"snodo_api_{name}_{self._worker_id}"
        async with AsyncExitStack() as stack:
            url = await create_database(self._server_url, database, self._template)
            stack.push_async_callback(drop_database, self._server_url, database)
            owner = await asyncpg.connect(**connection_arguments(url))
            stack.push_async_callback(owner.close)
            chosen = Settings(
                data_dir=self._keys.folder.parent,
                **{
                    "read_connections": 4,
                    "write_connections": 4,
                    "citizen_issuer": CITIZEN_ISSUER,
                    "citizen_audience": HUB_AUDIENCE,
                    "citizen_jwks": str(self._keys.citizen_jwks_path),
                    **UNLIMITED,
                    **settings,
                },
            )
            hub = await stack.enter_async_context(running_hub(chosen, url, tracing=tracing))
            hub.log.longest = (
                25.0  # a machine busy with tests may hold up a commit longer than a hub waits for one
            )
            served = http_server(
                hub,
                listen("127.0.0.1", 0),
                closing=hub.close_streams,
                max_message_bytes=chosen.max_body_bytes,
            )
            _, address = await stack.enter_async_context(served)
            client = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False, timeout=30))
            service = Service(hub, address, client, self._registry, self._keys, owner, self._world)
            service.settings, service.database_url = chosen, url
            yield service


@pytest.fixture(scope="session")
def open_hub(
    server_url: str,
    worker_id: str,
    world_database: tuple[str, World],
    registry: Registry,
    keys: DemoKeys,
) -> Opener:
    """Opens further hubs, for tests that need settings or a database of their own."""
    return Opener(server_url, worker_id, world_database, registry, keys)


@pytest.fixture(scope="session")
async def ask(open_hub: Opener) -> AsyncIterator[Service]:
    """The hub whose rows no test changes; no sequencer runs, so that what waits for its position keeps waiting."""
    async with open_hub("read", tracing=HEARD, sequencer=False) as service:
        yield service


@pytest.fixture(scope="session")
async def writable(open_hub: Opener) -> AsyncIterator[Service]:
    """A hub that tests may write to; it sequences what they record."""
    async with open_hub("write", tracing=HEARD) as service:
        yield service


@pytest.fixture(scope="session")
def world(world_database: tuple[str, World]) -> World:
    return world_database[1]


@pytest.fixture(scope="session")
async def oracle(ask: Service) -> Oracle:
    """What `ask` should answer."""
    return await ask.oracle()


@pytest.fixture(scope="session")
async def purposes(ask: Service) -> dict[str, FieldSet]:
    """The shipped sets."""
    rows = await ask.owner.fetch("SELECT name, fields FROM field_set WHERE name = ANY($1)", list(PURPOSES))
    assert len(rows) == len(PURPOSES)
    return {row["name"]: FieldSet(row["fields"]) for row in rows}


Agree = Any
OF_SIZE = frozenset(
    {"MAX_ALIASES_LIMIT", "MAX_FIELDS_LIMIT", "COST_ESTIMATED_TOO_EXPENSIVE", "INVALID_FILTER"}
)


class TooLarge(Exception):
    """An operation larger than the hub takes."""


@pytest.fixture(scope="session")
def agree(ask: Service, oracle: Oracle) -> Agree:
    """Asks the hub and the reference the same, and holds the answers together; gives the data."""

    async def compare(query: str, as_: str = "centre", **variables: Any) -> Any:
        answer = await ask(query, as_=as_, **variables)
        if answer.status == 400 and answer.codes[0] in OF_SIZE:
            raise TooLarge(answer.codes[0])
        expected = oracle.answer(query, SIGHTS[as_], variables)
        found = with_named_cursors(answer.data)
        assert found == expected
        assert json.dumps(found) == json.dumps(expected), "the keys stand in the order they were asked for"
        return answer.data

    return compare
