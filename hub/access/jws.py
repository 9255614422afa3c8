# SPDX-License-Identifier: EUPL-1.2
"""Signed tokens in their compact form (JWS, RFC 7515): from text to claims whose signature holds.

One reading for every token that is presented to the hub. The checks run in the order of `Check`: nothing in the payload is
believed before the signature holds, and no refusal quotes the token or its signature.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

from hub.access.jwks import KeySet, SignatureKey, algorithm_of
from hub.access.received import ABSENT, QUOTABLE, described, kind
from hub.access.refusal import Check
from hub.errors import Unauthenticated

LONGEST_TOKEN: Final = 8_192
"""Characters of a compact token; PDND's have about 1,000."""

_OWN_KEYS: Final = ("jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256")
_VERIFIERS: Final = {name: JWSRegistry(algorithms=[name]).get_alg(name) for name in ("RS256", "ES256")}
VERIFIED_ALGORITHMS: Final = frozenset(_VERIFIERS)

Members: TypeAlias = Mapping[str, object]
"""A JSON object of a token: its header or its payload."""


class Refuse(Protocol):
    """Makes the refusal of one kind of token."""

    def __call__(self, check: Check, claim: str, expected: str, received: str, /) -> Unauthenticated:
        """Name the check, the claim or the part of the token, what was expected and what came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the tokens of one kind look like. `types`: of `typ`, in lower case, without `application/`."""

    issuer: str
    """Who publishes the keys, as refusals name it."""
    algorithms: tuple[str, ...]
    types: tuple[str, ...]
    refuse: Refuse


async def signed_claims(token: str, form: Form, keys: KeySet) -> Members:
    """Give the payload of a compact token once its issuer's signature on it holds.

    Raises:
        Unauthenticated: a check failed; made by `form.refuse`.
        UpstreamUnavailable: the issuer's keys cannot be had.

    """
    header_part, payload_part, signature = split(token, form.refuse)
    header = json_object(header_part, "header", form.refuse)
    kid = key_id(header, form)
    key = await keys.key(kid)
    if key is None:
        raise form.refuse(Check.KEY, "kid", f"the `kid` of a key {form.issuer} publishes", described(kid))
    check_signature(f"{header_part}.{payload_part}", signature, header["alg"], key, form)
    return json_object(payload_part, "payload", form.refuse)


def split(token: str, refuse: Refuse) -> tuple[str, str, str]:
    """Split a compact token into header, payload and signature, without looking into them."""
    if len(token) > LONGEST_TOKEN:
        raise refuse(Check.FORM, "token", f"at most {LONGEST_TOKEN} characters", f"{len(token)}")
    parts = token.split(".")
    if len(parts) != 3:
        hint = " (five are an encrypted token, JWE)" if len(parts) == 5 else ""
        raise refuse(Check.FORM, "token", "3 parts joined by full stops", f"{len(parts)}{hint}")
    return parts[0], parts[1], parts[2]


def claimed_issuer(token: str) -> str | None:
    """Give the `iss` a token writes of itself, which says who is to verify it; None where it cannot be read."""
    issuer: object = None
    with suppress(ValueError, IndexError, RecursionError):
        claims = json.loads(urlsafe_b64decode(token[:LONGEST_TOKEN].split(".")[1].encode("ascii")))
        issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else None


def json_object(part: str, name: str, refuse: Refuse) -> Members:
    """Decode the JSON object in the part of the token called `name`; no member is named twice, at any depth."""
    twice: list[str] = []

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        read: dict[str, object] = {}
        for key, value in pairs:
            if key in read:
                twice.append(key)
            read[key] = value
        return read

    value: object = ABSENT
    # NOTE: refused outside the handler: a JSONDecodeError would carry the whole text along.
    with suppress(ValueError, RecursionError):
        text = urlsafe_b64decode(part.encode("ascii")).decode("utf-8")
        value = json.loads(text, object_pairs_hook=members, parse_constant=_no_constant)
    if not isinstance(value, dict):
        raise refuse(Check.FORM, name, "a JSON object in UTF-8 and base64url", "something else")
    if twice:
        claim = twice[0] if QUOTABLE.fullmatch(twice[0]) else name
        raise refuse(Check.DUPLICATE, claim, f"each member of the {name} once", "two of one name")
    return value


def key_id(header: Members, form: Form) -> str:
    """Check a header (RFC 9068, section 2.1; RFC 8725, section 3), and give its `kid`."""
    alg, typ, kid = (header.get(name, ABSENT) for name in ("alg", "typ", "kid"))
    # NOTE: the hub names the algorithms; what the token says in `alg` is only ever compared with them.
    if not isinstance(alg, str) or alg not in form.algorithms:
        raise form.refuse(Check.ALGORITHM, "alg", _any_of(form.algorithms), described(alg))
    if "crit" in header:
        raise form.refuse(Check.CRITICAL, "crit", "no `crit`", kind(header["crit"]))
    for name in _OWN_KEYS:
        if name in header:
            raise form.refuse(Check.EMBEDDED_KEY, name, f"no `{name}`", kind(header[name]))
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") not in form.types:
        raise form.refuse(Check.TYPE, "typ", _any_of(form.types), described(typ))
    if not isinstance(kid, str):
        raise form.refuse(Check.KEY, "kid", f"the `kid` of a key {form.issuer} publishes", described(kid))
    return kid


def check_signature(signed: str, signature: str, alg: object, key: SignatureKey, form: Form) -> None:
    """Check that `signature`, in base64url, is the key's on the text `signed`, by the algorithm the key is for."""
    own = algorithm_of(key)
    if alg != own:  # a key signs by one algorithm: RS256 with an RSA key, ES256 with one on P-256
        raise form.refuse(Check.ALGORITHM, "alg", f"`{own}`, which its key is for", described(alg))
    holds = False
    with suppress(ValueError):
        holds = _VERIFIERS[own].verify(
            signed.encode("ascii"), urlsafe_b64decode(signature.encode("ascii")), key
        )
    if not holds:
        received = "another one" if signature else "none"
        raise form.refuse(
            Check.SIGNATURE, "signature", f"{form.issuer}'s, on this header and payload", received
        )


def _any_of(words: tuple[str, ...]) -> str:
    return " or ".join(f"`{word}`" for word in words)


def _no_constant(_: str) -> object:
    raise ValueError  # NaN and Infinity: Python reads them, JSON has none
