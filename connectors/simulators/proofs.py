# SPDX-License-Identifier: EUPL-1.2
"""What PDND checks of a DPoP proof (RFC 9449, section 4.3; limits of domain.md 2.4), written from the standard on bare keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from connectors.simulators.jws import BadToken, decode_segment, encode_segment, public_key
from connectors.simulators.replay import SeenTokens

TOLERANCE, LIFE = 10, 60
"""Seconds a proof's `iat` may lie ahead, and how old it may be."""
_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}


class BadProof(Exception):
    """The proof is not taken; the text is the check that failed."""


def check_proof(
    proof: str, *, method: str, url: str, now: float, seen: SeenTokens, token: str | None = None
) -> str:
    """Check a proof for one request, and give its key's thumbprint (RFC 7638).

    Args:
        proof: the `DPoP` header.
        method: the request's.
        url: the request's, without query and fragment.
        now: seconds since the epoch.
        seen: the proofs taken so far.
        token: the voucher that came with it; None at the token endpoint.

    Raises:
        BadProof: it is not for this request, was taken before, or is not by the key in it.

    """
    try:
        header_part, payload_part, signature_part = proof.split(".")
        header, claims = (json.loads(decode_segment(part)) for part in (header_part, payload_part))
        signature = decode_segment(signature_part)
    except (ValueError, BadToken) as error:
        raise BadProof("form") from error
    _demand(header.get("typ") == "dpop+jwt", "typ")
    jwk = header.get("jwk")
    _demand(isinstance(jwk, dict) and jwk.get("kty") in _MEMBERS and "d" not in jwk, "jwk")
    _verify(header.get("alg"), jwk, f"{header_part}.{payload_part}".encode(), signature)
    _demand(claims.get("htm") == method, "htm")
    _demand(claims.get("htu") == url, "htu")
    issued = claims.get("iat")
    _demand(isinstance(issued, int) and now - LIFE <= issued <= now + TOLERANCE, "iat")
    if token is not None:
        _demand(claims.get("ath") == encode_segment(hashlib.sha256(token.encode()).digest()), "ath")
    name = thumbprint(jwk)
    _demand(seen.first_use(name, claims.get("jti"), issued + LIFE + TOLERANCE), "jti")
    return name


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Give a public JWK's RFC 7638 SHA-256 thumbprint."""
    members = {name: jwk[name] for name in _MEMBERS[jwk["kty"]]}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return encode_segment(hashlib.sha256(canonical).digest())


def _verify(alg: object, jwk: Mapping[str, Any], signed: bytes, signature: bytes) -> None:
    try:
        if alg == "RS256" and jwk["kty"] == "RSA":
            public_key(jwk).verify(signature, signed, PKCS1v15(), SHA256())
            return
        _demand(alg == "ES256" and jwk.get("crv") == "P-256" and len(signature) == 64, "alg")
        x, y = (int.from_bytes(decode_segment(jwk[name]), "big") for name in ("x", "y"))
        halves = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
        key.verify(encode_dss_signature(*halves), signed, ECDSA(SHA256()))
    except (InvalidSignature, KeyError, ValueError, BadToken) as error:
        raise BadProof("signature") from error


def _demand(holds: bool, check: str) -> None:
    if not holds:
        raise BadProof(check)
