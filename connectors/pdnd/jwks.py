# SPDX-License-Identifier: EUPL-1.2
"""An issuer's public keys, PDND's above all, from its well-known address or from a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2

from connectors.exchange import Exchange, Outgoing, Policy
from connectors.strict_json import strict_json
from hub.errors import ConfigurationError, UpstreamInvalid

POLICY = Policy(deadline=10.0, attempt_timeout=4.0, concurrency=1, queue=0, max_bytes=1_000_000)
"""Seconds, counts, bytes: a key set is small, and the hub can wait for it at start-up."""


async def fetch_jwks(source: str, http: httpx2.AsyncClient, agency: str = "PDND") -> dict[str, Any]:
    """Fetch a JWK Set (RFC 7517) and give it as it was published.

    Args:
        source: an `http(s)://` URL (PDND's `/.well-known/jwks.json`) or the path of a file.
        http: the client to fetch with; not closed here.
        agency: whose keys they are, for what is said of a failure.

    Raises:
        ConfigurationError: the file is not there, or holds no key set.
        UpstreamUnavailable: the address does not answer.
        UpstreamInvalid: it answers with something that is no set of public keys.

    """
    if not source.startswith(("https://", "http://")):
        return await asyncio.to_thread(_from_file, Path(source), agency)

    async def prepare() -> Outgoing:
        return Outgoing("GET", source, {"Accept": "application/json"})

    answer = await Exchange(agency, POLICY, http).call("jwks", prepare, idempotent=True)
    if answer.status != 200:
        raise UpstreamInvalid(f"{agency}'s keys: HTTP {answer.status}.", agency=agency)
    try:
        return public_key_set(answer.body)
    except ValueError as error:
        raise UpstreamInvalid(f"{agency}'s keys: {error}.", agency=agency) from error


def public_key_set(content: bytes) -> dict[str, Any]:
    """Read a JWK Set of public keys.

    Raises:
        ValueError: it is not JSON, has no keys, or a key is private, symmetric, or without a `kid`.

    """
    try:
        key_set = strict_json(content)
    except ValueError:
        raise ValueError("not JSON") from None
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(keys, list) or not keys:
        raise ValueError("no member 'keys'")
    for key in keys:
        if not isinstance(key, dict) or not isinstance(key.get("kid"), str):
            raise ValueError("a key without 'kid'")
        if key.get("kty") == "oct" or "d" in key:
            raise ValueError("a key that is not public")
    return {**key_set}


def _from_file(path: Path, agency: str) -> dict[str, Any]:
    try:
        return public_key_set(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{agency}'s keys cannot be read from {path}: {error}.") from error
