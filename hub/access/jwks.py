# SPDX-License-Identifier: EUPL-1.2
"""An issuer's public keys, as this process knows them (JWK Set, RFC 7517): PDND's, the citizens' identity provider's.

The keys are fetched when the hub starts, while nobody waits for them, or at first use; again when a token names a `kid` that is not among them, and once an
hour in the background. A flood of invented `kid`s costs one fetch per interval; callers that need the same
fetch share it; a fetch that fails leaves the keys as they were.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from math import inf
from typing import Final, TypeAlias

import structlog
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import base64_to_int

from hub.errors import UpstreamUnavailable

Fetch = Callable[[], Awaitable[Mapping[str, object]]]
"""Asks for the key set: a JSON object with `keys`. It sets its own deadline; whatever it raises is a failure."""

LEAST_BITS: Final = 2048
"""Shortest RSA modulus that is trusted (RFC 7518, section 3.3)."""

SignatureKey: TypeAlias = RSAKey | ECKey
"""A public key that verifies by one algorithm: RS256, or ES256 on the curve P-256."""

_log = structlog.get_logger()


class KeySet:
    """The signature keys of one issuer, by `kid`: those for `algorithms`, of RS256 and ES256.

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
        tokens: str = "voucher",
        algorithms: Collection[str] = ("RS256",),
        longest_age: float = 3_600.0,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._least_interval = least_interval
        self._longest_age = max(longest_age, least_interval)
        self._agency = agency
        self._tokens = tokens
        self._algorithms = algorithms
        self._keys: Mapping[str, SignatureKey] = {}
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

    def prefetch(self) -> None:
        """Begin to fetch, so that the first token finds the keys. Should it fail, first use fetches, as if this had not been."""
        if self.due:
            self._begin_fetch(counts=False)

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def key(self, kid: str) -> SignatureKey | None:
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
                f"{self._agency}'s public keys cannot be had, so no {self._tokens} can be verified; ask again later.",
                agency=self._agency,
                retry_after=max(0.0, self._fetch_allowed_at - self._clock()),
            )
        return self._keys.get(kid)

    def _begin_fetch(self, *, counts: bool = True) -> None:
        self._fetching = asyncio.create_task(self._refetch(counts=counts), name="jwks")

    async def _refetch(self, *, counts: bool) -> None:
        """Fetch the keys. One that fails puts the next off, unless it does not count."""
        good_for = self._least_interval if counts else -inf
        try:
            self._replace(usable_keys(await self._fetch(), self._algorithms))
            good_for = self._longest_age
        except Exception as error:
            # The error's text may hold what was received, so only its kind is logged.
            _log.warning(
                "jwks_fetch_failed", agency=self._agency, error=type(error).__name__, keys=len(self._keys)
            )
        finally:
            now = self._clock()
            self._fetch_allowed_at = now + (self._least_interval if good_for > 0 else -inf)
            self._refresh_at = now + good_for
            self._fetching = None

    def _replace(self, keys: Mapping[str, SignatureKey]) -> None:
        withdrawn = [kid for kid, key in self._keys.items() if keys.get(kid) != key]
        if withdrawn:
            self._withdrawals += 1
            _log.info("jwks_keys_withdrawn", agency=self._agency, kids=withdrawn)
        self._keys = keys


def usable_keys(
    answer: Mapping[str, object], algorithms: Collection[str] = ("RS256",)
) -> dict[str, SignatureKey]:
    """Read a JWK Set: the signature keys for these algorithms, by `kid`; any other key is passed over, and RSA below 2048 bits.

    A set without a usable key is taken at its word: the issuer trusts none of its keys any more. Of two keys
    with the same `kid` the first counts.

    Raises:
        ValueError: `answer` is no JWK Set (RFC 7517, section 5).

    """
    listed = answer.get("keys")
    if not isinstance(listed, list):
        raise ValueError("not a JWK Set: `keys` is not an array")
    keys: dict[str, SignatureKey] = {}
    for member in listed:
        if isinstance(member, dict) and isinstance(kid := member.get("kid"), str) and kid not in keys:
            key = _signature_key(member)
            if key is not None and algorithm_of(key) in algorithms:
                keys[kid] = key
    return keys


def algorithm_of(key: SignatureKey) -> str:
    """Give the one algorithm a key verifies by."""
    return "RS256" if isinstance(key, RSAKey) else "ES256"


def _signature_key(jwk: Mapping[str, object]) -> SignatureKey | None:
    """Import a JWK's public half, if it may verify RS256 or ES256; None if it may not or cannot be read."""
    if jwk.get("use", "sig") != "sig":
        return None
    try:
        match jwk:
            case {"kty": "RSA", "n": str(modulus), "e": str(exponent)} if jwk.get("alg", "RS256") == "RS256":
                # NOTE: measured before the import: joserfc takes a short key with a warning.
                if base64_to_int(modulus).bit_length() < LEAST_BITS:
                    return None
                return RSAKey.import_key({"kty": "RSA", "n": modulus, "e": exponent})
            case {"kty": "EC", "crv": "P-256", "x": str(x), "y": str(y)} if (
                jwk.get("alg", "ES256") == "ES256"
            ):
                return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
            case _:
                return None
    except ValueError:
        return None
