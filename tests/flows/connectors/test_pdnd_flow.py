# SPDX-License-Identifier: EUPL-1.2
"""The token endpoint over HTTP: what a client sees, granted and refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import uuid4

import httpx2
import pytest

from connectors.exchange import Policy
from connectors.pdnd import PublishedKeys
from connectors.pdnd.assertion import client_assertion
from connectors.pdnd.dpop import ProofKey
from connectors.simulators.faults import Fault, FaultKind
from connectors.simulators.jws import decode_segment, public_key, verify
from connectors.simulators.pdnd import PdndSimulator
from hub.errors import UpstreamInvalid, UpstreamRefused, UpstreamUnavailable

if TYPE_CHECKING:
    from types import SimpleNamespace

    from tests.flows.connectors.conftest import World

FORM = "application/x-www-form-urlencoded"


def assertion(world: World, purpose_id: str | None = None, audience: str | None = None) -> str:
    return client_assertion(
        world.identity,
        audience=audience or world.registry.assertion_audience,
        purpose_id=purpose_id or world.purpose_id,
        jti="j",
        now=world.clock(),
        digest="ab" * 32,
    )


async def post(
    world: World,
    content_type: str = FORM,
    body: str | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
    **change: str,
) -> httpx2.Response:
    form = {
        "client_id": world.identity.client_id,
        "client_assertion": assertion(world),
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "grant_type": "client_credentials",
        **change,
    }
    return await world.http.post(
        f"{world.urls['pdnd']}/token.oauth2",
        content=urlencode(form) if body is None else body,
        headers={"Content-Type": content_type, **headers},
    )


async def test_a_voucher_is_granted_as_published(world: World) -> None:
    answer = await post(world)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache, no-store"
    limits = {name: answer.headers[f"x-rate-limit-{name}"] for name in ("limit", "remaining", "interval")}
    assert limits == {"limit": "100", "remaining": "99", "interval": "1000"}
    content = answer.json()
    assert (content["token_type"], content["expires_in"]) == ("Bearer", 600)
    published = await PublishedKeys(f"{world.urls['pdnd']}/.well-known/jwks.json", world.http)()
    trusted = {key["kid"]: public_key(key) for key in published["keys"]}
    token = verify(content["access_token"], trusted.get)
    assert (token.header["typ"], token.header["use"]) == ("at+jwt", "sig")
    assert token.claims["aud"] == ",".join(world.audiences)
    assert token.claims["digest"] == {"alg": "SHA256", "value": "ab" * 32}
    assert token.claims["sub"] == token.claims["client_id"] == world.identity.client_id


async def test_who_proves_a_key_gets_a_voucher_bound_to_it(world: World) -> None:
    key = ProofKey()
    url = f"{world.urls['pdnd']}/token.oauth2"

    def proof(method: str = "POST") -> dict[str, str]:
        return {"DPoP": key.proof(method, url, jti=str(uuid4()), now=world.clock())}

    answer = await post(world, headers=proof())
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "DPoP"
    claims = json.loads(decode_segment(answer.json()["access_token"].split(".")[1]))
    assert claims["cnf"] == {"jkt": key.thumbprint}
    assert claims["purposeId"] == world.purpose_id
    used = proof()
    assert (await post(world, headers=used)).status_code == 200
    for wrong in (used, proof("GET"), {"DPoP": "x.y.z"}, {"DPoP": ""}):
        refused = await post(world, headers=wrong)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "015-0008")
    assert "cnf" not in json.loads(decode_segment((await post(world)).json()["access_token"].split(".")[1]))


async def test_every_refusal_looks_the_same(world: World) -> None:
    refused = [
        await post(world, grant_type="password"),
        await post(world, client_assertion=assertion(world, audience="https://elsewhere.example")),
        await post(world, client_assertion="x.y.z"),
        await post(world, content_type="application/json"),
        await post(world, body="client_id=a&client_id=b"),
        await post(world, body="nonsense"),
    ]
    assert world.pdnd.refusals == [
        "invalidGrantType",
        "invalidAudience",
        "unexpectedClientAssertionSignature",
        "unsupportedMediaType",
        "repeatedParameter",
        "malformedForm",
    ]
    for answer in refused:
        problem = answer.json()
        assert problem.pop("correlationId")
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert problem == {
            "type": "about:blank",
            "status": 400,
            "title": "The request contains bad syntax or cannot be fulfilled.",
            "detail": "Unable to generate a token for the given request",
            "errors": [{"code": "015-0008", "detail": "Unable to generate a token for the given request"}],
        }


async def test_the_client_gets_a_voucher(world: World) -> None:
    voucher = await world.tokens().voucher(world.purpose_id)
    assert voucher.expires_at == world.clock() + 600
    assert world.pdnd.refusals == []


async def test_a_purpose_that_is_not_ours_is_refused(world: World) -> None:
    theirs = world.registry.consumer("centre").purpose_for("hub").purpose_id
    with pytest.raises(UpstreamRefused, match="015-0008"):
        await world.tokens().voucher(theirs)
    assert world.pdnd.refusals == ["platformStateNotFound"]


async def test_the_rate_limit_is_per_interval(world: World, sockets: SimpleNamespace) -> None:
    limited = PdndSimulator(world.registry, world.keys, now=world.clock, rate_limit=2, rate_interval=10.0)
    sockets.pdnd.agency = limited.app
    tokens = world.tokens(Policy(attempts=1))
    for _ in range(2):
        await tokens.voucher(world.purpose_id)
    with pytest.raises(UpstreamUnavailable, match="429"):
        await tokens.voucher(world.purpose_id)
    assert limited.refusals == ["tooManyRequests"]
    world.clock.now += 10
    await tokens.voucher(world.purpose_id)
    assert len(limited.issued) == 3


@pytest.mark.parametrize("kind", [FaultKind.HTML, FaultKind.WRONG_TYPE, FaultKind.TRUNCATED])
async def test_an_answer_that_is_none(world: World, kind: FaultKind) -> None:
    world.pdnd.faults.set("token", Fault(kind))
    with pytest.raises(UpstreamInvalid):
        await world.tokens().voucher(world.purpose_id)


async def test_a_passing_trouble_is_ridden_out_with_a_new_assertion(world: World) -> None:
    world.pdnd.faults.set("token", Fault(FaultKind.ERROR, times=1))
    tokens = world.tokens(Policy(first_backoff=0.01, longest_backoff=0.01))
    await tokens.voucher(world.purpose_id)
    assert world.pdnd.faults.calls("token") == 2


async def test_other_methods_and_paths_are_not_there(world: World) -> None:
    assert (await world.http.get(f"{world.urls['pdnd']}/token.oauth2")).status_code == 405
    assert (await world.http.post(f"{world.urls['pdnd']}/token")).status_code == 404
