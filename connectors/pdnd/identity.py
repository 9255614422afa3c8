# SPDX-License-Identifier: EUPL-1.2
"""Who the hub is on PDND: a client id and the RSA key registered for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from hub.errors import ConfigurationError

ALGORITHM = "RS256"
"""The one algorithm PDND takes (domain.md 2.1)."""


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """A PDND client: its id (a UUID) and its private key; it signs, and never shows the key."""

    client_id: str
    key: RSAKey

    def __repr__(self) -> str:
        return f"ClientIdentity(client_id={self.client_id!r}, kid={self.kid!r})"

    @classmethod
    def from_pem(cls, client_id: str, path: Path) -> ClientIdentity:
        """Read the key from a PEM file (PKCS 1 or PKCS 8, not encrypted).

        Raises:
            ConfigurationError: the file cannot be read or holds no private RSA key.

        """
        try:
            key = RSAKey.import_key(path.read_bytes())
        except (OSError, ValueError, JoseError) as error:
            raise ConfigurationError(f"{path} is not a PEM file with an RSA key.") from error
        if not key.is_private:
            raise ConfigurationError(f"{path} holds a public key; the client's private one is needed.")
        return cls(client_id, key)

    @property
    def kid(self) -> str:
        """The key's RFC 7638 SHA-256 thumbprint, base64url: the `kid` PDND gives it (43 characters)."""
        return self.key.thumbprint()

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign claims as a compact JWS (RFC 7515) with header `alg`, `typ: JWT`, `kid`."""
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": self.kid}
        return jws.serialize_compact(header, orjson.dumps(claims), self.key, algorithms=[ALGORITHM])
