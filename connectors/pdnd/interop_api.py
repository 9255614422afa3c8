# SPDX-License-Identifier: EUPL-1.2
"""PDND's interop API, of which the hub asks one thing: whose key is this (`GET /keys/{kid}`; domain.md 2.4).

The hub presents a voucher of its own for the API ("m2m": of another client than the one it calls e-services with; of medium
confidence), bound to a key made for this process. PDND signs its answers; with which of its keys is not published in the
sources at hand, so the check against its key set is a setting (SNODO_PDND_API_SIGNED).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from uuid import UUID

from connectors.exchange import Answer, Exchange, Outgoing
from connectors.pdnd.dpop import ProofKey
from connectors.pdnd.signed_answer import check_answer
from connectors.pdnd.tokens import TokenEndpoint, Voucher
from connectors.strict_json import strict_json
from hub.access.client_keys import ClientKey
from hub.access.jwks import KeySet, usable_keys
from hub.errors import UpstreamInvalid, UpstreamRefused
from hub.single_flight import SingleFlight

AGENCY = "PDND"
OPERATION = "keys"
LEAST_LEFT = 10.0
"""Seconds a voucher must still hold to be used: a call may take a while."""


class InteropApi:
    """PDND's API, as the hub's m2m client sees it; a `KeySource`."""

    def __init__(
        self,
        exchange: Exchange,
        tokens: TokenEndpoint,
        proofs: ProofKey,
        *,
        url: str,
        signed_by: KeySet | None,
        now: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """Take the exchange for PDND, the token endpoint of the m2m client, and the API's base URL, version included.

        `signed_by`: PDND's keys, by one of which each answer must be signed; None where TLS alone is relied on.
        """
        self.exchange = exchange
        self._tokens = tokens
        self._proofs = proofs
        self._url = url.rstrip("/")
        self._signed_by = signed_by
        self._now = now
        self._new_id = new_id
        self._voucher: Voucher | None = None
        self._flights: SingleFlight[Voucher] = SingleFlight()

    async def find(self, kid: str) -> ClientKey | None:
        """The key of this name, and the client it belongs to; None when there is none.

        Raises:
            UpstreamUnavailable: PDND does not answer.
            UpstreamRefused: it refuses the hub.
            UpstreamInvalid: its answer is not what its interface description promises, or not signed by it.

        """
        answer = await self._get(f"/keys/{kid}")
        if answer.status == 401:  # a voucher it no longer takes: once more, with a new one
            self._voucher = None
            answer = await self._get(f"/keys/{kid}")
        if answer.status == 404:
            return None
        if answer.status in (401, 403):
            raise UpstreamRefused(
                f"PDND's API refuses the hub (HTTP {answer.status}): check the m2m client, its key and its role.",
                agency=AGENCY,
                status=answer.status,
            )
        with self.exchange.reading(OPERATION):
            if answer.status != 200:
                raise UpstreamInvalid(f"PDND's API answered HTTP {answer.status}.", agency=AGENCY)
            if self._signed_by is not None:
                await check_answer(answer, self._signed_by, self._now())
            return client_key(answer.body, kid)

    async def aclose(self) -> None:
        """End what is under way in the background for the m2m client's key."""
        await self._tokens.aclose()

    async def _get(self, path: str) -> Answer:
        url = self._url + path

        async def prepare() -> Outgoing:
            token = (await self._fresh()).token
            proof = self._proofs.proof("GET", url, jti=self._new_id(), now=self._now(), token=token)
            headers = {"Authorization": f"DPoP {token}", "DPoP": proof, "Accept": "application/json"}
            return Outgoing("GET", url, headers)

        return await self.exchange.call(OPERATION, prepare, idempotent=True)

    async def _fresh(self) -> Voucher:
        kept = self._voucher
        if kept is not None and kept.expires_at - self._now() > LEAST_LEFT:
            return kept
        self._voucher = await self._flights.run("m2m", self._ask)
        return self._voucher

    async def _ask(self) -> Voucher:
        return await self._tokens.m2m_voucher(self._proofs)


def client_key(content: bytes, kid: str) -> ClientKey:
    """Read `{clientId, jwk}`.

    Raises:
        UpstreamInvalid: it has another shape, or the key is none that verifies RS256.

    """
    try:
        answer = strict_json(content)
        client_id, jwk = UUID(answer["clientId"]), answer["jwk"]
        named = jwk.get("kid", kid)
        key = usable_keys({"keys": [{**jwk, "kid": kid}]})[kid]
    except (ValueError, TypeError, AttributeError, KeyError):
        raise UpstreamInvalid("PDND's answer is not a client's RSA key.", agency=AGENCY) from None
    if named != kid:
        raise UpstreamInvalid("PDND's answer is another key than the one asked for.", agency=AGENCY)
    return ClientKey(client_id, key)
