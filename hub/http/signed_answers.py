# SPDX-License-Identifier: EUPL-1.2
"""The hub's own `Digest` and `Agid-JWT-Signature`, for consumers whose answers are to be signed (INTEGRITY_REST_02).

The pattern names the claims of a request; those of an answer are written as PDND's own API writes its (`iss`, `iat`, `exp`,
`jti`, `signed_headers`), with the consumer as `aud`, and `request_digest` (PROFILE_NON_REPUDIATION_01) where the request had a
`Digest`: of medium confidence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID, uuid4

from hub.access.client_token import SIGNATURE
from hub.access.integrity import digest_of
from hub.access.signing_key import SigningKey

LIFETIME: Final = 300
"""Seconds within which an answer's signature is to be verified."""
BACKDATE: Final = 5
"""Seconds `iat` and `nbf` lie in the past: gateways of agencies allow no future at all."""


class AnswerSigner:
    """Signs answers. `clock` gives Unix seconds, `new_id` an identifier nobody had before."""

    def __init__(
        self,
        key: SigningKey,
        audience: str,
        clock: Callable[[], float],
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """Take the hub's key, and its audience, which is the issuer of its answers."""
        self._key = key
        self._audience = audience
        self._clock = clock
        self._new_id = new_id

    def headers(
        self, body: bytes, content_type: bytes, client_id: UUID, request_digest: bytes | None
    ) -> tuple[tuple[bytes, bytes], ...]:
        """The headers that sign this body for this client."""
        now = int(self._clock())
        digest = digest_of(body)
        claims: dict[str, object] = {
            "iss": self._audience,
            "aud": str(client_id),
            "iat": now - BACKDATE,
            "nbf": now - BACKDATE,
            "exp": now + LIFETIME,
            "jti": self._new_id(),
            "signed_headers": [{"digest": digest}, {"content-type": content_type.decode("latin-1")}],
        }
        if request_digest is not None:
            claims["request_digest"] = request_digest.decode("latin-1")
        return (
            (b"digest", digest.encode()),
            (SIGNATURE.lower().encode(), self._key.sign(claims).encode()),
        )
