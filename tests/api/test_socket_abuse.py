# SPDX-License-Identifier: EUPL-1.2
"""Sockets that say nothing, and sockets that were opened on other terms: neither holds what is others'."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import InvalidStatus

from tests.api.test_demands import demanding
from tests.api.test_rate_limits import long_minutes
from tests.api.test_subscriptions import _sequenced, following, pages, record
from tests.api.test_websocket import QUESTION, _nothing_open, connected, welcomed

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

__all__ = ["long_minutes"]  # the fixture

PROXIED = {"trusted_proxies": "127.0.0.1", "sequencer": False}


def address(number: int) -> dict[str, str]:
    return {"x-forwarded-for": f"192.0.2.{number}"}


async def denied(hub: Service, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """The status and the code with which an upgrade is denied."""
    with pytest.raises(InvalidStatus) as refused:
        async with connected(hub, headers=headers):
            pass
    response = refused.value.response
    return response.status_code, json.loads(response.body or b"")["errors"][0]["extensions"]["code"]


async def test_silent_sockets_of_one_address_shut_nobody_else_out(open_hub: Opener) -> None:
    async with open_hub("mute-address", max_waiting_sockets_per_address=2, **PROXIED) as hub:
        async with AsyncExitStack() as stack:
            silent = [await stack.enter_async_context(connected(hub, headers=address(1))) for _ in range(2)]
            assert await denied(hub, address(1)) == (429, "TOO_MANY_STREAMS")
            async with connected(hub, headers=address(2)), welcomed(hub):
                pass
            await silent[0].say(
                type="connection_init", payload={"authorization": f"Bearer {hub.token('centre')}"}
            )
            assert await silent[0].hear() == {"type": "connection_ack"}
            async with connected(hub, headers=address(1)):  # one that is known makes room
                assert await denied(hub, address(1)) == (429, "TOO_MANY_STREAMS")
        await _nothing_open(hub)
        assert not hub.hub._sockets._parts.opened.waiting, "and nothing is remembered of anybody"


async def test_silent_sockets_of_many_addresses_take_a_quarter(open_hub: Opener) -> None:
    async with open_hub("mute-many", max_sockets=8, **PROXIED) as hub, AsyncExitStack() as stack:
        for number in range(2):
            await stack.enter_async_context(connected(hub, headers=address(number)))
        assert await denied(hub, address(9)) == (503, "TOO_MANY_STREAMS")
        assert await hub.metric("snodo_sockets_open") == 2


async def test_4408_is_a_failure_of_its_address(open_hub: Opener) -> None:
    limits = {"failed_authentications_per_minute": 2, "socket_init_timeout": 0.2}
    async with open_hub("mute-failed", **limits, **PROXIED) as hub:
        for number in (1, 1, 2):
            async with connected(hub, headers=address(number)) as client:
                assert (await client.end())[0] == 4408
        bearer = {"authorization": "Bearer x.y.z"}
        for number, status in ((1, 429), (2, 401), (3, 401)):
            answer = await hub.send(json={"query": QUESTION}, headers={**bearer, **address(number)})
            assert answer.status == status, number


@pytest.mark.parametrize("demand", ["EVIDENCE", "SIGNATURE", "DPOP", "SINGLE_USE", "SIGNED_ANSWERS"])
async def test_a_new_demand_ends_open_sockets(demand: str, open_hub: Opener) -> None:
    async with (
        open_hub(f"demand-{demand.lower()}", sequencer=False) as hub,
        welcomed(hub) as client,
        welcomed(hub, "municipality") as other,
    ):
        assert (await client.ask("1", QUESTION))[0]["type"] == "next"
        async with demanding(hub, demand):
            code, reason = await client.end()
            assert (code, "More is demanded of you" in reason) == (4403, True)
            assert (await other.ask("1", QUESTION))[0]["type"] == "next", "of another consumer"


async def test_a_demand_that_is_met_or_taken_back_ends_none(open_hub: Opener) -> None:
    async with open_hub("demand-less", sequencer=False) as hub, AsyncExitStack() as stack:
        async with demanding(hub, "EVIDENCE") as forge:
            client = await stack.enter_async_context(connected(hub))
            await client.say(type="connection_init", payload=forge.with_evidence(forge.evidence()).headers)
            assert await client.hear() == {"type": "connection_ack"}
            await hub.owner.execute("SELECT pg_notify('snodo_access', '')")
            assert (await client.ask("1", QUESTION))[0]["type"] == "next"
        assert (await client.ask("2", QUESTION))[0]["type"] == "next"


async def test_a_new_demand_ends_an_open_stream(open_hub: Opener) -> None:
    async with open_hub("demand-stream") as hub, following(hub) as events:
        await record(hub)
        await pages(events, await _sequenced(hub))
        async with demanding(hub, "EVIDENCE", of="inps"):
            async with asyncio.timeout(10):
                left = [response async for name, response in events if name == "next"]
        (error,) = left[-1]["errors"]
        assert error["extensions"] == {"code": "UNAUTHENTICATED", "demands": ["EVIDENCE"]}
