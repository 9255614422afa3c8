# SPDX-License-Identifier: EUPL-1.2
"""`traceparent` (W3C Trace Context): what a request brought is handed on; what cannot be read is not."""

from __future__ import annotations

import re

import pytest

from hub.trace import RECEIVED, trace, traceparent

ID = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("received", "flags"),
    [
        (f"00-{ID}-00f067aa0ba902b7-01", "01"),
        (f"00-{ID}-00f067aa0ba902b7-00", "00"),
        (f"00-{ID}-00f067aa0ba902b7-ff", "01"),
        (f"cc-{ID}-00f067aa0ba902b7-01-of-a-later-version", "01"),
    ],
)
def test_a_trace_is_handed_on_with_a_parent_of_our_own(received: str, flags: str) -> None:
    token = RECEIVED.set(received.encode())
    try:
        assert trace() == (ID, flags)
    finally:
        RECEIVED.reset(token)
    sent = traceparent(ID, flags)
    assert re.fullmatch(rf"00-{ID}-[0-9a-f]{{16}}-{flags}", sent)
    assert sent != traceparent(ID, flags)


@pytest.mark.parametrize(
    "received",
    [
        None,
        b"",
        b"RSSMRA80A01H501U",
        f"00-{ID}-00f067aa0ba902b7-01-more".encode(),
        f"ff-{ID}-00f067aa0ba902b7-01".encode(),
        f"00-{ID.upper()}-00f067aa0ba902b7-01".encode(),
        f"00-{'0' * 32}-00f067aa0ba902b7-01".encode(),
        f"00-{ID}-{'0' * 16}-01".encode(),
        f"00-{ID}-00f067aa0ba902b7-01, 00-{ID}-00f067aa0ba902b7-01".encode(),
    ],
)
def test_what_cannot_be_read_begins_a_trace(received: bytes | None) -> None:
    token = RECEIVED.set(received)
    try:
        one, other = trace(), trace()
    finally:
        RECEIVED.reset(token)
    assert one != other
    assert re.fullmatch(r"[0-9a-f]{32}", one[0])
    assert one[1] == "00"
