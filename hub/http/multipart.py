# SPDX-License-Identifier: EUPL-1.2
"""Responses as the parts of one `multipart/mixed` body (RFC 2046, section 5.1; the Incremental Delivery over HTTP draft)."""

from __future__ import annotations

MEDIA = b'multipart/mixed; boundary="-"'
END = b"\r\n-----\r\n"


def part(response: bytes) -> bytes:
    """One part, from its boundary to its end: the next boundary begins with the line break before it."""
    return b"".join((b"\r\n---\r\nContent-Type: application/json; charset=utf-8\r\n\r\n", response))
