# SPDX-License-Identifier: EUPL-1.2
"""Lazio and Piemonte by REST, a file each: what one does is its own matter, and what it tells and is told its own, too."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import asyncpg
import httpx2
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from typer.testing import CliRunner, Result

from connectors.breaker import State
from connectors.connected import ConnectedAgencies, connect_agencies
from connectors.outbound.destinations import register
from connectors.outbound.dispatcher import Dispatcher
from connectors.simulators.consumers import register_demo_consumers
from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.keys import DemoKeys, open_keys
from connectors.simulators.pdnd import PdndSimulator, issue_voucher
from connectors.simulators.region import RegionSimulator
from connectors.simulators.region_world import RegionWorld, SimulatedOffer, SimulatedPact
from connectors.simulators.registry import EService, Purpose, Registry, demo_id, demo_registry
from connectors.simulators.serving import serve
from connectors.tls import open_client
from hub.app import running_hub
from hub.cli import command_line
from hub.cli.simulation import simulated_agencies
from hub.errors import UpstreamError
from hub.http.agency_metrics import AgencyMetrics
from hub.settings import Settings
from hub.store.engine import Database
from hub.store.reference.demo import load_demo_reference
from hub.store.vocabulary import ConditionalityEventType, DeliveryChannel
from tests.api.world import NORTH, ROMA, TORINO, Builder
from tests.flows.outbound.conftest import Casework, Clock

Run: TypeAlias = Callable[..., Awaitable[Result]]
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
LAZIO, PIEMONTE = "12", "01"
EVENT = ConditionalityEventType.ACTIVITY_NOT_ATTENDED
CHANGED = datetime(2026, 9, 1, 8, tzinfo=UTC)
PIEMONTES_OWN = """
[codes.opportunity]
source = "Regione Piemonte, letter of 3 October 2026"
unverified = false
words = { APERTA = "OPEN", CHIUSA = "CLOSED" }
[names]
idOfferta = "idAnnuncio"
"""


@dataclass(frozen=True)
class Annuncio:
    """An offer as Piemonte writes it: a name and codes of its own."""

    offer: SimulatedOffer

    def record(self) -> dict[str, Any]:
        """Write the offer."""
        record = self.offer.record()
        return {**record, "idOfferta": None, "idAnnuncio": record["idOfferta"], "codStato": "APERTA"}


def offer(number: str, place: str) -> SimulatedOffer:
    return SimulatedOffer(
        number=number, title="Aiuto cuoco", employer="Osteria", profession="5.2.2.1", contract="A.02.00", weekly_hours=40,
        monthly_pay=None, places=1, belfiore=place, published_on=date(2026, 9, 1), expires_on=None, changed_at=CHANGED,
    )  # fmt: skip


def pact(number: int, fiscal_code: str) -> SimulatedPact:
    return SimulatedPact(
        number=number, kind="PSP", proposed_on=date(2026, 8, 1), signed_on=date(2026, 8, 2), event="02",
        event_on=date(2026, 8, 2), changed_at=CHANGED, fiscal_code=fiscal_code,
    )  # fmt: skip


def catalogue() -> Registry:
    """PDND's, with an e-service for each of the regions, and the hub's purpose for it."""
    plain = demo_registry()
    eservices, hub = dict(plain.eservices), plain.consumers["hub"]
    for code in (LAZIO, PIEMONTE):
        name = f"region-{code}"
        eservices[name] = EService(
            name, name, demo_id("organisation", name), demo_id("eservice", name), demo_id("descriptor", name),
            (f"https://lavoro.example/{code}",),
        )  # fmt: skip
        purpose = Purpose(demo_id("purpose", "hub", name), name)
        hub = replace(hub, purposes=(*hub.purposes, purpose))
    consumers = MappingProxyType({**plain.consumers, "hub": hub})
    return replace(plain, consumers=consumers, eservices=MappingProxyType(eservices))


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> DemoKeys:
    return open_keys(tmp_path_factory.mktemp("rest-keys"), catalogue())


class Regions:
    """The two regions' systems, PDND, and a hub's settings for them."""

    def __init__(self, keys: DemoKeys, folder: Path) -> None:
        self.registry, self.keys, self.folder = catalogue(), keys, folder
        self.worlds = {code: RegionWorld() for code in (LAZIO, PIEMONTE)}
        self.pdnd = PdndSimulator(self.registry, keys)
        self.systems = {
            code: RegionSimulator(self.registry, keys, world, eservice=f"region-{code}")
            for code, world in self.worlds.items()
        }
        self.settings = Settings()

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        apps = {"pdnd": self.pdnd.app, **{code: one.app for code, one in self.systems.items()}}
        async with serve(apps) as urls:
            hub = self.registry.consumer("hub")
            for code in self.systems:
                service = self.registry.eservices[f"region-{code}"]
                own = PIEMONTES_OWN if code == PIEMONTE else ""
                (self.folder / f"{code}.toml").write_text(
                    f'kind = "rest"\nregion = "{code}"\nurl = "{urls[code]}"\naudience = "{service.audiences[0]}"\n'
                    f'purpose_id = "{hub.purpose_for(service.name).purpose_id}"\n{own}',
                    encoding="utf-8",
                )
            self.settings = Settings(
                data_dir=self.folder,
                regions=self.folder,
                client_id=hub.client_id,
                client_key_file=self.keys.path("hub"),
                pdnd_token_url=f"{urls['pdnd']}/token.oauth2",
                pdnd_assertion_audience=self.registry.assertion_audience,
            )
            yield

    @asynccontextmanager
    async def connected(self, **others: Any) -> AsyncIterator[ConnectedAgencies]:
        settings = self.settings.model_copy(update=others)
        async with open_client(settings) as http, aclosing(connect_agencies(settings, http)) as agencies:
            yield agencies


@pytest.fixture
async def casework(owner: Owner) -> Casework:
    """`ada` of Rome and `eva` of Torino."""
    await load_demo_reference(owner)
    b = Builder(owner)
    async with owner.transaction():
        for name, household, place, centre in (("ada", "roma", ROMA, NORTH), ("eva", "torino", TORINO, None)):
            await b.household(household, place, "ADI", manager=None, ends=None)
            await b.person(name, household, place, centre, ("Nome", "Cognome"))
    return Casework(owner, {name: one.id for name, one in b.world.people.items()})


@pytest.fixture
async def regions(keys: DemoKeys, tmp_path: Path) -> AsyncIterator[Regions]:
    made = Regions(keys, tmp_path)
    async with made.answering():
        yield made


@pytest.fixture
async def run(
    regions: Regions, casework: Casework, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> Callable[..., Awaitable[Result]]:
    """The command line of a hub with both regions' files; each region has an offer, and a pact of its person."""
    regions.worlds[LAZIO].offers.append(offer("1", ROMA))
    regions.worlds[PIEMONTE].offers.append(Annuncio(offer("1", TORINO)))
    regions.worlds[LAZIO].pacts.append(pact(7, await casework.fiscal_code("ada")))
    regions.worlds[PIEMONTE].pacts.append(pact(7, await casework.fiscal_code("eva")))
    for name in regions.settings.model_fields_set:
        monkeypatch.setenv(f"SNODO_{name.upper()}", str(getattr(regions.settings, name)))
    monkeypatch.setenv("SNODO_DATABASE_URL", database_url)

    async def running(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, command_line(words), list(words))

    return running


LANDED = """
SELECT a.code, 'offer', m.belfiore_code, o.external_id, o.status FROM job_offer o
JOIN agency a ON a.id = o.source_agency_id JOIN municipality m ON m.id = o.municipality_id
UNION ALL SELECT a.code, 'pact', b.fiscal_code, p.external_id, p.status FROM pact p
JOIN agency a ON a.id = p.source_agency_id JOIN beneficiary b ON b.id = p.beneficiary_id ORDER BY 1, 2
"""


async def landed(casework: Casework) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in await casework.owner.fetch(LANDED)]


async def test_what_each_has_is_kept_under_its_own_code_and_can_be_compared(
    run: Run, casework: Casework, regions: Regions
) -> None:
    pulled = await run("sync", "region")
    assert pulled.exit_code == 0, pulled.output
    assert await landed(casework) == [
        ("regione-01", "offer", TORINO, "1", "OPEN"),
        ("regione-01", "pact", await casework.fiscal_code("eva"), "7", "ACTIVE"),
        ("regione-12", "offer", ROMA, "1", "OPEN"),
        ("regione-12", "pact", await casework.fiscal_code("ada"), "7", "ACTIVE"),
    ]
    for code in (LAZIO, PIEMONTE):
        same = await run("sync", "reconcile", f"regione-{code}")
        assert same.exit_code == 0, same.output
        assert f"regione-{code} job-offers: the same on both sides" in same.stdout
    regions.worlds[PIEMONTE].offers.append(Annuncio(offer("2", TORINO)))
    differs = await run("sync", "reconcile", "regione-01")
    assert (differs.exit_code, "DIFFERS: 1 missing" in differs.stdout) == (1, True)
    assert (await run("sync", "reconcile", "regione-12")).exit_code == 0
    named = await run("sync", "reconcile", "regione-01", "--files", str(regions.folder / "01.toml"))
    assert "regione-01 is reached by REST, and sends no files" in str(named.exception)


async def test_what_waits_lands_once_its_region_has_said_what_the_code_is(
    run: Run, casework: Casework, regions: Regions
) -> None:
    file = regions.folder / "01.toml"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace('APERTA = "OPEN", ', ""), encoding="utf-8")
    assert (await run("sync", "region", "--region", PIEMONTE)).exit_code == 0
    assert [row[1] for row in await landed(casework)] == ["pact"]
    waiting = await run("sync", "quarantine", "--agency", "regione-01")
    assert "The code is not in the configured table. (codStato)" in waiting.stdout
    retry = ("sync", "retry", "--agency", "regione-01", "--flow", "job-offers")
    assert (await run(*retry)).stdout == "regione-01 job-offers: 0 landed now, 1 still wait\n"
    file.write_text(whole, encoding="utf-8")
    assert (await run(*retry)).stdout == "regione-01 job-offers: 1 landed now, 0 still wait\n"
    assert ("regione-01", "offer", TORINO, "1", "OPEN") in await landed(casework)


@pytest.mark.parametrize("kind", [FaultKind.UNAVAILABLE, FaultKind.RESET])
async def test_one_that_is_down_keeps_no_other_waiting(
    run: Run, casework: Casework, regions: Regions, kind: FaultKind
) -> None:
    regions.systems[PIEMONTE].faults.set(EVERY, Fault(kind))
    pulled = await run("sync", "region")
    assert pulled.exit_code == 1
    assert "Region 01: REGION-01 " in pulled.stderr
    assert {row[0] for row in await landed(casework)} == {"regione-12"}
    regions.systems[PIEMONTE].faults.clear()
    again = await run("sync", "region", "--region", PIEMONTE)
    assert again.exit_code == 0, again.output
    assert {row[0] for row in await landed(casework)} == {"regione-01", "regione-12"}
    assert "regione-12" not in again.stdout


async def test_one_that_is_not_registered_keeps_no_other_waiting(
    run: Run, casework: Casework, regions: Regions
) -> None:
    await casework.owner.execute("UPDATE agency SET code = 'piemonte' WHERE code = 'regione-01'")
    pulled = await run("sync", "region")
    assert pulled.exit_code == 1
    assert "Region 01: " in pulled.stderr
    assert "regione-01" in pulled.stderr
    assert {row[0] for row in await landed(casework)} == {"regione-12"}


async def test_the_places_and_connections_that_one_holds_are_its_own(regions: Regions) -> None:
    regions.systems[PIEMONTE].faults.set(EVERY, Fault(FaultKind.HANG))
    # As many calls at once as the connections of an HTTP client by default, and more than an agency may have.
    async with regions.connected(call_deadline=60.0, call_timeout=60.0, call_concurrency=100) as agencies:
        piemonte, lazio = agencies.regional
        held = [asyncio.create_task(piemonte.job_offers(None, limit)) for limit in range(1, 121)]
        async with asyncio.timeout(30):
            while piemonte.exchange.status.in_use < 100:
                await asyncio.sleep(0.01)
            page = await lazio.job_offers(None, 10)
        assert page.records == ()
        assert not any(task.done() for task in held)
        assert (piemonte.exchange.status.waiting, lazio.exchange.status.in_use) == (20, 0)
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)


async def test_the_breaker_of_one_does_not_open_the_others_and_figures_tell_them_apart(
    regions: Regions,
) -> None:
    regions.systems[PIEMONTE].faults.set("offerte", Fault(FaultKind.ERROR))
    async with regions.connected() as agencies:
        piemonte, lazio = agencies.regional
        for _ in range(12):
            with pytest.raises(UpstreamError, match="REGION-01"):
                await piemonte.job_offers(None, 10)
            await lazio.job_offers(None, 10)
        assert piemonte.exchange.states == {"offerte": State.OPEN}
        assert lazio.exchange.states == {"offerte": State.CLOSED}
        assert lazio.exchange.status.retry_budget > piemonte.exchange.status.retry_budget
        told = CollectorRegistry()
        told.register(AgencyMetrics(agencies.exchanges))
        lines = generate_latest(told).decode().splitlines()
    for name, state, one in (
        ("REGION-01", "open", "1.0"),
        ("REGION-12", "closed", "1.0"),
        ("REGION-12", "open", "0.0"),
    ):
        labels = f'agency="{name}",operation="offerte",state="{state}"'
        assert f"snodo_agency_breaker{{{labels}}} {one}" in lines  # fmt: skip


async def test_each_is_told_of_its_own_people_and_one_that_is_down_is_told_later(
    regions: Regions, casework: Casework, database: Database
) -> None:
    clock = Clock()
    async with database.write.acquire() as connection:
        for code in (LAZIO, PIEMONTE):
            await register(connection, f"regione-{code}", DeliveryChannel.REGION, [EVENT], [code])
    regions.systems[PIEMONTE].faults.set("eventi", Fault(FaultKind.UNAVAILABLE))
    events = {who: str(await casework.happens(who, EVENT)) for who in ("ada", "eva")}

    def heard(code: str) -> list[str]:
        return [str(one["idEvento"]) for one in regions.worlds[code].told.taken]

    async with regions.connected() as agencies:
        dispatcher = Dispatcher(database.write, agencies.recipients(), clock, lambda: 0.5)
        await dispatcher.look()
        assert (heard(LAZIO), heard(PIEMONTE)) == ([events["ada"]], [])
        assert sorted(await casework.states()) == ["ACCEPTED", "WAITING"]
        regions.systems[PIEMONTE].faults.clear()
        clock.forward(days=1)
        await dispatcher.look()
    assert (heard(LAZIO), heard(PIEMONTE)) == ([events["ada"]], [events["eva"]])
    assert await casework.states() == ["ACCEPTED", "ACCEPTED"]


async def test_either_can_be_registered_to_be_told(run: Run) -> None:
    for code in (LAZIO, PIEMONTE):
        told = await run("sync", "tell", f"regione-{code}", "--area", code, "--type", EVENT.value)
        assert (told.exit_code, told.stdout) == (
            0,
            f"regione-{code} is told of {EVENT.value} in {code}, from now on.\n",
        )


async def test_the_doctor_looks_at_each(run: Run, regions: Regions) -> None:
    well = await run("doctor")
    assert well.exit_code == 0, well.output
    assert "ok    agencies: REGION-01, REGION-12" in well.stdout
    for name in ("REGION-01", "REGION-12"):
        for said in (
            f"{name} at 127.0.0.1: answers HTTP 200",
            f"clock of {name}: agrees",
            f"voucher for {name}: given",
        ):
            assert f"ok    {said}" in well.stdout  # fmt: skip
    file = regions.folder / "01.toml"
    text = re.sub(r"127\.0\.0\.1:[0-9]+", "localhost:1", file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")
    ill = await run("doctor")
    assert ill.exit_code == 1
    assert "REGION-01 at localhost" in ill.stdout
    assert "check the address in its file" in ill.stdout
    assert "ok    REGION-12 at 127.0.0.1: answers HTTP 200" in ill.stdout


async def test_the_one_of_the_settings_stands_beside_those_with_a_file(
    owner: Owner, database_url: str, tmp_path: Path
) -> None:
    await load_demo_reference(owner)
    folder = tmp_path / "regions"
    folder.mkdir()
    async with simulated_agencies(tmp_path, datetime.now(UTC).date()) as simulation:
        await register_demo_consumers(owner, simulation.registry)
        named = simulation.settings()
        (folder / "piemonte.toml").write_text(
            f'kind = "rest"\nregion = "01"\nurl = "{named["region_url"]}"\naudience = "{named["region_audience"]}"\n'
            f'purpose_id = "{named["region_purpose_id"]}"\n',
            encoding="utf-8",
        )
        settings = Settings(data_dir=tmp_path, regions=folder, **named)
        async with (
            running_hub(settings, database_url) as hub,
            serve({"hub": hub}) as urls,
            httpx2.AsyncClient(trust_env=False, timeout=10) as http,
        ):
            assert {*hub.agencies.recipients()} == {
                (DeliveryChannel.REGION, "regione-01"),
                (DeliveryChannel.REGION, "regione-12"),
            }
            answer = await http.post(
                f"{urls['hub']}/graphql",
                json={"query": "{ connectorStatus { agency } }"},
                headers={
                    "authorization": f"Bearer {issue_voucher(simulation.registry, simulation.keys, 'centre')}"
                },
            )
            metrics = (await http.get(f"{urls['hub']}/metrics")).text
    names = [one["agency"] for one in answer.json()["data"]["connectorStatus"]]
    assert {"REGION", "REGION-01"} <= {*names}
    assert len(names) == len({*names})
    for name in ("REGION", "REGION-01"):
        assert f'snodo_agency_retry_budget{{agency="{name}"}}' in metrics
