# SPDX-License-Identifier: EUPL-1.2
"""A region whose labour system is the hub: every place that could pull from it or tell it says so, and its centres record as any."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import httpx2
import pytest
from typer.testing import CliRunner, Result

from connectors.inbound import pull_admitted_households
from connectors.simulators.consumers import register_demo_consumers
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.serving import serve
from hub.app import running_hub
from hub.cli import command_line
from hub.cli.simulation import Simulation, simulated_agencies
from hub.errors import ConfigurationError, InvalidInput
from hub.settings import Settings
from hub.store.reference.demo import load_demo_reference

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Ask = Callable[..., Awaitable[dict[str, Any]]]
NOTE = (
    "Region 12 has no labour system of its own: its centres record at the hub directly; "
    "nothing is pulled from it, and it is told nothing."
)
RECORD = """mutation ($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event { type } userErrors { code message } } }"""


@pytest.fixture
async def simulation(owner: Owner, tmp_path: Path) -> AsyncIterator[Simulation]:
    await load_demo_reference(owner)
    async with simulated_agencies(tmp_path, datetime.now(UTC).date()) as simulated:
        await register_demo_consumers(owner, simulated.registry)
        yield simulated


@pytest.fixture
def regions(tmp_path: Path) -> Path:
    """A folder that says that Lazio's system is the hub."""
    folder = tmp_path / "regions"
    folder.mkdir()
    (folder / "lazio.toml").write_text('kind = "none"\nregion = "12"\n', encoding="utf-8")
    return folder


@pytest.fixture
async def ask(simulation: Simulation, database_url: str, tmp_path: Path, regions: Path) -> AsyncIterator[Ask]:
    """A hub among the agencies, but for the region's system, which there is none of; and its people, pulled from INPS."""
    named = {name: value for name, value in simulation.settings().items() if not name.startswith("region_")}
    settings = Settings(data_dir=tmp_path, regions=regions, **named)
    async with (
        running_hub(settings, database_url) as hub,
        serve({"hub": hub}) as urls,
        httpx2.AsyncClient(trust_env=False, timeout=10) as http,
    ):
        assert hub.agencies.inps is not None
        assert hub.agencies.recipients() == {}
        await pull_admitted_households(hub.database.write, hub.agencies.inps, clock=lambda: datetime.now(UTC))

        async def asking(query: str, **variables: Any) -> dict[str, Any]:
            token = issue_voucher(simulation.registry, simulation.keys, "centre")
            answer = await http.post(
                f"{urls['hub']}/graphql",
                json={"query": query, "variables": variables},
                headers={"authorization": f"Bearer {token}"},
            )
            content: dict[str, Any] = answer.json()
            return content

        yield asking


async def test_its_centres_record_at_the_hub_and_read_it_back(ask: Ask, owner: Owner) -> None:
    people = await ask("{ beneficiaries(first: 1) { nodes { fiscalCode } } }")
    code = people["data"]["beneficiaries"]["nodes"][0]["fiscalCode"]
    at = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    told = {"idempotencyKey": "a", "fiscalCode": code, "type": "CONVOCATION_MISSED", "occurredAt": at}
    answer = await ask(RECORD, input=told)
    assert "errors" not in answer, answer
    recorded = answer["data"]["recordConditionalityEvent"]
    assert recorded["userErrors"] == []
    assert recorded["event"]["type"] == "CONVOCATION_MISSED"
    assert await owner.fetchval("SELECT count(*) FROM conditionality_event") == 1
    seen = await ask("{ beneficiaries(first: 1) { nodes { conditionalityEvents { nodes { type } } } } }")
    nodes = seen["data"]["beneficiaries"]["nodes"][0]["conditionalityEvents"]["nodes"]
    assert nodes == [{"type": "CONVOCATION_MISSED"}]


async def test_the_status_of_connectors_says_why_it_is_never_called(ask: Ask) -> None:
    answer = await ask("{ connectorStatus { agency note inUse waiting operations { operation } } }")
    told = {one["agency"]: one for one in answer["data"]["connectorStatus"]}
    assert told["REGION-12"] == {
        "agency": "REGION-12",
        "note": NOTE,
        "inUse": 0,
        "waiting": 0,
        "operations": [],
    }
    assert told["ANPR"]["note"] is None


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path, regions: Path
) -> Callable[..., Awaitable[Result]]:
    """The command line with the region's folder in its environment."""
    monkeypatch.setenv("SNODO_DATABASE_URL", database_url)
    monkeypatch.setenv("SNODO_REGIONS", str(regions))
    monkeypatch.setenv("SNODO_DATA_DIR", str(tmp_path))

    async def run(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, command_line(words), list(words))

    return run


async def test_a_run_pulls_nothing_and_says_why(
    owner: Owner, command: Callable[..., Awaitable[Result]]
) -> None:
    told = await command("sync", "region")
    assert (told.exit_code, told.stdout) == (0, f"{NOTE}\n")
    assert (await command("sync", "region", "--region", "12")).stdout == f"{NOTE}\n"
    assert await owner.fetchval("SELECT count(*) FROM inbound_run") == 0
    other = await command("sync", "region", "--region", "14")
    assert other.exit_code == 1
    assert "Region 14 is not connected" in str(other.exception)


async def test_it_is_told_nothing(owner: Owner, command: Callable[..., Awaitable[Result]]) -> None:
    refused = await command("sync", "tell", "regione-12", "--type", "HIRED")
    assert isinstance(refused.exception, InvalidInput)
    assert refused.exception.message == NOTE
    assert await owner.fetchval("SELECT count(*) FROM destination") == 0


async def test_the_doctor_says_so_and_finds_no_fault_in_it(
    owner: Owner, command: Callable[..., Awaitable[Result]]
) -> None:
    told = await command("doctor")
    assert f"ok    REGION-12: {NOTE}" in told.stdout
    assert told.exit_code == 0


async def test_a_region_is_reached_one_way(
    owner: Owner, command: Callable[..., Awaitable[Result]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("URL", "https://lavoro.lazio.example"), ("AUDIENCE", "a"), ("PURPOSE_ID", "p")):
        monkeypatch.setenv(f"SNODO_REGION_{name}", value)
    monkeypatch.setenv("SNODO_REGION_CODE", "12")
    refused = await command("sync", "region")
    assert isinstance(refused.exception, ConfigurationError)
    assert "it is one or the other" in refused.exception.message
