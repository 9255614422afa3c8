# SPDX-License-Identifier: EUPL-1.2
"""`snodo simulate` as an integrator runs it: a hub's connectors call through it, its faults are felt and lifted, it runs whom one names."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx2
import pytest

from connectors.anpr import Residence
from connectors.connected import ConnectedAgencies, connect_agencies
from connectors.isee import Attestation
from connectors.pdnd import Operator, PublishedKeys
from connectors.region_files import read_filing
from connectors.simulators.demo_world import PIEMONTE, DemoWorld, demo_world
from connectors.simulators.faults import FaultKind
from connectors.simulators.filing_agency import FileFault
from connectors.simulators.identity_provider import GRANT
from connectors.simulators.jws import decode_segment
from connectors.tls import open_client
from hub.errors import UpstreamRefused, UpstreamUnavailable
from tests.conftest import open_folder
from tests.e2e.conftest import Snodo
from tests.e2e.simulated import Simulated, simulating

EVERYBODY = {"pdnd", "anpr", "inps", "region", "identity", "isee", "region-sap", "region-files", "inps-files"}
DESK = Operator("op-4711", "CPI-L219C900001-pc12", "high")


@pytest.fixture(scope="module")
def simulated(command: list[str]) -> Iterator[Simulated]:
    """All of them, at free ports."""
    with open_folder() as folder, simulating(command, folder, "--first-port", "0") as running:
        yield running


@pytest.fixture(scope="module")
def world() -> DemoWorld:
    return demo_world(today())


@pytest.fixture
async def agencies(simulated: Simulated) -> AsyncIterator[ConnectedAgencies]:
    """A hub's connectors, by the settings that were printed."""
    async with (
        open_client(simulated.settings) as http,
        contextlib.aclosing(connect_agencies(simulated.settings, http)) as connected,
    ):
        yield connected


@pytest.fixture
async def switches(simulated: Simulated) -> AsyncIterator[httpx2.AsyncClient]:
    """Who sets faults; at the end none is left."""
    async with httpx2.AsyncClient(
        trust_env=False, base_url=simulated.control.removesuffix("/faults")
    ) as http:
        yield http
        assert (await http.delete("/faults")).status_code == 200


@pytest.fixture
def with_keys(simulated: Simulated, folder: Path) -> Path:
    """An empty folder, but for the keys: making them is slow."""
    shutil.copytree(simulated.data_dir / "demo", folder / ".snodo" / "demo")
    return folder


def today() -> date:
    return datetime.now(UTC).date()


async def test_a_hub_by_the_printed_settings_reaches_every_one(
    simulated: Simulated, agencies: ConnectedAgencies, world: DemoWorld
) -> None:
    assert simulated.places.keys() == simulated.switches.keys() == EVERYBODY
    assert agencies.anpr
    assert agencies.inps
    [lazio] = agencies.regional
    assert agencies.isee
    person = world.person
    residence = await agencies.anpr.residence(person.fiscal_code, DESK)
    assert isinstance(residence, Residence)
    page = await agencies.inps.admitted_households(None, 100)
    assert len(page.records) == len(world.inps.admissions)
    pacts = await lazio.pacts(None, 100)
    assert pacts.records
    assert isinstance(await agencies.isee.attestation([person.fiscal_code], DESK, today()), Attestation)
    (region,) = agencies.cooperating
    assert region.region.region_code == PIEMONTE
    holder = world.of_region(PIEMONTE)[0].people[0]
    document = await region.of_person(holder.fiscal_code)
    assert document is not None
    assert (document.problems, document.sap.person.family_name) == ((), holder.family_name)
    assert await region.of_person(person.fiscal_code) is None, "she lives in Lazio"
    async with httpx2.AsyncClient(trust_env=False) as http:
        assert await PublishedKeys(simulated.assignments["SNODO_CITIZEN_JWKS"], http, "Identity provider")()
    listed = [
        read_filing(simulated.data_dir / "simulators" / f"{name}.toml")[0].agency_code
        for name in ("region-files", "inps-files")
    ]
    assert listed == ["regione-12", "inps"]


async def test_a_fault_of_one_operation_is_felt_by_it_alone_and_lifted(
    agencies: ConnectedAgencies, switches: httpx2.AsyncClient, world: DemoWorld
) -> None:
    assert agencies.anpr
    code = world.person.fiscal_code
    answer = await switches.put("/faults/anpr/C020", json={"kind": "error"})
    assert (answer.status_code, answer.json()["anpr"]["faults"]["C020"]["kind"]) == (200, "error")
    with pytest.raises(UpstreamUnavailable):
        await agencies.anpr.residence(code, DESK)
    assert await agencies.anpr.registered_family(code, DESK)
    told = (await switches.delete("/faults/anpr/C020")).json()["anpr"]
    assert (told["faults"], told["calls"]["C020"] > 0) == ({}, True)
    assert await agencies.anpr.residence(code, DESK)


async def test_a_fault_of_application_cooperation_is_felt_and_lifted(
    agencies: ConnectedAgencies, switches: httpx2.AsyncClient, world: DemoWorld
) -> None:
    (region,) = agencies.cooperating
    code = world.of_region(PIEMONTE)[0].people[0].fiscal_code
    await switches.put("/faults/region-sap", json={"kind": "soap-fault", "times": 1})
    with pytest.raises(UpstreamUnavailable):
        await region.notify("PI00000001B", "ASSENZA")  # asked once: it is not idempotent
    assert (await region.notify("PI00000001B", "ASSENZA")).outcome == "OK"
    assert (await region.notify("PI00000001B", "RITARDO")).outcome == "KO", "a word that was not agreed"
    assert await region.existing(code) == "PI00000001B"


async def test_a_clock_that_is_wrong_is_felt_and_goes_right(
    agencies: ConnectedAgencies, simulated: Simulated, switches: httpx2.AsyncClient, world: DemoWorld
) -> None:
    assert agencies.inps
    assert (await switches.put("/clocks/inps", json={"ahead": 7_200})).status_code == 200
    with pytest.raises(UpstreamRefused):
        await agencies.inps.admitted_households(None, 1)
    await switches.delete("/clocks/inps")
    assert (await agencies.inps.admitted_households(None, 1)).records
    await switches.put("/clocks/identity", json={"ahead": -7_200})
    form = {"grant_type": GRANT, "fiscal_code": world.person.fiscal_code}
    token = (await switches.post(f"{simulated.places['identity']}/token", data=form)).json()["access_token"]
    issued = json.loads(decode_segment(token.split(".")[1]))["iat"]
    assert issued < datetime.now(UTC).timestamp() - 7_000


@pytest.mark.parametrize("kind", FaultKind)
async def test_every_kind_of_fault_comes_over_the_wire_and_is_lifted(
    simulated: Simulated, switches: httpx2.AsyncClient, kind: FaultKind
) -> None:
    where = f"{simulated.places['identity']}/jwks"
    good = await switches.get(where)
    assert (good.status_code, good.headers["content-type"]) == (200, "application/json")
    begun = asyncio.get_running_loop().time()
    assert (
        await switches.put("/faults/identity/jwks", json={"kind": kind, "seconds": 0.3})
    ).status_code == 200
    try:
        answer = await switches.get(where, timeout=httpx2.Timeout(10, read=1.5))
    except httpx2.ReadTimeout:
        assert kind is FaultKind.HANG
    except httpx2.DecodingError:
        assert kind is FaultKind.GZIP_TRUNCATED
    except httpx2.TransportError:
        assert kind in {FaultKind.RESET, FaultKind.DROP}
    else:
        same = (answer.content, answer.headers.get("content-type")) == (good.content, "application/json")
        assert same == (kind is FaultKind.SLOW)
        assert answer.status_code in {200, 400, 429, 500, 503}
    assert asyncio.get_running_loop().time() - begun >= 0.3, "late besides"
    assert (await switches.delete("/faults/identity/jwks")).status_code == 200
    assert (await switches.get(where)).content == good.content


async def test_the_switches_refuse_with_a_sentence_and_the_agencies_know_nothing_of_them(
    simulated: Simulated, switches: httpx2.AsyncClient
) -> None:
    refused = await switches.put("/faults/anpr", json={"kind": "sloth"})
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("kind is one of: ")
    for name in ("pdnd", "anpr", "inps", "region", "identity", "isee", "region-sap"):
        assert (await switches.get(f"{simulated.places[name]}/faults")).status_code == 404
    for place in (*simulated.places.values(), simulated.control):
        assert place.startswith(("http://127.0.0.1:", str(simulated.data_dir.resolve())))


def test_a_hub_s_commands_land_what_they_tell(simulated: Simulated, world: DemoWorld, snodo: Snodo) -> None:
    def good(*words: str) -> str:
        ended = snodo(*words, **simulated.settings_of_a_shell())
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    good("seed", "--beneficiaries", "1")
    households = len(world.inps.admissions)
    assert f"{households} received, {households - 1} landed, 1 " in good("sync", "inps")
    sap = next(line for line in good("sync", "region").splitlines() if line.startswith("regione-01"))
    assert re.search(r" [1-9]\d* landed, 0 ", sap), sap
    files = simulated.data_dir / "simulators"
    assert ", 0 refused" in good("sync", "files", str(files / "inps-files.toml"))
    by_files = ("sync", "files", str(files / "region-files.toml"))
    assert good(*by_files).count(": 1 files read, 0 refused") == 3

    wrong = f"{simulated.switches['region-files']}/pacts"
    told = httpx2.put(wrong, json={"kind": FileFault.HALF}, trust_env=False).json()
    refused = snodo(*by_files, **simulated.settings_of_a_shell())
    assert refused.returncode == 1
    assert f"{told['region-files']['sent']['pacts']}: CHECKSUM_MISMATCH" in refused.stderr
    told = httpx2.delete(wrong, trust_env=False).json()
    assert told["region-files"]["faults"] == {}
    assert "pacts: 0 files read, 0 refused, 1 that had come before" in good(*by_files)


def test_only_whom_one_names_and_whom_they_need(command: list[str], with_keys: Path) -> None:
    # Below the range that systems give ports out of by themselves.
    first = random.randrange(20_000, 32_000)
    words = (
        "--only",
        "anpr",
        "--only",
        "region-sap",
        "--first-port",
        str(first),
        "--fault",
        "anpr/C020=html",
    )
    with simulating(command, with_keys, *words, "--seed", "7") as running:
        assert running.places == {
            "pdnd": f"http://127.0.0.1:{first}",
            "anpr": f"http://127.0.0.1:{first + 1}",
            "region-sap": f"http://127.0.0.1:{first + 6}",
        }
        assert running.control == f"http://127.0.0.1:{first + 7}/faults"
        assert re.search(r"^# pdnd: .+\n# It starts too: anpr must be shown", running.printed, re.MULTILINE)
        assert running.printed.count("It starts too") == 1
        assert not [name for name in running.assignments if re.match("SNODO_(INPS|REGION_|CITIZEN)", name)]
        told = httpx2.get(running.control, trust_env=False).json()
        assert told.keys() == {"pdnd", "anpr", "region-sap"}
        assert told["anpr"]["faults"]["C020"]["kind"] == "html"
        with socket.socket() as other, pytest.raises(ConnectionRefusedError):
            other.connect(("127.0.0.1", first + 2))
        person = demo_world(today(), 7).of_region(PIEMONTE)[0].people[0]
        asyncio.run(_is_known(running, person.fiscal_code))


async def _is_known(running: Simulated, fiscal_code: str) -> None:
    async with (
        open_client(running.settings) as http,
        contextlib.aclosing(connect_agencies(running.settings, http)) as agencies,
    ):
        assert agencies.inps is None
        assert agencies.anpr
        assert await agencies.anpr.national_id(fiscal_code, DESK)
        assert await agencies.cooperating[0].of_person(fiscal_code)


def test_who_needs_nobody_starts_alone(command: list[str], with_keys: Path) -> None:
    with simulating(command, with_keys, "--only", "inps-files", "--first-port", "0") as running:
        assert running.places.keys() == {"inps-files"}
        left = (with_keys / ".snodo" / "simulators").iterdir()
        assert {one.name for one in left} == {"inps-files", "inps-files.toml"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--only", "lazio"), "No simulator is called lazio; there are pdnd, anpr, inps"),
        (
            ("--only", "identity", "--fault", "identity/C999=hang"),
            "--fault identity: There is no operation C999",
        ),
        (("--only", "region-sap", "--fault", "anpr=hang"), "No anpr runs here; there are region-sap"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    snodo: Snodo, with_keys: Path, words: tuple[str, ...], sentence: str
) -> None:
    ended = snodo("simulate", "--first-port", "0", *words)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_that_is_taken_is_said(snodo: Snodo) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = snodo("simulate", "--only", "pdnd", "--first-port", str(port))
    assert ended.returncode == 1
    assert f"Ports {port} to {port + 7} cannot be had" in ended.stderr
    assert "--first-port" in ended.stderr
