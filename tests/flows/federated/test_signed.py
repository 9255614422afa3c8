# SPDX-License-Identifier: EUPL-1.2
"""A hub among the simulated agencies verifies what consumers sign with the keys PDND says are theirs."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import httpx2

from connectors.simulators.consumers import register_demo_consumers
from connectors.simulators.desk import signature_headers, tracking_evidence
from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.keys import open_keys
from connectors.simulators.pdnd import PdndSimulator, issue_voucher
from connectors.simulators.registry import demo_registry
from connectors.simulators.serving import serve
from hub.app import running_hub
from hub.settings import Settings
from hub.store.reference.demo import load_demo_reference

if TYPE_CHECKING:
    from tests.flows.federated.conftest import Scene

BODY = b'{"query": "{ __typename }"}'


async def send(scene: Scene, who: str = "centre", signed_by: str | None = None) -> tuple[int, str]:
    """Send a request with evidence and signature; gives the status, and the error's code and check."""
    registry, keys, now = scene.simulation.registry, scene.simulation.keys, time.time()
    evidence, digest = tracking_evidence(registry, keys, signed_by or who, now=now)
    headers = {
        "Authorization": f"Bearer {issue_voucher(registry, keys, who, digest=digest)}",
        "Agid-JWT-TrackingEvidence": evidence,
        **signature_headers(registry, keys, signed_by or who, BODY, now=now),
    }
    answer = await scene.http.post(f"{scene.address}/graphql", content=BODY, headers=headers)
    errors = answer.json().get("errors")
    if errors is None:
        return answer.status_code, ""
    told = errors[0]["extensions"]
    return answer.status_code, f"{told['code']} {told.get('check')}"


async def test_the_key_is_looked_up_at_pdnd(scene: Scene) -> None:
    assert await send(scene) == (200, "")
    assert await send(scene) == (200, "")
    assert await send(scene, "inps") == (200, "")
    assert await send(scene, "inps", signed_by="centre") == (401, "UNAUTHENTICATED client")


async def test_pdnd_does_not_answer(scene: Scene) -> None:
    assert await send(scene) == (200, "")
    scene.simulation.faults["pdnd"].set(EVERY, Fault(FaultKind.ERROR))
    assert await send(scene) == (200, ""), "a key that is known is used as long as its age allows"
    assert await send(scene, "inps") == (503, "UPSTREAM_UNAVAILABLE None")


async def test_a_key_deleted_on_pdnd_ends_within_its_age(
    database_url: str, owner: asyncpg.Connection[asyncpg.Record], data_dir: Path
) -> None:
    registry = demo_registry()
    keys = open_keys(data_dir, registry)
    pdnd = PdndSimulator(registry, keys)
    await load_demo_reference(owner)
    await register_demo_consumers(owner, registry)
    made, digest = tracking_evidence(registry, keys, "centre", now=time.time())
    headers = {
        "Authorization": f"Bearer {issue_voucher(registry, keys, 'centre', digest=digest)}",
        "Agid-JWT-TrackingEvidence": made,
        "Content-Type": "application/json",
    }
    async with serve({"pdnd": pdnd.app}) as urls:
        settings = Settings(
            data_dir=data_dir, sequencer=False, client_key_age=1.0,
            pdnd_jwks=f"{urls['pdnd']}/.well-known/jwks.json",
            pdnd_token_url=f"{urls['pdnd']}/token.oauth2",
            pdnd_api_url=f"{urls['pdnd']}/v3",
            m2m_client_id=registry.consumer("hub-m2m").client_id,
            m2m_client_key_file=keys.path("hub-m2m"),
        )  # fmt: skip
        async with (
            running_hub(settings, database_url) as hub,
            serve({"hub": hub}) as own,
            httpx2.AsyncClient(trust_env=False, timeout=10) as http,
        ):

            async def ask() -> httpx2.Response:
                return await http.post(f"{own['hub']}/graphql", content=BODY, headers=headers)

            assert (await ask()).status_code == 200
            asked = len(pdnd.api.asked)
            async with asyncio.timeout(10):
                while len(pdnd.api.asked) < asked + 2:  # it is renewed as long as it is there
                    assert (await ask()).status_code == 200
                    await asyncio.sleep(0.05)
            pdnd.api.deleted.add(keys.kid("centre"))
            deleted_at = time.monotonic()
            while (answer := await ask()).status_code == 200:
                assert time.monotonic() - deleted_at < 4, "its age is a second; the machine may be slow"
                await asyncio.sleep(0.05)
            assert answer.json()["errors"][0]["extensions"]["check"] == "key"
