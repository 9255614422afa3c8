# SPDX-License-Identifier: EUPL-1.2
"""PDND vouchers: a bearer token becomes a `Voucher`, or a refusal that says which check failed.

A voucher is an `at+jwt` (RFC 9068) that PDND signs with RS256 for one consumer, one purpose and one
e-service. The checks run in the order of `Check`: nothing in the payload is looked at before the signature
holds, and no refusal quotes the token or its signature. The forms of the claims are those PDND's own back end
writes (pagopa/interop-be-monorepo, `packages/commons/src/interop-token`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from hub.access.claims import check_audience, check_issuer, check_times, identifier, time_of
from hub.access.jwks import KeySet
from hub.access.jws import Form, Members, signed_claims
from hub.access.received import ABSENT, described, kind
from hub.access.refusal import Check, VoucherRefused
from hub.access.verified import VerifiedTokens
from hub.errors import ConfigurationError
from hub.settings import Settings

LONGEST_LIFE: Final = 86_400.0
"""Seconds from `iat` to `exp`; PDND's usual life is 600."""

FORM: Final = Form(issuer="PDND", algorithms=("RS256",), types=("at+jwt",), refuse=VoucherRefused)

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SHA256_HEX: Final = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Voucher:
    """What PDND says of a consumer: verified, and still to be checked for expiry at each use.

    Times are Unix seconds. The four ids are None when PDND does not write them (a feature flag of its own).
    """

    client_id: UUID
    purpose_id: UUID
    issued_at: float
    not_before: float
    expires_at: float
    jti: str
    consumer_id: UUID | None
    producer_id: UUID | None
    eservice_id: UUID | None
    descriptor_id: UUID | None
    digest: str | None
    """SHA-256 of the tracking evidence, 64 lower-case hexadecimal digits (AUDIT_REST_02)."""
    key_thumbprint: str | None
    """RFC 7638 thumbprint of the key the voucher is bound to (`cnf.jkt`, RFC 9449)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherRules:
    """What a voucher for this hub must say; `clock_skew` in seconds. An id that is None is not compared."""

    issuer: str
    audience: str
    eservice_id: UUID | None = None
    producer_id: UUID | None = None
    descriptor_id: UUID | None = None
    require_eservice_claims: bool = False
    clock_skew: float = 5.0

    @classmethod
    def from_settings(cls, settings: Settings) -> VoucherRules:
        """Read the rules from the settings.

        Raises:
            ConfigurationError: one of the three ids is not a UUID.

        """
        return cls(
            issuer=settings.pdnd_issuer,
            audience=settings.audience,
            eservice_id=_configured_id("SNODO_ESERVICE_ID", settings.eservice_id),
            producer_id=_configured_id("SNODO_PRODUCER_ID", settings.producer_id),
            descriptor_id=_configured_id("SNODO_DESCRIPTOR_ID", settings.descriptor_id),
            require_eservice_claims=settings.require_eservice_claims,
            clock_skew=settings.clock_skew,
        )


class VoucherVerifier:
    """Verifies vouchers, and remembers the last `capacity` it found good, so that a warm request is cheap.

    `clock` gives Unix seconds. Belongs to one event loop.
    """

    def __init__(
        self, keys: KeySet, rules: VoucherRules, clock: Callable[[], float], *, capacity: int = 4_096
    ) -> None:
        self._keys = keys
        self._rules = rules
        self._clock = clock
        self._verified = VerifiedTokens[Voucher](keys, clock, rules.clock_skew, capacity)

    def cached(self, token: str) -> Voucher | None:
        """Give the voucher of a token verified before, if it still holds; None means: ask `verify`."""
        return self._verified.get(token)

    def seconds_left(self, voucher: Voucher) -> float:
        """How long a voucher still holds, the skew included; negative when it has expired."""
        return voucher.expires_at + self._rules.clock_skew - self._clock()

    async def verify(self, token: str) -> Voucher:
        """Verify a compact token, without its `Bearer `.

        Raises:
            VoucherRefused: a check failed; the error names it.
            UpstreamUnavailable: PDND's keys have never been fetched and cannot be now.

        """
        if (known := self.cached(token)) is not None:
            return known
        voucher = _voucher(await signed_claims(token, FORM, self._keys), self._rules, self._clock())
        if voucher.key_thumbprint is not None:
            raise VoucherRefused(Check.POSSESSION, "cnf", "no `cnf`", "the thumbprint of a key")
        self._verified.put(token, voucher)
        return voucher


# ── the claims ────────────────────────────────────────────────────────────────────────────────────────


def _voucher(claims: Members, rules: VoucherRules, now: float) -> Voucher:
    """Check signed claims against the rules at `now` (Unix seconds)."""
    check_issuer(claims, rules.issuer, VoucherRefused)
    check_audience(claims, rules.audience, VoucherRefused)
    issued_at, not_before, expires_at = _times(claims, rules.clock_skew, now)
    return Voucher(
        client_id=_client(claims),
        purpose_id=_id(claims, "purposeId", Check.PURPOSE),
        issued_at=issued_at,
        not_before=not_before,
        expires_at=expires_at,
        producer_id=_eservice_id(claims, "producerId", rules, rules.producer_id),
        consumer_id=_eservice_id(claims, "consumerId", rules, None),
        eservice_id=_eservice_id(claims, "eserviceId", rules, rules.eservice_id),
        descriptor_id=_eservice_id(claims, "descriptorId", rules, rules.descriptor_id),
        jti=identifier(claims, VoucherRefused),
        digest=_digest(claims),
        key_thumbprint=_thumbprint(claims),
    )


def _times(claims: Members, skew: float, now: float) -> tuple[float, float, float]:
    """Give `iat`, `nbf` and `exp` of a voucher that is good at `now`."""
    issued_at, not_before, expires_at = (
        time_of(claims, name, VoucherRefused) for name in ("iat", "nbf", "exp")
    )
    check_times(
        issued_at,
        not_before,
        expires_at,
        skew=skew,
        longest_life=LONGEST_LIFE,
        now=now,
        refuse=VoucherRefused,
    )
    return issued_at, not_before, expires_at


def _client(claims: Members) -> UUID:
    """Give `client_id`, which `sub` repeats."""
    client_id = _id(claims, "client_id", Check.CLIENT)
    subject = claims.get("sub", ABSENT)
    if _uuid(subject) != client_id:
        raise VoucherRefused(Check.CLIENT, "sub", f"`{client_id}`, as in `client_id`", described(subject))
    return client_id


def _eservice_id(claims: Members, name: str, rules: VoucherRules, ours: UUID | None) -> UUID | None:
    """Give one of the four ids PDND writes behind a feature flag: `ours`, unless that is None."""
    if name not in claims and not rules.require_eservice_claims:
        return None
    received = _id(claims, name, Check.ESERVICE)
    if ours is not None and received != ours:
        raise VoucherRefused(Check.ESERVICE, name, f"`{ours}`", f"`{received}`")
    return received


def _id(claims: Members, name: str, check: Check) -> UUID:
    value = claims.get(name, ABSENT)
    if (read := _uuid(value)) is not None:
        return read
    raise VoucherRefused(check, name, "a UUID", described(value))


def _digest(claims: Members) -> str | None:
    """Give the evidence's SHA-256, in lower case; PDND copies the claim from the client assertion."""
    claim = claims.get("digest", ABSENT)
    if claim is ABSENT:
        return None
    if isinstance(claim, dict) and claim.keys() == {"alg", "value"} and claim["alg"] == "SHA256":
        value = claim["value"]
        if isinstance(value, str) and _SHA256_HEX.fullmatch(value):
            return value.lower()
    expected = '`{"alg": "SHA256", "value": …}` with 64 hexadecimal digits'
    raise VoucherRefused(Check.DIGEST, "digest", expected, kind(claim))


def _thumbprint(claims: Members) -> str | None:
    """Give the thumbprint of the key the voucher is bound to (RFC 9449, section 6.1)."""
    claim = claims.get("cnf", ABSENT)
    if claim is ABSENT:
        return None
    jkt = claim.get("jkt") if isinstance(claim, dict) else None
    if isinstance(jkt, str) and _THUMBPRINT.fullmatch(jkt):
        return jkt
    raise VoucherRefused(Check.POSSESSION, "cnf", "`jkt`, a thumbprint of 43 characters", kind(claim))


def _uuid(value: object) -> UUID | None:
    """Read the form with dashes only: `UUID` itself also takes braces, `urn:uuid:` and no dashes."""
    return UUID(value) if isinstance(value, str) and _UUID.fullmatch(value) else None


def _configured_id(setting: str, value: str | None) -> UUID | None:
    read = _uuid(value)
    if value is not None and read is None:
        raise ConfigurationError(f"{setting} is not a UUID; see docs/reference/settings.md.")
    return read
