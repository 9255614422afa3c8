# SPDX-License-Identifier: EUPL-1.2
"""`Agid-JWT-TrackingEvidence`: the person at the consumer's desk (ModI pattern AUDIT_REST_02).

The consumer makes and signs the evidence; PDND puts its hash into the voucher. So it is believed when it is the one the voucher
was issued for *and* the consumer's own key signed it. `dnonce` is a number of thirteen digits in the clients that are known; its
form is of medium confidence, so a longer one, or one written as a JSON number, is taken too.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias
from uuid import UUID

from hub.access.client_keys import ClientKeys, Found
from hub.access.client_token import EVIDENCE, ClientTokenRules, EvidenceRefused, verified
from hub.access.jws import LONGEST_TOKEN, Form, Members
from hub.access.operator import Operator
from hub.access.received import ABSENT, described, kind
from hub.access.refusal import Check
from hub.access.seen_tokens import SeenTokens, TokenKind
from hub.access.voucher import LONGEST_LIFE, Voucher

HEADER: Final = EVIDENCE.lower().encode()
MISSPELT: Final = b"agid-jwt-tracking-evidence"
"""As some clients write it, and PDND takes it."""

FORM: Final = Form(issuer="your client", algorithms=("RS256",), types=("jwt",), refuse=EvidenceRefused)
_NONCE: Final = re.compile(r"[0-9]{13,32}")
_LONGEST_WORD: Final = 200


def evidence_in(headers: Mapping[bytes, bytes]) -> str | None:
    """The evidence among a request's headers, whichever way its name is spelt.

    Raises:
        EvidenceRefused: it is there under both names.

    """
    evidence, misspelt = headers.get(HEADER), headers.get(MISSPELT)
    if misspelt is None:
        return None if evidence is None else evidence.decode("latin-1")
    if evidence is not None:
        raise EvidenceRefused(
            Check.HEADER, EVIDENCE, f"`{EVIDENCE}` alone", "`Agid-JWT-Tracking-Evidence` beside it"
        )
    return misspelt.decode("latin-1")


class EvidenceVerifier:
    """Verifies evidence, and remembers the last `capacity` it found good by their text, so that a warm request is cheap.

    `clock` gives Unix seconds. Belongs to one event loop.
    """

    def __init__(
        self,
        keys: ClientKeys,
        seen: SeenTokens,
        rules: ClientTokenRules,
        clock: Callable[[], float],
        *,
        capacity: int = 4_096,
    ) -> None:
        self._keys = keys
        self._seen = seen
        self._rules = rules
        self._clock = clock
        self._capacity = capacity
        self._verified: OrderedDict[str, tuple[Voucher, Operator, float, Found]] = OrderedDict()

    def cached(self, evidence: str, voucher: Voucher) -> Operator | None:
        """The operator of an evidence that was verified with this voucher, if it still holds; None means: ask `verify`."""
        known = self._verified.get(evidence)
        # NOTE the same voucher, not one that says the same: what was checked together is believed together.
        if known is None or known[0] is not voucher:
            return None
        # NOTE asked of the key, too: one that was deleted on PDND ends what it signed.
        if self._clock() >= known[2] or not self._keys.holds(known[3]):
            del self._verified[evidence]
            return None
        self._verified.move_to_end(evidence)
        return known[1]

    async def verify(self, evidence: str, voucher: Voucher) -> Operator:
        """The operator the evidence of a voucher names.

        Raises:
            EvidenceRefused: a check failed; the error names it.
            UpstreamError: the consumer's key cannot be looked up now.
            Unavailable: nor can any, or with which voucher the evidence came first.

        """
        if (known := self.cached(evidence, voucher)) is not None:
            return known
        check_bound(evidence, voucher.digest)
        token = await verified(
            evidence,
            FORM,
            self._keys,
            voucher.client_id,
            self._rules,
            longest_life=LONGEST_LIFE,
            now=self._clock(),
        )
        operator = operator_of(token.claims, voucher.client_id, voucher.purpose_id)
        # NOTE the request is used once by the signature's `jti`; evidence is used with one voucher, as long as both last.
        ends, issuer = token.expires_at + self._rules.clock_skew, str(voucher.client_id)
        if not await self._seen.same_use(TokenKind.EVIDENCE, token.jti, voucher.jti, ends, issuer=issuer):
            raise EvidenceRefused(
                Check.REPLAYED, "jti", "one that came with this voucher alone", described(token.jti)
            )
        self._verified[evidence] = (voucher, operator, ends, token.key)
        self._verified.move_to_end(evidence)
        if len(self._verified) > self._capacity:
            self._verified.popitem(last=False)
        return operator


def check_bound(evidence: str, digest: str | None) -> None:
    """Check that PDND issued the voucher with this `digest` for this evidence: before anything in it is looked at."""
    if len(evidence) > LONGEST_TOKEN:
        raise EvidenceRefused(Check.FORM, "token", f"at most {LONGEST_TOKEN} characters", f"{len(evidence)}")
    if digest is None:
        raise EvidenceRefused(
            Check.DIGEST, "digest", "the evidence's SHA-256 in the voucher", "a voucher without it"
        )
    found = hashlib.sha256(evidence.encode("latin-1")).hexdigest()
    if not hmac.compare_digest(found, digest):
        raise EvidenceRefused(
            Check.DIGEST, "digest", "an evidence with the SHA-256 in the voucher", "another one"
        )


def operator_of(claims: Members, client_id: UUID, purpose_id: UUID) -> Operator:
    """Give the operator that evidence for this client and purpose names. Raises EvidenceRefused."""
    for _, check in EVIDENCE_CHECKS:
        check(claims, client_id, purpose_id)
    return Operator(*(str(claims[name]) for name in _OPERATOR))


EvidenceCheck: TypeAlias = Callable[[Members, UUID, UUID], None]
"""Takes the claims, the voucher's client and its purpose."""


def _check_issuer_is_named(claims: Members, client_id: UUID, _purpose_id: UUID) -> None:
    if claims.get("iss", ABSENT) is ABSENT:
        raise EvidenceRefused(Check.ISSUER, "iss", f"`{client_id}`, the client of the voucher", "nothing")


def _check_purpose(claims: Members, _client_id: UUID, purpose_id: UUID) -> None:
    purpose = claims.get("purposeId", ABSENT)
    if purpose != str(purpose_id):
        raise EvidenceRefused(Check.PURPOSE, "purposeId", f"`{purpose_id}`", described(purpose))


def _check_nonce(claims: Members, _client_id: UUID, _purpose_id: UUID) -> None:
    nonce = claims.get("dnonce", ABSENT)
    if isinstance(nonce, str) and _NONCE.fullmatch(nonce):
        return
    if isinstance(nonce, int) and not isinstance(nonce, bool) and 0 <= nonce < 10**32:
        return
    raise EvidenceRefused(Check.NONCE, "dnonce", "a number of 13 digits", kind(nonce))


def _is_word(name: str) -> EvidenceCheck:
    """Give the check of a claim that says who asked, or where."""

    def check(claims: Members, _client_id: UUID, _purpose_id: UUID) -> None:
        value = claims.get(name, ABSENT)
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_WORD or not value.isprintable():
            # NOTE its kind only: whoever the person is, it is nobody's business who reads the refusal.
            raise EvidenceRefused(
                Check.OPERATOR, name, f"1 to {_LONGEST_WORD} printable characters", kind(value)
            )

    return check


_OPERATOR: Final = ("userID", "userLocation", "LoA")
EVIDENCE_CHECKS: Final[tuple[tuple[str, EvidenceCheck], ...]] = (
    ("iss is named", _check_issuer_is_named),
    ("purposeId", _check_purpose),
    ("dnonce", _check_nonce),
    *((name, _is_word(name)) for name in _OPERATOR),
)
"""What evidence is checked for beside `CLAIM_CHECKS`, in this order, by the claims each looks at."""
