# SPDX-License-Identifier: EUPL-1.2
"""What a demo consumer signs with its own key: the person at its desk, the bodies it sends (domain.md 2.5), proofs of possession.

Written from the text of the standard, as the simulated agencies' checks are: the hub's own signing code is not used here.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from typing import Any

from connectors.simulators.jws import encode_segment, public_jwk, sign
from connectors.simulators.keys import DemoKeys
from connectors.simulators.registry import Consumer, Registry


def tracking_evidence(
    registry: Registry,
    keys: DemoKeys,
    consumer_name: str,
    *,
    now: float,
    user_id: str = "op-4711",
    user_location: str = "desk-1",
    lifetime: int = 3_600,
    **claims: Any,
) -> tuple[str, str]:
    """Make `Agid-JWT-TrackingEvidence` for the hub; gives it, and the hex SHA-256 its voucher must carry.

    `claims` are written over those of good evidence; one that is `...` is left out.
    """
    consumer = registry.consumer(consumer_name)
    content = {
        **_common(registry, consumer, now, lifetime),
        "purposeId": consumer.purpose_for("hub").purpose_id,
        "dnonce": f"{secrets.randbelow(10**13):013d}",
        "userID": user_id,
        "userLocation": user_location,
        "LoA": "substantial",
    }
    jws = _signed(keys, consumer_name, content, claims)
    return jws, hashlib.sha256(jws.encode("ascii")).hexdigest()


def digest_of(body: bytes) -> str:
    """Give the value of `Digest` over exactly these bytes."""
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


def signature_headers(
    registry: Registry,
    keys: DemoKeys,
    consumer_name: str,
    body: bytes,
    *,
    now: float,
    content_type: str | None = "application/json",
    **claims: Any,
) -> dict[str, str]:
    """Give `Digest` and `Agid-JWT-Signature` over a body, and `Content-Type` where there is one. `claims` as for evidence."""
    described = {"Digest": digest_of(body)}
    if content_type is not None:
        described["Content-Type"] = content_type
    content = {
        **_common(registry, registry.consumer(consumer_name), now, 120),
        "signed_headers": [{name.lower(): value} for name, value in described.items()],
    }
    return {**described, "Agid-JWT-Signature": _signed(keys, consumer_name, content, claims)}


def possession_proof(
    keys: DemoKeys, consumer_name: str, method: str, url: str, *, now: float, token: str | None = None
) -> str:
    """Make a `DPoP` proof with the consumer's own key, for one request (RFC 9449, section 4.2).

    `token`: the bound voucher that goes with it; None where one is asked for.
    """
    key = keys.private[consumer_name]
    public = public_jwk(key.public_key())
    header = {"typ": "dpop+jwt", "alg": "RS256", "jwk": {name: public[name] for name in ("kty", "n", "e")}}
    claims = {"htm": method, "htu": url, "iat": int(now), "jti": str(uuid.uuid4())}
    if token is not None:
        claims["ath"] = encode_segment(hashlib.sha256(token.encode("ascii")).digest())
    return sign(header, claims, key)


def _common(registry: Registry, consumer: Consumer, now: float, lifetime: int) -> dict[str, Any]:
    return {
        "iss": consumer.client_id,
        "sub": consumer.client_id,
        "aud": registry.eservices["hub"].audiences[0],
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now) + lifetime,
        "jti": str(uuid.uuid4()),
    }


def _signed(keys: DemoKeys, name: str, content: dict[str, Any], over: dict[str, Any]) -> str:
    claims = {claim: value for claim, value in {**content, **over}.items() if value is not ...}
    return sign({"alg": "RS256", "typ": "JWT", "kid": keys.kid(name)}, claims, keys.private[name])
