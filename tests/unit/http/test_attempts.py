# SPDX-License-Identifier: EUPL-1.2
"""Failed authentications by address: who is counted, for how long, and how many are remembered."""

from __future__ import annotations

from typing import Any

import pytest

from hub.errors import ConfigurationError
from hub.http import attempts
from hub.http.addresses import Addresses
from hub.http.attempts import FailedAttempts, TooManyAttempts

PROXIES = "10.0.0.0/8, 192.0.2.7 fd00::/8 unix"


def scope(peer: str | None) -> Any:
    return {"client": None if peer is None else (peer, 50_000)}


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("198.51.100.1", None, "198.51.100.1"),
        ("198.51.100.1", "203.0.113.5", "198.51.100.1"),  # nobody trusts it
        ("10.1.2.3", None, "10.1.2.3"),
        ("10.1.2.3", "203.0.113.5", "203.0.113.5"),
        ("10.1.2.3", "1.1.1.1, 203.0.113.5", "203.0.113.5"),  # the first was written by whoever asks
        ("10.1.2.3", "1.1.1.1, 203.0.113.5, 192.0.2.7", "203.0.113.5"),
        ("10.1.2.3", "10.9.9.9", "10.9.9.9"),
        ("10.1.2.3", "203.0.113.5:4711", "203.0.113.5"),
        ("10.1.2.3", "[2001:db8:1:2:3::4]:4711", "2001:db8:1:2::/64"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", "unknown", "10.1.2.3"),
        ("10.1.2.3", "203.0.113.5, nonsense", "10.1.2.3"),
        ("fd00::1", "203.0.113.5", "203.0.113.5"),
        ("2001:db8:1:2:aaaa::1", None, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::1", None, "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.1", None, "198.51.100.1"),
        (None, "203.0.113.5", "203.0.113.5"),
        (None, None, "unix"),
    ],
)
def test_whose_address_counts(peer: str | None, forwarded: str | None, found: str) -> None:
    headers = {} if forwarded is None else {b"x-forwarded-for": forwarded.encode()}
    assert Addresses(PROXIES).of(scope(peer), headers) == found


def test_nobody_is_trusted_unasked() -> None:
    assert Addresses().of(scope("127.0.0.1"), {b"x-forwarded-for": b"203.0.113.5"}) == "127.0.0.1"
    assert Addresses().of(scope(None), {b"x-forwarded-for": b"203.0.113.5"}) == "unix"


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.1/8", "*", "10.0.0"])
def test_a_proxy_is_an_address_or_a_network(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="SNODO_TRUSTED_PROXIES"):
        Addresses(wrong)


class Clock:
    now = 1_790_000_040.0

    def __call__(self) -> float:
        return self.now


def _failed(counted: FailedAttempts, address: str, times: int = 1) -> None:
    for _ in range(times):
        counted.failed(scope(address), {})


def test_over_for_the_rest_of_the_minute() -> None:
    clock = Clock()
    counted = FailedAttempts(3, Addresses(), clock)
    assert counted.standing(scope("192.0.2.1"), {}) == (3, 3, 60.0)
    _failed(counted, "192.0.2.1", 2)
    assert not counted.is_over(scope("192.0.2.1"), {})
    clock.now += 20
    _failed(counted, "192.0.2.1", 2)
    assert counted.standing(scope("192.0.2.1"), {}) == (3, 0, 40.0)
    assert counted.is_over(scope("192.0.2.1"), {})
    assert not counted.is_over(scope("192.0.2.2"), {})
    with pytest.raises(TooManyAttempts) as refused:
        counted.refuse()
    assert (refused.value.status, refused.value.code) == (429, "RATE_LIMITED")
    assert refused.value.extensions == {"limit": 3, "window": "MINUTE", "of": "ADDRESS", "retryAfter": 40}
    assert counted.refused == 1
    clock.now += 40
    assert not counted.is_over(scope("192.0.2.1"), {})
    assert counted.standing(scope("192.0.2.1"), {}) == (3, 3, 60.0)


def test_no_more_addresses_are_remembered_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_KNOWN", 10)
    counted = FailedAttempts(2, Addresses(), Clock())
    _failed(counted, "192.0.2.255", 2)
    for number in range(100):
        _failed(counted, f"192.0.2.{number}", 1 + number % 2)
    assert len(counted._failed) == 10
    assert counted._over == sum(number >= 2 for number in counted._failed.values())
    assert not counted.is_over(scope("192.0.2.255"), {}), "it came first, and went first"
    assert counted.is_over(scope("192.0.2.99"), {})
