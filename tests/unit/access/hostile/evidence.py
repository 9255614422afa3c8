# SPDX-License-Identifier: EUPL-1.2
"""Tracking evidence that is not the voucher's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from hub.access.refusal import Check
from tests.unit.access.hostile.forge import AUDIENCE, CLIENT, NOW, PURPOSE, Forge, Hostile, Sent, b64_json


def evidence_of(desk: str, header: Mapping[str, object] | None = None, **change: Any) -> str:
    """Evidence that holds but for these members of its header and these claims, and for its signature, which nobody made.

    One that is `...` is left out.
    """
    claims = {
        "iss": CLIENT,
        "sub": CLIENT,
        "aud": AUDIENCE,
        "iat": NOW,
        "exp": NOW + 300,
        "jti": "f0f3a4a2",
        "purposeId": PURPOSE,
        "dnonce": "1234567890123",
        "userID": desk,
        "userLocation": "cpi-roma",
        "LoA": "substantial",
        **change,
    }
    members = {"alg": "RS256", "typ": "JWT", "kid": "ours", **(header or {})}
    parts = [{name: one for name, one in part.items() if one is not ...} for part in (members, claims)]
    return ".".join((*map(b64_json, parts), "c2ln"))


def with_evidence(*evidence: str, of: str | None = None) -> Callable[[Forge], Sent]:
    """A good voucher whose digest is that of `of`, with evidence beside it."""

    def send(forge: Forge) -> Sent:
        value = None if of is None else hashlib.sha256(of.encode()).hexdigest()
        claims: dict[str, Any] = {} if value is None else {"digest": {"alg": "SHA256", "value": value}}
        return Sent(forge.voucher(**claims), evidence=evidence)

    return send


_OURS, _OTHERS = evidence_of("op-7"), evidence_of("op-8")
_NOT_ITS = "whatever it is, it is not what the digest was taken of"

EVIDENCE: dict[str, Hostile] = {
    "evidence beside a voucher without digest": Hostile(with_evidence(_OURS), Check.DIGEST, "digest"),
    "evidence of another request": Hostile(
        with_evidence(_OTHERS, of=_OURS), Check.DIGEST, "digest", shares=_NOT_ITS
    ),
    "evidence with one letter more": Hostile(
        with_evidence(_OURS + "A", of=_OURS), Check.DIGEST, "digest", shares=_NOT_ITS
    ),
    "evidence twice": Hostile(with_evidence(_OURS, _OURS, of=_OURS), Check.DIGEST, "digest", shares=_NOT_ITS),
    "evidence empty": Hostile(with_evidence("", of=_OURS), Check.DIGEST, "digest", shares=_NOT_ITS),
}
"""Tracking evidence that is not the voucher's: the digest was swapped, or the evidence."""
