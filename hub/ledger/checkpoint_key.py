# SPDX-License-Identifier: EUPL-1.2
"""The key checkpoints are signed with: a PEM file with an Ed25519 private key."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hub.errors import ConfigurationError
from hub.ledger.signed_note import MalformedNote, Signer


def read_signer(path: Path, origin: str) -> Signer:
    """Who signs the checkpoints of the feed called `origin`.

    Raises:
        ConfigurationError: the file cannot be read, holds no such key, or the origin cannot name one.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"SNODO_CHECKPOINT_KEY_FILE cannot be read as a key in PEM: {type(error).__name__}."
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError("SNODO_CHECKPOINT_KEY_FILE must hold an Ed25519 key.")
    try:
        return Signer(origin, key)
    except MalformedNote:
        raise ConfigurationError("SNODO_FEED_ORIGIN has no spaces and no plus sign.") from None


def make_key(path: Path) -> None:
    """Make a new key in a file that only its owner reads; one that is there stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
