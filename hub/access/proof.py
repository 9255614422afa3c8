# SPDX-License-Identifier: EUPL-1.2
"""A DPoP proof, and what it must say (RFC 9449, sections 4.2 and 4.3).

The checks stand in a list, in their order: the hub stops at the first that fails, `hub.access.examination` goes through all.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias

from joserfc.jwk import ECKey, RSAKey, thumbprint

from hub.access.claims import hub_clock, identifier, time_of
from hub.access.jwks import LEAST_BITS, SignatureKey
from hub.access.jws import (
    Members,
    check_critical,
    decoded,
    encoded,
    holds,
    json_object,
    signature_that_came,
    split,
)
from hub.access.received import ABSENT, described, instant, kind
from hub.access.refusal import Check, TokenRefused
from hub.access.target import normalised
from hub.errors import ConfigurationError
from hub.settings import Settings

_THE_KEY: Final = "Sign the proof with the key whose `DPoP` header you sent to PDND's token endpoint."
_PUBLIC_HALF: Final = (
    "Put the public half of that key into `jwk`: RSA of at least 2048 bits, or P-256; never the private half."
)
_PER_REQUEST: Final = "Make a proof for each request: RFC 9449, section 4.2."


class ProofRefused(TokenRefused):
    """The DPoP proof does not show that the voucher is its holder's (RFC 9449, section 4.3)."""

    credential = "proof"
    sentences: ClassVar[Mapping[Check, tuple[str, str]]] = {
        Check.CREDENTIALS: (
            "The voucher is bound to a key, and not exactly one proof came with it: `{claim}`.",
            "Send one `DPoP` header, with a proof made for this request.",
        ),
        Check.FORM: (
            "The DPoP proof's {claim} cannot be read.",
            "Send the proof as a compact JWS: `DPoP: <header>.<payload>.<signature>`.",
        ),
        Check.DUPLICATE: (
            "The DPoP proof names `{claim}` twice, so it could be read in two ways.",
            _PER_REQUEST,
        ),
        Check.ALGORITHM: ("The DPoP proof's `{claim}` is not an algorithm this hub takes.", _THE_KEY),
        Check.CRITICAL: (
            "The DPoP proof's `{claim}` demands an extension this hub does not know.",
            _PER_REQUEST,
        ),
        Check.TYPE: ("The token's `{claim}` is not that of a DPoP proof.", _PER_REQUEST),
        Check.KEY: ("The DPoP proof's `{claim}` is not a public key that may sign it.", _PUBLIC_HALF),
        Check.SIGNATURE: ("The DPoP proof's {claim} does not hold by its own `jwk`.", _THE_KEY),
        Check.METHOD: ("The DPoP proof was made for another method: `{claim}`.", _PER_REQUEST),
        Check.TARGET: (
            "The DPoP proof was made for another address: `{claim}`.",
            "Put the hub's public address into `htu`, without query and fragment.",
        ),
        Check.TIME: ("The DPoP proof's `{claim}` is not a time.", _PER_REQUEST),
        Check.EXPIRED: (
            "The DPoP proof is too old: `{claim}`.",
            "Make a proof for each request, and check your clock.",
        ),
        Check.NOT_YET_VALID: ("The DPoP proof's `{claim}` lies in the future.", "Check your clock."),
        Check.TOKEN_HASH: (
            "The DPoP proof was made for another voucher: `{claim}`.",
            "Put the base64url SHA-256 of the voucher you send into `ath`.",
        ),
        Check.POSSESSION: ("The DPoP proof's `{claim}` is not the key the voucher is bound to.", _THE_KEY),
        Check.IDENTIFIER: ("The DPoP proof has no usable identifier of its own in `{claim}`.", _PER_REQUEST),
        Check.REPLAYED: ("The DPoP proof was used before: `{claim}`.", _PER_REQUEST),
    }


ALGORITHMS: Final = ("RS256", "ES256")
"""What a proof may be signed with; PDND takes the same two."""
_PUBLIC_MEMBERS: Final = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}
"""What a thumbprint is taken of (RFC 7638, section 3.2)."""
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_KINDS: Final = {"RS256": "RSA", "ES256": "EC"}
_MOST_BITS: Final = 8_192
_COORDINATE: Final = 32
"""Bytes of a coordinate on P-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRules:
    """Where proofs must be made for (`target`, normalised), and for how many seconds from their `iat` they are taken.

    Where `target` is empty no proof is taken.
    """

    target: str
    longest_life: float = 60.0
    clock_skew: float = 5.0

    @classmethod
    def from_settings(cls, settings: Settings) -> ProofRules:
        """Read the rules from the settings.

        Raises:
            ConfigurationError: the public URL is not an address.

        """
        target = normalised(settings.public_url or settings.audience)
        if target is None and settings.public_url is not None:
            raise ConfigurationError(
                "SNODO_PUBLIC_URL is not an http(s) address; see docs/reference/settings.md."
            )
        return cls(target=target or "", longest_life=settings.proof_life, clock_skew=settings.clock_skew)


@dataclass(frozen=True, slots=True)
class Presented:
    """A proof that was read, and what it came with; `now` in Unix seconds."""

    header: Members
    claims: Members
    signed: str
    signature: str
    method: str
    token: str
    key_thumbprint: str | None
    rules: ProofRules
    now: float


def read_proof(
    proof: str | None, token: str, method: str, key_thumbprint: str | None, rules: ProofRules, now: float
) -> Presented:
    """Read a proof, without believing it.

    Raises:
        ProofRefused: there is none, several, or one that cannot be read.

    """
    if proof is None:
        raise ProofRefused(Check.CREDENTIALS, "dpop", "one `DPoP` header", "none")
    # NOTE: HTTP joins headers of one name by commas, here or in a proxy; no proof has one.
    if "," in proof:
        raise ProofRefused(Check.CREDENTIALS, "dpop", "one `DPoP` header", f"{proof.count(',') + 1}")
    header, payload, signature = split(proof, ProofRefused)
    return Presented(
        json_object(header, "header", ProofRefused),
        json_object(payload, "payload", ProofRefused),
        f"{header}.{payload}",
        signature,
        method,
        token,
        key_thumbprint,
        rules,
        now,
    )


# ── the checks (RFC 9449, section 4.3) ────────────────────────────────────────────────────────────────

ProofCheck: TypeAlias = Callable[[Presented], object]


def _check_type(proof: Presented) -> None:
    typ = proof.header.get("typ", ABSENT)
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") != "dpop+jwt":
        raise ProofRefused(Check.TYPE, "typ", "`dpop+jwt`", described(typ))


def _check_algorithm(proof: Presented) -> None:
    alg = proof.header.get("alg", ABSENT)
    if alg not in ALGORITHMS:
        raise ProofRefused(
            Check.ALGORITHM, "alg", " or ".join(f"`{one}`" for one in ALGORITHMS), described(alg)
        )


def _check_critical(proof: Presented) -> None:
    check_critical(proof.header, ProofRefused)


def _key(proof: Presented) -> SignatureKey:
    """Give the proof's own key, which is public, strong enough, and of the kind its `alg` is for."""
    jwk, alg = proof.header.get("jwk", ABSENT), proof.header.get("alg")
    if not isinstance(jwk, dict):
        raise ProofRefused(Check.KEY, "jwk", "a public key as a JWK", kind(jwk))
    if private := sorted(_PRIVATE_MEMBERS & jwk.keys()):
        raise ProofRefused(Check.KEY, "jwk", "a public key", f"one with its private half, `{private[0]}`")
    wanted = _KINDS.get(alg) if isinstance(alg, str) else None
    if wanted is not None and jwk.get("kty") != wanted:
        raise ProofRefused(
            Check.KEY, "jwk", f"a key of `kty` `{wanted}`, for `{alg}`", described(jwk.get("kty", ABSENT))
        )
    return _imported_rsa(jwk) if jwk.get("kty") == "RSA" else _imported_ec(jwk)


def _imported_rsa(jwk: Members) -> RSAKey:
    n, e = jwk.get("n"), jwk.get("e")
    modulus = decoded(n) if isinstance(n, str) else None
    bits = int.from_bytes(modulus or b"", "big").bit_length()
    # NOTE: measured before the import: joserfc takes a short key with a warning.
    if not LEAST_BITS <= bits <= _MOST_BITS:
        raise ProofRefused(
            Check.KEY, "jwk", f"a modulus of {LEAST_BITS} to {_MOST_BITS} bits", f"one of {bits}"
        )
    if isinstance(e, str):
        with suppress(ValueError):
            return RSAKey.import_key({"kty": "RSA", "n": str(n), "e": e})
    raise ProofRefused(Check.KEY, "jwk", "an RSA key with `n` and `e`", "numbers that make none")


def _imported_ec(jwk: Members) -> ECKey:
    if jwk.get("crv") != "P-256":
        raise ProofRefused(Check.KEY, "jwk", "the curve `P-256`", described(jwk.get("crv", ABSENT)))
    x, y = jwk.get("x"), jwk.get("y")
    if isinstance(x, str) and isinstance(y, str):
        places = [decoded(one) for one in (x, y)]
        if all(place is not None and len(place) == _COORDINATE for place in places):
            with suppress(ValueError):  # a point that is not on the curve
                return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    raise ProofRefused(Check.KEY, "jwk", "a point on `P-256`, by `x` and `y`", "numbers that make none")


def _check_signature(proof: Presented) -> None:
    key = _key(proof)
    if not holds(proof.signed, proof.signature, key):
        raise ProofRefused(
            Check.SIGNATURE,
            "signature",
            "that of `jwk`, on this header and payload",
            signature_that_came(proof.signature, key),
        )


def _check_method(proof: Presented) -> None:
    received = proof.claims.get("htm", ABSENT)
    if received != proof.method:
        raise ProofRefused(Check.METHOD, "htm", f"`{proof.method}`", described(received))


def _check_target(proof: Presented) -> None:
    received, target = proof.claims.get("htu", ABSENT), proof.rules.target
    if not target or not isinstance(received, str) or normalised(received) != target:
        expected = (
            f"`{target}`" if target else "the hub's public address, which was not set by those who run it"
        )
        raise ProofRefused(Check.TARGET, "htu", expected, described(received))


def issued_at(proof: Presented) -> float:
    """Give `iat`: not in the future, and not longer ago than a proof lives, with the clocks' difference on either side."""
    at = time_of(proof.claims, "iat", ProofRefused)
    rules, clock = proof.rules, hub_clock(proof.now, proof.rules.clock_skew)
    if at > proof.now + rules.clock_skew:
        raise ProofRefused(Check.NOT_YET_VALID, "iat", f"no later than {clock}", instant(at))
    if proof.now >= at + rules.longest_life + rules.clock_skew:
        expected = f"less than {rules.longest_life:g} s before {clock}"
        raise ProofRefused(Check.EXPIRED, "iat", expected, instant(at))
    return at


def _check_token_hash(proof: Presented) -> None:
    received = proof.claims.get("ath", ABSENT)
    expected = encoded(hashlib.sha256(proof.token.encode("utf-8", "surrogatepass")).digest())
    if not isinstance(received, str) or not hmac.compare_digest(
        received.encode("utf-8", "replace"), expected.encode()
    ):
        raise ProofRefused(
            Check.TOKEN_HASH,
            "ath",
            "the SHA-256 of the voucher it came with",
            "nothing"
            if received is ABSENT
            else "another one"
            if isinstance(received, str)
            else kind(received),
        )


def _check_binding(proof: Presented) -> None:
    _key(proof)
    jwk = proof.header["jwk"]
    assert isinstance(jwk, dict)  # by `_key`
    members = {name: jwk[name] for name in _PUBLIC_MEMBERS[jwk["kty"]]}
    if thumbprint(members) != proof.key_thumbprint:
        raise ProofRefused(
            Check.POSSESSION, "jwk", "the key whose thumbprint is the voucher's `cnf.jkt`", "another key"
        )


def _check_identifier(proof: Presented) -> None:
    identifier(proof.claims, ProofRefused)


PROOF_CHECKS: Final[tuple[tuple[str, ProofCheck], ...]] = (
    ("typ", _check_type),
    ("alg", _check_algorithm),
    ("crit", _check_critical),
    ("jwk", _key),
    # NOTE: before the signature: nobody but the voucher's holder has the hub compute with a key of its choice.
    ("cnf.jkt", _check_binding),
    ("signature", _check_signature),
    ("htm", _check_method),
    ("htu", _check_target),
    ("iat", issued_at),
    ("ath", _check_token_hash),
    ("jti", _check_identifier),
)
"""What a proof is checked for, in this order, by what each looks at."""
