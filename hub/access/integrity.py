# SPDX-License-Identifier: EUPL-1.2
"""`Digest` and `Agid-JWT-Signature`: a request is its consumer's, unchanged, and sent once (ModI pattern INTEGRITY_REST_02).

The digest is of the body exactly as it came; with GET that is no bytes at all, so the signature says who asks and that it was
not asked before, and the URL is covered by TLS alone. `Content-Digest` (RFC 9530) is not part of the pattern and is not read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from hub.access.client_keys import ClientKeys
from hub.access.client_token import SIGNATURE, ClientTokenRules, SignatureRefused, verified
from hub.access.jws import Form, Members
from hub.access.received import ABSENT, QUOTABLE, described, kind
from hub.access.refusal import Check
from hub.access.seen_tokens import SeenTokens, TokenKind

HEADER: Final = SIGNATURE.lower().encode()
DIGEST: Final = b"digest"
RELEVANT: Final = ("digest", "content-type", "content-encoding")
"""Headers that say what a body is: none of them may be there unsigned."""
LONGEST_LIFE: Final = 600.0
"""Seconds from `iat` to `exp`; clients of ModI write 300."""

_FORM: Final = Form(issuer="your client", algorithms=("RS256",), types=("jwt",), refuse=SignatureRefused)

Headers = Mapping[bytes, bytes]


def digest_of(body: bytes) -> str:
    """Give the value of the `Digest` header over exactly these bytes (RFC 3230)."""
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


def check_digest(headers: Headers, body: bytes) -> None:
    """Check that `Digest` is the body's.

    Raises:
        SignatureRefused: it is missing, of another algorithm, or of another body.

    """
    received = headers.get(DIGEST)
    if received is None:
        raise SignatureRefused(Check.DIGEST, "Digest", "`SHA-256=` and the body's, in base64", "nothing")
    algorithm, _, value = received.decode("latin-1").partition("=")
    if algorithm.upper() != "SHA-256":  # its name is case-insensitive (RFC 3230, section 4.1.1)
        raise SignatureRefused(Check.DIGEST, "Digest", "the algorithm SHA-256", described(algorithm))
    expected = digest_of(body).partition("=")[2]
    if not hmac.compare_digest(value.encode("utf-8"), expected.encode("ascii")):
        raise SignatureRefused(
            Check.DIGEST, "Digest", f"the digest of the {len(body)} bytes that came", "another one"
        )


class SignatureVerifier:
    """Verifies signed requests. `clock` gives Unix seconds."""

    def __init__(
        self, keys: ClientKeys, seen: SeenTokens, rules: ClientTokenRules, clock: Callable[[], float]
    ) -> None:
        self._keys = keys
        self._seen = seen
        self._rules = rules
        self._clock = clock

    async def verify(self, headers: Headers, body: bytes, client_id: UUID) -> None:
        """Verify the signature of a request that came with this client's voucher; it is spent then.

        Args:
            headers: the request's, their names in lower case.
            body: exactly as received; empty with GET.
            client_id: of the voucher.

        Raises:
            SignatureRefused: a check failed; the error names it.
            UpstreamError: the consumer's key cannot be looked up now.
            Unavailable: nor can any, or what was seen before.

        """
        check_digest(headers, body)
        token = await verified(
            headers[HEADER].decode("latin-1"),
            _FORM,
            self._keys,
            client_id,
            self._rules,
            longest_life=LONGEST_LIFE,
            now=self._clock(),
        )
        _check_signed_headers(token.claims, headers)
        # NOTE last: a signature that is refused for another reason is not spent by it.
        ends = token.expires_at + self._rules.clock_skew
        if not await self._seen.first_time(TokenKind.SIGNATURE, token.jti, ends, issuer=str(client_id)):
            raise SignatureRefused(
                Check.REPLAYED, "jti", "one that was not presented before", described(token.jti)
            )


def _check_signed_headers(claims: Members, headers: Headers) -> None:
    signed = _signed_headers(claims)
    for name in RELEVANT:
        if name not in signed and (sent := headers.get(name.encode())) is not None:
            raise _uncovered(
                name, "signed, since it was sent", described(sent.decode("latin-1")) + ", unsigned"
            )
    if "digest" not in signed:
        raise _uncovered("digest", "signed", "nothing")
    for name, value in signed.items():
        sent = headers.get(name.encode("latin-1", "replace"))
        if sent is None:
            raise _uncovered(name, "sent, since it is signed", "nothing")
        if sent.decode("latin-1") != value:
            raise _uncovered(name, f"as it was sent, {described(sent.decode('latin-1'))}", described(value))


def _signed_headers(claims: Members) -> dict[str, str]:
    """Read `signed_headers`: objects of one member each, a header's name in lower case and its value."""
    listed = claims.get("signed_headers", ABSENT)
    if not isinstance(listed, list):
        raise _uncovered("signed_headers", "an array of objects, one for each header", kind(listed))
    signed: dict[str, str] = {}
    for entry in listed:
        [(name, value)] = entry.items() if isinstance(entry, dict) and len(entry) == 1 else [("", None)]
        if not isinstance(value, str) or name != name.lower() or not QUOTABLE.fullmatch(name):
            raise _uncovered(
                "signed_headers",
                'objects of one header each: `{"digest": "…"}`, its name in lower case',
                kind(entry),
            )
        if name in signed:
            raise _uncovered("signed_headers", "each header once", f"`{name}` twice")
        signed[name] = value
    return signed


def _uncovered(name: str, expected: str, received: str) -> SignatureRefused:
    return SignatureRefused(Check.SIGNED_HEADERS, name, expected, received)
