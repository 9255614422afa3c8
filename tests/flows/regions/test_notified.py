# SPDX-License-Identifier: EUPL-1.2
"""A region by application cooperation: what it can be told of, and why it is told nothing.

At the command line; and a fact on its way to it, through the hub that serves, as its office sees it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import httpx2
import pytest
from typer.testing import CliRunner, Result

from connectors.inbound import pull_admitted_households
from connectors.outbound.destinations import register
from connectors.simulators.consumers import register_demo_consumers
from connectors.simulators.cooperating_region import NAMESPACE, PATH, CooperatingRegionSimulator, Parties
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.serving import serve
from connectors.simulators.worker_record import SimulatedRecord
from hub.app import running_hub
from hub.cli import command_line
from hub.cli.simulation import simulated_agencies
from hub.errors import InvalidInput
from hub.settings import Settings
from hub.store.reference.demo import load_demo_reference
from hub.store.vocabulary import ConditionalityEventType, DeliveryChannel

Run: TypeAlias = Callable[..., Awaitable[Result]]
Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
LAZIO = """
kind = "application-cooperation"
region = "12"
[sap]
address = "https://pdd.lazio.example/PD/SPCServiziSAP/"
namespace = "http://pdd.lazio.example/PD/SPCServiziSAP/types"
"""
WORDS = '[notifications]\nHIRED = "ASSUNZIONE"\nEVENT_WITHDRAWN = "ANNULLAMENTO"\n'


@pytest.fixture
async def run(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
) -> Callable[..., Awaitable[Result]]:
    """The command line of a hub whose folder of regions is the test's."""
    await load_demo_reference(owner)
    monkeypatch.setenv("SNODO_DATABASE_URL", database_url)
    monkeypatch.setenv("SNODO_REGIONS", str(tmp_path))
    monkeypatch.setenv("SNODO_DATA_DIR", str(tmp_path))

    async def running(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, command_line(words), list(words))

    return running


async def test_without_words_it_is_told_nothing_and_that_is_said(
    run: Run, owner: Owner, tmp_path: Path
) -> None:
    (tmp_path / "lazio.toml").write_text(LAZIO, encoding="utf-8")
    refused = await run("sync", "tell", "regione-12", "--type", "HIRED")
    assert isinstance(refused.exception, InvalidInput)
    sentence = refused.exception.message
    assert sentence.startswith("Region 12 is told nothing: which words NotificaSAP gives")
    assert await owner.fetchval("SELECT count(*) FROM destination") == 0
    status = await run("sync", "status")
    assert sentence in status.stdout.splitlines()
    listed = await run("region", "list")
    assert sentence in listed.stdout


async def test_one_that_sends_files_is_told_by_rest_or_not_at_all(
    run: Run, owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lazio.toml").write_text(
        'kind = "batch"\nregion = "12"\nformat = "csv"\nfolder = "out"\n[files]\npacts = "patti*"\n',
        encoding="utf-8",
    )
    refused = await run("sync", "tell", "regione-12", "--type", "HIRED")
    assert isinstance(refused.exception, InvalidInput)
    assert refused.exception.message.startswith("Region 12 sends files, and is told nothing")
    assert await owner.fetchval("SELECT count(*) FROM destination") == 0
    monkeypatch.setenv("SNODO_REGION_URL", "https://lavoro.lazio.example/v1")
    monkeypatch.setenv("SNODO_REGION_CODE", "12")
    told = await run("sync", "tell", "regione-12", "--type", "HIRED")
    assert told.exit_code == 0, told.output
    assert await owner.fetchval("SELECT count(*) FROM destination") == 1


async def test_it_is_told_of_what_it_has_words_for(run: Run, owner: Owner, tmp_path: Path) -> None:
    (tmp_path / "lazio.toml").write_text(LAZIO + WORDS, encoding="utf-8")
    refused = await run("sync", "tell", "regione-12", "--type", "HIRED", "--type", "PACT_SIGNED")
    assert isinstance(refused.exception, InvalidInput)
    assert refused.exception.message == (
        "Region 12 has no word for PACT_SIGNED: name it in its file, under [notifications]."
    )
    told = await run("sync", "tell", "regione-12", "--type", "HIRED", "--area", "12")
    assert (told.exit_code, told.stdout) == (0, "regione-12 is told of HIRED in 12, from now on.\n")
    status = await run("sync", "status")
    assert "regione-12 (REGION): 0 wait" in status.stdout
    assert "told nothing" not in status.stdout
    # Words that are taken away again: it is registered, and what is drawn waits; that is said, too.
    (tmp_path / "lazio.toml").write_text(LAZIO, encoding="utf-8")
    assert "Region 12 is told nothing" in (await run("sync", "status")).stdout
    assert (await run("sync", "tell", "regione-12", "--stop")).exit_code == 0


PATIENCE = 10.0
CODE = "AA00000000Z"
GATEWAY = """
kind = "application-cooperation"
region = "12"
[sap]
address = "{address}"
namespace = "{namespace}"
[egov]
sender = "Nazionale"
gateway = "SPCNazionale"
recipient = "LAZIO"
[notifications]
CONVOCATION_MISSED = "ASSENZA"
EVENT_WITHDRAWN = "ANNULLAMENTO"
"""
PEOPLE = "{ beneficiaries(first: 2) { nodes { fiscalCode } } }"
RECORD = """mutation ($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event { id } userErrors { code message } } }"""
TRAIL = """query ($id: ID!) { node(id: $id) { ... on ConditionalityEvent {
  deliveries { state code recipient { code } attempts { outcome code } } } } }"""


async def test_a_fact_recorded_at_the_hub_reaches_the_region_and_its_office_sees_where_it_is(
    owner: Owner, database_url: str, tmp_path: Path
) -> None:
    await load_demo_reference(owner)
    region = CooperatingRegionSimulator([], parties=Parties("Nazionale", "LAZIO"), region="08")
    folder = tmp_path / "regions"
    folder.mkdir()
    async with (
        simulated_agencies(tmp_path, datetime.now(UTC).date()) as simulation,
        serve({"region": region.app}) as gateway,
        httpx2.AsyncClient(trust_env=False, timeout=10) as http,
    ):
        await register_demo_consumers(owner, simulation.registry)
        (folder / "lazio.toml").write_text(
            GATEWAY.format(address=gateway["region"] + PATH, namespace=NAMESPACE), encoding="utf-8"
        )
        named = {key: value for key, value in simulation.settings().items() if not key.startswith("region_")}
        settings = Settings(data_dir=tmp_path, regions=folder, sequencer_interval=0.01, **named)
        async with running_hub(settings, database_url) as hub, serve({"hub": hub}) as urls:
            assert hub.agencies.inps is not None
            await pull_admitted_households(
                hub.database.write, hub.agencies.inps, clock=lambda: datetime.now(UTC)
            )
            await register(
                owner,
                "regione-12",
                DeliveryChannel.REGION,
                [ConditionalityEventType.CONVOCATION_MISSED],
                ["12"],
            )

            async def ask(query: str, **variables: Any) -> dict[str, Any]:
                token = issue_voucher(simulation.registry, simulation.keys, "centre")
                answer = await http.post(
                    f"{urls['hub']}/graphql",
                    json={"query": query, "variables": variables},
                    headers={"authorization": f"Bearer {token}"},
                )
                content: dict[str, Any] = answer.json()
                assert "errors" not in content, content
                told: dict[str, Any] = content["data"]
                return told

            known, unknown = [one["fiscalCode"] for one in (await ask(PEOPLE))["beneficiaries"]["nodes"]]
            region.by_code[CODE] = SimulatedRecord(
                code=CODE, fiscal_code=known, updated_on=date(2026, 7, 1)
            ).document()
            trails = []
            for person in (known, unknown):
                at = (datetime.now(UTC) - timedelta(days=1)).isoformat()
                fact = {
                    "idempotencyKey": person, "fiscalCode": person, "type": "CONVOCATION_MISSED", "occurredAt": at,
                }  # fmt: skip
                recorded = (await ask(RECORD, input=fact))["recordConditionalityEvent"]
                assert recorded["userErrors"] == []
                until = time.monotonic() + PATIENCE
                while not (trail := (await ask(TRAIL, id=recorded["event"]["id"]))["node"]["deliveries"]) or (
                    trail[0]["state"] == "WAITING"
                ):
                    assert time.monotonic() < until, trail
                    await asyncio.sleep(0.05)
                trails += trail
    assert region.refusals == []
    assert region.notified == [(CODE, "ASSENZA")]
    lazio = {"recipient": {"code": "regione-12"}}
    assert trails == [
        {"state": "ACCEPTED", "code": "OK", **lazio, "attempts": [{"outcome": "ACCEPTED", "code": "OK"}]},
        {
            "state": "REFUSED",
            "code": "NO_SAP",
            **lazio,
            "attempts": [{"outcome": "REFUSED", "code": "NO_SAP"}],
        },
    ]
