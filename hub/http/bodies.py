# SPDX-License-Identifier: EUPL-1.2
"""A request's body, as far as it is taken."""

from __future__ import annotations

from starlette.types import Receive

from hub.http.authentication import Headers
from hub.http.request import BodyTooLarge, Interrupted


async def read_body(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The whole body; `limit`: bytes it may have.

    Raises:
        BodyTooLarge: it has more, or says it has: no more of it is read.
        Interrupted: the connection ended before it did.

    """
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(int(announced), limit)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Interrupted
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > limit:
            raise _too_large(len(body), limit)
        return body
    chunks, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Interrupted
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            raise _too_large(size, limit)
    return b"".join(chunks)


def _too_large(size: int, limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body has {size} bytes or more; this hub takes at most {limit}.", limit=limit, size=size
    )
