# SPDX-License-Identifier: EUPL-1.2
"""`Digest` and `Agid-JWT-Signature`: the body is ours and unchanged (INTEGRITY_REST_02; domain.md 2.5)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from connectors.pdnd.evidence import BACKDATE
from connectors.pdnd.identity import ClientIdentity

HEADER = "Agid-JWT-Signature"
LIFETIME = 120
"""Seconds a signature lives: one attempt, with room for a slow queue and a clock that is off."""


def digest_of(body: bytes) -> str:
    """Give the value of the `Digest` header (RFC 3230) over the exact bytes that are sent."""
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


def body_signature(
    identity: ClientIdentity, headers: Mapping[str, str], *, audience: str, jti: str, now: float
) -> str:
    """Sign the headers that describe a body: digest, content-type and, when it is sent, content-encoding.

    Args:
        identity: the hub's client; trust is by the `kid` registered on PDND.
        headers: exactly the headers to sign, in order; their names are written in lower case.
        audience: the e-service's audience, which need not be its URL.
        jti: unique per request: the agency takes a signature once.
        now: seconds since the epoch.

    """
    issued = int(now) - BACKDATE
    return identity.sign(
        {
            "iss": identity.client_id,
            "sub": identity.client_id,
            "aud": audience,
            "iat": issued,
            "nbf": issued,
            "exp": int(now) + LIFETIME,
            "jti": jti,
            "signed_headers": [{name.lower(): value} for name, value in headers.items()],
        }
    )
