# SPDX-License-Identifier: EUPL-1.2
"""From a request's headers to the caller and the person at its desk."""

from __future__ import annotations

from collections.abc import Mapping

from hub.access.caller import Caller
from hub.access.directory import Directory
from hub.access.evidence import EvidenceVerifier, evidence_in
from hub.access.operator import Operator
from hub.access.voucher import Voucher, VoucherVerifier
from hub.errors import Unauthenticated

Headers = Mapping[bytes, bytes]


class Authenticator:
    """Verifies the voucher and finds whose it is. A token seen lately costs two look-ups in memory, evidence two more."""

    def __init__(self, verifier: VoucherVerifier, directory: Directory, evidence: EvidenceVerifier) -> None:
        self._verifier = verifier
        self._directory = directory
        self._evidence = evidence

    async def authenticate(self, headers: Headers) -> tuple[Caller, Operator | None]:
        """The caller, and the operator when the request names one.

        Raises:
            Unauthenticated: no voucher, or one that does not hold; says which check failed.
            Forbidden: the purpose has no grant.
            UpstreamUnavailable: PDND's keys cannot be had, or the consumer's.

        """
        voucher = await self.voucher(headers)
        evidence = evidence_in(headers)
        caller = self._directory.remembered(voucher) or await self._directory.caller(voucher)
        if evidence is None:
            return caller, None
        return caller, self._evidence.cached(evidence, voucher) or await self._evidence.verify(
            evidence, voucher
        )

    async def seconds_left(self, headers: Headers) -> float:
        """How long the voucher still holds. Raises as `authenticate` does."""
        return self._verifier.seconds_left(await self.voucher(headers))

    def knows(self, headers: Headers) -> bool:
        """Whether the voucher was verified before, and still holds."""
        token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")[2]
        return self._verifier.cached(token) is not None

    async def voucher(self, headers: Headers) -> Voucher:
        """The voucher itself. Raises as `authenticate` does."""
        authorization = headers.get(b"authorization")
        if authorization is None:
            raise Unauthenticated
        scheme, _, token = authorization.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated(
                "Present the voucher as `Authorization: Bearer …`; other schemes are not taken."
            )
        return self._verifier.cached(token) or await self._verifier.verify(token.strip())
