# SPDX-License-Identifier: EUPL-1.2
"""What a region told, pulled by a run, and asked for by the office: where it came from, as the region and the run know it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import httpx2

from connectors.inbound import pull_admitted_households, pull_region
from connectors.simulators.consumers import register_demo_consumers
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.serving import serve
from hub.app import running_hub
from hub.cli.simulation import simulated_agencies
from hub.settings import Settings
from hub.store.reference.demo import load_demo_reference

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
ORIGIN = "origin { source { code } reference changedAt landedAt run { flow startedAt finishedAt } }"
QUERY = f"""{{
  beneficiaries(first: 50) {{ nodes {{ pacts {{ {ORIGIN} }} }} }}
  jobOffers(first: 20) {{ nodes {{ {ORIGIN} }} }}
  trainingCourses(first: 20) {{ nodes {{ {ORIGIN} }} }}
}}"""


def now() -> datetime:
    return datetime.now(UTC)


async def test_what_a_run_brought_says_so_to_the_office(
    owner: Owner, database_url: str, tmp_path: Path
) -> None:
    await load_demo_reference(owner)
    began = now()
    async with (
        simulated_agencies(tmp_path, began.date()) as simulation,
        httpx2.AsyncClient(trust_env=False, timeout=10) as http,
    ):
        await register_demo_consumers(owner, simulation.registry)
        settings = Settings(data_dir=tmp_path, **simulation.settings())
        async with running_hub(settings, database_url) as hub, serve({"hub": hub}) as urls:
            assert hub.agencies.inps is not None
            [lazio] = hub.agencies.regional
            await pull_admitted_households(hub.database.write, hub.agencies.inps, clock=now)
            await pull_region(hub.database.write, lazio, clock=now)
            token = issue_voucher(simulation.registry, simulation.keys, "centre")
            answer = await http.post(
                f"{urls['hub']}/graphql",
                json={"query": QUERY},
                headers={"authorization": f"Bearer {token}"},
            )
    content: dict[str, Any] = answer.json()
    assert "errors" not in content, content
    told = content["data"]
    found = {
        "pacts": [pact["origin"] for one in told["beneficiaries"]["nodes"] for pact in one["pacts"]],
        "job-offers": [one["origin"] for one in told["jobOffers"]["nodes"]],
        "training-courses": [one["origin"] for one in told["trainingCourses"]["nodes"]],
    }
    for flow, origins in found.items():
        assert origins, flow
        for one in origins:
            assert (one["source"]["code"], one["run"]["flow"]) == ("regione-12", flow)
            moments = [
                datetime.fromisoformat(at)
                for at in (one["run"]["startedAt"], one["landedAt"], one["run"]["finishedAt"])
            ]
            assert [began, *moments] == sorted([began, *moments])
    numbers = {one["reference"] for one in found["pacts"]}
    stored = {row["external_id"] for row in await owner.fetch("SELECT external_id FROM pact")}
    assert numbers <= stored
