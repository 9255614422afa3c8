# SPDX-License-Identifier: EUPL-1.2
"""Which pages in a browser may ask: the hub's own, and those of the origins that are allowed by name.

A browser says from where a request comes (`Origin`, `Sec-Fetch-Site`), and a page cannot write these headers; whatever is no
browser sends neither (docs/adr/0016).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from starlette.types import Message, Send

from hub.errors import ClientError, ConfigurationError

ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")

Header = tuple[bytes, bytes]

PREFLIGHT: Sequence[Header] = (
    (b"access-control-allow-methods", b"GET, POST"),
    (
        b"access-control-allow-headers",
        b"accept, agid-jwt-signature, agid-jwt-tracking-evidence, agid-jwt-trackingevidence, authorization, content-type, digest, dpop, graphql-cost",
    ),
    (b"access-control-max-age", b"600"),
)


class ForeignOrigin(ClientError):
    """A page of another origin may not ask here; its origin must be among SNODO_ALLOWED_ORIGINS."""

    code = "CSRF_PREVENTION"
    status: ClassVar[int] = 403


class Origins:
    """The hub's own origin, and those that are allowed."""

    def __init__(self, allowed: str = "") -> None:
        """Take origins as `scheme://host` or `scheme://host:port`, apart by spaces or commas.

        Raises:
            ConfigurationError: one of them is no origin; a `*` is none.

        """
        names = allowed.replace(",", " ").lower().split()
        for name in names:
            if not ORIGIN.fullmatch(name):
                raise ConfigurationError(
                    f"SNODO_ALLOWED_ORIGINS has {name!r}, which is no origin: write scheme://host or scheme://host:port, "
                    "without a path; every origin is named, `*` is not taken."
                )
        self._allowed = {name.encode() for name in names}

    def check(self, headers: Mapping[bytes, bytes]) -> bytes | None:
        """The allowed origin a request comes from; None where it comes from no page, or from the hub's own.

        Raises:
            ForeignOrigin: it comes from a page of another origin.

        """
        origin = headers.get(b"origin")
        if origin is not None:
            if origin in self._allowed:
                return origin
            # The scheme is not compared: behind a proxy that ends TLS the hub does not know its own.
            place = origin.partition(b"://")[2]
            if not place or place != headers.get(b"host"):
                raise ForeignOrigin
        elif headers.get(b"sec-fetch-site", b"none") not in (b"same-origin", b"none"):
            raise ForeignOrigin
        return None


def shared_with(origin: bytes, send: Send) -> Send:
    """`send`, with the headers that let a page of this origin read the answer."""

    async def shared(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [
                *message["headers"],
                (b"access-control-allow-origin", origin),
                (
                    b"access-control-expose-headers",
                    b"agid-jwt-signature, digest, retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset",
                ),
                (b"vary", b"Origin"),
            ]
            message = {**message, "headers": headers}
        await send(message)

    return shared
