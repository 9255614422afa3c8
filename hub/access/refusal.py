# SPDX-License-Identifier: EUPL-1.2
"""Refusing a token: which check failed, in which claim, what was expected, what came, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Final

from hub.errors import Unauthenticated


class Check(StrEnum):
    """What a token is checked for, about in this order; clients may rely on the words."""

    FORM = "form"
    DUPLICATE = "duplicate"
    ALGORITHM = "algorithm"
    CRITICAL = "critical"
    EMBEDDED_KEY = "embedded_key"
    TYPE = "type"
    KEY = "key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    TIME = "time"
    LIFETIME = "lifetime"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    CLIENT = "client"
    PURPOSE = "purpose"
    ESERVICE = "eservice"
    IDENTIFIER = "identifier"
    DIGEST = "digest"
    POSSESSION = "possession"
    HEADER = "header"
    SIGNED_HEADERS = "signed_headers"
    NONCE = "nonce"
    OPERATOR = "operator"
    REPLAYED = "replayed"
    ASSURANCE = "assurance"
    SUBJECT = "subject"


_AS_IT_IS: Final = "Send PDND's `access_token` as it is: `Authorization: Bearer <access_token>`."
_ONLY_PDND: Final = "Send an e-service voucher from PDND's token endpoint; nothing else is taken here."
_ENVIRONMENT: Final = (
    "Ask PDND for a voucher in the environment this hub belongs to: production, collaudo or attestazione."
)
_ANEW: Final = "Ask PDND for a new voucher."
_THIS_ESERVICE: Final = "Ask PDND for a voucher for this e-service."

SENTENCES: Final[Mapping[Check, tuple[str, str]]] = {
    Check.FORM: ("The voucher's {claim} cannot be read.", _AS_IT_IS),
    Check.DUPLICATE: ("The voucher names `{claim}` twice, so it could be read in two ways.", _AS_IT_IS),
    Check.ALGORITHM: ("The voucher's `{claim}` is not the algorithm PDND signs with.", _ONLY_PDND),
    Check.CRITICAL: ("The voucher's `{claim}` demands an extension this hub does not know.", _ONLY_PDND),
    Check.EMBEDDED_KEY: ("The voucher brings its own key in `{claim}`; only PDND's are trusted.", _ONLY_PDND),
    Check.TYPE: ("The token's `{claim}` is not that of a voucher; a client assertion is not one.", _AS_IT_IS),
    Check.KEY: ("The voucher's `{claim}` is not one of PDND's keys.", _ENVIRONMENT),
    Check.SIGNATURE: ("The voucher's {claim} does not hold: one changed character breaks it.", _AS_IT_IS),
    Check.ISSUER: ("The voucher's `{claim}` is not the PDND this hub trusts.", _ENVIRONMENT),
    Check.AUDIENCE: ("The voucher's `{claim}` does not contain this hub's audience.", _THIS_ESERVICE),
    Check.TIME: ("The voucher's `{claim}` is not a time.", _ANEW),
    Check.LIFETIME: ("The voucher's life, from `iat` to `{claim}`, is not one PDND gives.", _ANEW),
    Check.EXPIRED: (
        "The voucher has expired: `{claim}`.",
        "Ask PDND for a new voucher, and check your clock.",
    ),
    Check.NOT_YET_VALID: (
        "The voucher's `{claim}` lies in the future.",
        "Wait until then, and check your clock.",
    ),
    Check.CLIENT: ("The voucher's `{claim}` does not name its client.", _ONLY_PDND),
    Check.PURPOSE: (
        "The voucher's `{claim}` does not name a purpose.",
        "Put the `purposeId` of your purpose for this e-service into the client assertion.",
    ),
    Check.ESERVICE: ("The voucher's `{claim}` is not that of a voucher for this hub.", _THIS_ESERVICE),
    Check.IDENTIFIER: ("The voucher has no usable identifier of its own in `{claim}`.", _ANEW),
    Check.DIGEST: (
        "The voucher's `{claim}` is not the digest of tracking evidence.",
        "Put the hexadecimal SHA-256 of your `Agid-JWT-TrackingEvidence` into the client assertion.",
    ),
    Check.POSSESSION: (
        "The voucher's `{claim}` binds it to a key (DPoP), and this hub takes bearer vouchers only.",
        "Ask PDND for the voucher without a `DPoP` header.",
    ),
}
"""For each check: what is wrong, and the way to mend it."""


class TokenRefused(Unauthenticated):
    """The token is not acceptable.

    The message and the extensions name the check, the claim (or the part of the token), what was expected and
    what was received, for the developer who sent it; never the token or its signature. Each kind of token has its
    own `sentences`.
    """

    sentences: ClassVar[Mapping[Check, tuple[str, str]]]

    def __init__(self, check: Check, claim: str, expected: str, received: str) -> None:
        self.check = check
        self.claim = claim
        self.expected = expected
        self.received = received
        problem, remedy = self.sentences[check]
        super().__init__(
            f"{problem.format(claim=claim)} Expected {expected}; received {received}. {remedy}",
            check=check.value,
            claim=claim,
            expected=expected,
            received=received,
        )


class VoucherRefused(TokenRefused):
    """The voucher is not acceptable."""

    sentences = SENTENCES
