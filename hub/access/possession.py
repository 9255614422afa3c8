# SPDX-License-Identifier: EUPL-1.2
"""Proof of possession: a voucher bound to a key is good only beside a proof that key signed for this request (RFC 9449).

PDND writes the key's thumbprint into the voucher (`cnf.jkt`); the consumer signs a proof for each request. Whoever copies the
voucher has no key, and whoever copies the proof too finds it used.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.access.claims import identifier
from hub.access.proof import PROOF_CHECKS, ProofRefused, ProofRules, issued_at, read_proof
from hub.access.refusal import Check, VoucherRefused
from hub.access.seen_tokens import SeenTokens, TokenKind
from hub.access.voucher import Voucher


class Possession:
    """Checks that who presents a bound voucher has its key. `clock` gives Unix seconds."""

    def __init__(self, seen: SeenTokens, rules: ProofRules, clock: Callable[[], float]) -> None:
        self._seen = seen
        self._rules = rules
        self._clock = clock

    async def prove(self, voucher: Voucher, token: str, proof: str | None, method: str) -> None:
        """Check the proof presented with a bound voucher, and remember that it was used.

        Args:
            voucher: verified, with a `key_thumbprint`.
            token: its text.
            proof: the `DPoP` header; None where there is none.
            method: of the HTTP request.

        Raises:
            ProofRefused: a check failed; the error names it.
            ReplayUnknown: the database cannot say whether the proof was used before.

        """
        presented = read_proof(proof, token, method, voucher.key_thumbprint, self._rules, self._clock())
        for _, check in PROOF_CHECKS:
            check(presented)
        used_until = issued_at(presented) + self._rules.longest_life + self._rules.clock_skew
        # NOTE: last: a proof that does not hold must not use up the `jti` of one that does.
        if not await self._seen.first_time(
            TokenKind.DPOP_PROOF,
            identifier(presented.claims, ProofRefused),
            used_until,
            issuer=voucher.key_thumbprint or "",
        ):
            raise ProofRefused(Check.REPLAYED, "jti", "one that was not used before", "one that was")


def check_scheme(voucher: Voucher, scheme: str) -> None:
    """Check that a voucher comes by its scheme, in lower case: a bound one by `dpop`, any other by `bearer`.

    Raises:
        VoucherRefused: it comes by the other.

    """
    check_scheme_of(voucher.key_thumbprint, scheme)


def check_scheme_of(key_thumbprint: str | None, scheme: str) -> None:
    """Check the scheme by the thumbprint of the key a voucher is bound to. Raises VoucherRefused."""
    is_bound = key_thumbprint is not None
    if is_bound is not (scheme == "dpop"):
        wanted, came = (
            ("`DPoP`, since it has `cnf`", "`Bearer`")
            if is_bound
            else ("`Bearer`, since it has no `cnf`", "`DPoP`")
        )
        raise VoucherRefused(Check.POSSESSION, "cnf", wanted, came)
