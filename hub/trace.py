# SPDX-License-Identifier: EUPL-1.2
"""The trace a request belongs to (W3C Trace Context, level 1), handed on to whoever the hub calls for it.

The hub makes no spans of its own: it hands a trace on, and names it where a call failed. `tracestate` is not handed on: what a
consumer's tracing writes there is nobody else's.
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

HEADER = "traceparent"
RECEIVED: ContextVar[bytes | None] = ContextVar("traceparent", default=None)
"""The header as the request under way brought it; read only when an agency is called."""

_FORM = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})(-.*)?", re.DOTALL)
_NOTHING = "0" * 32
_FIRST_VERSION = "00"


def trace() -> tuple[str, str]:
    """The trace id of the request under way, and its flags; a new trace, not sampled, where it brought none that can be read."""
    found = _FORM.fullmatch(RECEIVED.get() or b"")
    if found is not None:
        version, trace_id, flags, more = found.groups()
        known = version != b"ff" and (version != b"00" or more is None)
        if known and trace_id.decode() != _NOTHING:
            return trace_id.decode(), f"{int(flags, 16) & 1:02x}"  # the one flag that version 00 knows
    return secrets.token_hex(16), "00"


def traceparent(trace_id: str, flags: str) -> str:
    """The header of one call in a trace: each call has an id of its own."""
    return f"{_FIRST_VERSION}-{trace_id}-{secrets.token_hex(8)}-{flags}"
