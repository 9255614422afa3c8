# SPDX-License-Identifier: EUPL-1.2
"""Tracking evidence that is not the voucher's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from hub.access.refusal import Check
from tests.unit.access.hostile.forge import CLIENT, PURPOSE, Forge, Hostile, Sent, b64_json


def evidence_of(desk: str) -> str:
    """Evidence whose signature nobody made: what is refused before it is looked at."""
    claims = {
        "iss": CLIENT,
        "purposeId": PURPOSE,
        "dnonce": "1234567890123",
        "userID": desk,
        "userLocation": "cpi-roma",
        "LoA": "substantial",
    }
    return f"{b64_json({'alg': 'RS256', 'typ': 'JWT'})}.{b64_json(claims)}.c2ln"


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
