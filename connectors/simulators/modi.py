# SPDX-License-Identifier: EUPL-1.2
"""What a provider checks on a request that comes through PDND (domain.md 2.2 and 2.5; LGMOD, security patterns).

Written from the text of the standard, not from the hub's signing code: a voucher (PDND), INTEGRITY_REST_02
(`Digest`, `Agid-JWT-Signature`) and AUDIT_REST_02 (`Agid-JWT-TrackingEvidence`). Every simulated agency
builds one `ModiVerifier` for its e-service.

Single use: a signature's `jti` is taken once. An evidence's `jti` is taken with one voucher only: it may come
again under the same voucher (its hash is in there), never under another. `single_use_evidence` is the strict
reading, one call per evidence; `connectors.pdnd.passes` explains how the two compose.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from connectors.simulators.jws import BadToken, Token, UnknownKey, public_key, verify
from connectors.simulators.registry import Consumer, EService, Registry
from connectors.simulators.replay import SeenTokens

SIGNATURE = "Agid-JWT-Signature"
EVIDENCE = "Agid-JWT-TrackingEvidence"
_SIGNABLE = ("digest", "content-type", "content-encoding")


class Refused(Exception):
    """The request is not let in.

    `part` is `voucher`, `digest`, `signature` or `evidence`; `check` the check that failed, e.g. `expired`.
    """

    def __init__(self, part: str, check: str) -> None:
        self.part = part
        self.check = check
        super().__init__(f"{part}: {check}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called, once everything was verified; `evidence` holds the claims of the tracking evidence."""

    consumer: Consumer
    voucher: Mapping[str, Any]
    evidence: Mapping[str, Any] | None


class ModiVerifier:
    """One e-service's checks."""

    def __init__(
        self,
        registry: Registry,
        eservice: EService,
        *,
        jwks: Mapping[str, Any],
        client_keys: Mapping[str, tuple[str, RSAPublicKey]],
        now: Callable[[], float],
        single_use_evidence: bool = False,
    ) -> None:
        """Take PDND's public keys, the clients' registered keys (kid → client id, key), and epoch seconds.

        There is no tolerance for a clock that is ahead: ANPR's gateway has none (domain.md 1.1).
        """
        self._registry = registry
        self._eservice = eservice
        self._pdnd_keys = {key["kid"]: public_key(key) for key in jwks["keys"]}
        self._client_keys = client_keys
        self._now = now
        self._single_use_evidence = single_use_evidence
        self._signatures = SeenTokens(now)
        self._evidences = SeenTokens(now)

    def verify(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        audience: str,
        integrity: bool = True,
        audit: bool = True,
    ) -> Caller:
        """Check a request.

        Args:
            headers: the request's, found in any case (Starlette's `Headers`).
            body: exactly as received.
            audience: of the operation that was called, one of the e-service's.
            integrity: whether INTEGRITY_REST_02 is demanded.
            audit: whether AUDIT_REST_02 is demanded.

        Raises:
            Refused: naming the first check that failed.

        """
        consumer, voucher = self._voucher(headers, audience)
        if integrity:
            self._digest(headers, body)
            self._signature(headers, consumer, audience)
        evidence = self._evidence(headers, consumer, voucher, audience) if audit else None
        return Caller(consumer, voucher, evidence)

    def _voucher(self, headers: Mapping[str, str], audience: str) -> tuple[Consumer, Mapping[str, Any]]:
        scheme, _, text = headers.get("authorization", "").partition(" ")
        _demand(scheme.lower() == "bearer" and bool(text), "voucher", "missing")
        token = _verified(text, "voucher", self._pdnd_keys.get)
        claims = token.claims
        _demand(token.header.get("typ") == "at+jwt", "voucher", "typ")
        _demand(claims.get("iss") == self._registry.issuer, "voucher", "iss")
        _demand(audience in _audiences(claims), "voucher", "aud")
        self._check_times(claims, "voucher", nbf=True)
        _demand(isinstance(claims.get("jti"), str), "voucher", "jti")
        consumer = self._registry.client(claims.get("client_id"))
        if consumer is None or claims.get("sub") != consumer.client_id:
            raise Refused("voucher", "client_id")
        purposes = {one.purpose_id for one in consumer.purposes if one.eservice == self._eservice.name}
        _demand(claims.get("purposeId") in purposes, "voucher", "purposeId")
        for name, expected in (
            ("producerId", self._eservice.producer_id),
            ("consumerId", consumer.organisation_id),
            ("eserviceId", self._eservice.eservice_id),
            ("descriptorId", self._eservice.descriptor_id),
        ):
            _demand(claims.get(name, expected) == expected, "voucher", name)
        return consumer, claims

    def _digest(self, headers: Mapping[str, str], body: bytes) -> None:
        algorithm, _, value = headers.get("digest", "").partition("=")
        _demand(bool(value), "digest", "missing")
        # The algorithm's name is case-insensitive (RFC 3230 section 4.1.1).
        _demand(algorithm.upper() == "SHA-256", "digest", "algorithm")
        expected = base64.b64encode(hashlib.sha256(body).digest()).decode()
        _demand(hmac.compare_digest(value.encode(), expected.encode()), "digest", "value")

    def _signature(self, headers: Mapping[str, str], consumer: Consumer, audience: str) -> None:
        claims = self._client_token(headers, SIGNATURE, "signature", consumer)
        _demand(audience in _audiences(claims), "signature", "aud")
        self._check_times(claims, "signature")
        for name in ("iss", "sub"):
            _demand(claims.get(name, consumer.client_id) == consumer.client_id, "signature", name)
        self._check_signed_headers(claims, headers)
        new = self._signatures.first_use(consumer.client_id, claims.get("jti"), claims["exp"])
        _demand(new, "signature", "jti")

    def _check_signed_headers(self, claims: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        entries = claims.get("signed_headers")
        _demand(isinstance(entries, list), "signature", "signed_headers")
        signed: dict[str, Any] = {}
        for entry in entries or ():
            _demand(isinstance(entry, dict) and len(entry) == 1, "signature", "signed_headers")
            signed.update(entry)
        _demand(len(signed) == len(entries or ()), "signature", "signed_headers")
        for name in _SIGNABLE:  # each of these that is in the request must be signed, and as it is
            _demand(signed.get(name) == headers.get(name), "signature", f"signed_headers.{name}")
        for name, value in signed.items():
            _demand(name == name.lower(), "signature", "signed_headers")
            _demand(headers.get(name) == value, "signature", f"signed_headers.{name}")

    def _evidence(
        self, headers: Mapping[str, str], consumer: Consumer, voucher: Mapping[str, Any], audience: str
    ) -> Mapping[str, Any]:
        claims = self._client_token(headers, EVIDENCE, "evidence", consumer)
        digest = voucher.get("digest")
        _demand(isinstance(digest, dict) and digest.get("alg") == "SHA256", "evidence", "unbound")
        found = hashlib.sha256(headers[EVIDENCE].encode()).hexdigest()
        _demand(isinstance(digest, dict) and digest.get("value") == found, "evidence", "digest")
        _demand(audience in _audiences(claims), "evidence", "aud")
        self._check_times(claims, "evidence")
        _demand(claims.get("iss") == consumer.client_id, "evidence", "iss")
        _demand(claims.get("purposeId") == voucher["purposeId"], "evidence", "purposeId")
        for name in ("userID", "userLocation", "LoA"):
            _demand(isinstance(claims.get(name), str) and bool(claims[name]), "evidence", name)
        jti = claims.get("jti")
        if self._single_use_evidence:
            _demand(self._evidences.first_use(consumer.client_id, jti, claims["exp"]), "evidence", "jti")
        else:
            bound = self._evidences.same_use(consumer.client_id, jti, claims["exp"], voucher["jti"])
            _demand(bound, "evidence", "jti")
        return claims

    def _client_token(
        self, headers: Mapping[str, str], name: str, part: str, consumer: Consumer
    ) -> Mapping[str, Any]:
        text = headers.get(name, "")
        _demand(bool(text), part, "missing")

        def key_of(kid: str) -> RSAPublicKey | None:
            client_id, key = self._client_keys.get(kid, ("", None))
            return key if client_id == consumer.client_id else None

        token = _verified(text, part, key_of)
        _demand(token.header.get("typ", "JWT").upper() == "JWT", part, "typ")
        return token.claims

    def _check_times(self, claims: Mapping[str, Any], part: str, *, nbf: bool = False) -> None:
        now = self._now()
        for name in ("iat", "exp", *(("nbf",) if nbf or "nbf" in claims else ())):
            value = claims.get(name)
            _demand(isinstance(value, int) and not isinstance(value, bool), part, name)
        _demand(claims["exp"] > now, part, "expired")
        _demand(claims["iat"] <= now, part, "iat")
        _demand(claims.get("nbf", 0) <= now, part, "nbf")


def _demand(holds: bool, part: str, check: str) -> None:
    if not holds:
        raise Refused(part, check)


def _verified(text: str, part: str, key_of: Callable[[str], RSAPublicKey | None]) -> Token:
    try:
        return verify(text, key_of)
    except UnknownKey as error:
        raise Refused(part, "kid") from error
    except BadToken as error:
        raise Refused(part, "invalid") from error


def _audiences(claims: Mapping[str, Any]) -> list[str]:
    """Read `aud`: a string, PDND's comma-separated string, or an array."""
    audience = claims.get("aud")
    if isinstance(audience, list):
        return [one for one in audience if isinstance(one, str)]
    return [one.strip() for one in audience.split(",")] if isinstance(audience, str) else []
