# SPDX-License-Identifier: EUPL-1.2
"""Compact JWS with RS256, written from RFC 7515 and RFC 7518 on bare RSA.

The simulators check with this what the hub signs with `joserfc`, and sign with this what the hub checks: a
mistake in one is caught by the other. Nothing here is used outside `connectors.simulators` and its tests.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*\Z")


class BadToken(Exception):
    """The token cannot be read, or its signature is not by the key it names."""


class UnknownKey(BadToken):
    """The token names a key that is not registered."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose signature was verified."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


def encode_segment(content: bytes) -> str:
    """Encode base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def decode_segment(segment: str) -> bytes:
    """Decode base64url without padding.

    Raises:
        BadToken: padding, whitespace, or anything outside the alphabet.

    """
    if not _BASE64URL.match(segment) or len(segment) % 4 == 1:
        raise BadToken("a segment is not base64url")
    try:
        return base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise BadToken("a segment is not base64url") from error


def sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: RSAPrivateKey) -> str:
    """Sign `claims` under exactly this header (`alg` is the caller's to name: tests lie about it)."""
    content = ".".join(
        encode_segment(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)
    )
    signature = key.sign(content.encode("ascii"), PKCS1v15(), SHA256())
    return f"{content}.{encode_segment(signature)}"


def verify(token: str, key_of: Callable[[str], RSAPublicKey | None]) -> Token:
    """Verify a compact JWS and give its parts.

    Args:
        token: the token's text.
        key_of: gives the public key of a `kid`.

    Raises:
        UnknownKey: the `kid` has no key.
        BadToken: not three segments of JSON objects, not RS256, critical extensions, a wrong signature.

    """
    segments = token.split(".")
    if len(segments) != 3:
        raise BadToken("not three segments")
    header = _object(segments[0])
    if header.get("alg") != "RS256":
        raise BadToken("alg is not RS256")
    if "crit" in header:
        raise BadToken("a critical extension")
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise BadToken("no kid")
    key = key_of(kid)
    if key is None:
        raise UnknownKey("unknown kid")
    try:
        key.verify(decode_segment(segments[2]), f"{segments[0]}.{segments[1]}".encode(), PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise BadToken("the signature is wrong") from error
    return Token(header, _object(segments[1]))


def public_jwk(key: RSAPublicKey) -> dict[str, str]:
    """Give a public key as a JWK for signatures, named by its thumbprint."""
    return {**_members(key), "kid": thumbprint(key), "use": "sig", "alg": "RS256"}


def public_key(jwk: Mapping[str, Any]) -> RSAPublicKey:
    """Read an RSA public key from a JWK (RFC 7518 section 6.3.1)."""
    modulus, exponent = (int.from_bytes(decode_segment(jwk[name]), "big") for name in ("n", "e"))
    return RSAPublicNumbers(exponent, modulus).public_key()


def thumbprint(key: RSAPublicKey) -> str:
    """Give the RFC 7638 SHA-256 thumbprint, base64url: members in order, no whitespace."""
    canonical = json.dumps(_members(key), sort_keys=True, separators=(",", ":")).encode()
    return encode_segment(hashlib.sha256(canonical).digest())


def _members(key: RSAPublicKey) -> dict[str, str]:
    numbers = key.public_numbers()

    def text(value: int) -> str:
        return encode_segment(value.to_bytes((value.bit_length() + 7) // 8, "big"))

    return {"e": text(numbers.e), "kty": "RSA", "n": text(numbers.n)}


def _object(segment: str) -> dict[str, Any]:
    try:
        content = json.loads(decode_segment(segment))
    except ValueError as error:
        raise BadToken("a segment is not JSON") from error
    if not isinstance(content, dict):
        raise BadToken("a segment is not a JSON object")
    return content
