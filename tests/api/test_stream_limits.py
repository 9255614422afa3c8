# SPDX-License-Identifier: EUPL-1.2
"""The limits of a request hold wherever its answer goes: in parts, as events, over a WebSocket."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.test_deferred import MULTIPART
from tests.api.test_federated_beside_stored import FakeAnpr, anpr
from tests.api.test_request_limits import (
    LIST,
    RECORD,
    _event,
    _event_of,
    _locked,
    _none_waits,
    _until,
    _waiting,
)
from tests.api.test_subscriptions import _sequenced, following, record
from tests.api.test_websocket import QUESTION, welcomed

if TYPE_CHECKING:
    from tests.api.conftest import Opener

__all__ = ["anpr"]  # the fixture

WIDE = """{ beneficiaries { nodes { id fiscalCode givenName familyName birthDate } }
  person: beneficiaries(first: 1) { nodes { id ... @defer { residence { source } } } } }"""
NARROW = "{ beneficiaries(first: 1) { nodes { id ... @defer { residence { source } } } } }"
FOLLOW_WIDE = """subscription { conditionalityFeed(first: 100) {
  entries { position fiscalCode event { id type occurredAt recordedAt } } endCursor } }"""


@pytest.mark.parametrize("accept", [MULTIPART, "text/event-stream"])
async def test_an_answer_too_large_in_parts(accept: str, anpr: FakeAnpr, open_hub: Opener) -> None:
    async with open_hub("parts-large", sequencer=False, max_response_bytes=1_000) as hub:
        headers = {"authorization": f"Bearer {hub.token('municipality')}", "accept": accept}
        narrow = await hub.send(json={"query": NARROW}, headers=headers)
        assert b"RESPONSE_TOO_LARGE" not in narrow.body
        assert b"hasNext" in narrow.body
        wide = await hub.send(json={"query": WIDE}, headers=headers)
        assert b"RESPONSE_TOO_LARGE" in wide.body
        assert b"familyName" not in wide.body


async def test_an_answer_too_large_over_a_socket(anpr: FakeAnpr, open_hub: Opener) -> None:
    async with open_hub("ws-wide", max_response_bytes=1_000) as hub:
        async with welcomed(hub, "municipality") as client:
            (refused,) = await client.ask("1", WIDE)
            assert refused["payload"][0]["extensions"]["code"] == "RESPONSE_TOO_LARGE"
        await record(hub, 10)
        await _sequenced(hub)
        async with welcomed(hub, "inps") as client:
            (refused,) = await client.ask("1", FOLLOW_WIDE)
            assert refused["payload"][0]["extensions"]["code"] == "RESPONSE_TOO_LARGE"
        async with following(hub, FOLLOW_WIDE) as events:
            name, response = await anext(events)
            assert (name, response["errors"][0]["extensions"]["code"]) == ("next", "RESPONSE_TOO_LARGE")


async def test_a_deadline_over_a_socket(open_hub: Opener) -> None:
    async with open_hub("ws-deadline", sequencer=False, request_deadline=0.5) as hub, welcomed(hub) as client:
        ended = 'snodo_requests_ended_total{reason="deadline"}'
        before = await hub.metric(ended)
        async with _locked(hub):
            async with asyncio.timeout(8):
                (refused,) = await client.ask("1", LIST)
            assert refused["payload"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
            await _until(lambda: _none_waits(hub))
        assert await hub.metric(ended) == before + 1
        assert (await client.ask("1", QUESTION))[0]["type"] == "next"
        await asyncio.sleep(0.7)
        assert (await client.ask("2", QUESTION))[0]["type"] == "next", "the socket outlasts the deadline"


@pytest.mark.parametrize("leave", ["complete", "close", "abort"])
async def test_a_command_is_done_though_nobody_waits_for_it(leave: str, open_hub: Opener) -> None:
    async with open_hub(f"ws-left-{leave}", sequencer=False) as hub:
        async with welcomed(hub) as client:
            async with _locked(hub, "conditionality_event"):
                await client.subscribe("1", RECORD, input=_event(hub, "left"))
                await _until(lambda: _waiting(hub))
                match leave:
                    case "complete":
                        await client.say(id="1", type="complete")
                        assert (await client.ask("1", QUESTION))[0]["type"] == "next", "its id is free"
                    case "close":
                        await client.socket.close()
                    case _:
                        client.socket.transport.abort()
                await asyncio.sleep(0.3)
                assert await _waiting(hub) == 1

            async def recorded() -> Any:
                return await _event_of(hub, "left")

            await _until(recorded)
            if leave == "complete":
                await asyncio.sleep(0.1)
                await client.say(type="ping")
                assert await client.hear() == {"type": "pong"}, "and nothing more is said of it"

        async def gone() -> bool:
            return not await hub.metric("snodo_sockets_open")

        await _until(gone)


@pytest.mark.parametrize("depth", [60, 300, 900])
async def test_a_ping_that_nests(depth: int, open_hub: Opener) -> None:
    async with open_hub("ws-nests", sequencer=False) as hub, welcomed(hub) as client:
        payload = '{"x":' * depth + "1" + "}" * depth
        await client.socket.send(f'{{"type": "ping", "payload": {payload}}}')
        if depth == 60:
            assert await client.hear() == {"type": "pong", "payload": json.loads(payload)}
        else:
            assert (await client.end())[0] == 4400
