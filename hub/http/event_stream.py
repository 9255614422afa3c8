# SPDX-License-Identifier: EUPL-1.2
"""Responses as server-sent events: the GraphQL over SSE protocol, distinct connections mode.

Each response is a `next` event; a `complete` event ends the stream. Its `data:` is empty, and there, because a browser drops an
event without one.
"""

from __future__ import annotations

MEDIA = b"text/event-stream; charset=utf-8"
COMPLETE = b"event: complete\ndata:\n\n"
SILENCE = b":\n\n"
"""A comment, which clients pass over: it tells whatever lies between that the connection is alive."""


def event(response: bytes) -> bytes:
    """A `next` event. NOTE JSON has no raw line feed, so that it is one `data` line."""
    return b"".join((b"event: next\ndata: ", response, b"\n\n"))
