# SPDX-License-Identifier: EUPL-1.2
"""Refusing who asks: which check failed, in which claim, what was expected, what came, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Final

from hub.errors import ClientError, Forbidden, Unauthenticated


class Check(StrEnum):
    """What a token is checked for, about in this order; clients may rely on the words."""

    CREDENTIALS = "credentials"
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
    METHOD = "method"
    TARGET = "target"
    TOKEN_HASH = "token_hash"  # noqa: S105 (a check's name)
    CONSUMER = "consumer"
    DEMANDED = "demanded"
    CAPABILITY = "capability"


class Explained(ClientError):
    """A refusal of who asks, for the developer who sent the request.

    Message and extensions name the check, the claim (or the part of the token, or the header), what was expected, what was
    received and the remedy; never a token, a signature or a key.
    """

    def __init__(
        self,
        problem: str,
        *,
        check: Check,
        claim: str,
        expected: str,
        received: str,
        remedy: str,
        **more: object,
    ) -> None:
        self.check = check
        self.claim = claim
        self.expected = expected
        self.received = received
        self.remedy = remedy
        super().__init__(
            f"{problem} Expected {expected}; received {received}. {remedy}",
            check=check.value,
            claim=claim,
            expected=expected,
            received=received,
            remedy=remedy,
            **more,
        )


class NotGranted(Explained, Forbidden):
    """Who asks is known, and the purpose was not granted this."""


class NoVoucher(Explained, Unauthenticated):
    """The request presents no voucher."""

    def __init__(self, received: str) -> None:
        super().__init__(
            "Present a PDND voucher.",
            check=Check.CREDENTIALS,
            claim="authorization",
            expected="`Authorization: Bearer …`, or `DPoP …` for a voucher that is bound to a key",
            received=received,
            remedy="Ask PDND's token endpoint for a voucher for this e-service, and send it in that header.",
        )


class TokenRefused(Explained, Unauthenticated):
    """A token is not acceptable. Each kind of token has its name and its sentences."""

    credential: ClassVar[str] = "token"
    sentences: ClassVar[Mapping[Check, tuple[str, str]]]
    """For each check: what is wrong, and the way to mend it."""

    def __init__(self, check: Check, claim: str, expected: str, received: str) -> None:
        problem, remedy = self.sentences[check]
        super().__init__(
            problem.format(claim=claim),
            check=check,
            claim=claim,
            expected=expected,
            received=received,
            remedy=remedy,
            credential=self.credential,
        )


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
    Check.EMBEDDED_KEY: (
        "The voucher brings its own key in `{claim}`; only PDND's are trusted.",
        _ONLY_PDND,
    ),
    Check.TYPE: (
        "The token's `{claim}` is not that of a voucher; a client assertion is not one.",
        _AS_IT_IS,
    ),
    Check.KEY: ("The voucher's `{claim}` is not one of PDND's keys.", _ENVIRONMENT),
    Check.SIGNATURE: (
        "The voucher's {claim} does not hold: one changed character breaks it.",
        _AS_IT_IS,
    ),
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
    Check.REPLAYED: (
        "The voucher was used before, and yours are taken once (ID_AUTH_REST_02): `{claim}`.",
        "Ask PDND for a voucher for each request.",
    ),
    Check.DIGEST: (
        "The voucher's `{claim}` is not the digest of tracking evidence.",
        "Put the hexadecimal SHA-256 of your `Agid-JWT-TrackingEvidence` into the client assertion.",
    ),
    Check.POSSESSION: (
        "How the voucher was sent is not how its `{claim}` says it is used.",
        "Send one with `cnf` as `Authorization: DPoP <access_token>` beside a `DPoP` header, any other as `Bearer`.",
    ),
}
"""For each check of a voucher: what is wrong, and the way to mend it."""


class VoucherRefused(TokenRefused):
    """The voucher is not acceptable."""

    credential = "voucher"
    sentences = SENTENCES
