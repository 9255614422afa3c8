# SPDX-License-Identifier: EUPL-1.2
"""PDND's interop API, as far as it says whose a key is: `GET /v3/keys/{kid}` and `/v3/producerKeys/{kid}` (domain.md 2.4).

A voucher for the API (role `m2m`) is bound to a key, and each request proves that the caller has it. Every answer, refusals
included, carries `Digest` and `Agid-JWT-Signature`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.simulators.jws import BadToken, public_jwk, sign, verify
from connectors.simulators.keys import PDND, SIGNING, DemoKeys
from connectors.simulators.proofs import BadProof, check_proof
from connectors.simulators.registry import API_AUDIENCE, Consumer, Registry, demo_id
from connectors.simulators.replay import SeenTokens

LIFE = 120
"""Seconds an answer's signature lives."""


def m2m_claims(registry: Registry, consumer: Consumer, now: float, thumbprint: str) -> dict[str, Any]:
    """The claims of a voucher for the API, valid for ten minutes from `now`, bound to the key of this thumbprint."""
    return {
        "jti": str(uuid.uuid4()),
        "iss": registry.issuer,
        "aud": API_AUDIENCE,
        "client_id": consumer.client_id,
        "sub": consumer.client_id,
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now) + 600,
        "organizationId": consumer.organisation_id,
        "role": "m2m",
        "cnf": {"jkt": thumbprint},
    }


class InteropApi:
    """The API's routes. `deleted` holds the kids that were taken off PDND; `asked` those that were looked up, in order."""

    def __init__(self, registry: Registry, keys: DemoKeys, now: Callable[[], float]) -> None:
        self._registry = registry
        self._keys = keys
        self._client_keys = keys.client_keys(registry)
        self._now = now
        self._proofs = SeenTokens(now)
        self.deleted: set[str] = set()
        self.asked: list[str] = []
        self.refusals: list[str] = []
        self.routes = [
            Route("/v3/keys/{kid}", self._key, methods=["GET"]),
            Route("/v3/producerKeys/{kid}", self._producer_key, methods=["GET"]),
        ]

    async def _key(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        kid = request.path_params["kid"]
        self.asked.append(kid)
        client_id, key = self._client_keys.get(kid, (None, None))
        if key is None or kid in self.deleted:
            return self._problem(404, "Key not found")
        return self._signed(200, {"clientId": client_id, "jwk": public_jwk(key)})

    async def _producer_key(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        kid = request.path_params["kid"]
        if kid != self._keys.kid(SIGNING) or kid in self.deleted:
            return self._problem(404, "Key not found")
        jwk = public_jwk(self._keys.private[SIGNING].public_key())
        return self._signed(200, {"producerKeychainId": demo_id("keychain", "hub"), "jwk": jwk})

    def _refused(self, request: Request) -> Response | None:
        """The refusal of who has no voucher for the API, or cannot prove that it is his."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            if scheme != "DPoP":
                raise BadProof("scheme")
            claims = verify(token, self._pdnd_key).claims
            if claims.get("role") != "m2m" or claims["aud"] != API_AUDIENCE or claims["exp"] <= self._now():
                raise BadProof("voucher")
            proof, url = request.headers.get("dpop", ""), str(request.url.replace(query="", fragment=""))
            name = check_proof(
                proof, method=request.method, url=url, now=self._now(), seen=self._proofs, token=token
            )
            if claims["cnf"]["jkt"] != name:
                raise BadProof("jkt")
        except (BadProof, BadToken) as refused:
            self.refusals.append(str(refused))
            return self._problem(401, "Unauthorized")
        return None

    def _pdnd_key(self, kid: str) -> RSAPublicKey | None:
        return self._keys.private[PDND].public_key() if kid == self._keys.kid(PDND) else None

    def _problem(self, status: int, title: str) -> Response:
        content = {"type": "about:blank", "status": status, "title": title, "errors": []}
        return self._signed(status, content, "application/problem+json")

    def _signed(self, status: int, content: Mapping[str, Any], media: str = "application/json") -> Response:
        body = json.dumps(content).encode()
        digest = "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()
        now = int(self._now())
        claims = {
            "iss": self._registry.issuer,
            "iat": now,
            "exp": now + LIFE,
            "jti": str(uuid.uuid4()),
            "signed_headers": [{"digest": digest}, {"content-type": media}],
        }
        header = {"alg": "RS256", "typ": "JWT", "kid": self._keys.kid(PDND)}
        token = sign(header, claims, self._keys.private[PDND])
        headers = {"Digest": digest, "Agid-JWT-Signature": token}
        return Response(body, status, headers, media_type=media)
