# SPDX-License-Identifier: EUPL-1.2
"""What PDND checks before it gives a voucher, in its order and with its reasons (domain.md 2.1).

Written from the published validation rules, not from the hub's own assertion builder. The *strict* claims
mode is on: a claim outside the list is a refusal, which today's PDND only logs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from connectors.simulators.jws import BadToken, decode_segment, verify
from connectors.simulators.registry import Consumer, EService, Purpose, Registry, Standing

_ALLOWED = frozenset({"iss", "sub", "aud", "jti", "iat", "exp", "purposeId", "digest"})
_ALLOWED_M2M = _ALLOWED - {"purposeId", "digest"}
_KID = re.compile(r"[a-zA-Z0-9_-]{43}\Z")
_HASH = re.compile(r"[0-9a-fA-F]{64}\Z")
_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class AssertionRefused(Exception):
    """PDND gives no voucher; `reason` is its internal name for why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class ApiGranted:
    """A voucher for PDND's own API may be issued for this client."""

    consumer: Consumer


@dataclass(frozen=True, slots=True)
class Granted:
    """What a voucher may be issued for; `digest` is the evidence's hex hash, if one was sent."""

    consumer: Consumer
    purpose: Purpose
    eservice: EService
    digest: str | None


def check_assertion(
    form: Mapping[str, str],
    registry: Registry,
    client_keys: Mapping[str, tuple[str, RSAPublicKey]],
    now: float,
) -> Granted | ApiGranted:
    """Check a token request: for an e-service, or, of a client that is for it, for PDND's own API.

    Args:
        form: the request's form.
        registry: clients, purposes and their states.
        client_keys: kid → (client id, public key).
        now: seconds since the epoch.

    Raises:
        AssertionRefused: something is not as it must be.

    """
    _demand(form.get("client_assertion_type") == _TYPE, "invalidAssertionType")
    _demand(form.get("grant_type") == "client_credentials", "invalidGrantType")
    assertion = form.get("client_assertion", "")
    _check_header(assertion)
    owner = ""

    def key_of(kid: str) -> RSAPublicKey | None:
        nonlocal owner
        owner, key = client_keys.get(kid, ("", None))
        return key

    try:
        claims = verify(assertion, key_of).claims
    except BadToken as error:
        raise AssertionRefused("invalidSignature") from error
    _demand(set(claims) <= _ALLOWED, "clientAssertionInvalidClaims")
    _check_audience(claims, registry.assertion_audience)
    _check_claims(claims, now)
    client_id = form.get("client_id", claims["sub"])
    _demand(claims["sub"] == client_id and claims["iss"] == client_id, "invalidSubject")
    consumer = registry.client(client_id)
    # A key proves only its own client: another client's key under our name is a wrong signature.
    if consumer is None or owner != consumer.client_id:
        raise AssertionRefused("invalidSignature")
    if consumer.is_m2m:
        _demand(claims.keys() <= _ALLOWED_M2M, "clientAssertionInvalidClaims")
        return ApiGranted(consumer)
    purpose, eservice = _check_purpose(claims, consumer, registry)
    return Granted(consumer, purpose, eservice, _digest(claims))


def _demand(holds: bool, reason: str) -> None:
    if not holds:
        raise AssertionRefused(reason)


def _check_header(assertion: str) -> None:
    try:
        header = json.loads(decode_segment(assertion.partition(".")[0]))
    except (BadToken, ValueError):
        raise AssertionRefused("unexpectedClientAssertionSignature") from None
    _demand(isinstance(header, dict), "unexpectedClientAssertionSignature")
    _demand("kid" in header, "kidNotFound")
    _demand(isinstance(header["kid"], str) and bool(_KID.match(header["kid"])), "invalidKidFormat")
    _demand(header.get("alg") == "RS256", "algorithmNotAllowed")
    _demand(header.get("typ", "JWT").upper() == "JWT", "unexpectedClientAssertionSignature")


def _check_audience(claims: Mapping[str, Any], expected: str) -> None:
    audience = claims.get("aud")
    _demand(audience is not None, "audienceNotFound")
    audiences = audience if isinstance(audience, list) else [audience]
    _demand(expected in audiences, "invalidAudience")


def _check_claims(claims: Mapping[str, Any], now: float) -> None:
    for name, reason in (
        ("jti", "jtiNotFound"),
        ("iss", "issuerNotFound"),
        ("sub", "subjectNotFound"),
    ):
        _demand(isinstance(claims.get(name), str) and bool(claims[name]), reason)
    for name, reason in (("iat", "issuedAtNotFound"), ("exp", "expNotFound")):
        _demand(isinstance(claims.get(name), int) and not isinstance(claims[name], bool), reason)
    _demand(claims["exp"] > now, "tokenExpired")
    _demand(claims["iat"] <= now and claims["iat"] < claims["exp"], "notBefore")


def _check_purpose(
    claims: Mapping[str, Any], consumer: Consumer, registry: Registry
) -> tuple[Purpose, EService]:
    purpose_id = claims.get("purposeId")
    _demand(purpose_id is not None, "purposeIdNotProvided")
    try:
        _demand(str(UUID(purpose_id)) == purpose_id, "invalidPurposeIdClaimFormat")
    except (ValueError, AttributeError, TypeError):
        raise AssertionRefused("invalidPurposeIdClaimFormat") from None
    purpose = next((one for one in consumer.purposes if one.purpose_id == purpose_id), None)
    if purpose is None:
        raise AssertionRefused("platformStateNotFound")
    eservice = registry.eservices[purpose.eservice]
    _demand(purpose.state is Standing.ACTIVE, "invalidPurposeState")
    _demand(purpose.agreement is Standing.ACTIVE, "invalidAgreementState")
    _demand(eservice.descriptor is Standing.ACTIVE, "invalidEServiceState")
    return purpose, eservice


def _digest(claims: Mapping[str, Any]) -> str | None:
    digest = claims.get("digest")
    if digest is None:
        return None
    _demand(isinstance(digest, dict) and set(digest) == {"alg", "value"}, "invalidDigestClaim")
    _demand(digest["alg"] == "SHA256", "invalidHashAlgorithm")
    _demand(isinstance(digest["value"], str) and bool(_HASH.match(digest["value"])), "invalidHashLength")
    value: str = digest["value"]
    return value
