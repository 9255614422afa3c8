# SPDX-License-Identifier: EUPL-1.2
"""Signed tokens in their compact form (JWS, RFC 7515): from text to claims whose signature holds.

One reading for every token that is presented to the hub. The checks run in the order of `Check`: nothing in the payload is
believed before the signature holds, and no refusal quotes the token or its signature.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from hub.access.jwks import KeySet, SignatureKey, algorithm_of
from hub.access.received import ABSENT, QUOTABLE, described, kind
from hub.access.refusal import Check
from hub.errors import Unauthenticated

LONGEST_TOKEN: Final = 8_192
"""Characters of a compact token; PDND's have about 1,000."""

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")
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
        hint = " (a JWS in JSON, not a compact one)" if token.startswith("{") else ""
        hint = hint or (" (two tokens joined by a comma)" if "," in token else "")
        hint = hint or (" (five are an encrypted token, JWE)" if len(parts) == 5 else "")
        raise refuse(Check.FORM, "token", "3 parts joined by full stops", f"{len(parts)}{hint}")
    return parts[0], parts[1], parts[2]


def claimed_issuer(token: str) -> str | None:
    """Give the `iss` a token writes of itself, which says who is to verify it; None where it cannot be read."""
    issuer: object = None
    with suppress(ValueError, IndexError, RecursionError):
        claims = json.loads(decoded(token[:LONGEST_TOKEN].split(".")[1]) or b"")
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

    # NOTE: refused outside the handlers: a JSONDecodeError would carry the whole text along.
    value, came = ABSENT, ""
    try:
        value = json.loads(_text(part), object_pairs_hook=members, parse_constant=_no_constant)
    except _Unreadable as unreadable:
        came = str(unreadable)
    except RecursionError:
        came = "JSON nested too deep"
    except ValueError:
        came = "a text that is not JSON"
    if not isinstance(value, dict):
        raise refuse(Check.FORM, name, "a JSON object in UTF-8 and base64url", came or kind(value))
    if twice:
        claim = twice[0] if QUOTABLE.fullmatch(twice[0]) else name
        raise refuse(Check.DUPLICATE, claim, f"each member of the {name} once", "two of one name")
    return value


def decoded(part: str) -> bytes | None:
    """The bytes of a part; None if it is not base64url without padding, in the one spelling there is (RFC 7515, section 2)."""
    if not _BASE64URL.fullmatch(part) or len(part) % 4 == 1:
        return None
    content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return content if encoded(content) == part else None


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


# ── the header (RFC 9068, section 2.1; RFC 8725, section 3) ───────────────────────────────────────────


def key_id(header: Members, form: Form) -> str:
    """Check a header, and give its `kid`."""
    for _, check in HEADER_CHECKS:
        check(header, form)
    return str(header["kid"])


def _check_algorithm(header: Members, form: Form) -> None:
    alg = header.get("alg", ABSENT)
    # NOTE: the hub names the algorithms; what the token says in `alg` is only ever compared with them.
    if not isinstance(alg, str) or alg not in form.algorithms:
        raise form.refuse(Check.ALGORITHM, "alg", any_of(form.algorithms), described(alg))


def check_critical(header: Members, refuse: Refuse) -> None:
    """Refuse a token whose header demands something of its reader (RFC 7515, section 4.1.11)."""
    if "crit" in header:
        value = header["crit"]
        names = ",".join(map(str, value)) if isinstance(value, list) else ""
        raise refuse(Check.CRITICAL, "crit", "no `crit`", described(names) if names else kind(value))


def _check_own_keys(header: Members, form: Form) -> None:
    for name in _OWN_KEYS:
        if name in header:
            raise form.refuse(Check.EMBEDDED_KEY, name, f"no `{name}`", kind(header[name]))


def _check_type(header: Members, form: Form) -> None:
    typ = header.get("typ", ABSENT)
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") not in form.types:
        raise form.refuse(Check.TYPE, "typ", any_of(form.types), described(typ))


def _check_key_id(header: Members, form: Form) -> None:
    kid = header.get("kid", ABSENT)
    if not isinstance(kid, str):
        raise form.refuse(Check.KEY, "kid", f"the `kid` of a key {form.issuer} publishes", described(kid))


HEADER_CHECKS: Final[tuple[tuple[str, Callable[[Members, Form], None]], ...]] = (
    ("alg", _check_algorithm),
    ("crit", lambda header, form: check_critical(header, form.refuse)),
    ("jwk, jku, x5u, x5c, x5t", _check_own_keys),
    ("typ", _check_type),
    ("kid", _check_key_id),
)
"""What a header is checked for, in this order, by the members each looks at."""


# ── the signature ─────────────────────────────────────────────────────────────────────────────────────


def check_signature(signed: str, signature: str, alg: object, key: SignatureKey, form: Form) -> None:
    """Check that `signature`, in base64url, is the key's on the text `signed`, by the algorithm the key is for."""
    own = algorithm_of(key)
    if alg != own:  # a key signs by one algorithm: RS256 with an RSA key, ES256 with one on P-256
        raise form.refuse(Check.ALGORITHM, "alg", f"`{own}`, which its key is for", described(alg))
    if not holds(signed, signature, key):
        raise form.refuse(
            Check.SIGNATURE,
            "signature",
            f"{form.issuer}'s, on this header and payload",
            signature_that_came(signature, key),
        )


def holds(signed: str, signature: str, key: SignatureKey) -> bool:
    """Whether `signature`, in base64url, is the key's on the text `signed`."""
    content = decoded(signature)
    if not content:
        return False
    with suppress(ValueError):
        return _VERIFIERS[algorithm_of(key)].verify(signed.encode("ascii"), content, key)
    return False


def signature_that_came(signature: str, key: SignatureKey) -> str:
    """Say of a signature that does not hold what can be said of it."""
    content = decoded(signature)
    if content is None:
        return "characters that are not base64url, or not its one spelling"
    if not content:
        return "none"
    length = (key.raw_value.key_size + 7) // 8 * (1 if isinstance(key, RSAKey) else 2)
    return "another one" if len(content) == length else f"one of {len(content)} bytes in place of {length}"


def any_of(words: tuple[str, ...]) -> str:
    """Quote words, one of which is expected."""
    return " or ".join(f"`{word}`" for word in words)


class _Unreadable(ValueError):
    """What came in the place of a JSON object."""


def _text(part: str) -> str:
    content = decoded(part)
    if content is None:
        raise _Unreadable(_misspelt(part))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise _Unreadable("bytes that are not UTF-8") from None


def _misspelt(part: str) -> str:
    """What is wrong with a part that is not base64url."""
    if part.endswith("="):
        return "base64 with padding (`=`)"
    if any(letter.isspace() for letter in part):
        return "base64url with white space in it"
    if not _BASE64URL.fullmatch(part):
        return "characters outside base64url"
    return "base64url of a length or an end that does not occur"


def _no_constant(name: str) -> object:
    raise _Unreadable(f"`{name}`, a number that JSON does not have")  # Python reads NaN and Infinity
