# SPDX-License-Identifier: EUPL-1.2
"""From a request's headers to the caller and the person at its desk."""

from __future__ import annotations

from collections.abc import Mapping

from hub.access.caller import Caller
from hub.access.citizens import CitizensDoor
from hub.access.directory import Directory
from hub.access.evidence import EvidenceVerifier, evidence_in
from hub.access.operator import Operator
from hub.access.voucher import Voucher, VoucherVerifier
from hub.errors import Unauthenticated

Headers = Mapping[bytes, bytes]


class NobodysDesk(Unauthenticated):
    """A citizen sits at nobody's desk and signs nothing: send its token without tracking evidence and without a signature."""


class Authenticator:
    """Verifies the token and finds whose it is. A token seen lately costs two look-ups in memory, evidence two more.

    A token goes to the door of the issuer it names: `citizens`, where they are let in, or PDND's, where all others go.
    """

    def __init__(
        self,
        verifier: VoucherVerifier,
        directory: Directory,
        evidence: EvidenceVerifier,
        citizens: CitizensDoor | None = None,
    ) -> None:
        self._verifier = verifier
        self._directory = directory
        self._evidence = evidence
        self._citizens = citizens

    async def authenticate(self, headers: Headers) -> tuple[Caller, Operator | None]:
        """The caller, and the operator when the request names one.

        Raises:
            Unauthenticated: no token, or one that does not hold; says which check failed.
            Forbidden: the purpose has no grant.
            UpstreamUnavailable: the issuer's keys cannot be had, or the consumer's.

        """
        token = _bearer(headers)
        evidence = evidence_in(headers)
        voucher = self._verifier.cached(token)
        if voucher is None:
            if self._citizens is not None and self._citizens.is_for(token):
                if evidence is not None:
                    raise NobodysDesk
                return await self._citizens.caller(token), None
            voucher = await self._verifier.verify(token)
        caller = self._directory.remembered(voucher) or await self._directory.caller(voucher)
        if evidence is None:
            return caller, None
        return caller, self._evidence.cached(evidence, voucher) or await self._evidence.verify(
            evidence, voucher
        )

    async def seconds_left(self, headers: Headers) -> float:
        """How long the token still holds. Raises as `authenticate` does."""
        token = _bearer(headers)
        if self._citizens is not None and self._citizens.is_for(token):
            return await self._citizens.seconds_left(token)
        return self._verifier.seconds_left(await self._verifier.verify(token))

    def knows(self, headers: Headers) -> bool:
        """Whether the token was verified before, and still holds."""
        token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")[2]
        if self._citizens is not None and self._citizens.knows(token):
            return True
        return self._verifier.cached(token) is not None

    async def voucher(self, headers: Headers) -> Voucher:
        """An agency's voucher itself. Raises as `authenticate` does."""
        token = _bearer(headers)
        return self._verifier.cached(token) or await self._verifier.verify(token)


def _bearer(headers: Headers) -> str:
    authorization = headers.get(b"authorization")
    if authorization is None:
        raise Unauthenticated
    scheme, _, token = authorization.decode("latin-1").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Present the token as `Authorization: Bearer …`; other schemes are not taken.")
    return token
