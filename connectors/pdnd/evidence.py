# SPDX-License-Identifier: EUPL-1.2
"""`Agid-JWT-TrackingEvidence`: who in our domain caused a call (AUDIT_REST_02; domain.md 2.5)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.pdnd.identity import ClientIdentity

HEADER = "Agid-JWT-TrackingEvidence"

BACKDATE = 5
"""Seconds `iat` and `nbf` lie in the past: the agencies' gateways allow no future at all (domain.md 1.1)."""


@dataclass(frozen=True, slots=True)
class Operator:
    """The person or process at whose desk a call begins, in the words of the evidence's claims.

    `user_id` and `user_location` mean something in the caller's own domain only; `loa` is the level of
    assurance of their login there (`low`, `substantial`, `high`, or the domain's own word).
    """

    user_id: str = field(repr=False)
    user_location: str
    loa: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signed evidence, the digest that binds a voucher to it, and its end (seconds since the epoch)."""

    jws: str = field(repr=False)
    digest: str
    expires_at: float


def tracking_evidence(
    identity: ClientIdentity,
    operator: Operator,
    *,
    audiences: Sequence[str],
    purpose_id: str,
    jti: str,
    dnonce: int,
    now: float,
    lifetime: int,
) -> Evidence:
    """Build and sign an evidence.

    Args:
        identity: the hub's client.
        operator: whose evidence it is.
        audiences: the e-service's; one is written as a string, several as an array (RFC 7519, 4.1.3).
        purpose_id: the purpose of the calls it goes with.
        jti: unique per evidence.
        dnonce: 13 random digits, so that nobody can guess the evidence from its digest in the voucher.
        now: seconds since the epoch.
        lifetime: seconds until it expires.

    """
    issued = int(now) - BACKDATE
    expires = int(now) + lifetime
    claims = {
        "iss": identity.client_id,
        "sub": identity.client_id,
        "aud": audiences[0] if len(audiences) == 1 else list(audiences),
        "purposeId": purpose_id,
        "iat": issued,
        "nbf": issued,
        "exp": expires,
        "jti": jti,
        "dnonce": f"{dnonce:013d}",
        "userID": operator.user_id,
        "userLocation": operator.user_location,
        "LoA": operator.loa,
    }
    jws = identity.sign(claims)
    return Evidence(jws, hashlib.sha256(jws.encode("ascii")).hexdigest(), float(expires))
