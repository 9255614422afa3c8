# SPDX-License-Identifier: EUPL-1.2
"""The demo world's RSA keys, made once and kept in `<data_dir>/demo/` (files 0600, folder 0700).

A key file is written whole under a name of its own and then *linked* to its place: the link fails when
another process was first, and its key is the one both read. So two processes that start at once agree, and
no reader ever sees half a file.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from connectors.simulators.jws import public_jwk, thumbprint
from connectors.simulators.registry import Registry

PDND = "pdnd"
"""The name of PDND's own signing key."""
SIGNING = "hub-signing"
"""The name of the key the hub signs its answers with."""
IDENTITY_PROVIDER = "identity-provider"
"""The name of the key that signs citizens' tokens."""
BITS = 2048


@dataclass(frozen=True, slots=True)
class DemoKeys:
    """PDND's key, the identity provider's and every consumer's, by name, and where they are kept."""

    folder: Path
    private: Mapping[str, RSAPrivateKey]

    def __repr__(self) -> str:
        return f"DemoKeys({', '.join(self.private)})"

    def path(self, name: str) -> Path:
        """Give the PEM file of a key, as the setting `client_key_file` wants it."""
        return self.folder / f"{name}.pem"

    @property
    def jwks_path(self) -> Path:
        """The file with PDND's public keys, as the setting `pdnd_jwks` wants it."""
        return self.folder / "pdnd-jwks.json"

    @property
    def client_keys_path(self) -> Path:
        """The file with the consumers' public keys, as the setting `client_keys` wants it."""
        return self.folder / "client-keys.json"

    @property
    def citizen_jwks_path(self) -> Path:
        """The file with the identity provider's public keys, as the setting `citizen_jwks` wants it."""
        return self.folder / "citizen-jwks.json"

    def kid(self, name: str) -> str:
        """Give a key's RFC 7638 thumbprint."""
        return thumbprint(self.private[name].public_key())

    def jwks(self, issuer: str = PDND) -> dict[str, Any]:
        """Give an issuer's public keys as a JWK Set."""
        return {"keys": [public_jwk(self.private[issuer].public_key())]}

    def client_keys(self, registry: Registry) -> dict[str, tuple[str, RSAPublicKey]]:
        """Give the keys registered on PDND, as its `GET /keys/{kid}` does: kid → (client id, public key)."""
        return {
            self.kid(name): (consumer.client_id, self.private[name].public_key())
            for name, consumer in registry.consumers.items()
        }


def open_keys(data_dir: Path, registry: Registry) -> DemoKeys:
    """Read the demo's keys, making those that are not there; safe in several processes at once.

    Args:
        data_dir: every command's `--data-dir`; the keys are in its `demo` folder.
        registry: whose consumers have keys.

    """
    folder = data_dir / "demo"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = DemoKeys(folder, open_named_keys(folder, (PDND, IDENTITY_PROVIDER, SIGNING, *registry.consumers)))
    _write_public(keys.jwks_path, json.dumps(keys.jwks(), indent=1).encode())
    clients = keys.client_keys(registry).values()
    listed = [{**public_jwk(key), "clientId": client_id} for client_id, key in clients]
    _write_public(keys.client_keys_path, json.dumps({"keys": listed}, indent=1).encode())
    _write_public(keys.citizen_jwks_path, json.dumps(keys.jwks(IDENTITY_PROVIDER), indent=1).encode())
    return keys


def open_named_keys(folder: Path, names: Iterable[str]) -> dict[str, RSAPrivateKey]:
    """Read `<folder>/<name>.pem` for each name, making those that are not there."""
    return {name: _open_key(folder / f"{name}.pem") for name in names}


def _open_key(path: Path) -> RSAPrivateKey:
    if not path.exists():
        key = generate_private_key(public_exponent=65537, key_size=BITS)
        _put(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    # Our own file: proving its primes anew would cost each command 50 ms a key.
    loaded = load_pem_private_key(path.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(loaded, RSAPrivateKey):
        raise ValueError(f"{path} holds no RSA key")
    return loaded


def _put(path: Path, content: bytes) -> None:
    """Put a private file in its place unless another process already has."""
    draft = _draft(path, content, mode=0o600)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _write_public(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        _draft(path, content, mode=0o644).replace(path)


def _draft(path: Path, content: bytes, *, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft
