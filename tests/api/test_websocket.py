# SPDX-License-Identifier: EUPL-1.2
"""graphql-transport-ws, as its protocol says: each message, each close code, operations side by side, vouchers that run out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from connectors.simulators.pdnd import issue_voucher
from tests.api.test_federated_beside_stored import FakeAnpr, anpr
from tests.api.test_subscriptions import FOLLOW, RECORD, _sequenced, last_position, positions, record
from tests.incremental import merged

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

__all__ = ["anpr"]  # the fixture

PROTOCOL = "graphql-transport-ws"
QUESTION = "{ beneficiaries { totalCount } }"


class Client:
    """A WebSocket, in the protocol's words."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def hear(self) -> Any:
        return json.loads(await asyncio.wait_for(self.socket.recv(), 10))

    async def subscribe(self, id_: str, query: str, **variables: Any) -> None:
        await self.say(id=id_, type="subscribe", payload={"query": query, "variables": variables})

    async def ask(self, id_: str, query: str, **variables: Any) -> list[Any]:
        """An operation's messages, to its end."""
        await self.subscribe(id_, query, **variables)
        messages = [await self.hear()]
        while messages[-1]["type"] == "next":
            messages.append(await self.hear())
        assert {message["id"] for message in messages} == {id_}
        return messages

    async def end(self) -> tuple[int, str]:
        """The code and reason the hub closes with."""
        async with asyncio.timeout(10):
            await self.socket.wait_closed()
        code, reason = self.socket.close_code, self.socket.close_reason
        assert code is not None
        assert reason is not None
        return code, reason


@asynccontextmanager
async def connected(
    hub: Service, *, protocol: str | None = PROTOCOL, headers: dict[str, str] | None = None
) -> AsyncIterator[Client]:
    async with connect(
        hub.url.replace("http", "ws") + "/graphql",
        subprotocols=[Subprotocol(protocol)] if protocol else None,
        additional_headers=headers,
        proxy=None,
    ) as socket:
        yield Client(socket)


@asynccontextmanager
async def welcomed(hub: Service, as_: str = "centre", *, token: str | None = None) -> AsyncIterator[Client]:
    """A client that has been acknowledged."""
    async with connected(hub) as client:
        await client.say(
            type="connection_init", payload={"Authorization": f"Bearer {token or hub.token(as_)}"}
        )
        assert await client.hear() == {"type": "connection_ack"}
        yield client


async def test_a_query_and_what_it_answers(ask: Service) -> None:
    async with welcomed(ask) as client:
        assert client.socket.subprotocol == PROTOCOL
        expected = (await ask(QUESTION)).json
        for _ in range(2):  # an id is free again when its operation has ended
            assert await client.ask("1", QUESTION) == [
                {"id": "1", "type": "next", "payload": expected},
                {"id": "1", "type": "complete"},
            ]


async def test_the_voucher_of_the_upgrade(ask: Service) -> None:
    async with connected(ask, headers={"authorization": f"Bearer {ask.token('centre')}"}) as client:
        await client.say(type="connection_init")
        assert await client.hear() == {"type": "connection_ack"}
        assert (await client.ask("1", QUESTION))[0]["type"] == "next"


async def test_who_names_nobody_readable_is_not_whom_the_upgrade_names(ask: Service) -> None:
    async with connected(ask, headers={"authorization": f"Bearer {ask.token('centre')}"}) as client:
        await client.say(type="connection_init", payload={"authorization": 1})
        assert (await client.end())[0] == 4403


async def test_errors_before_and_in_the_execution(ask: Service) -> None:
    async with welcomed(ask) as client:
        (wrong,) = await client.ask("1", "{ nothing }")
        assert (wrong["type"], wrong["payload"][0]["extensions"]["code"]) == (
            "error",
            "GRAPHQL_VALIDATION_FAILED",
        )
        (refused,) = await client.ask("2", "{ conditionalityFeed { endCursor } }")
        assert refused["payload"][0]["extensions"]["code"] == "FORBIDDEN"
        (cursor,) = await client.ask("3", '{ beneficiaries(after: "x") { totalCount } }')
        assert cursor["payload"][0]["extensions"]["code"] == "INVALID_CURSOR"
        partial, last = await client.ask(
            "4", "{ beneficiaries(first: 1) { nodes { id residence { source } } } }"
        )
        assert partial["payload"]["data"]["beneficiaries"]["nodes"][0]["residence"] is None
        assert partial["payload"]["errors"][0]["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
        assert last["type"] == "complete"


async def test_a_mutation(open_hub: Opener) -> None:
    async with open_hub("ws-write", sequencer=False) as hub, welcomed(hub) as client:
        given = {
            "idempotencyKey": "ws",
            "fiscalCode": hub.world.people["north"].fiscal_code,
            "type": "CONVOCATION_MISSED",
            "occurredAt": "2026-09-05T09:00:00Z",
        }
        done, _ = await client.ask("1", RECORD, input=given)
        assert done["payload"]["data"]["recordConditionalityEvent"]["event"]["id"].startswith("evt_")


async def test_what_is_deferred_comes_in_parts(anpr: FakeAnpr, open_hub: Opener) -> None:
    query = """query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) {
      id ... @defer { residence { municipalityName } } } }"""
    async with open_hub("ws-defer", sequencer=False) as hub, welcomed(hub) as client:
        *parts, last = await client.ask("1", query, code=hub.world.people["north"].fiscal_code)
        assert len(parts) == 2
        whole = merged(part["payload"] for part in parts)
        assert whole["data"]["beneficiary"]["residence"] == {"municipalityName": "Roma"}
        assert last["type"] == "complete"


async def test_ping_and_pong(ask: Service) -> None:
    async with connected(ask) as client:  # before the acknowledgement too
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}
        await client.say(type="ping", payload={"beat": 1})
        assert await client.hear() == {"type": "pong", "payload": {"beat": 1}}
        await client.say(type="pong")
        await client.say(type="pong", payload={})
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}


BAD = {
    "not JSON": "{",
    "a list": "[]",
    "no type": "{}",
    "an unknown type": '{"type": "start", "id": "1", "payload": {"query": "{ __typename }"}}',
    "a server's type": '{"type": "connection_ack"}',
    "a payload that is none": '{"type": "connection_init", "payload": 1}',
    "no id": '{"type": "subscribe", "payload": {"query": "{ __typename }"}}',
    "an empty id": '{"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}',
    "an id that is a number": '{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}',
    "an id too long": json.dumps({"type": "complete", "id": "x" * 201}),
    "no payload": '{"type": "subscribe", "id": "1"}',
    "no query": '{"type": "subscribe", "id": "1", "payload": {}}',
    "a query that is none": '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
    "variables that are none": '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": []}}',
    "a NUL": '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": {"a": "\\u0000"}}}',
    "nothing": "",
}


@pytest.mark.parametrize("name", BAD)
async def test_4400_a_message_of_no_protocol(name: str, ask: Service) -> None:
    async with welcomed(ask) as client:
        await client.socket.send(BAD[name])
        code, reason = await client.end()
        assert code == 4400
        assert reason


async def test_4400_a_binary_message(ask: Service) -> None:
    async with welcomed(ask) as client:
        await client.socket.send(b'{"type":"ping"}')
        assert (await client.end())[0] == 4400


async def test_4401_an_operation_before_the_acknowledgement(ask: Service) -> None:
    async with connected(ask) as client:
        await client.subscribe("1", QUESTION)
        assert (await client.end())[0] == 4401


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"authorization": "Basic x"}, {"authorization": 1}, {"authorization": "Bearer x.y.z"}],
)
async def test_4403_a_voucher_that_does_not_hold(payload: Any, ask: Service) -> None:
    async with connected(ask) as client:
        await client.say(type="connection_init", **({} if payload is None else {"payload": payload}))
        code, reason = await client.end()
        assert code == 4403
        assert reason, "it says which check failed"
        assert len(reason.encode()) <= 123


async def test_4403_a_grant_that_is_none(ask: Service) -> None:
    async with connected(ask) as client:
        await client.say(type="connection_init", payload={"authorization": f"Bearer {ask.token('revoked')}"})
        assert (await client.end())[0] == 4403


async def test_4403_evidence_that_is_not_the_voucher_s(ask: Service) -> None:
    async with connected(ask) as client:
        await client.say(
            type="connection_init",
            payload={"authorization": f"Bearer {ask.token('centre')}", "agid-jwt-trackingevidence": "a.b.c"},
        )
        assert (await client.end())[0] == 4403


async def test_4403_a_voucher_that_runs_out_closes_the_socket(open_hub: Opener) -> None:
    async with open_hub("ws-expiry", clock_skew=0.0) as hub:
        there = await _sequenced(hub)
        token = issue_voucher(hub.registry, hub.keys, "inps", lifespan=2)
        async with welcomed(hub, token=token) as client:
            await client.subscribe("1", FOLLOW, after=str(there))
            started = time.monotonic()
            code, reason = await client.end()
            assert (code, "expired" in reason) == (4403, True)
            assert time.monotonic() - started < 8
        await _nothing_open(hub)


async def test_4406_another_subprotocol(ask: Service) -> None:
    for protocol in ("graphql-ws", None):
        async with connected(ask, protocol=protocol) as client:
            assert (await client.end())[0] == 4406


async def test_4408_no_initialisation(open_hub: Opener) -> None:
    async with open_hub("ws-mute", socket_init_timeout=0.2) as hub, connected(hub) as client:
        started = time.monotonic()
        await client.say(type="ping")  # which is none
        assert (await client.end())[0] == 4408
        assert 0.15 < time.monotonic() - started < 4


async def test_4409_an_id_that_is_taken(ask: Service) -> None:
    async with welcomed(ask, "inps") as client:
        await client.subscribe("same", FOLLOW, after=str(await last_position(ask)))
        await client.subscribe("same", QUESTION)
        assert await client.end() == (4409, "Subscriber for same already exists")


async def test_4429_initialised_twice(ask: Service) -> None:
    async with welcomed(ask) as client:
        await client.say(type="connection_init", payload={"authorization": f"Bearer {ask.token('centre')}"})
        assert (await client.end())[0] == 4429


async def test_1009_a_message_too_large(open_hub: Opener) -> None:
    async with open_hub("ws-large", sequencer=False, max_body_bytes=2_000) as hub:
        async with welcomed(hub) as client:
            await client.say(type="ping", payload={"x": "y" * 3_000})
            assert (await client.end())[0] == 1009
        async with welcomed(hub) as client:
            await client.say(type="ping", payload={"x": "y" * 500})
            assert (await client.hear())["type"] == "pong"


async def test_operations_side_by_side(open_hub: Opener) -> None:
    """A slow one does not hold up the others; each gets what is its own."""
    async with open_hub("ws-many") as hub, welcomed(hub, "inps") as client:
        there = await _sequenced(hub)
        await client.subscribe("feed", FOLLOW, after=str(there))
        for number in range(10):
            await client.subscribe(f"q{number}", QUESTION)
        ended: set[str] = set()
        while len(ended) < 10:
            message = await client.hear()
            if message["type"] == "complete":
                ended.add(message["id"])
            else:
                assert message["payload"]["data"]["beneficiaries"]["totalCount"] > 5
        assert ended == {f"q{number}" for number in range(10)}
        await record(hub)
        page = await client.hear()
        assert page["id"] == "feed"
        assert positions([page["payload"]["data"]["conditionalityFeed"]]) == [there + 1]
        await client.say(id="feed", type="complete")
        await record(hub)
        assert (await client.ask("after", QUESTION))[0]["id"] == "after"
        await asyncio.sleep(0.2)
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}, "nothing more comes of what was completed"
        assert await hub.metric("snodo_subscriptions_open") == 0
        await client.subscribe("feed", FOLLOW, after=str(there))
        assert (await client.hear())["id"] == "feed", "its id is free again"


async def test_an_operation_too_many(open_hub: Opener) -> None:
    async with open_hub("ws-bound", max_operations_per_socket=2) as hub, welcomed(hub, "inps") as client:
        there = await _sequenced(hub)
        for id_ in ("a", "b"):
            await client.subscribe(id_, FOLLOW, after=str(there))
        (refused,) = await client.ask("c", QUESTION)
        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
        await client.say(id="a", type="complete")
        assert (await client.ask("c", QUESTION))[0]["type"] == "next"


async def test_a_socket_too_many(open_hub: Opener) -> None:
    async with open_hub("ws-sockets", sequencer=False, max_sockets=1) as hub:
        async with welcomed(hub):
            assert await hub.metric("snodo_sockets_open") == 1
            with pytest.raises(InvalidStatus) as refused:
                async with connected(hub):
                    pass
            assert refused.value.response.status_code == 503
            assert refused.value.response.body is not None
            assert b"TOO_MANY_STREAMS" in refused.value.response.body
        await _nothing_open(hub)


async def test_a_foreign_page_is_refused(open_hub: Opener) -> None:
    async with open_hub("ws-origin", sequencer=False, allowed_origins="https://desk.example") as hub:
        for origin in ("https://evil.example", "null", hub.url.replace("http://", "http://evil.")):
            with pytest.raises(InvalidStatus) as refused:
                async with connected(hub, headers={"origin": origin}):
                    pass
            assert refused.value.response.status_code == 403
        for origin in ("https://desk.example", hub.url):
            async with connected(hub, headers={"origin": origin}) as client:
                await client.say(type="ping")
                assert await client.hear() == {"type": "pong"}


async def test_a_client_that_goes_leaves_nothing_behind(open_hub: Opener) -> None:
    async with open_hub("ws-gone") as hub:
        for leave in ("close", "abort"):
            async with welcomed(hub, "inps") as client:
                there = await _sequenced(hub)
                await client.subscribe("1", FOLLOW, after=str(there))
                await client.subscribe("2", FOLLOW, after=str(there))
                await client.ask("3", QUESTION)
                assert await hub.metric("snodo_subscriptions_open") == 2
                if leave == "abort":
                    client.socket.transport.abort()
            await _nothing_open(hub)


async def _nothing_open(hub: Service) -> None:
    started = time.monotonic()
    while await hub.metric("snodo_subscriptions_open") or await hub.metric("snodo_sockets_open"):
        assert time.monotonic() - started < 10
        await asyncio.sleep(0.02)


async def test_the_hub_says_that_it_closes(open_hub: Opener) -> None:
    before = asyncio.all_tasks()
    async with open_hub("ws-closing") as hub:
        async with welcomed(hub, "inps") as client:
            await client.subscribe("1", FOLLOW, after=str(await _sequenced(hub)))
            await client.ask("2", QUESTION)
            started = time.monotonic()
            await hub.hub.close_streams()
            assert (await client.end())[0] == 1001
            assert time.monotonic() - started < 8
        with pytest.raises(InvalidStatus):
            async with connected(hub):
                pass
    started = time.monotonic()
    while left := asyncio.all_tasks() - before:  # other hubs of this test process have theirs for a moment
        assert time.monotonic() - started < 10, left
        await asyncio.sleep(0.01)


async def test_a_socket_ends_with_the_grant_of_its_purpose(open_hub: Opener) -> None:
    """One whose purpose is granted something still stays."""
    from uuid import UUID

    from hub.access.registration import revoke

    async with open_hub("ws-revoked", sequencer=False) as hub, welcomed(hub) as client:
        assert (await client.ask("1", QUESTION))[0]["type"] == "next"
        await revoke(hub.owner, UUID(hub.registry.consumer("region").purpose_for("hub").purpose_id))
        assert (await client.ask("2", QUESTION))[0]["type"] == "next"
        await revoke(hub.owner, UUID(hub.registry.consumer("centre").purpose_for("hub").purpose_id))
        code, reason = await client.end()
        assert (code, "no grant in force" in reason) == (4403, True)


async def test_a_reader_that_is_slow_is_waited_for(open_hub: Opener) -> None:
    """The feed waits for it with one page under way; other sockets do not notice."""
    wide = " ".join(f"n{number}: beneficiary {{ id fiscalCode household {{ id }} }}" for number in range(80))
    query = FOLLOW.replace("event { id }", f"event {{ id {wide} }}")
    async with open_hub("ws-slow", read_connections=1) as hub:
        await record(hub, 40)
        there = await _sequenced(hub)
        async with connect(
            hub.url.replace("http", "ws") + "/graphql",
            subprotocols=[Subprotocol(PROTOCOL)],
            proxy=None,
            max_queue=1,
        ) as socket:
            slow = Client(socket)
            await slow.say(type="connection_init", payload={"authorization": f"Bearer {hub.token('inps')}"})
            await slow.hear()
            await slow.subscribe("1", query, first=1)
            await asyncio.sleep(0.3)
            async with welcomed(hub) as other:
                assert (await other.ask("1", QUESTION))[0]["type"] == "next"
            found: list[Any] = []
            while not found or found[-1]["entries"][-1]["position"] < there:
                found.append((await slow.hear())["payload"]["data"]["conditionalityFeed"])
            assert positions(found) == list(range(1, there + 1))
