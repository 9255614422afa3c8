# SPDX-License-Identifier: EUPL-1.2
"""What is demanded of a consumer beyond its voucher, and the hub's signature on the answers to those who want it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from connectors.simulators.jws import public_key, verify
from connectors.simulators.keys import SIGNING
from tests.api.hostile_signatures import BODY, SIGNATURE, Forge, Request
from tests.api.test_subscriptions import FOLLOW, _sequenced, pages, positions, record
from tests.api.test_websocket import connected
from tests.incremental import events_as_they_come

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service


@pytest.fixture(scope="module")
async def hub(open_hub: Opener) -> AsyncIterator[Service]:
    """A hub with a key of its own, of whose consumers anything may be demanded."""
    keys = open_hub._keys
    async with open_hub("demands", sequencer=False, signing_key_file=keys.path(SIGNING)) as service:
        yield service


@asynccontextmanager
async def demanding(hub: Service, *demands: str, of: str = "centre") -> AsyncIterator[Forge]:
    """While this is demanded of a consumer."""
    change = "UPDATE agency SET demands = $1 FROM agency_client c WHERE c.agency_id = agency.id AND c.client_id = $2"
    client = hub.registry.consumer(of).client_id
    known = hub.hub._graphql._authenticator._directory._known
    assert await hub.owner.execute(change, list(demands), client) == "UPDATE 1"
    known.clear()
    yield Forge(hub.registry, hub.keys, of)
    await hub.owner.execute(change, [], client)
    known.clear()


async def send(hub: Service, request: Request, **more: str) -> Answer:
    return await hub.send(content=request.body, headers={**request.headers, **more})


def plain(forge: Forge) -> Request:
    return Request({"Authorization": f"Bearer {forge.token()}", "Content-Type": "application/json"})


def told(answer: Answer) -> dict[str, Any]:
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"]), answer.body
    found: dict[str, Any] = answer.json["errors"][0]["extensions"]
    return found


@pytest.mark.parametrize(
    ("demand", "claim"),
    [("EVIDENCE", "Agid-JWT-TrackingEvidence"), ("SIGNATURE", "Agid-JWT-Signature"), ("DPOP", "cnf")],
)
async def test_what_is_demanded_and_missing_is_said(demand: str, claim: str, hub: Service) -> None:
    async with demanding(hub, demand) as forge:
        missing = told(await send(hub, plain(forge)))
    assert (missing["check"], missing["demand"], missing["claim"]) == ("demanded", demand, claim)
    assert (await send(hub, plain(forge))).status == 200, "no longer"


async def test_evidence_demanded_and_given(hub: Service) -> None:
    async with demanding(hub, "EVIDENCE") as forge:
        assert (await send(hub, forge.with_evidence(forge.evidence()))).status == 200


async def test_a_signature_demanded_and_given(hub: Service) -> None:
    async with demanding(hub, "SIGNATURE") as forge:
        assert (await send(hub, forge.signed())).status == 200
        told(await send(hub, forge.over(forge.signed(), SIGNATURE)))
        inps = Forge(hub.registry, hub.keys, "inps")
        assert (await send(hub, plain(inps))).status == 200, "of another consumer nothing is demanded"


async def test_a_voucher_of_single_use(hub: Service) -> None:
    async with demanding(hub, "SINGLE_USE") as forge:
        request = plain(forge)
        assert (await send(hub, request)).status == 200
        again = told(await send(hub, request))
        assert (again["check"], again["claim"]) == ("replayed", "jti")
        assert (await send(hub, plain(forge))).status == 200


async def test_a_refused_request_spends_no_voucher(hub: Service) -> None:
    async with demanding(hub, "EVIDENCE", "SINGLE_USE") as forge:
        request = forge.with_evidence(forge.evidence())
        told(await send(hub, forge.over(request, "Agid-JWT-TrackingEvidence")))
        assert (await send(hub, request)).status == 200


# ── signed answers ────────────────────────────────────────────────────────────────────────────────────


async def signed_claims(hub: Service, answer: Answer) -> dict[str, Any]:
    """The claims of an answer's signature, once it is verified as a consumer does."""
    digest = "SHA-256=" + base64.b64encode(hashlib.sha256(answer.body).digest()).decode()
    assert answer.headers["digest"] == digest
    published = (await hub.send("GET", "/.well-known/jwks.json")).json["keys"]
    keys = {key["kid"]: public_key(key) for key in published}
    assert all(key.keys() <= {"kty", "n", "e", "kid", "use", "alg"} for key in published), (
        "public halves alone"
    )
    claims = dict(verify(answer.headers["agid-jwt-signature"], keys.get).claims)
    assert claims["signed_headers"] == [{"digest": digest}, {"content-type": answer.headers["content-type"]}]
    return claims


async def test_answers_are_signed_for_who_wants_it(hub: Service) -> None:
    async with demanding(hub, "SIGNED_ANSWERS") as forge:
        client_id = hub.registry.consumer("centre").client_id
        first, second = [await signed_claims(hub, await send(hub, plain(forge))) for _ in range(2)]
        assert (first["iss"], first["aud"]) == ("https://snodo.example/graphql", client_id)
        assert first["jti"] != second["jti"]
        assert first["iat"] <= forge.now + 5 < first["exp"]
        assert "request_digest" not in first
        request = forge.signed()
        claims = await signed_claims(hub, await send(hub, request))
        assert claims["request_digest"] == request.headers["Digest"]
        inps = Forge(hub.registry, hub.keys, "inps")
        assert "agid-jwt-signature" not in (await send(hub, plain(inps))).headers


@pytest.mark.parametrize(
    "query", ["{", "{ nothing }", "{ conditionalityFeed { endCursor } }", '{ pact(id: "x") { id } }']
)
async def test_refusals_are_signed_too(query: str, hub: Service) -> None:
    async with demanding(hub, "SIGNED_ANSWERS") as forge:
        body = json.dumps({"query": query}).encode()
        answer = await send(hub, Request(plain(forge).headers, body))
        assert answer.status in (400, 403)
        await signed_claims(hub, answer)
        both = await send(hub, Request(plain(forge).headers, BODY), Digest="SHA-256=x")
        assert both.status == 401
        await signed_claims(hub, both)


async def test_a_page_may_read_the_signature(open_hub: Opener) -> None:
    origin = "https://front.example"
    async with open_hub("origin", sequencer=False, allowed_origins=origin) as hub:
        answer = await send(hub, plain(Forge(hub.registry, hub.keys)), Origin=origin)
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {"agid-jwt-signature", "digest"} <= set(exposed)


async def test_who_is_unknown_gets_no_signature(hub: Service) -> None:
    async with demanding(hub, "SIGNED_ANSWERS"):
        answer = await hub.send(content=BODY, headers={"Content-Type": "application/json"})
        assert answer.status == 401
        assert "agid-jwt-signature" not in answer.headers


async def test_no_stream_reaches_who_wants_signatures(hub: Service) -> None:
    async with demanding(hub, "SIGNED_ANSWERS") as forge:
        alone = await send(hub, plain(forge), Accept="text/event-stream")
        assert (alone.status, alone.codes) == (406, ["NOT_ACCEPTABLE"])
        await signed_claims(hub, alone)
        either = await send(hub, plain(forge), Accept="text/event-stream, application/json")
        assert (either.status, either.json) == (200, {"data": {"__typename": "Query"}})
        await signed_claims(hub, either)


async def test_a_hub_without_a_key_says_so(ask: Service, open_hub: Opener) -> None:
    async with open_hub("keyless", sequencer=False) as hub, demanding(hub, "SIGNED_ANSWERS") as forge:
        answer = await send(hub, plain(forge))
        assert (answer.status, answer.codes) == (503, ["SIGNING_UNAVAILABLE"])
        assert (await hub.send("GET", "/.well-known/jwks.json")).status == 404


async def test_a_hub_without_keys_of_clients_says_so(open_hub: Opener) -> None:
    jwks = open_hub._keys.jwks_path
    async with open_hub("clientless", sequencer=False, pdnd_jwks=str(jwks)) as hub:
        forge = Forge(hub.registry, hub.keys)
        assert (await send(hub, plain(forge))).status == 200
        for request in (forge.signed(), forge.with_evidence(forge.evidence())):
            answer = await send(hub, request)
            assert (answer.status, answer.codes) == (503, ["CLIENT_KEYS_UNAVAILABLE"])


async def test_a_stream_goes_on_though_its_request_was_spent(open_hub: Opener) -> None:
    """Each page asks again who asks; what is of single use was presented once, when it began."""
    async with (
        open_hub("spent-stream") as hub,
        demanding(hub, "EVIDENCE", "SIGNATURE", "SINGLE_USE", of="inps") as forge,
    ):
        await record(hub, 3)
        there = await _sequenced(hub)
        body = json.dumps({"query": FOLLOW, "variables": {"first": 1}}).encode()
        evidence = forge.with_evidence(forge.evidence())
        request = forge.over(forge.signed(body), Authorization=evidence.headers["Authorization"])
        headers = {**evidence.headers, **request.headers, "Accept": "text/event-stream"}
        async with hub.client.stream("POST", f"{hub.url}/graphql", content=body, headers=headers) as answer:
            assert answer.status_code == 200
            events = events_as_they_come(answer.aiter_raw())
            assert positions(await pages(events, there)) == list(range(1, there + 1))
            await record(hub)
            assert len(await pages(events, await _sequenced(hub))) == 1
        again = await hub.send(content=body, headers=headers)
        assert b"jti" in again.body, "and is not taken again"


# ── over a WebSocket ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["Agid-JWT-TrackingEvidence", "agid-jwt-tracking-evidence"])
async def test_evidence_over_a_socket(name: str, hub: Service) -> None:
    async with demanding(hub, "EVIDENCE") as forge:
        good = forge.with_evidence(forge.evidence())
        said = {
            "Authorization": good.headers["Authorization"],
            name: good.headers["Agid-JWT-TrackingEvidence"],
        }
        async with connected(hub) as client:
            await client.say(type="connection_init", payload=said)
            assert await client.hear() == {"type": "connection_ack"}
            assert (await client.ask("1", "{ __typename }"))[0]["type"] == "next"
        async with connected(hub) as client:
            await client.say(type="connection_init", payload={"Authorization": said["Authorization"]})
            code, reason = await client.end()
            assert (code, reason.startswith("Tracking evidence is demanded")) == (4403, True)


async def test_a_voucher_of_single_use_opens_one_socket(hub: Service) -> None:
    async with demanding(hub, "SINGLE_USE") as forge:
        payload = {"Authorization": f"Bearer {forge.token()}"}
        async with connected(hub) as client:
            await client.say(type="connection_init", payload=payload)
            assert await client.hear() == {"type": "connection_ack"}
            for id_ in ("1", "2"):
                assert (await client.ask(id_, "{ __typename }"))[0]["type"] == "next", (
                    "it was spent by the socket"
                )
        async with connected(hub) as client:
            await client.say(type="connection_init", payload=payload)
            assert (await client.end())[0] == 4403


@pytest.mark.parametrize("demand", ["SIGNATURE", "SIGNED_ANSWERS"])
async def test_nothing_is_signed_over_a_socket(demand: str, hub: Service) -> None:
    async with demanding(hub, demand) as forge, connected(hub) as client:
        await client.say(type="connection_init", payload={"Authorization": f"Bearer {forge.token()}"})
        code, reason = await client.end()
        assert (code, "ask over HTTP" in reason) == (4403, True)
