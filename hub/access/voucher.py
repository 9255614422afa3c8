# SPDX-License-Identifier: EUPL-1.2
"""PDND vouchers: a bearer token becomes a `Voucher`, or a refusal that says which check failed.

A voucher is an `at+jwt` (RFC 9068) that PDND signs with RS256 for one consumer, one purpose and one
e-service. The checks stand in lists, in their order: the verifier stops at the first that fails, and looks at nothing
in the payload before the signature holds; `hub.access.examination` goes through all of them. No refusal quotes the
token or its signature. The forms of the claims are those PDND's own back end writes (pagopa/interop-be-monorepo,
`packages/commons/src/interop-token`).

A voucher with a `key_thumbprint` is good only beside a proof of possession (`hub.access.possession`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
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


ClaimCheck: TypeAlias = Callable[[Members, VoucherRules, float], Mapping[str, Any]]
"""Takes the claims, the rules and the time in Unix seconds; gives attributes of the `Voucher`, or raises VoucherRefused."""


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
        voucher = read_voucher(await signed_claims(token, FORM, self._keys), self._rules, self._clock())
        self._verified.put(token, voucher)
        return voucher


# ── the claims ────────────────────────────────────────────────────────────────────────────────────────

_Read: TypeAlias = Mapping[str, Any]
"""Attributes of a `Voucher`, by name."""


def read_voucher(claims: Members, rules: VoucherRules, now: float) -> Voucher:
    """Check signed claims against the rules at `now` (Unix seconds).

    Raises:
        VoucherRefused: a check failed: the first in their order.

    """
    read: dict[str, Any] = {}
    for _, check in CLAIM_CHECKS:
        read |= check(claims, rules, now)
    return Voucher(**read)


def _issuer(claims: Members, rules: VoucherRules, _now: float) -> _Read:
    check_issuer(claims, rules.issuer, VoucherRefused)
    return {}


def _audience(claims: Members, rules: VoucherRules, _now: float) -> _Read:
    check_audience(claims, rules.audience, VoucherRefused)
    return {}


def _times(claims: Members, rules: VoucherRules, now: float) -> _Read:
    """Give `iat`, `nbf` and `exp` of a voucher that is good at `now`."""
    issued_at, not_before, expires_at = (
        time_of(claims, name, VoucherRefused) for name in ("iat", "nbf", "exp")
    )
    check_times(
        issued_at,
        not_before,
        expires_at,
        skew=rules.clock_skew,
        longest_life=LONGEST_LIFE,
        now=now,
        refuse=VoucherRefused,
    )
    return {"issued_at": issued_at, "not_before": not_before, "expires_at": expires_at}


def _client(claims: Members, _rules: VoucherRules, _now: float) -> _Read:
    """Give `client_id`, which `sub` repeats."""
    client_id = _id(claims, "client_id", Check.CLIENT)
    subject = claims.get("sub", ABSENT)
    if _uuid(subject) != client_id:
        raise VoucherRefused(Check.CLIENT, "sub", f"`{client_id}`, as in `client_id`", described(subject))
    return {"client_id": client_id}


def _purpose(claims: Members, _rules: VoucherRules, _now: float) -> _Read:
    return {"purpose_id": _id(claims, "purposeId", Check.PURPOSE)}


def _eservice_id(name: str, attribute: str, *, is_ours: bool = True) -> ClaimCheck:
    """Give the check of one of the four ids PDND writes behind a feature flag: ours, where the rules say which that is."""

    def check(claims: Members, rules: VoucherRules, _now: float) -> _Read:
        if name not in claims and not rules.require_eservice_claims:
            return {attribute: None}
        received = _id(claims, name, Check.ESERVICE)
        ours: UUID | None = getattr(rules, attribute) if is_ours else None
        if ours is not None and received != ours:
            raise VoucherRefused(Check.ESERVICE, name, f"`{ours}`", f"`{received}`")
        return {attribute: received}

    return check


def _identifier(claims: Members, _rules: VoucherRules, _now: float) -> _Read:
    return {"jti": identifier(claims, VoucherRefused)}


def _digest(claims: Members, _rules: VoucherRules, _now: float) -> _Read:
    """Give the evidence's SHA-256, in lower case; PDND copies the claim from the client assertion."""
    claim = claims.get("digest", ABSENT)
    if claim is ABSENT:
        return {"digest": None}
    if isinstance(claim, dict) and claim.keys() == {"alg", "value"} and claim["alg"] == "SHA256":
        value = claim["value"]
        if isinstance(value, str) and _SHA256_HEX.fullmatch(value):
            return {"digest": value.lower()}
    expected = '`{"alg": "SHA256", "value": …}` with 64 hexadecimal digits'
    raise VoucherRefused(Check.DIGEST, "digest", expected, _digest_that_came(claim))


def _digest_that_came(claim: object) -> str:
    if not isinstance(claim, dict):
        return kind(claim)
    if claim.keys() != {"alg", "value"}:
        return f"an object of {len(claim)} members, not these two"
    if claim["alg"] != "SHA256":
        return f"`alg` of {described(claim['alg'])}"
    return f"`value` of {kind(claim['value'])}"


def _thumbprint(claims: Members, _rules: VoucherRules, _now: float) -> _Read:
    """Give the thumbprint of the key the voucher is bound to (RFC 9449, section 6.1)."""
    claim = claims.get("cnf", ABSENT)
    if claim is ABSENT:
        return {"key_thumbprint": None}
    jkt = claim.get("jkt", ABSENT) if isinstance(claim, dict) else ABSENT
    # NOTE: a voucher bound in a way the hub does not know is refused, never taken as if it were not bound.
    if isinstance(claim, dict) and len(claim) == 1 and isinstance(jkt, str) and _THUMBPRINT.fullmatch(jkt):
        return {"key_thumbprint": jkt}
    came = f"`jkt` of {kind(jkt)}, among {len(claim)}" if isinstance(claim, dict) else kind(claim)
    raise VoucherRefused(Check.POSSESSION, "cnf", "`jkt` alone, a thumbprint of 43 characters", came)


CLAIM_CHECKS: Final[tuple[tuple[str, ClaimCheck], ...]] = (
    ("iss", _issuer),
    ("aud", _audience),
    ("iat, nbf, exp", _times),
    ("client_id, sub", _client),
    ("purposeId", _purpose),
    ("producerId", _eservice_id("producerId", "producer_id")),
    ("consumerId", _eservice_id("consumerId", "consumer_id", is_ours=False)),
    ("eserviceId", _eservice_id("eserviceId", "eservice_id")),
    ("descriptorId", _eservice_id("descriptorId", "descriptor_id")),
    ("jti", _identifier),
    ("digest", _digest),
    ("cnf", _thumbprint),
)
"""What the claims are checked for, in this order, by the claims each looks at."""


def _id(claims: Members, name: str, check: Check) -> UUID:
    value = claims.get(name, ABSENT)
    if (read := _uuid(value)) is not None:
        return read
    raise VoucherRefused(check, name, "a UUID", described(value))


def _uuid(value: object) -> UUID | None:
    """Read the form with dashes only: `UUID` itself also takes braces, `urn:uuid:` and no dashes."""
    return UUID(value) if isinstance(value, str) and _UUID.fullmatch(value) else None


def _configured_id(setting: str, value: str | None) -> UUID | None:
    read = _uuid(value)
    if value is not None and read is None:
        raise ConfigurationError(f"{setting} is not a UUID; see docs/reference/settings.md.")
    return read
