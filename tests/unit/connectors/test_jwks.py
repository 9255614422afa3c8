# SPDX-License-Identifier: EUPL-1.2
from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs

from connectors.breaker import BreakerPolicy, State
from connectors.pdnd import PublishedKeys
from connectors.pdnd.jwks import public_key_set
from connectors.simulators.keys import DemoKeys
from hub.errors import ConfigurationError, UpstreamInvalid, UpstreamUnavailable

KEY = {"kty": "RSA", "kid": "k", "n": "AQAB", "e": "AQAB"}


def client(status: int, body: bytes) -> httpx2.AsyncClient:
    def handle(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, stream=httpx2.ByteStream(body))

    return httpx2.AsyncClient(transport=httpx2.MockTransport(handle))


async def test_from_an_address() -> None:
    published = {"keys": [KEY]}
    http = client(200, json.dumps(published).encode())
    assert await PublishedKeys("https://pdnd.test/.well-known/jwks.json", http)() == published


async def test_from_a_file(keys: DemoKeys) -> None:
    assert await PublishedKeys(str(keys.jwks_path), client(500, b""))() == keys.jwks()


async def test_a_file_that_is_not_there_is_the_operators_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"jwks\.json"):
        await PublishedKeys(str(tmp_path / "jwks.json"), client(200, b""))()


async def test_an_address_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UpstreamInvalid, match="404"):
        await PublishedKeys("http://pdnd.test/", client(404, b""))()
    with pytest.raises(UpstreamInvalid, match="not JSON"):
        await PublishedKeys("http://pdnd.test/", client(200, b"<html>"))()
    with pytest.raises(UpstreamUnavailable):
        await PublishedKeys("http://pdnd.test/", client(503, b""))()


async def test_calls_for_them_are_accounted_for_as_one_agencys() -> None:
    published = PublishedKeys("http://pdnd.test/", client(200, b"<html>"))
    [exchange] = published.exchanges
    for _ in range(3):
        with pytest.raises(UpstreamInvalid), capture_logs() as lines:
            await published()
        assert [one["event"] for one in lines] == ["answer.invalid"]
    account = exchange.accounts["jwks"]
    assert (account.attempts, account.invalid, exchange.status.agency) == (3, 3, "PDND keys")
    assert PublishedKeys("keys.json", client(200, b"")).exchanges == ()


async def test_an_address_that_goes_on_failing_is_left_alone_for_a_while() -> None:
    asked = 0

    def handle(_: httpx2.Request) -> httpx2.Response:
        nonlocal asked
        asked += 1
        return httpx2.Response(503, stream=httpx2.ByteStream(b""))

    published = PublishedKeys("http://pdnd.test/", httpx2.AsyncClient(transport=httpx2.MockTransport(handle)))
    [exchange] = published.exchanges
    exchange._sleep = _at_once
    for _ in range(20):
        with pytest.raises(UpstreamUnavailable):
            await published()
    assert exchange.states["jwks"] is State.OPEN
    assert asked == BreakerPolicy().least_calls


async def _at_once(_: float) -> None:
    """No time passes between attempts."""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ([KEY], "keys"),
        ({"keys": []}, "keys"),
        ({"keys": [{"kty": "RSA"}]}, "kid"),
        ({"keys": [KEY, {**KEY, "d": "AQAB"}]}, "not public"),
        ({"keys": [{"kty": "oct", "kid": "k", "k": "c2VjcmV0"}]}, "not public"),
    ],
)
def test_only_sets_of_public_keys_are_taken(content: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        public_key_set(json.dumps(content).encode())
