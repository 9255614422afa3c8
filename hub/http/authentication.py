# SPDX-License-Identifier: EUPL-1.2
"""From a request's headers to the caller and the person at its desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import TypeAlias

from hub.access.caller import Caller
from hub.access.citizens import CitizensDoor
from hub.access.directory import Directory
from hub.access.evidence import EvidenceVerifier, evidence_in
from hub.access.operator import Operator
from hub.access.possession import Possession, check_scheme
from hub.access.rate import RateLimited
from hub.access.refusal import Check, Explained, NoVoucher
from hub.access.voucher import Voucher, VoucherVerifier
from hub.errors import ClientError, Unauthenticated
from hub.store.vocabulary import Demand

Headers = Mapping[bytes, bytes]
Allow: TypeAlias = Callable[[Caller], None]

MOST_LET_IN = 4_096
"""Tokens that are remembered to have been let in: as many as are remembered to hold."""

UPGRADE = "GET"
"""The method of a WebSocket's upgrade (RFC 6455, section 4.1), for which its proof is made."""


class NobodysDesk(Explained, Unauthenticated):
    """A citizen sits at nobody's desk and signs nothing."""

    def __init__(self) -> None:
        super().__init__(
            "A citizen sits at nobody's desk and signs nothing.",
            check=Check.OPERATOR,
            claim="authorization",
            expected="a citizen's token alone",
            received="evidence or a signature beside it",
            remedy="Send it without tracking evidence and without a signature.",
        )


class MoreDemanded(Unauthenticated):
    """More is demanded of you than when this began; begin again, with what is demanded now."""

    def __init__(self, demands: Set[Demand]) -> None:
        super().__init__(demands=sorted(demands))


class Authenticator:
    """Verifies the token and finds whose it is. A token seen lately costs two look-ups in memory, evidence two more.

    A token goes to the door of the issuer it names: `citizens`, where they are let in, or PDND's, where all others go.
    """

    def __init__(
        self,
        verifier: VoucherVerifier,
        directory: Directory,
        evidence: EvidenceVerifier,
        possession: Possession,
        citizens: CitizensDoor | None = None,
    ) -> None:
        self._verifier = verifier
        self._directory = directory
        self._evidence = evidence
        self._possession = possession
        self._citizens = citizens
        self._let_in: dict[str, None] = {}
        """The tokens with which an authentication succeeded, until one fails."""

    async def authenticate(
        self, headers: Headers, method: str | None, allow: Allow = lambda _: None
    ) -> tuple[Caller, Operator | None]:
        """The caller, and the operator when the request names one. A proof of possession is used up by it.

        Args:
            headers: of the request.
            method: of the request; None for headers that were authenticated before, whose proof is not asked for again.
            allow: told of the caller before a proof or new evidence is looked at, which costs the tables a look; raises RateLimited.

        Raises:
            Unauthenticated: no token, or one that does not hold; says which check failed.
            Forbidden: the purpose has no grant.
            UpstreamUnavailable: the issuer's keys cannot be had, or the consumer's.
            Unavailable: whether a proof was used before cannot be said.

        """
        scheme, token = _presented(headers)
        try:
            found = await self._established(scheme, token, headers, method, allow)
        except RateLimited:
            raise
        except ClientError:
            self._let_in.pop(token, None)
            raise
        if token not in self._let_in:
            if len(self._let_in) >= MOST_LET_IN:
                del self._let_in[next(iter(self._let_in))]
            self._let_in[token] = None
        return found

    async def _established(
        self, scheme: str, token: str, headers: Headers, method: str | None, allow: Allow
    ) -> tuple[Caller, Operator | None]:
        evidence = evidence_in(headers)
        voucher = self._verifier.cached(token)
        if voucher is None:
            if self._citizens is not None and scheme == "bearer" and self._citizens.is_for(token):
                if evidence is not None:
                    raise NobodysDesk
                return await self._citizens.caller(token), None
            voucher = await self._verifier.verify(token)
        is_bound = voucher.key_thumbprint is not None or scheme != "bearer"
        if is_bound:
            check_scheme(voucher, scheme)
        caller = self._directory.remembered(voucher) or await self._directory.caller(voucher)
        if is_bound and method is not None:
            allow(caller)
            proof = headers.get(b"dpop")
            await self._possession.prove(
                voucher, token, None if proof is None else proof.decode("latin-1"), method
            )
        if evidence is None:
            return caller, None
        operator = self._evidence.cached(evidence, voucher)
        if operator is None:
            allow(caller)
            operator = await self._evidence.verify(evidence, voucher)
        return caller, operator

    async def ask_again(self, headers: Headers, met: Set[Demand]) -> tuple[Caller, Operator | None]:
        """Who asks, as of now, by headers that were authenticated before, when no more than `met` was demanded.

        Raises as `authenticate` does, and MoreDemanded.
        """
        caller, operator = await self.authenticate(headers, None)
        if not caller.demands <= met:
            raise MoreDemanded(caller.demands - met)
        return caller, operator

    async def seconds_left(self, headers: Headers) -> float:
        """How long the token still holds. Raises as `authenticate` does."""
        _, token = _presented(headers)
        if self._citizens is not None and self._citizens.is_for(token):
            return await self._citizens.seconds_left(token)
        return self._verifier.seconds_left(await self._verifier.verify(token))

    def knows(self, headers: Headers) -> bool:
        """Whether the last authentication with this token succeeded."""
        token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")[2].strip()
        return token in self._let_in

    async def voucher(self, headers: Headers) -> Voucher:
        """An agency's voucher itself. Raises as `authenticate` does."""
        _, token = _presented(headers)
        return self._verifier.cached(token) or await self._verifier.verify(token)


def _presented(headers: Headers) -> tuple[str, str]:
    """The scheme, `bearer` or `dpop`, and the token."""
    authorization = headers.get(b"authorization")
    if authorization is None:
        raise NoVoucher("nothing")
    scheme, _, token = authorization.decode("latin-1").partition(" ")
    scheme, token = scheme.lower(), token.strip()
    if scheme not in ("bearer", "dpop"):
        raise NoVoucher("another scheme")
    if not token:
        raise NoVoucher("the scheme alone")
    return scheme, token


def headers_of(listed: Sequence[tuple[bytes, bytes]]) -> Headers:
    """A request's headers by name; those of one name are one, joined by commas, as HTTP has it (RFC 9110, section 5.3)."""
    headers = dict(listed)
    if len(headers) != len(listed):
        headers = {}
        for name, value in listed:
            headers[name] = b", ".join((headers[name], value)) if name in headers else value
    return headers
