# SPDX-License-Identifier: EUPL-1.2
"""Who the hub is on PDND: a client id and the RSA key registered for it.

The key of a process that goes on is followed: who rotates it registers the new one on PDND, and puts its file in the place of the
old one. From then on assertions, evidence and signatures are made with the new key; vouchers that were got with the old one are used
until they end, together with their evidence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from hub.access.signing_key import SigningKey
from hub.errors import ConfigurationError

ALGORITHM = "RS256"
"""The one algorithm PDND takes (domain.md 2.1)."""


class PrivateKey(Protocol):
    """A private key that signs, and is not shown."""

    @property
    def kid(self) -> str:
        """The key's RFC 7638 SHA-256 thumbprint, base64url: the `kid` PDND gives it (43 characters)."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign claims as a compact JWS (RFC 7515) with header `alg`, `typ: JWT`, `kid`."""


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key that stays as it was read."""

    key: RSAKey
    kid: str

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign claims, as `PrivateKey` says."""
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": self.kid}
        return jws.serialize_compact(header, orjson.dumps(claims), self.key, algorithms=[ALGORITHM])


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """A PDND client: its id (a UUID) and its private key; it signs, and never shows the key."""

    client_id: str
    key: PrivateKey

    def __repr__(self) -> str:
        return f"ClientIdentity(client_id={self.client_id!r}, kid={self.kid!r})"

    @classmethod
    def from_pem(cls, client_id: str, path: Path) -> ClientIdentity:
        """Read the key from a PEM file (PKCS 1 or PKCS 8, not encrypted), once.

        Raises:
            ConfigurationError: the file cannot be read or holds no private RSA key.

        """
        try:
            key = RSAKey.import_key(path.read_bytes())
        except (OSError, ValueError, JoseError) as error:
            raise ConfigurationError(f"{path} is not a PEM file with an RSA key.") from error
        if not key.is_private:
            raise ConfigurationError(f"{path} holds a public key; the client's private one is needed.")
        return cls(client_id, HeldKey(key, key.thumbprint()))

    @classmethod
    def following(
        cls,
        client_id: str,
        path: Path,
        clock: Callable[[], float] = time.monotonic,
        setting: str = "SNODO_CLIENT_KEY_FILE",
    ) -> ClientIdentity:
        """Read it, and follow the file while a loop runs: a new one in its place is taken within seconds. Raises as `from_pem`."""
        return cls(client_id, SigningKey(path, None, clock, setting))

    @property
    def kid(self) -> str:
        """The name of the key that is signed with now."""
        return self.key.kid

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign claims, as `PrivateKey` says."""
        return self.key.sign(claims)

    async def aclose(self) -> None:
        """End a look at the file that is under way."""
        if isinstance(self.key, SigningKey):
            await self.key.close()
