# SPDX-License-Identifier: EUPL-1.2
"""The client assertion with which the hub asks PDND for a voucher (RFC 7523; domain.md 2.1)."""

from __future__ import annotations

from typing import Any

from connectors.pdnd.identity import ClientIdentity

LIFETIME = 60
"""Seconds an assertion lives: it is used at once, and once."""


def client_assertion(
    identity: ClientIdentity,
    *,
    audience: str,
    purpose_id: str | None,
    jti: str,
    now: float,
    digest: str | None = None,
) -> str:
    """Build and sign a client assertion.

    The claims are exactly those PDND lists: with its strict mode on, any other (`nbf`, say) is an error.

    Args:
        identity: the hub's client.
        audience: PDND's, without a scheme: `auth.interop.pagopa.it/client-assertion`.
        purpose_id: the purpose the voucher is for; None for a voucher for PDND's own API.
        jti: unique per assertion.
        now: seconds since the epoch.
        digest: hex SHA-256 of the tracking evidence the voucher is to be bound to (AUDIT_REST_02).

    """
    claims: dict[str, Any] = {
        "iss": identity.client_id,
        "sub": identity.client_id,
        "aud": audience,
        "jti": jti,
        "iat": int(now),
        "exp": int(now) + LIFETIME,
    }
    if purpose_id is not None:
        claims["purposeId"] = purpose_id
    if digest is not None:
        claims["digest"] = {"alg": "SHA256", "value": digest}
    return identity.sign(claims)
