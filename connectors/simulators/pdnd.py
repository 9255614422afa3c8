# SPDX-License-Identifier: EUPL-1.2
"""PDND's authorization server: the token endpoint and the published keys (domain.md 2.1 and 2.2).

Every reason to refuse is masked on the wire exactly as PDND masks it (code 015-0008, nothing more); tests and
operators of the demo find the reason in `PdndSimulator.refusals`.
"""

from __future__ import annotations

import logging
import math
import time
import uuid
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.simulators.assertions import ApiGranted, AssertionRefused, Granted, check_assertion
from connectors.simulators.faults import Faults, FaultyAsgi
from connectors.simulators.jws import sign
from connectors.simulators.keys import PDND, DemoKeys
from connectors.simulators.pdnd_api import InteropApi, m2m_claims
from connectors.simulators.proofs import BadProof, check_proof
from connectors.simulators.registry import Consumer, Registry
from connectors.simulators.replay import SeenTokens

_log = logging.getLogger(__name__)
_NO_STORE = {"Cache-Control": "no-cache, no-store"}
_API = "api"
_OPERATIONS = {"/token.oauth2": "token", "/.well-known/jwks.json": "jwks"}


def issue_voucher(
    registry: Registry,
    keys: DemoKeys,
    consumer_name: str,
    *,
    now: float | None = None,
    lifespan: int = 600,
    eservice: str = "hub",
    digest: str | None = None,
    key_thumbprint: str | None = None,
) -> str:
    """Issue a voucher without the HTTP endpoint, with the same claims (`snodo voucher --as NAME`).

    Args:
        registry: the demo world.
        keys: its keys.
        consumer_name: whose voucher it is.
        now: seconds since the epoch; the clock's when absent.
        lifespan: seconds the voucher lives.
        eservice: which e-service it is for; the hub's by default.
        digest: hex SHA-256 of the tracking evidence it is bound to.
        key_thumbprint: of the key it is bound to, which proves each use of it (RFC 9449).

    Raises:
        LookupError: there is no such consumer, or it has no purpose for the e-service.

    """
    consumer = registry.consumer(consumer_name)
    purpose = consumer.purpose_for(eservice)
    moment = time.time() if now is None else now
    granted = Granted(consumer, purpose, registry.eservices[eservice], digest)
    return _voucher(registry, keys, granted, moment, lifespan, key_thumbprint)


def _voucher(
    registry: Registry,
    keys: DemoKeys,
    granted: Granted,
    now: float,
    lifespan: int,
    key_thumbprint: str | None,
) -> str:
    consumer, eservice = granted.consumer, granted.eservice
    claims: dict[str, object] = {
        "jti": str(uuid.uuid4()),
        "iss": registry.issuer,
        "aud": ",".join(eservice.audiences),  # NOTE one string, never an array: so does PDND's encoder
        "client_id": consumer.client_id,
        "sub": consumer.client_id,
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now) + lifespan,
        "purposeId": granted.purpose.purpose_id,
        "producerId": eservice.producer_id,
        "consumerId": consumer.organisation_id,
        "eserviceId": eservice.eservice_id,
        "descriptorId": eservice.descriptor_id,
    }
    if granted.digest is not None:
        claims["digest"] = {"alg": "SHA256", "value": granted.digest}
    if key_thumbprint is not None:
        claims["cnf"] = {"jkt": key_thumbprint}
    header = {"alg": "RS256", "use": "sig", "typ": "at+jwt", "kid": keys.kid(PDND)}
    return sign(header, claims, keys.private[PDND])


class PdndSimulator:
    """The authorization server as an ASGI application (`app`), with switches for faults (`faults`)."""

    def __init__(
        self,
        registry: Registry,
        keys: DemoKeys,
        *,
        now: Callable[[], float] = time.time,
        rate_limit: int = 100,
        rate_interval: float = 1.0,
    ) -> None:
        """Allow `rate_limit` token requests per client in each interval of `rate_interval` seconds."""
        self._registry = registry
        self._keys = keys
        self._client_keys = keys.client_keys(registry)
        self.faults = Faults(now)
        self._now = self.faults.clock
        self._limit = rate_limit
        self._interval = rate_interval
        self._spent: dict[str, tuple[int, int]] = {}
        self.refusals: list[str] = []
        self.issued: list[str] = []
        """The purpose ids of the vouchers issued, in order."""
        self._proofs = SeenTokens(self._now)
        self.api = InteropApi(registry, keys, self._now)
        routes = [
            *self.api.routes,
            Route("/token.oauth2", self._token, methods=["POST"]),
            Route("/.well-known/jwks.json", self._jwks, methods=["GET"]),
        ]
        self.operations = (*_OPERATIONS.values(), _API)
        self.app = FaultyAsgi(Starlette(routes=routes), self.faults, _operation)

    async def _token(self, request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/x-www-form-urlencoded":
            return self._refuse("unsupportedMediaType")
        body = await request.body()
        try:
            pairs = parse_qsl(body.decode("ascii"), strict_parsing=True, keep_blank_values=True)
            form = dict(pairs)
            if len(form) != len(pairs):
                return self._refuse("repeatedParameter")
            granted = check_assertion(form, self._registry, self._client_keys, self._now())
            if isinstance(granted, ApiGranted):
                return self._grant_api(granted.consumer, request)
            # As RFC 9449, section 5, has it: who proves a key gets a voucher that is of use with it alone.
            thumbprint = self._proven(request) if "dpop" in request.headers else None
        except ValueError:
            return self._refuse("malformedForm")
        except AssertionRefused as refused:
            return self._refuse(refused.reason)
        except BadProof as refused:
            return self._refuse(f"dpop: {refused}")
        return self._grant(granted, thumbprint)

    def _proven(self, request: Request) -> str:
        """The thumbprint of the key this request proves. Raises BadProof."""
        proof, url = request.headers.get("dpop", ""), str(request.url)
        return check_proof(proof, method="POST", url=url, now=self._now(), seen=self._proofs)

    def _grant_api(self, consumer: Consumer, request: Request) -> Response:
        """Give a voucher for PDND's own API, bound to the key that the request proves."""
        thumbprint = self._proven(request)
        header = {"alg": "RS256", "use": "sig", "typ": "at+jwt", "kid": self._keys.kid(PDND)}
        claims = m2m_claims(self._registry, consumer, self._now(), thumbprint)
        content = {
            "access_token": sign(header, claims, self._keys.private[PDND]),
            "token_type": "DPoP",
            "expires_in": 600,
        }
        return JSONResponse(content, headers=_NO_STORE)

    def _grant(self, granted: Granted, key_thumbprint: str | None) -> Response:
        remaining = self._spend(granted.consumer.client_id)
        headers = {
            **_NO_STORE,
            "X-Rate-Limit-Limit": str(self._limit),
            "X-Rate-Limit-Remaining": str(max(0, remaining)),
            "X-Rate-Limit-Interval": str(math.ceil(self._interval * 1000)),
        }
        if remaining < 0:
            self.refusals.append("tooManyRequests")
            # That it is 429 is published; the code in the body is not, and no client should lean on it.
            return _problem(429, "Too Many Requests", "015-0429", "Rate limit exceeded", headers)
        lifespan = granted.eservice.voucher_lifespan
        token = _voucher(self._registry, self._keys, granted, self._now(), lifespan, key_thumbprint)
        self.issued.append(granted.purpose.purpose_id)
        kind = "Bearer" if key_thumbprint is None else "DPoP"
        content = {"access_token": token, "token_type": kind, "expires_in": lifespan}
        return JSONResponse(content, headers=headers)

    def _spend(self, client_id: str) -> int:
        """Count one request in the current interval and give how many are left; negative when over."""
        interval = int(self._now() / self._interval)
        seen, spent = self._spent.get(client_id, (interval, 0))
        spent = spent + 1 if seen == interval else 1
        self._spent[client_id] = (interval, spent)
        return self._limit - spent

    def _refuse(self, reason: str) -> Response:
        self.refusals.append(reason)
        _log.info("assertion refused: %s", reason)
        title = "The request contains bad syntax or cannot be fulfilled."
        return _problem(400, title, "015-0008", "Unable to generate a token for the given request", _NO_STORE)

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse(self._keys.jwks())


def _problem(status: int, title: str, code: str, detail: str, headers: Mapping[str, str]) -> Response:
    content = {
        "type": "about:blank",
        "status": status,
        "title": title,
        "correlationId": str(uuid.uuid4()),
        "detail": detail,
        "errors": [{"code": code, "detail": detail}],
    }
    return JSONResponse(content, status, headers, media_type="application/problem+json")


def _operation(path: str) -> str | None:
    return _API if path.startswith("/v3/") else _OPERATIONS.get(path)
