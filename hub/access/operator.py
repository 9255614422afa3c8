# SPDX-License-Identifier: EUPL-1.2
"""The person at the desk, from `Agid-JWT-TrackingEvidence` (ModI pattern AUDIT_REST_02).

The consumer made the evidence; PDND put its hash into the voucher. So evidence whose SHA-256 is the voucher's digest is the
one the voucher was asked for, and no other is believed.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode
from dataclasses import dataclass

import orjson

from hub.access.voucher import Voucher
from hub.errors import Unauthenticated

LONGEST = 8_192


@dataclass(frozen=True, slots=True)
class Operator:
    """Who sat at the consumer's desk: its own id for the person, the workplace, and how surely the person was identified."""

    user_id: str
    user_location: str
    loa: str


class EvidenceRefused(Unauthenticated):
    """The tracking evidence is not the one this voucher was issued for; ask PDND for a voucher with its digest."""


def read_operator(evidence: str | None, voucher: Voucher) -> Operator | None:
    """The operator an evidence names; None when there is none.

    Raises:
        EvidenceRefused: it is not the voucher's, or lacks a claim.

    """
    if evidence is None:
        return None
    if voucher.digest is None:
        raise EvidenceRefused(
            "The voucher carries no digest, so this tracking evidence cannot be believed: ask PDND for a voucher with the "
            "evidence's SHA-256 in `digest`.",
            check="digest", claim="digest",
        )  # fmt: skip
    if len(evidence) > LONGEST or not hmac.compare_digest(
        hashlib.sha256(evidence.encode()).hexdigest(), voucher.digest
    ):
        raise EvidenceRefused(check="digest", claim="digest")
    try:
        payload = evidence.split(".")[1]
        claims = orjson.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        words = [claims[name] for name in ("userID", "userLocation", "LoA")]
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error) as error:
        raise EvidenceRefused(
            "The tracking evidence is no JWT with the claims userID, userLocation and LoA.", check="evidence"
        ) from error
    if not all(isinstance(word, str) and 0 < len(word) <= 200 and word.isprintable() for word in words):
        raise EvidenceRefused(
            "userID, userLocation and LoA are strings of 1 to 200 printable characters.", check="evidence"
        )
    return Operator(*words)
