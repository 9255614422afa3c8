# SPDX-License-Identifier: EUPL-1.2
"""PDND's public keys, as this process knows them (JWK Set, RFC 7517).

The keys are fetched at first use, again when a voucher names a `kid` that is not among them, and once an
hour in the background. A flood of invented `kid`s costs one fetch per interval; callers that need the same
fetch share it; a fetch that fails leaves the keys as they were.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from math import inf
from typing import Final

import structlog
from joserfc.jwk import RSAKey
from joserfc.util import base64_to_int

from hub.errors import UpstreamUnavailable

Fetch = Callable[[], Awaitable[Mapping[str, object]]]
"""Asks for the key set: a JSON object with `keys`. It sets its own deadline; whatever it raises is a failure."""

LEAST_BITS: Final = 2048
"""Shortest RSA modulus that is trusted (RFC 7518, section 3.3)."""

_log = structlog.get_logger()


class KeySet:
    """The RSA signature keys of one issuer, by `kid`.

    `clock` gives seconds that only grow (`time.monotonic`). Between two fetches lie at least `least_interval`
    seconds; keys older than `longest_age` seconds are fetched again. Belongs to one event loop.
    """

    def __init__(
        self,
        fetch: Fetch,
        clock: Callable[[], float],
        least_interval: float,
        *,
        agency: str = "PDND",
        longest_age: float = 3_600.0,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._least_interval = least_interval
        self._longest_age = max(longest_age, least_interval)
        self._agency = agency
        self._keys: Mapping[str, RSAKey] = {}
        self._fetching: asyncio.Task[None] | None = None
        self._fetch_allowed_at = -inf
        self._refresh_at = -inf
        self._withdrawals = 0

    @property
    def withdrawals(self) -> int:
        """How often trusted keys have left the set or changed: what an earlier key signed is to be forgotten."""
        return self._withdrawals

    @property
    def due(self) -> bool:
        """Whether the keys are missing or too old, and nobody is fetching them yet: `key` will begin to."""
        return self._clock() >= self._refresh_at and self._fetching is None

    async def key(self, kid: str) -> RSAKey | None:
        """Give the key named `kid`, or None when the issuer has no such key.

        A known key is given at once, also while newer keys are being fetched; only an unknown one waits.

        Raises:
            UpstreamUnavailable: there is no key at all; ask again after `retry_after` seconds.

        """
        if self.due:
            self._begin_fetch()
        if (key := self._keys.get(kid)) is not None:
            return key
        if self._fetching is None and self._clock() >= self._fetch_allowed_at:
            self._begin_fetch()
        if self._fetching is not None:
            # NOTE: shielded, so that a caller who gives up does not take the fetch from those who share it.
            await asyncio.shield(self._fetching)
        if not self._keys:
            raise UpstreamUnavailable(
                f"{self._agency}'s public keys cannot be had, so no voucher can be verified; ask again later.",
                agency=self._agency,
                retry_after=max(0.0, self._fetch_allowed_at - self._clock()),
            )
        return self._keys.get(kid)

    def _begin_fetch(self) -> None:
        self._fetching = asyncio.create_task(self._refetch(), name="jwks")

    async def _refetch(self) -> None:
        good_for = self._least_interval
        try:
            self._replace(usable_keys(await self._fetch()))
            good_for = self._longest_age
        except Exception as error:
            # The error's text may hold what was received, so only its kind is logged.
            _log.warning(
                "jwks_fetch_failed", agency=self._agency, error=type(error).__name__, keys=len(self._keys)
            )
        finally:
            now = self._clock()
            self._fetch_allowed_at = now + self._least_interval
            self._refresh_at = now + good_for
            self._fetching = None

    def _replace(self, keys: Mapping[str, RSAKey]) -> None:
        withdrawn = [kid for kid, key in self._keys.items() if keys.get(kid) != key]
        if withdrawn:
            self._withdrawals += 1
            _log.info("jwks_keys_withdrawn", agency=self._agency, kids=withdrawn)
        self._keys = keys


def usable_keys(answer: Mapping[str, object]) -> dict[str, RSAKey]:
    """Read a JWK Set: its RSA signature keys of at least 2048 bits, by `kid`; any other key is passed over.

    A set without a usable key is taken at its word: the issuer trusts none of its keys any more. Of two keys
    with the same `kid` the first counts.

    Raises:
        ValueError: `answer` is no JWK Set (RFC 7517, section 5).

    """
    listed = answer.get("keys")
    if not isinstance(listed, list):
        raise ValueError("not a JWK Set: `keys` is not an array")
    keys: dict[str, RSAKey] = {}
    for member in listed:
        if isinstance(member, dict) and isinstance(kid := member.get("kid"), str) and kid not in keys:
            key = _signature_key(member)
            if key is not None:
                keys[kid] = key
    return keys


def _signature_key(jwk: Mapping[str, object]) -> RSAKey | None:
    """Import a JWK's public half, if it may verify RS256; None if it may not or cannot be read."""
    modulus, exponent = jwk.get("n"), jwk.get("e")
    if not (jwk.get("kty") == "RSA" and isinstance(modulus, str) and isinstance(exponent, str)):
        return None
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", "RS256") != "RS256":
        return None
    try:
        # NOTE: measured before the import: joserfc takes a short key with a warning.
        if base64_to_int(modulus).bit_length() < LEAST_BITS:
            return None
        return RSAKey.import_key({"kty": "RSA", "n": modulus, "e": exponent})
    except ValueError:
        return None
