# SPDX-License-Identifier: EUPL-1.2
"""Vouchers kept while they last, each with the tracking evidence it is bound to.

How the reuse of evidence composes with its single use
------------------------------------------------------
AUDIT_REST_02 puts the hash of the evidence into the voucher, and has the provider check that the evidence's
`jti` was not seen (domain.md 2.5). Read to the letter, every call needs a new evidence, so a new voucher, so
a call to PDND: fifty residences in one query would cost fifty vouchers, against PDND's rate limit and its
rule that a voucher is used for as long as it lives. The two rules can both be kept, because they protect
different things:

- the *request* is used once: that is the `jti` of `Agid-JWT-Signature`, new for every attempt;
- the *evidence* says which person's desk a voucher was issued for. What must not happen is that it is taken
  out of its voucher and presented with another one. So one evidence is made for one voucher (its hash is in
  the voucher, which is signed by PDND), both are used together and end together: a renewed voucher comes with
  a new evidence. A provider may therefore remember the pair (evidence `jti`, voucher `jti`) and refuse the
  evidence anywhere else; the simulators do exactly that.

A `Pass` is that pair, kept per (purpose, operator); the operator is the whole (userID, userLocation, LoA), so
no call is ever made under somebody else's evidence. For an agency that reads the rule to the letter there is
`reuse=False`: one evidence and one voucher per call.

Without an operator (an e-service with no audit pattern) a pass is a voucher alone, kept per purpose.
"""

from __future__ import annotations

import random
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors.pdnd.evidence import Evidence, Operator, tracking_evidence
from connectors.pdnd.identity import ClientIdentity
from connectors.pdnd.tokens import TokenEndpoint, Voucher
from hub.single_flight import SingleFlight

EVIDENCE_LIFETIME = 660
"""Seconds: the usual voucher's 600, and the time it takes to get it."""
RENEW_EARLY = 60.0
"""A pass with fewer seconds left is renewed in the background, and used meanwhile (a tenth of its life at most)."""
LEAST_LEFT = 10.0
"""A pass with fewer seconds left is not used any more: the call may take a while (a twentieth at most)."""
KEPT = 4_096
"""Passes kept at most; the one unused longest goes first."""

Key = tuple[str, tuple[str, ...], Operator | None]


@dataclass(frozen=True, slots=True)
class Pass:
    """A voucher and the one evidence it is bound to (None where the e-service asks for none)."""

    voucher: Voucher
    evidence: Evidence | None
    issued_at: float

    @property
    def expires_at(self) -> float:
        """Seconds since the epoch at which the first of the two ends."""
        if self.evidence is None:
            return self.voucher.expires_at
        return min(self.voucher.expires_at, self.evidence.expires_at)

    def ends_within(self, margin: float, share: float, now: float) -> bool:
        """Whether fewer than `margin` seconds are left, or than that share of the whole life if it is less."""
        return self.expires_at - now < min(margin, share * (self.expires_at - self.issued_at))


class Passes:
    """Gives passes: from memory while they last, else from PDND; one request for all who wait for the same."""

    def __init__(
        self,
        identity: ClientIdentity,
        tokens: TokenEndpoint,
        *,
        reuse: bool = True,
        now: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
        nonce: Callable[[], int] = lambda: random.SystemRandom().randrange(10**13),
    ) -> None:
        """Take the hub's client, PDND's endpoint, and a clock in seconds since the epoch."""
        self._identity = identity
        self._tokens = tokens
        self._reuse = reuse
        self._now = now
        self._new_id = new_id
        self._nonce = nonce
        self._kept: OrderedDict[Key, Pass] = OrderedDict()
        self._flights: SingleFlight[Pass] = SingleFlight()

    async def get(self, purpose_id: str, audiences: Sequence[str], operator: Operator | None) -> Pass:
        """Give a pass that lasts for a call.

        Raises what `TokenEndpoint.voucher` raises, unless a pass that still lasts is at hand.
        """
        key = (purpose_id, tuple(audiences), operator)
        if not self._reuse and operator is not None:
            return await self._issue(key)
        kept = self._kept.get(key)
        if kept is None or kept.ends_within(LEAST_LEFT, 0.05, self._now()):
            return await self._flights.run(key, lambda: self._renew(key))
        self._kept.move_to_end(key)
        if kept.ends_within(RENEW_EARLY, 0.1, self._now()):
            self._flights.start(key, lambda: self._renew(key))
        return kept

    def forget(self, used: Pass) -> None:
        """Drop a pass that an agency did not accept, so that the next call gets a new one."""
        for key, kept in self._kept.items():
            if kept is used:
                del self._kept[key]
                return

    async def aclose(self) -> None:
        """End the renewals that are under way."""
        await self._flights.aclose()

    async def _renew(self, key: Key) -> Pass:
        issued = await self._issue(key)
        self._kept[key] = issued
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return issued

    async def _issue(self, key: Key) -> Pass:
        purpose_id, audiences, operator = key
        issued_at = self._now()
        if operator is None:
            return Pass(await self._tokens.voucher(purpose_id), None, issued_at)
        evidence = tracking_evidence(
            self._identity,
            operator,
            audiences=audiences,
            purpose_id=purpose_id,
            jti=self._new_id(),
            dnonce=self._nonce(),
            now=issued_at,
            lifetime=EVIDENCE_LIFETIME,
        )
        return Pass(await self._tokens.voucher(purpose_id, evidence.digest), evidence, issued_at)
