# SPDX-License-Identifier: EUPL-1.2
"""Signed notes (C2SP signed-note, version 1), Ed25519 alone: a text, an empty line, and a line for each signature.

Pure but for the signature itself, which is `cryptography`'s; it imports nothing of the hub.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
"""The byte that says of which kind a key is."""
_SIGNATURE = "\u2014 "
_NAME = re.compile(r"[^\s+]+")
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


class MalformedNote(ValueError):
    """What was given is not a signed note, or not a verifier key; the message says what of it."""


class UnsignedNote(ValueError):
    """No signature of the key stands under the note, or one that does not hold."""


@dataclass(frozen=True)
class VerifierKey:
    """Whose signatures are believed: a name, and a public key."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes by which a signature says whose it is."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        encoded = base64.b64encode(ED25519 + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def read(cls, text: str) -> VerifierKey:
        """A key as it is written: `NAME+ID+KEY`.

        Raises:
            MalformedNote: it is not.
        """
        name, plus, rest = text.strip().partition("+")
        key_id, other_plus, encoded = rest.partition("+")
        if not plus or not other_plus or not _NAME.fullmatch(name):
            raise MalformedNote("A verifier key is NAME+ID+KEY, on one line.")
        data = _decoded(encoded, "The verifier key")
        if data[:1] != ED25519 or len(data) != 33:
            raise MalformedNote("The verifier key is not one of Ed25519.")
        key = cls(name, data[1:])
        if key_id != key.key_id.hex():
            raise MalformedNote(
                f"The verifier key's id is {key_id[:20]}, but its name and key give {key.key_id.hex()}."
            )
        return key


class Signer:
    """Signs notes under a name."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        """Raises MalformedNote for a name with a space or a plus sign."""
        if not _NAME.fullmatch(name):
            raise MalformedNote("The name of a signer has no spaces and no plus sign.")
        self._private = private
        self.key = VerifierKey(name, private.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The note: `text`, which ends with a newline, and its signature."""
        signature = base64.b64encode(self.key.key_id + self._private.sign(text.encode())).decode()
        return f"{text}\n{_SIGNATURE}{self.key.name} {signature}\n"


def text_of(note: str) -> str:
    """What a note says, whoever signed it.

    Raises:
        MalformedNote: it is no signed note.
    """
    return _parts(note)[0]


def verified(note: str, key: VerifierKey) -> str:
    """What a note says, signed by this key; signatures of others are passed over.

    Raises:
        MalformedNote: it is no signed note.
        UnsignedNote: the key's signature is not there, or does not hold.
    """
    text, signatures = _parts(note)
    named = False
    for name, signature in signatures:
        if name != key.name or signature[:4] != key.key_id:
            continue
        named = True
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature[4:], text.encode())
        except InvalidSignature:
            continue
        return text
    raise UnsignedNote(
        f"The signature of {key.name} ({key.key_id.hex()}) under the note does not hold."
        if named
        else f"The note has no signature of {key.name} ({key.key_id.hex()})."
    )


def _parts(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    if _FORBIDDEN.search(note):
        raise MalformedNote("A signed note has no control characters but the end of a line.")
    text, gap, rest = note.rpartition("\n\n")
    if not gap or not rest.endswith("\n"):
        raise MalformedNote(
            "A signed note is a text, an empty line, and lines of signatures, each with its end."
        )
    signatures: list[tuple[str, bytes]] = []
    for line in rest[:-1].split("\n"):
        name, space, encoded = line.removeprefix(_SIGNATURE).partition(" ")
        if not line.startswith(_SIGNATURE) or not space or not _NAME.fullmatch(name):
            raise MalformedNote("A line under the note is not a signature.")
        signature = _decoded(encoded, "A signature under the note")
        if len(signature) < 5:
            raise MalformedNote("A signature under the note is too short.")
        signatures.append((name, signature))
    return text + "\n", signatures


def _decoded(encoded: str, what: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedNote(f"{what} is not base64.") from None
