# SPDX-License-Identifier: EUPL-1.2
"""DPoP over what else the hub speaks: a proof is asked for once, and the voucher is watched from then on."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from joserfc.jwk import ECKey, RSAKey
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from connectors.simulators.keys import PDND
from tests.api.test_hostile_tokens import claims_of, send
from tests.unit.access.hostile.forge import Forge, Sent

if TYPE_CHECKING:
    from tests.api.conftest import Service

FOLLOW = "subscription { conditionalityFeed(first: 2) { entries { position } endCursor } }"


@pytest.fixture
def forge(ask: Service) -> Forge:
    return Forge(
        RSAKey.import_key(ask.keys.path(PDND).read_bytes()),
        ask.keys.kid(PDND),
        RSAKey.generate_key(2048),
        ECKey.generate_key("P-256"),
        claims={**claims_of(ask, "inps"), "jti": str(uuid.uuid4())},
        now=time.time(),
        target=ask.settings.audience,
    )


def headers(sent: Sent) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in sent.headers()}


async def operations(ask: Service, upgrade: dict[str, str], init: dict[str, Any]) -> list[Any]:
    """What two questions over one socket come to; raises ConnectionClosed where the socket is refused."""
    url = ask.url.replace("http", "ws", 1) + "/graphql"
    async with connect(
        url, subprotocols=[Subprotocol("graphql-transport-ws")], additional_headers=upgrade, proxy=None
    ) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": init}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        found = []
        for number in ("1", "2"):
            asked = {"type": "subscribe", "id": number, "payload": {"query": "{ __typename }"}}
            await socket.send(json.dumps(asked))
            found.append(json.loads(await socket.recv()))
            await socket.recv()
        return found


async def test_a_socket_asks_for_one_proof_in_the_upgrade_or_in_its_first_message(
    ask: Service, forge: Forge
) -> None:
    token = forge.bound()
    for in_upgrade in (True, False):
        given = headers(Sent(token, "DPoP", (forge.proof(token, htm="GET"),)))
        found = await operations(ask, given if in_upgrade else {}, {} if in_upgrade else given)
        assert [one["payload"] for one in found] == [{"data": {"__typename": "Query"}}] * 2


async def test_a_socket_is_refused_without_a_proof_for_it(ask: Service, forge: Forge) -> None:
    token = forge.bound()
    used = forge.proof(token, htm="GET")
    await operations(ask, headers(Sent(token, "DPoP", (used,))), {})
    for sent, reason in (
        (
            Sent(token, "DPoP"),
            "The voucher is bound to a key, and not exactly one proof came with it: `dpop`.",
        ),
        (
            Sent(token, "DPoP", (forge.proof(token, htm="POST"),)),
            "The DPoP proof was made for another method: `htm`.",
        ),
        (Sent(token, "DPoP", (used,)), "The DPoP proof was used before: `jti`."),
        (Sent(token), "How the voucher was sent is not how its `cnf` says it is used."),
    ):
        for upgrade, init in ((headers(sent), {}), ({}, headers(sent))):
            with pytest.raises(ConnectionClosed) as closed:
                await operations(ask, upgrade, init)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4403
            assert closed.value.rcvd.reason.startswith(reason)


async def test_a_stream_goes_on_without_another_proof(ask: Service, forge: Forge) -> None:
    """Each page of a subscription looks again who asks; the proof was for the request."""
    token = forge.bound()
    sent = Sent(token, "DPoP", (forge.proof(token),))
    asked = {"query": FOLLOW}
    given = {**headers(sent), "accept": "text/event-stream"}
    pages = 0
    async with ask.client.stream("POST", f"{ask.url}/graphql", json=asked, headers=given) as response:
        assert response.status_code == 200
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                assert "errors" not in json.loads(line.removeprefix("data: "))
                pages += 1
                if pages == 2:
                    break
    assert (await send(ask, sent)).status == 401, "the proof was used"
