# SPDX-License-Identifier: EUPL-1.2
"""The trace a request belongs to (W3C Trace Context, level 1): read from who asks, named in the log, handed on where that is wanted.

`tracestate` is not handed on: what a consumer's tracing writes there is nobody else's.
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

from hub.spans import SPANS, Place

HEADER = "traceparent"
RECEIVED: ContextVar[bytes | None] = ContextVar("traceparent", default=None)
"""The header as the request under way brought it; read only when it is needed."""

_FORM = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
_FIRST_VERSION = "00"


def received() -> Place | None:
    """Where the request under way says it belongs; None where it brought nothing that can be read."""
    header = RECEIVED.get()
    found = None if header is None else _FORM.fullmatch(header)
    if found is None:
        return None
    version, trace_id, parent, flags, more = found.groups()
    if version == b"ff" or (version == b"00" and more is not None):
        return None
    # The one flag that version 00 knows.
    place = Place(int(trace_id, 16), int(parent, 16), int(flags, 16) & 1)
    return place if place.trace_id and place.span_id else None


def known_trace() -> str | None:
    """The trace id of the work under way, as logs name it; None where it belongs to none."""
    place = SPANS.get().place() or received()
    return None if place is None else f"{place.trace_id:032x}"


def trace() -> tuple[str, str]:
    """The trace id of the work under way, and its flags; a new trace, not sampled, where it belongs to none."""
    place = SPANS.get().place() or received()
    if place is None:
        return secrets.token_hex(16), "00"
    return f"{place.trace_id:032x}", f"{place.flags:02x}"


def traceparent(trace_id: str, flags: str) -> str:
    """The header of one call in a trace: its parent is the span under way, or, where none is, an id of its own."""
    place = SPANS.get().place()
    parent = secrets.token_hex(8) if place is None else f"{place.span_id:016x}"
    return f"{_FIRST_VERSION}-{trace_id}-{parent}-{flags}"
