# SPDX-License-Identifier: EUPL-1.2
"""Simulated agencies on real sockets. The servers live as long as the session; each test puts new agencies in."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.anpr import AnprConnector, UseCase
from connectors.exchange import Exchange, Policy
from connectors.isee import IseeConnector, Office
from connectors.pdnd import ClientIdentity, EServiceAccess, Operator, Passes, TokenEndpoint
from connectors.simulators.anpr import AnprSimulator
from connectors.simulators.demo_world import DemoWorld, demo_world
from connectors.simulators.isee import PATH as ISEE_PATH
from connectors.simulators.isee import IseeSimulator
from connectors.simulators.keys import DemoKeys, open_keys
from connectors.simulators.pdnd import PdndSimulator
from connectors.simulators.people import (
    ABROAD_RECORD,
    RESIDENT_RECORD,
    PopulationInMemory,
    SimulatedAddress,
    SimulatedCancellation,
    SimulatedCitizenship,
    SimulatedPermit,
    SimulatedPerson,
    SimulatedRegistration,
)
from connectors.simulators.registry import ANPR_AUDIENCE_BASE, ISEE_AUDIENCE, Registry, demo_registry
from connectors.simulators.serving import serve
from hub.measures.registry_check import Register

OFFICE = Office("SNODO01", "000001")
TODAY = date(2026, 9, 21)
ROMA = {"municipality_istat": "058091", "municipality_name": "Roma", "province": "RM"}


def person(fiscal_code: str, id_anpr: str, name: str, **more: Any) -> SimulatedPerson:
    values: dict[str, Any] = {
        "fiscal_code": fiscal_code,
        "id_anpr": id_anpr,
        "given_name": name,
        "family_name": "Prova",
        "sex": "F" if name.endswith("a") else "M",
        "birth_date": date(1990, 10, 10),
        "birth_municipality_istat": "058091",
        "birth_municipality_name": "Roma",
        "birth_province": "RM",
        "addresses": (
            SimulatedAddress(
                "Via", "dei Test", "10", "00100", since=date(2014, 5, 2), letter="A", flat="3", **ROMA
            ),
        ),
        "family_id": "F1",
    }
    return SimulatedPerson(**{**values, **more})


def registered(since: int, until: int | None = None, kind: str = RESIDENT_RECORD) -> SimulatedRegistration:
    """At Roma, from the first day of a year to that of another."""
    last = None if until is None else date(until, 1, 1)
    return SimulatedRegistration(kind, date(since, 1, 1), last, "058091", "Roma", "RM")


PEOPLE = (
    person("PRVGNN90R10H501Q", "UK79569LF", "Giovanni"),
    person("NRECLD90R50H501G", "JF28000UG", "Claudia", relationship="2", family_since=date(2015, 6, 1)),
    person("STTSGT90A01H501J", "AF41450AS", "Sergio", family_id="F2", deceased_on=date(2024, 2, 29)),
    person("MRARSS80A01H501U", "AA00001AA", "Mario", family_id="F3", same_code=("AA00002AA",)),
    person("MRARSS80A01H501U", "AA00002AA", "Maria", family_id="F4"),
    # Cancelled and registered again; moved abroad and back; not found; without a fixed abode; a permit of five years.
    person(
        "BNCLRA80A41H501B", "AA00003AA", "Laura", family_id="F5",
        registrations=(registered(2010, 2015), registered(2016)),
    ),
    person(
        "VRDPLA80A41H501P", "AA00004AA", "Paola", family_id="F6",
        registrations=(registered(2012, 2018, ABROAD_RECORD), registered(1990, 2012), registered(2018)),
    ),
    person(
        "GLLMRC80A01H501T", "AA00005AA", "Marco", family_id="F7",
        registrations=(registered(1990, 2025),), cancellation=SimulatedCancellation("6", date(2025, 1, 1)),
    ),
    person(
        "FRRLCU80A01H501X", "AA00006AA", "Luca", family_id="F8", registrations=(registered(1990),),
        addresses=(SimulatedAddress("Via", "della Casa Comunale", "1", "00100", since=date(2020, 1, 1), **ROMA),),
    ),
    person(
        "HXHRDN80A01Z100Q", "AA00007AA", "Ardian", family_id="F9", registrations=(registered(2019),),
        citizenships=(SimulatedCitizenship("201", "ALBANIA"),),
        permit=SimulatedPermit("2", "S1", date(2024, 5, 1), date(2034, 5, 1)),
    ),
)  # fmt: skip


class Clock:
    """The time of day, in seconds since the epoch; it stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


class Socketed:
    """An ASGI application that answers with whichever agency the test has put in."""

    def __init__(self) -> None:
        self.agency: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.agency is not None
        await self.agency(scope, receive, send)


class World:
    """One test's agencies, and the hub's side of them."""

    def __init__(
        self,
        registry: Registry,
        keys: DemoKeys,
        identity: ClientIdentity,
        urls: Mapping[str, str],
        http: httpx2.AsyncClient,
    ) -> None:
        self.registry, self.keys, self.identity, self.urls, self.http = registry, keys, identity, urls, http
        self.clock = Clock()
        self.skipped = 0.0  # seconds by which the exchanges' clock runs ahead
        self.pdnd = PdndSimulator(registry, keys, now=self.clock)
        self.anpr = AnprSimulator(registry, keys, PopulationInMemory(PEOPLE), now=self.clock)
        self.demo: DemoWorld = demo_world(TODAY)
        offices = {OFFICE.user_id: OFFICE.office_code}
        self.isee = IseeSimulator(registry, keys, self.demo.isee, offices=offices, now=self.clock)
        self.purpose_id = registry.consumer("hub").purpose_for("anpr").purpose_id
        self.audiences = registry.eservices["anpr"].audiences

    def exchange(self, agency: str, policy: Policy | None = None) -> Exchange:
        return Exchange(agency, policy or Policy(), self.http, clock=lambda: time.monotonic() + self.skipped)

    def tokens(self, policy: Policy | None = None) -> TokenEndpoint:
        return TokenEndpoint(
            self.identity,
            self.exchange("PDND", policy),
            url=f"{self.urls['pdnd']}/token.oauth2",
            assertion_audience=self.registry.assertion_audience,
            now=self.clock,
        )

    def passes(self, *, reuse: bool = True) -> Passes:
        return Passes(self.identity, self.tokens(), reuse=reuse, now=self.clock)

    def access(self, passes: Passes | None = None) -> EServiceAccess:
        return EServiceAccess(
            self.identity,
            passes or self.passes(),
            purpose_id=self.purpose_id,
            audiences=self.audiences,
            now=self.clock,
        )

    def connector(
        self,
        policy: Policy | None = None,
        *,
        reuse: bool = True,
        purposes: Mapping[UseCase, str] | None = None,
        url: str | None = None,
    ) -> AnprConnector:
        return AnprConnector(
            self.identity,
            self.passes(reuse=reuse),
            self.exchange("ANPR", policy),
            url=url or self.urls["anpr"],
            audience=ANPR_AUDIENCE_BASE,
            purposes=purposes or dict.fromkeys(UseCase, self.purpose_id),
            record_types={RESIDENT_RECORD: Register.RESIDENTS, ABROAD_RECORD: Register.ABROAD},
            now=self.clock,
        )

    def isee_connector(self, policy: Policy | None = None, *, office: Office = OFFICE) -> IseeConnector:
        return IseeConnector(
            self.identity,
            self.passes(),
            self.exchange("INPS", policy),
            url=self.urls["isee"] + ISEE_PATH,
            audience=ISEE_AUDIENCE,
            purpose_id=self.registry.consumer("hub").purpose_for("isee").purpose_id,
            office=office,
            now=self.clock,
        )


@pytest.fixture(scope="session")
def registry() -> Registry:
    return demo_registry()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> DemoKeys:
    return open_keys(tmp_path_factory.mktemp("flow-keys"), registry)


@pytest.fixture(scope="session")
def identity(registry: Registry, keys: DemoKeys) -> ClientIdentity:
    """Read once: checking an RSA key takes longer than a test."""
    return ClientIdentity.from_pem(registry.consumer("hub").client_id, keys.path("hub"))


@pytest.fixture(scope="session")
async def sockets() -> AsyncIterator[SimpleNamespace]:
    apps = {"pdnd": Socketed(), "anpr": Socketed(), "isee": Socketed()}
    async with serve(apps) as urls:
        yield SimpleNamespace(urls=urls, **apps)


@pytest.fixture
async def world(
    registry: Registry, keys: DemoKeys, identity: ClientIdentity, sockets: SimpleNamespace
) -> AsyncIterator[World]:
    async with httpx2.AsyncClient(verify=False) as http:  # plain HTTP: no certificates to load for each test
        made = World(registry, keys, identity, sockets.urls, http)
        sockets.pdnd.agency, sockets.anpr.agency = made.pdnd.app, made.anpr.app
        sockets.isee.agency = made.isee.app
        yield made


@pytest.fixture
def operator() -> Operator:
    return Operator("op-4711", "CPI-F205C000321-pc12", "high")
