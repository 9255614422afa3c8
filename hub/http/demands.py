# SPDX-License-Identifier: EUPL-1.2
"""What a consumer must present with a request, beyond the voucher: checked once, before anything is asked of the database.

Who asks *again* (a subscription before each page, an operation on a socket) presents nothing anew: what is of single use was
spent when the request, or the socket, began.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from hub.access.caller import Caller
from hub.access.client_token import EVIDENCE, SIGNATURE
from hub.access.integrity import DIGEST, SignatureVerifier, check_digest
from hub.access.integrity import HEADER as SIGNED
from hub.access.operator import Operator
from hub.access.refusal import Check, Explained, VoucherRefused
from hub.access.seen_tokens import SeenTokens, TokenKind
from hub.access.voucher import Voucher
from hub.errors import Forbidden, Unauthenticated, Unavailable
from hub.http.accept import NotAcceptable
from hub.http.authentication import Authenticator, Headers, NobodysDesk
from hub.http.signed_answers import AnswerSigner
from hub.http.streams import Accepted
from hub.store.vocabulary import Demand

_DEMANDED: Final[Mapping[Demand, tuple[str, str, str]]] = {
    Demand.EVIDENCE: (
        EVIDENCE,
        "Tracking evidence is demanded of {code} (AUDIT_REST_02).",
        f"Send `{EVIDENCE}`, with its SHA-256 in the voucher's `digest`.",
    ),
    Demand.SIGNATURE: (
        SIGNATURE,
        "Signed requests are demanded of {code} (INTEGRITY_REST_02).",
        f"Send `Digest` and `{SIGNATURE}`.",
    ),
    Demand.DPOP: (
        "cnf",
        "A voucher bound to a key is demanded of {code}.",
        "Ask PDND for it with a proof, and send it as `Authorization: DPoP …`.",
    ),
}
"""By what it is missed, what is demanded, and the remedy."""


class DemandNotMet(Explained, Unauthenticated):
    """What this consumer must present beyond its voucher is missing."""

    def __init__(self, demand: Demand, caller: Caller) -> None:
        claim, problem, remedy = _DEMANDED[demand]
        super().__init__(
            problem.format(code=caller.agency_code),
            check=Check.DEMANDED,
            claim=claim,
            expected=f"`{claim}`",
            received="nothing",
            remedy=remedy,
            demand=demand.value,
        )


class SignedOverHttpOnly(Forbidden):
    """Messages of a WebSocket are not signed, and signatures are demanded of, or for, this consumer: ask over HTTP."""


class CannotSign(Unavailable):
    """This hub has no key to sign answers with, and yours are to be signed: whoever runs it sets SNODO_SIGNING_KEY_FILE."""

    code: ClassVar[str] = "SIGNING_UNAVAILABLE"


UNSIGNABLE: Final = (
    "Your answers are signed, and a stream cannot be: its digest would stand before it. Ask without a stream, and read the feed "
    "by pages."
)


class Demands:
    """Checks what consumers must present; an instance for each process."""

    def __init__(
        self,
        authenticator: Authenticator,
        signatures: SignatureVerifier,
        seen: SeenTokens,
        signer: AnswerSigner | None,
        clock_skew: float,
    ) -> None:
        """`signer`: None where the hub has no key of its own; `clock_skew` in seconds, as vouchers are allowed."""
        self._authenticator = authenticator
        self._signatures = signatures
        self._seen = seen
        self._signer = signer
        self._clock_skew = clock_skew

    def concern(self, caller: Caller, headers: Headers) -> bool:
        """Whether there is anything to check: of most requests, no."""
        return bool(caller.demands) or SIGNED in headers or DIGEST in headers

    async def check(self, caller: Caller, operator: Operator | None, headers: Headers, body: bytes) -> None:
        """Check one HTTP request; `body` exactly as it came, empty with GET.

        A signature or a digest that was not demanded is verified all the same.

        Raises:
            DemandNotMet: something is missing.
            SignatureRefused: what was signed is not what came, or came before.
            VoucherRefused: the voucher was to be used once, and was.
            Unavailable: it cannot be said now, or the answer could not be signed.
            UpstreamError: nor can the consumer's key be looked up.

        """
        demands = caller.demands
        if SIGNED in headers:
            if caller.client_id is None:
                raise NobodysDesk
            await self._signatures.verify(headers, body, caller.client_id)
        elif Demand.SIGNATURE in demands:
            raise DemandNotMet(Demand.SIGNATURE, caller)
        elif DIGEST in headers:
            check_digest(headers, body)
        if demands:
            await self._check_presented(caller, operator, headers)

    async def check_socket(self, caller: Caller, operator: Operator | None, headers: Headers) -> None:
        """Check a socket when it begins. Raises as `check` does, and SignedOverHttpOnly."""
        if Demand.SIGNATURE in caller.demands or Demand.SIGNED_ANSWERS in caller.demands:
            raise SignedOverHttpOnly
        if caller.demands:
            await self._check_presented(caller, operator, headers)

    async def _check_presented(self, caller: Caller, operator: Operator | None, headers: Headers) -> None:
        demands = caller.demands
        if Demand.SIGNED_ANSWERS in demands and self._signer is None:
            raise CannotSign
        if Demand.EVIDENCE in demands and operator is None:
            raise DemandNotMet(Demand.EVIDENCE, caller)
        if Demand.DPOP in demands or Demand.SINGLE_USE in demands:
            voucher = await self._authenticator.voucher(headers)
            if Demand.DPOP in demands and voucher.key_thumbprint is None:
                raise DemandNotMet(Demand.DPOP, caller)
            if Demand.SINGLE_USE in demands:
                await self._spend(voucher)

    async def _spend(self, voucher: Voucher) -> None:
        ends = voucher.expires_at + self._clock_skew
        if not await self._seen.first_time(TokenKind.VOUCHER, voucher.jti, ends):
            raise VoucherRefused(Check.REPLAYED, "jti", "one that was not used before", "one that was")

    def sign(
        self, caller: Caller, headers: Headers, body: bytes, content_type: bytes
    ) -> tuple[tuple[bytes, bytes], ...]:
        """The headers that sign an answer, to `headers`; none unless this caller's are to be signed."""
        if self._signer is None or Demand.SIGNED_ANSWERS not in caller.demands:
            return ()
        assert caller.client_id is not None, "nothing is demanded of citizens"
        return self._signer.headers(body, content_type, caller.client_id, headers.get(DIGEST))

    def streams(self, caller: Caller, streams: Accepted | None) -> Accepted | None:
        """How this caller is given streams: as it takes them, or not at all where each answer is to be signed.

        Raises:
            NotAcceptable: it takes nothing else.

        """
        if streams is None or Demand.SIGNED_ANSWERS not in caller.demands:
            return streams
        if streams.alone:
            raise NotAcceptable(UNSIGNABLE)
        return None
