# SPDX-License-Identifier: EUPL-1.2
"""PDND vouchers: a bearer token becomes a `Voucher`, or a refusal that says which check failed.

A voucher is an `at+jwt` (RFC 9068) that PDND signs with RS256 for one consumer, one purpose and one
e-service. The checks run in the order of `Check`: nothing in the payload is looked at before the signature
holds, and no refusal quotes the token or its signature. The forms of the claims are those PDND's own back end
writes (pagopa/interop-be-monorepo, `packages/commons/src/interop-token`).
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

from hub.access.jwks import KeySet
from hub.access.refusal import Check, VoucherRefused
from hub.errors import ConfigurationError
from hub.settings import Settings

LONGEST_TOKEN: Final = 8_192
"""Characters of a compact token; PDND's have about 1,000."""

LONGEST_LIFE: Final = 86_400.0
"""Seconds from `iat` to `exp`; PDND's usual life is 600."""

# NOTE: the hub names the algorithm; what the token says in `alg` is only ever compared with it.
_ALGORITHM: Final = "RS256"
_RS256: Final = JWSRegistry(algorithms=[_ALGORITHM]).get_alg(_ALGORITHM)

_OWN_KEYS: Final = ("jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256")
_LATEST_TIME: Final = 253_402_300_799  # the last second of the year 9999
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SHA256_HEX: Final = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_IDENTIFIER: Final = re.compile(r"[!-~]{1,255}")
_QUOTABLE: Final = re.compile(r"[!-~]{1,500}")
_ABSENT: Final = object()


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
        self._capacity = capacity
        # NOTE: by the token itself, not its SHA-256, which would cost more than all the rest of a hit.
        self._verified: OrderedDict[str, Voucher] = OrderedDict()
        self._withdrawals = keys.withdrawals

    def cached(self, token: str) -> Voucher | None:
        """Give the voucher of a token verified before, if it still holds; None means: ask `verify`.

        It no longer holds once it has expired, or once a key has left PDND's set since.
        """
        if self._withdrawals != self._keys.withdrawals:
            self._verified.clear()
            self._withdrawals = self._keys.withdrawals
        voucher = self._verified.get(token)
        if voucher is None or self._keys.due:
            return None
        if self._clock() >= voucher.expires_at + self._rules.clock_skew:
            del self._verified[token]
            return None
        self._verified.move_to_end(token)
        return voucher

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
        voucher = _voucher(await self._signed_claims(token), self._rules, self._clock())
        if voucher.key_thumbprint is not None:
            raise VoucherRefused(Check.POSSESSION, "cnf", "no `cnf`", "the thumbprint of a key")
        self._verified[token] = voucher
        if len(self._verified) > self._capacity:
            self._verified.popitem(last=False)
        return voucher

    async def _signed_claims(self, token: str) -> Mapping[str, object]:
        """Give the token's payload once PDND's signature on it holds."""
        header_part, payload_part, signature_part = _parts(token)
        kid = _key_id(_json_object(header_part, "header"))
        key = await self._keys.key(kid)
        if key is None:
            raise VoucherRefused(Check.KEY, "kid", "the `kid` of a key PDND publishes", _described(kid))
        _check_signature(f"{header_part}.{payload_part}", signature_part, key)
        return _json_object(payload_part, "payload")


# ── the token (RFC 7515, compact serialization) ───────────────────────────────────────────────────────


def _parts(token: str) -> tuple[str, str, str]:
    """Split a compact token, without looking into it."""
    if len(token) > LONGEST_TOKEN:
        raise VoucherRefused(Check.FORM, "token", f"at most {LONGEST_TOKEN} characters", f"{len(token)}")
    parts = token.split(".")
    if len(parts) != 3:
        hint = " (five are an encrypted token, JWE)" if len(parts) == 5 else ""
        raise VoucherRefused(Check.FORM, "token", "3 parts joined by full stops", f"{len(parts)}{hint}")
    return parts[0], parts[1], parts[2]


def _json_object(part: str, name: str) -> Mapping[str, object]:
    """Decode the JSON object in the part of the token called `name`; no member is named twice, at any depth."""
    twice: list[str] = []

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        read: dict[str, object] = {}
        for key, value in pairs:
            if key in read:
                twice.append(key)
            read[key] = value
        return read

    value: object = _ABSENT
    # NOTE: refused outside the handler: a JSONDecodeError would carry the whole text along.
    with suppress(ValueError, RecursionError):
        text = urlsafe_b64decode(part.encode("ascii")).decode("utf-8")
        value = json.loads(text, object_pairs_hook=members, parse_constant=_no_constant)
    if not isinstance(value, dict):
        raise VoucherRefused(Check.FORM, name, "a JSON object in UTF-8 and base64url", "something else")
    if twice:
        claim = twice[0] if _QUOTABLE.fullmatch(twice[0]) else name
        raise VoucherRefused(Check.DUPLICATE, claim, f"each member of the {name} once", "two of one name")
    return value


def _no_constant(_: str) -> object:
    raise ValueError  # NaN and Infinity: Python reads them, JSON has none


def _key_id(header: Mapping[str, object]) -> str:
    """Check a header (RFC 9068, section 2.1; RFC 8725, section 3), and give its `kid`."""
    alg, typ, kid = (header.get(name, _ABSENT) for name in ("alg", "typ", "kid"))
    if alg != _ALGORITHM:
        raise VoucherRefused(Check.ALGORITHM, "alg", f"`{_ALGORITHM}`", _described(alg))
    if "crit" in header:
        raise VoucherRefused(Check.CRITICAL, "crit", "no `crit`", _kind(header["crit"]))
    for name in _OWN_KEYS:
        if name in header:
            raise VoucherRefused(Check.EMBEDDED_KEY, name, f"no `{name}`", _kind(header[name]))
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") != "at+jwt":
        raise VoucherRefused(Check.TYPE, "typ", "`at+jwt`", _described(typ))
    if not isinstance(kid, str):
        raise VoucherRefused(Check.KEY, "kid", "the `kid` of a key PDND publishes", _described(kid))
    return kid


def _check_signature(signed: str, signature: str, key: RSAKey) -> None:
    holds = False
    with suppress(ValueError):
        holds = _RS256.verify(signed.encode("ascii"), urlsafe_b64decode(signature.encode("ascii")), key)
    if not holds:
        raise VoucherRefused(
            Check.SIGNATURE,
            "signature",
            "PDND's, on this header and payload",
            "another one" if signature else "none",
        )


# ── the claims ────────────────────────────────────────────────────────────────────────────────────────


def _voucher(claims: Mapping[str, object], rules: VoucherRules, now: float) -> Voucher:
    """Check signed claims against the rules at `now` (Unix seconds)."""
    _check_issuer(claims, rules.issuer)
    _check_audience(claims, rules.audience)
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
        jti=_jti(claims),
        digest=_digest(claims),
        key_thumbprint=_thumbprint(claims),
    )


def _check_issuer(claims: Mapping[str, object], issuer: str) -> None:
    received = claims.get("iss", _ABSENT)
    if received != issuer:
        raise VoucherRefused(Check.ISSUER, "iss", f"`{issuer}`", _described(received))


def _check_audience(claims: Mapping[str, object], audience: str) -> None:
    """Check `aud`: PDND writes one text, its members joined by commas; an array is read too (RFC 7519)."""
    received = claims.get("aud", _ABSENT)
    members = received.split(",") if isinstance(received, str) else received
    # NOTE: whole members are compared: `https://hub.example/graphql.evil` contains our audience as a text.
    if not isinstance(members, list) or audience not in members:
        texts = (
            [member for member in received if isinstance(member, str)] if isinstance(received, list) else []
        )
        raise VoucherRefused(
            Check.AUDIENCE, "aud", f"`{audience}`", _described(",".join(texts) if texts else received)
        )


def _times(claims: Mapping[str, object], skew: float, now: float) -> tuple[float, float, float]:
    """Give `iat`, `nbf` and `exp`: good from `nbf` until just before `exp`, with `skew` seconds on either side."""
    issued_at, not_before, expires_at = (_time(claims, name) for name in ("iat", "nbf", "exp"))
    life = expires_at - issued_at
    if not 0 < life <= LONGEST_LIFE:
        expected = f"more than 0 and at most {LONGEST_LIFE:.0f} seconds"
        raise VoucherRefused(Check.LIFETIME, "exp", expected, f"{life:.0f}")
    clock = f"{_instant(now)} (the hub's clock, {skew:g} s of difference allowed)"
    if now >= expires_at + skew:
        raise VoucherRefused(Check.EXPIRED, "exp", f"later than {clock}", _instant(expires_at))
    for name, time in (("nbf", not_before), ("iat", issued_at)):
        if time > now + skew:
            raise VoucherRefused(Check.NOT_YET_VALID, name, f"no later than {clock}", _instant(time))
    return issued_at, not_before, expires_at


def _time(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name, _ABSENT)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LATEST_TIME:
        return float(value)
    raise VoucherRefused(Check.TIME, name, "a number of seconds since 1970", _described(value))


def _client(claims: Mapping[str, object]) -> UUID:
    """Give `client_id`, which `sub` repeats."""
    client_id = _id(claims, "client_id", Check.CLIENT)
    subject = claims.get("sub", _ABSENT)
    if _uuid(subject) != client_id:
        raise VoucherRefused(Check.CLIENT, "sub", f"`{client_id}`, as in `client_id`", _described(subject))
    return client_id


def _eservice_id(
    claims: Mapping[str, object], name: str, rules: VoucherRules, ours: UUID | None
) -> UUID | None:
    """Give one of the four ids PDND writes behind a feature flag: `ours`, unless that is None."""
    if name not in claims and not rules.require_eservice_claims:
        return None
    received = _id(claims, name, Check.ESERVICE)
    if ours is not None and received != ours:
        raise VoucherRefused(Check.ESERVICE, name, f"`{ours}`", f"`{received}`")
    return received


def _id(claims: Mapping[str, object], name: str, check: Check) -> UUID:
    value = claims.get(name, _ABSENT)
    if (read := _uuid(value)) is not None:
        return read
    raise VoucherRefused(check, name, "a UUID", _described(value))


def _jti(claims: Mapping[str, object]) -> str:
    value = claims.get("jti", _ABSENT)
    if isinstance(value, str) and _IDENTIFIER.fullmatch(value):
        return value
    raise VoucherRefused(Check.IDENTIFIER, "jti", "1 to 255 visible ASCII characters", _kind(value))


def _digest(claims: Mapping[str, object]) -> str | None:
    """Give the evidence's SHA-256, in lower case; PDND copies the claim from the client assertion."""
    claim = claims.get("digest", _ABSENT)
    if claim is _ABSENT:
        return None
    if isinstance(claim, dict) and claim.keys() == {"alg", "value"} and claim["alg"] == "SHA256":
        value = claim["value"]
        if isinstance(value, str) and _SHA256_HEX.fullmatch(value):
            return value.lower()
    expected = '`{"alg": "SHA256", "value": …}` with 64 hexadecimal digits'
    raise VoucherRefused(Check.DIGEST, "digest", expected, _kind(claim))


def _thumbprint(claims: Mapping[str, object]) -> str | None:
    """Give the thumbprint of the key the voucher is bound to (RFC 9449, section 6.1)."""
    claim = claims.get("cnf", _ABSENT)
    if claim is _ABSENT:
        return None
    jkt = claim.get("jkt") if isinstance(claim, dict) else None
    if isinstance(jkt, str) and _THUMBPRINT.fullmatch(jkt):
        return jkt
    raise VoucherRefused(Check.POSSESSION, "cnf", "`jkt`, a thumbprint of 43 characters", _kind(claim))


def _uuid(value: object) -> UUID | None:
    """Read the form with dashes only: `UUID` itself also takes braces, `urn:uuid:` and no dashes."""
    return UUID(value) if isinstance(value, str) and _UUID.fullmatch(value) else None


def _configured_id(setting: str, value: str | None) -> UUID | None:
    read = _uuid(value)
    if value is not None and read is None:
        raise ConfigurationError(f"{setting} is not a UUID; see docs/reference/settings.md.")
    return read


# ── saying what was received ──────────────────────────────────────────────────────────────────────────


def _described(value: object) -> str:
    """Quote a value if it is short and visible ASCII, so that nothing can be smuggled into a log; else its kind."""
    if isinstance(value, str) and _QUOTABLE.fullmatch(value):
        return f"`{value}`"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"the number {value!r:.40}"
    return _kind(value)


def _kind(value: object) -> str:
    """Say what kind of JSON value it is, and how long."""
    match value:
        case str():
            return f"a text of {len(value)} characters"
        case list():
            return f"an array of {len(value)}"
        case dict():
            return "an object"
        case None | True | False:
            return json.dumps(value)
        case _:
            return "nothing" if value is _ABSENT else "a number"


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
