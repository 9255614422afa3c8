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


class PublishedKeys:
    """A JWK Set (RFC 7517) where its issuer publishes it, given as it is there each time it is called for; a `Fetch` of a `KeySet`."""

    def __init__(self, source: str, http: httpx2.AsyncClient, agency: str = "PDND") -> None:
        """Take where the keys are.

        Args:
            source: an `http(s)://` URL (PDND's `/.well-known/jwks.json`) or the path of a file.
            http: the client to fetch with; not closed here.
            agency: whose keys they are, for what is said of a failure.

        """
        self._source = source
        self._agency = agency
        self._exchange: Exchange | None = None
        if source.startswith(("https://", "http://")):
            self._exchange = Exchange(agency, POLICY, http, name=f"{agency} keys")

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The way out to them, for who asks how calls do; none to a file."""
        return () if self._exchange is None else (self._exchange,)

    async def __call__(self) -> dict[str, Any]:
        """Fetch the set.

        Raises:
            ConfigurationError: the file is not there, or holds no key set.
            UpstreamUnavailable: the address does not answer.
            UpstreamInvalid: it answers with something that is no set of public keys.

        """
        if self._exchange is None:
            return await asyncio.to_thread(_from_file, Path(self._source), self._agency)
        answer = await self._exchange.call("jwks", self._prepare, idempotent=True)
        with self._exchange.reading("jwks"):
            if answer.status != 200:
                raise UpstreamInvalid(f"{self._agency}'s keys: HTTP {answer.status}.", agency=self._agency)
            try:
                return public_key_set(answer.body)
            except ValueError as error:
                raise UpstreamInvalid(f"{self._agency}'s keys: {error}.", agency=self._agency) from error

    async def _prepare(self) -> Outgoing:
        return Outgoing("GET", self._source, {"Accept": "application/json"})


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
