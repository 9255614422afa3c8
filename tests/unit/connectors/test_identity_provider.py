# SPDX-License-Identifier: EUPL-1.2
"""The simulated identity provider: what it publishes, whom it gives a token, and that the hub takes it."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import date

import httpx2
import pytest

from connectors.pdnd import PublishedKeys
from connectors.simulators.demo_world import DemoWorld, demo_world
from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.identity_provider import (
    GRANT,
    ISSUER,
    LEVELS,
    IdentityProviderSimulator,
    issue_citizen_token,
)
from connectors.simulators.jws import decode_segment
from connectors.simulators.keys import DemoKeys
from connectors.simulators.registry import HUB_AUDIENCE
from connectors.simulators.serving import serve
from hub.access.citizen_token import CitizenRules, CitizenTokenRefused, CitizenVerifier
from hub.access.jwks import KeySet
from hub.access.refusal import Check

RULES = CitizenRules(issuer=ISSUER, audience=HUB_AUDIENCE, levels=LEVELS[1:])


@pytest.fixture(scope="module")
def world() -> DemoWorld:
    return demo_world(date(2026, 11, 22))


@pytest.fixture
async def address(keys: DemoKeys, world: DemoWorld) -> AsyncIterator[str]:
    async with serve({"identity": IdentityProviderSimulator(keys, world.anpr).app}) as urls:
        yield urls["identity"]


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        yield client


def _verifier(address: str, http: httpx2.AsyncClient) -> CitizenVerifier:
    keys = KeySet(PublishedKeys(f"{address}/jwks", http, "Identity provider"), time.monotonic, 30.0)
    return CitizenVerifier(keys, RULES, time.time)


async def test_it_says_where_everything_is(address: str, http: httpx2.AsyncClient) -> None:
    found = (await http.get(f"{address}/.well-known/openid-configuration")).json()
    assert found["issuer"] == ISSUER
    assert (found["jwks_uri"], found["token_endpoint"]) == (f"{address}/jwks", f"{address}/token")
    keys = (await http.get(found["jwks_uri"])).json()["keys"]
    assert [key["alg"] for key in keys] == ["RS256"]
    assert not any("d" in key for key in keys), "the private half stays at home"


@pytest.mark.parametrize("level", [None, *LEVELS])
async def test_a_person_gets_a_token_of_the_level_asked_for(
    level: str | None, address: str, http: httpx2.AsyncClient, world: DemoWorld
) -> None:
    form = {"grant_type": GRANT, "fiscal_code": world.person.fiscal_code}
    given = await http.post(f"{address}/token", data=form if level is None else {**form, "acr_values": level})
    assert (given.status_code, given.headers["cache-control"]) == (200, "no-store")
    verifying = _verifier(address, http).verify(given.json()["access_token"])
    if level == LEVELS[0]:
        with pytest.raises(CitizenTokenRefused) as refused:
            await verifying
        assert refused.value.check is Check.ASSURANCE
    else:
        assert (await verifying).fiscal_code == world.person.fiscal_code


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"grant_type": "password", "fiscal_code": "12345678903"}, "unsupported_grant_type"),
        ({"grant_type": GRANT, "fiscal_code": "12345678903"}, "invalid_grant"),
        ({"grant_type": GRANT}, "invalid_grant"),
        ({"grant_type": GRANT, "fiscal_code": "12345678903", "acr_values": "high"}, "invalid_request"),
    ],
)
async def test_nobody_else_does(
    form: dict[str, str], error: str, address: str, http: httpx2.AsyncClient
) -> None:
    refused = await http.post(f"{address}/token", data=form)
    assert (refused.status_code, refused.json()) == (400, {"error": error})


def _claims(token: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(decode_segment(token.split(".")[1]))
    return found


def test_a_subject_is_pairwise(keys: DemoKeys) -> None:
    """The same for one person each time, another's is another, and it says nothing of the fiscal code."""
    one, again, other = (
        _claims(issue_citizen_token(keys, code)) for code in ("12345678903", "12345678903", "00000000000")
    )
    assert one["sub"] == again["sub"] != other["sub"]
    assert one["jti"] != again["jti"]
    assert "12345678903" not in str(one["sub"])


async def test_its_clock_can_be_put_out(keys: DemoKeys, world: DemoWorld, http: httpx2.AsyncClient) -> None:
    provider = IdentityProviderSimulator(keys, world.anpr, now=lambda: 1_790_000_000.0)
    provider.faults.set_clock(-3_600)
    async with serve({"identity": provider.app}) as urls:
        form = {"grant_type": GRANT, "fiscal_code": world.person.fiscal_code}
        token = (await http.post(f"{urls['identity']}/token", data=form)).json()["access_token"]
    assert json.loads(decode_segment(token.split(".")[1]))["iat"] == 1_790_000_000 - 3_600


@pytest.mark.parametrize("kind", [FaultKind.DUPLICATE_KEYS, FaultKind.WRONG_CHARSET])
async def test_a_refusal_that_holds_no_object_can_be_spoiled_too(
    keys: DemoKeys, world: DemoWorld, http: httpx2.AsyncClient, kind: FaultKind
) -> None:
    provider = IdentityProviderSimulator(keys, world.anpr)
    provider.faults.set(EVERY, Fault(kind))
    async with serve({"identity": provider.app}) as urls:
        assert (await http.get(f"{urls['identity']}/token")).status_code == 405
