# SPDX-License-Identifier: EUPL-1.2
"""A hub among the simulated agencies verifies what consumers sign with the keys PDND says are theirs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from connectors.simulators.desk import signature_headers, tracking_evidence
from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.pdnd import issue_voucher

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
