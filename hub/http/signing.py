# SPDX-License-Identifier: EUPL-1.2
"""What consumers sign and what the hub signs for them, as the settings describe it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx2
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.exchange import Exchange
from connectors.pdnd import InteropApi, key_source
from hub.access.client_keys import ClientKeys
from hub.access.client_token import ClientTokenRules
from hub.access.evidence import EvidenceVerifier
from hub.access.integrity import SignatureVerifier
from hub.access.jwks import KeySet
from hub.access.seen_tokens import SeenTokens
from hub.access.signing_key import SigningKey
from hub.http.signed_answers import AnswerSigner
from hub.settings import Settings


@dataclass(frozen=True)
class Signing:
    """The verifiers of what consumers sign, and the signer of answers; None where the hub has no key of its own."""

    evidence: EvidenceVerifier
    signatures: SignatureVerifier
    signer: AnswerSigner | None
    keys: ClientKeys
    own_key: SigningKey | None
    api: InteropApi | None = None
    """PDND's API, where consumers' keys are looked up there."""

    @classmethod
    def from_settings(
        cls, settings: Settings, http: httpx2.AsyncClient, pdnd_keys: KeySet, seen: SeenTokens
    ) -> Signing:
        """Build them.

        Raises:
            ConfigurationError: the settings of keys contradict each other, or a file cannot be read.

        """
        source = key_source(settings, http, pdnd_keys)
        keys = ClientKeys(source, time.time, longest_age=settings.client_key_age)
        rules = ClientTokenRules(settings.audience, settings.clock_skew)
        path, own = settings.signing_key_file, None
        if path is not None:
            own = SigningKey(path, settings.signing_key_id, time.monotonic)
        return cls(
            EvidenceVerifier(keys, seen, rules, time.time),
            SignatureVerifier(keys, seen, rules, time.time),
            None if own is None else AnswerSigner(own, settings.audience, time.time),
            keys,
            own,
            source if isinstance(source, InteropApi) else None,
        )

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The way out to PDND's API, where there is one."""
        return () if self.api is None else (self.api.exchange,)

    def routes(self) -> list[Route]:
        """Where the hub's own public keys are published: as a producer's keys are on PDND, for who has no access to it."""
        key = self.own_key
        if key is None:
            return []

        async def published(_: Request) -> Response:
            return JSONResponse(await key.published(), headers={"Cache-Control": "no-cache"})

        return [Route("/.well-known/jwks.json", published, methods=["GET"])]

    async def close(self) -> None:
        """End what is under way in the background."""
        await self.keys.close()
        if self.own_key is not None:
            await self.own_key.close()
        if self.api is not None:
            await self.api.aclose()
