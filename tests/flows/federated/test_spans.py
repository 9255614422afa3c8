# SPDX-License-Identifier: EUPL-1.2
"""A field that an agency is asked for, as spans: the voucher, each attempt, what came of it; and never its address."""

from __future__ import annotations

import asyncpg
import pytest

from connectors.simulators.faults import EVERY, Fault, FaultKind
from hub.tracing.parts import Tracing
from tests.flows.federated.conftest import Scene
from tests.spans import Gathered, said_by

PERSON = """query ($code: FiscalCode!) {
  beneficiary(fiscalCode: $code) { givenName residence { municipalityName source } } }"""


@pytest.fixture
def gathering() -> Gathered:
    return Gathered()


@pytest.fixture
def tracing(gathering: Gathered) -> Tracing:
    return gathering.tracing


async def test_a_federated_query_with_a_retry(
    scene: Scene, gathering: Gathered, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    await scene.ask(PERSON, code=scene.fiscal_code)  # keys, and whoever asks, are known
    await owner.execute("DELETE FROM agency_answer")  # the national id was kept
    gathering.clear()
    faults = scene.simulation.faults["anpr"]
    faults.set(EVERY, Fault(FaultKind.UNAVAILABLE, times=1))
    answer = await scene.ask(PERSON, code=scene.fiscal_code)
    assert answer["data"]["beneficiary"]["residence"]["source"] == "ANPR"
    request = await gathering.until("POST /graphql")
    name, [(operation, below)] = gathering.tree(request)
    assert (name, operation) == ("POST /graphql", "query")
    assert [one for one in below if one[0].startswith("ANPR ")] == [
        ("ANPR C030", [("POST", []), ("POST", [])]),
        ("ANPR C020", [("POST", [])]),
    ]
    [retried] = [one for one in gathering.spans if (one.attributes or {}).get("snodo.call.attempts") == 2]
    assert dict(retried.attributes or {}) == {
        "snodo.agency": "ANPR",
        "snodo.agency.operation": "C030",
        "snodo.call.outcome": "answered",
        "snodo.call.attempts": 2,
        "snodo.breaker.state": "closed",
    }
    attempts = [
        one
        for one in gathering.named("POST")
        if one.parent is not None
        and retried.context is not None
        and one.parent.span_id == retried.context.span_id
    ]
    assert [dict(one.attributes or {}) for one in attempts] == [
        {
            "snodo.agency": "ANPR",
            "snodo.agency.operation": "C030",
            "http.request.method": "POST",
            "http.request.resend_count": number,
            "http.response.status_code": status,
            **({"error.type": str(status)} if status >= 400 else {}),
        }
        for number, status in enumerate((503, 200))
    ]
    said = "\n".join(text for span in gathering.spans for text in said_by(span))
    assert "http://" not in said
    assert scene.fiscal_code not in said


async def test_a_call_that_is_given_up_says_how(scene: Scene, gathering: Gathered) -> None:
    scene.simulation.faults["anpr"].set(EVERY, Fault(FaultKind.HANG))
    await scene.ask(PERSON, code=scene.fiscal_code)
    await gathering.until("POST /graphql")
    [call] = [one for one in gathering.spans if one.name == "ANPR C030"]
    attributes = call.attributes or {}
    assert attributes["snodo.call.outcome"] == "timeout"
    assert attributes["error.type"] == "UpstreamUnavailable"
    assert call.status.description is None
    assert "TimeoutError" in {(one.attributes or {}).get("error.type") for one in gathering.named("POST")}
