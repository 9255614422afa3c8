# SPDX-License-Identifier: EUPL-1.2
"""What is believed of how a request came: a password over a way nobody reads, a certificate of whom is trusted."""

from __future__ import annotations

from typing import Any

import pytest

from hub.http.addresses import Addresses
from hub.http.service_doors import PlainTransport, Transport

BASIC = {b"authorization": b"bAsIc eDp5"}


def scope(peer: str | None, scheme: str = "http") -> Any:
    return {"client": None if peer is None else (peer, 50_000), "scheme": scheme}


@pytest.mark.parametrize(
    ("peer", "scheme", "headers", "is_private"),
    [
        ("203.0.113.5", "https", {}, True),
        ("203.0.113.5", "http", {}, False),
        ("203.0.113.5", "http", {b"x-forwarded-proto": b"https"}, False),
        ("127.0.0.1", "http", {}, True),
        ("::1", "http", {}, True),
        (None, "http", {}, True),
        ("127.0.0.1", "http", {b"x-forwarded-for": b"203.0.113.5"}, False),
        ("127.0.0.1", "http", {b"forwarded": b"for=203.0.113.5"}, False),
        ("10.0.0.7", "http", {}, False),
        ("10.0.0.7", "http", {b"x-forwarded-proto": b"https"}, True),
        ("10.0.0.7", "http", {b"x-forwarded-proto": b"http"}, False),
        ("10.0.0.7", "http", {b"x-forwarded-proto": b"http, https"}, False),
    ],
)
def test_where_a_password_is_heard(
    peer: str | None, scheme: str, headers: dict[bytes, bytes], is_private: bool
) -> None:
    transport, given = Transport(Addresses("10.0.0.0/24")), {**BASIC, **headers}
    if is_private:
        assert transport.believed(scope(peer, scheme), given) == given
        return
    with pytest.raises(PlainTransport):
        transport.believed(scope(peer, scheme), given)


@pytest.mark.parametrize(
    ("peer", "is_believed"), [("10.0.0.7", True), ("203.0.113.5", False), ("127.0.0.1", False)]
)
def test_whose_word_on_a_certificate_is_taken(peer: str, is_believed: bool) -> None:
    headers = {b"client-cert": b":AA==:", b"host": b"x"}
    found = Transport(Addresses("10.0.0.0/24")).believed(scope(peer, "https"), headers)
    assert (b"client-cert" in found, found[b"host"]) == (is_believed, b"x")
