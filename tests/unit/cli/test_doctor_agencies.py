# SPDX-License-Identifier: EUPL-1.2
"""`snodo doctor`: the agencies, by its own look and as a running hub sees them."""

from __future__ import annotations

import httpx2
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from connectors.exchange import Policy
from hub.cli.doctor import agencies_as_seen
from hub.errors import UpstreamUnavailable
from hub.http.agency_metrics import AgencyMetrics
from tests.unit.connectors.test_exchange import FRAGILE, Agency, exchange, prepare, reply


async def seen(answer: httpx2.Response | Exception) -> dict[str, str | None]:
    def answering(request: httpx2.Request) -> httpx2.Response:
        assert str(request.url) == "http://hub.example/metrics"
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answering)) as http:
        return {one.what: one.fault for one in await agencies_as_seen("http://hub.example/", http)}


async def test_a_running_hub_says_which_breakers_are_open() -> None:
    down = exchange(Agency(*(reply(503) for _ in range(4))), Policy(attempts=1, breaker=FRAGILE))
    for _ in range(4):
        with pytest.raises(UpstreamUnavailable):
            await down.call("C020", prepare, idempotent=True)
    await down.call("C030", prepare, idempotent=True)
    registry = CollectorRegistry()
    registry.register(AgencyMetrics([down]))
    told = await seen(httpx2.Response(200, content=generate_latest(registry)))
    assert told == {
        "hub at http://hub.example/, TEST C020": "the breaker is open, 100% of its last calls failed: it is called again by itself; "
        "if that lasts, ask TEST.",
        "hub at http://hub.example/, TEST C030: 0% of its last calls failed": None,
    }


async def test_a_hub_that_has_called_nobody_says_so() -> None:
    registry = CollectorRegistry()
    registry.register(AgencyMetrics([]))
    told = await seen(httpx2.Response(200, content=generate_latest(registry)))
    assert told == {"hub at http://hub.example/: has called no agency yet": None}


@pytest.mark.parametrize(
    "answer", [httpx2.ConnectError("refused"), httpx2.Response(404), httpx2.Response(200, text="<html {")]
)
async def test_what_is_no_hub_is_said_to_be_none(answer: httpx2.Response | Exception) -> None:
    told = await seen(answer)
    (fault,) = told.values()
    assert "is this the address of a hub" in (fault or "")
