# SPDX-License-Identifier: EUPL-1.2
from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

from connectors.pdnd import fetch_jwks
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
    assert await fetch_jwks("https://pdnd.test/.well-known/jwks.json", http) == published


async def test_from_a_file(keys: DemoKeys) -> None:
    assert await fetch_jwks(str(keys.jwks_path), client(500, b"")) == keys.jwks()


async def test_a_file_that_is_not_there_is_the_operators_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"jwks\.json"):
        await fetch_jwks(str(tmp_path / "jwks.json"), client(200, b""))


async def test_an_address_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UpstreamInvalid, match="404"):
        await fetch_jwks("http://pdnd.test/", client(404, b""))
    with pytest.raises(UpstreamInvalid, match="not JSON"):
        await fetch_jwks("http://pdnd.test/", client(200, b"<html>"))
    with pytest.raises(UpstreamUnavailable):
        await fetch_jwks("http://pdnd.test/", client(503, b""))


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
