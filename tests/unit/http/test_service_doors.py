# SPDX-License-Identifier: EUPL-1.2
"""What is believed of how a request came, and how passwords are heard: in turn, and no more than may fail."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any, ClassVar, cast
from uuid import UUID

import pytest

from hub.access.passwords import PasswordHash
from hub.access.service_clients import HASHED_AT_ONCE, ServiceClient, ServiceClients
from hub.errors import ConfigurationError, Unauthenticated
from hub.http.addresses import Addresses
from hub.http.attempts import FailedAttempts, TooManyAttempts
from hub.http.service_doors import (
    MOST_WAITING,
    PlainTransport,
    ServiceAdmission,
    ServiceAuthenticator,
    TooManyGuesses,
    Transport,
    gateways_of,
)
from hub.store.announcements import Word

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
    transport, given = Transport(Addresses("10.0.0.0/24"), Addresses("10.0.1.1")), {**BASIC, **headers}
    if is_private:
        assert transport.believed(scope(peer, scheme), given) == given
        return
    with pytest.raises(PlainTransport):
        transport.believed(scope(peer, scheme), given)


@pytest.mark.parametrize(
    ("peer", "is_believed"),
    # The second is believed in addresses alone: what it hands on, whoever asks may have written.
    [("10.0.1.1", True), ("10.0.0.7", False), ("203.0.113.5", False), ("127.0.0.1", False)],
)
def test_whose_word_on_a_certificate_is_taken(peer: str, is_believed: bool) -> None:
    headers = {b"client-cert": b":AA==:", b"host": b"x"}
    found = Transport(Addresses("10.0.0.0/24"), Addresses("10.0.1.1")).believed(scope(peer, "https"), headers)
    assert (b"client-cert" in found, found[b"host"]) == (is_believed, b"x")


def test_a_certificate_without_a_gateway_is_a_contradiction() -> None:
    certified = ServiceClient("sil", PURPOSE, certificate="0a" * 32)
    for setting in ("", "  "):
        assert not gateways_of(setting, []).is_trusted(scope("127.0.0.1"))
        with pytest.raises(ConfigurationError, match="SNODO_CERTIFICATE_PROXIES"):
            gateways_of(setting, [certified])
    assert gateways_of("10.0.1.1", [certified]).is_trusted(scope("10.0.1.1"))
    with pytest.raises(ConfigurationError, match="SNODO_CERTIFICATE_PROXIES"):
        gateways_of("gateway.example", [])


PURPOSE = UUID("5b0d2c6e-0000-4000-8000-000000000001")
DER = b"a certificate"
PEER = "192.0.2.1"


class Held(PasswordHash):
    """The hash of `right`, which takes until it is let go; knows how many are under way, and how many were."""

    let_go: ClassVar[threading.Event]
    lock: ClassVar[threading.Lock]
    under_way: ClassVar[int]
    most: ClassVar[int]
    hashed: ClassVar[int]

    @classmethod
    def begin(cls) -> Held:
        cls.let_go, cls.lock = threading.Event(), threading.Lock()
        cls.under_way = cls.most = cls.hashed = 0
        return cls(2, 1, 1, b"", b"")

    def is_of(self, password: bytes) -> bool:
        kind = type(self)
        with kind.lock:
            kind.hashed += 1
            kind.under_way += 1
            kind.most = max(kind.most, kind.under_way)
        assert kind.let_go.wait(10)
        with kind.lock:
            kind.under_way -= 1
        return password == b"right"


class Vouchers:
    """No voucher is known."""

    def knows(self, headers: object) -> bool:
        return False


class Clients(ServiceClients):
    """Whoever is known has a grant."""

    async def _caller(self, client: ServiceClient) -> Any:
        return SimpleNamespace(agency_code=client.agency, demands=frozenset())


class Doors:
    """The doors for one client with a password and one with a certificate. `most`: failures of an address."""

    def __init__(self, most: int) -> None:
        self.password = Held.begin()
        known = [
            ServiceClient("sil", PURPOSE, user="sil", password=self.password),
            ServiceClient("comune", PURPOSE, certificate=hashlib.sha256(DER).hexdigest()),
        ]
        self.clients = Clients(known, cast("Any", None), lambda: 0.0, cast("Any", None), Word())
        self.authenticator = ServiceAuthenticator(self.clients, cast("Any", Vouchers()))
        self.attempts = FailedAttempts(most, Addresses(), lambda: 1_790_000_040.0)
        limiter = cast("Any", SimpleNamespace(check=None))
        self.admission = ServiceAdmission(self.authenticator, limiter, self.attempts, lambda: 0.0)

    def ask(self, password: str) -> asyncio.Task[Any]:
        return asyncio.create_task(self.admission.identify(scope(PEER), basic(password)))

    @property
    def failed(self) -> int:
        most, left, _ = self.attempts.standing(scope(PEER), {})
        return most - left


def basic(password: str) -> dict[bytes, bytes]:
    return {b"authorization": b"Basic " + b64encode(b"sil:" + password.encode())}


@pytest.fixture
async def doors() -> AsyncIterator[Callable[[int], Doors]]:
    opened: list[Doors] = []

    def opener(most: int) -> Doors:
        opened.append(Doors(most))
        return opened[-1]

    yield opener
    Held.let_go.set()
    for one in opened:
        one.clients.close()


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not what():
            await asyncio.sleep(0.005)


async def test_of_many_guesses_at_once_no_more_are_heard_than_may_fail(doors: Callable[[int], Doors]) -> None:
    door = doors(3)
    asked = [door.ask(f"wrong {number}") for number in range(40)]
    await until(lambda: Held.hashed == HASHED_AT_ONCE)
    Held.let_go.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    # Those under way together when the last failure counts were let in before it.
    assert 3 <= Held.hashed < 3 + HASHED_AT_ONCE
    assert [type(one) for one in found].count(TooManyAttempts) == 40 - Held.hashed
    assert door.failed == 3


async def test_no_more_wait_than_are_soon_heard(doors: Callable[[int], Doors]) -> None:
    door = doors(1_000)
    asked = [door.ask(f"wrong {number}") for number in range(HASHED_AT_ONCE + MOST_WAITING + 7)]
    await until(lambda: sum(one.done() for one in asked) == 7)
    Held.let_go.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    refused = [one for one in found if isinstance(one, TooManyGuesses)]
    assert [(one.status, one.code) for one in refused] == [(503, "TOO_MANY_GUESSES")] * 7
    assert (Held.most, door.failed) == (HASHED_AT_ONCE, HASHED_AT_ONCE + MOST_WAITING)


async def test_who_hangs_up_has_failed_and_frees_no_thread(doors: Callable[[int], Doors]) -> None:
    door = doors(1_000)
    for number in range(6):
        asked = door.ask(f"wrong {number}")
        await asyncio.sleep(0)  # it comes as far as its hash, or the wait for a thread
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    assert door.failed == 6
    Held.let_go.set()
    await until(lambda: Held.under_way == 0)
    assert Held.most <= HASHED_AT_ONCE


async def test_a_right_password_said_many_times_at_once_is_hashed_no_more_than_that(
    doors: Callable[[int], Doors],
) -> None:
    door = doors(3)
    asked = [door.ask("right") for _ in range(30)]
    Held.let_go.set()
    found = await asyncio.gather(*asked)
    assert {caller.agency_code for caller, _ in found} == {"sil"}
    assert (Held.hashed <= HASHED_AT_ONCE, door.failed) == (True, 0)


async def test_who_is_known_where_an_address_has_failed_too_often(doors: Callable[[int], Doors]) -> None:
    door = doors(1)
    Held.let_go.set()
    await door.ask("right")
    with pytest.raises(Unauthenticated):
        await door.ask("wrong")
    await door.ask("right")
    with pytest.raises(TooManyAttempts):
        await door.ask("wrong")
    certificate = {b"client-cert": b":" + b64encode(DER) + b":"}
    caller, _ = await door.admission.identify(scope(PEER), certificate)
    assert caller.agency_code == "comune"
    for unknown in (b":AA==:", b"AA", b":x:"):
        with pytest.raises(TooManyAttempts):
            await door.admission.identify(scope(PEER), {b"client-cert": unknown})
    with pytest.raises(TooManyAttempts):  # a voucher is asked for first: one that is not known is a guess
        await door.admission.identify(scope(PEER), {b"authorization": b"Bearer x", **certificate})
