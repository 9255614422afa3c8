# SPDX-License-Identifier: EUPL-1.2
"""PDND's keys: when they are fetched, which are trusted, what happens when they cannot be had."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from joserfc.jwk import ECKey, RSAKey

from hub.access.jwks import KeySet, algorithm_of, usable_keys
from hub.errors import UpstreamUnavailable

INTERVAL = 30.0
HOUR = 3_600.0


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Issuer:
    """Answers with its keys, an error, or only once `answering` is set."""

    jwks: list[dict[str, object]]
    error: Exception | None = None
    fetches: int = 0
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answering.set()

    async def __call__(self) -> Mapping[str, object]:
        self.fetches += 1
        await self.answering.wait()
        if self.error is not None:
            raise self.error
        return {"keys": self.jwks}


@pytest.fixture(scope="session")
def public_keys() -> tuple[dict[str, object], dict[str, object]]:
    first, second = (RSAKey.generate_key(2048).as_dict(private=False) for _ in range(2))
    return {**first, "kid": "a", "use": "sig"}, {**second, "kid": "b", "use": "sig"}


Jwks = tuple[dict[str, object], dict[str, object]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(public_keys: Jwks) -> Issuer:
    return Issuer([public_keys[0]])


@pytest.fixture
def keys(issuer: Issuer, clock: Clock) -> KeySet:
    return KeySet(issuer, clock, INTERVAL)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


# ── when ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_keys_are_fetched_at_first_use_and_once(keys: KeySet, issuer: Issuer) -> None:
    assert issuer.fetches == 0
    assert keys.due
    key = await keys.key("a")
    assert isinstance(key, RSAKey)
    assert not key.is_private
    assert await keys.key("a") is key
    assert issuer.fetches == 1
    assert not keys.due


async def test_concurrent_callers_share_one_fetch(keys: KeySet, issuer: Issuer) -> None:
    issuer.answering.clear()
    callers = [asyncio.create_task(keys.key("a")) for _ in range(50)]
    await settle()
    issuer.answering.set()
    assert all(await asyncio.gather(*callers))
    assert issuer.fetches == 1


async def test_a_caller_who_gives_up_leaves_the_fetch_to_the_others(keys: KeySet, issuer: Issuer) -> None:
    issuer.answering.clear()
    hasty, patient = (asyncio.create_task(keys.key("a")) for _ in range(2))
    await settle()
    hasty.cancel()
    await settle()
    assert hasty.cancelled()
    issuer.answering.set()
    assert await patient
    assert issuer.fetches == 1


async def test_new_key_is_found_by_its_unknown_kid(
    keys: KeySet, issuer: Issuer, clock: Clock, public_keys: Jwks
) -> None:
    await keys.key("a")
    issuer.jwks.append(public_keys[1])
    clock.now += INTERVAL
    assert await keys.key("b")
    assert issuer.fetches == 2
    assert keys.withdrawals == 0


async def test_a_flood_of_unknown_kids_costs_one_fetch_per_interval(
    keys: KeySet, issuer: Issuer, clock: Clock
) -> None:
    await keys.key("a")
    for interval in range(1, 4):
        clock.now += INTERVAL
        found = await asyncio.gather(*(keys.key(f"invented {n}") for n in range(200)))
        found += [await keys.key(f"invented {n}") for n in range(200)]
        assert not any(found)
        assert issuer.fetches == 1 + interval
    clock.now += INTERVAL - 0.1
    assert await keys.key("invented") is None
    assert issuer.fetches == 4


async def test_known_key_is_served_while_newer_ones_are_fetched(
    keys: KeySet, issuer: Issuer, clock: Clock
) -> None:
    old = await keys.key("a")
    clock.now += HOUR
    issuer.answering.clear()
    assert keys.due
    assert await keys.key("a") is old
    assert not keys.due, "one fetch is under way"
    await settle()
    assert issuer.fetches == 2
    issuer.answering.set()
    await settle()
    assert not keys.due
    clock.now += HOUR - 1
    assert not keys.due


async def test_key_no_longer_listed_is_dropped(
    keys: KeySet, issuer: Issuer, clock: Clock, public_keys: Jwks
) -> None:
    await keys.key("a")
    issuer.jwks = [public_keys[1]]
    clock.now += HOUR
    await keys.key("a")
    await settle()
    assert keys.withdrawals == 1
    assert await keys.key("a") is None
    assert await keys.key("b")


async def test_key_replaced_under_its_kid_counts_as_withdrawn(
    keys: KeySet, issuer: Issuer, clock: Clock, public_keys: Jwks
) -> None:
    old = await keys.key("a")
    issuer.jwks = [{**public_keys[1], "kid": "a"}]
    clock.now += HOUR
    await keys.key("a")
    await settle()
    assert keys.withdrawals == 1
    assert await keys.key("a") != old


# ── at the start ──────────────────────────────────────────────────────────────────────────────────────


async def test_keys_are_fetched_before_anybody_asks(keys: KeySet, issuer: Issuer) -> None:
    keys.prefetch()
    keys.prefetch()
    await settle()
    assert issuer.fetches == 1
    assert not keys.due
    assert await keys.key("a")
    keys.prefetch()
    await settle()
    assert issuer.fetches == 1


async def test_a_first_voucher_shares_the_fetch_of_the_start(keys: KeySet, issuer: Issuer) -> None:
    issuer.answering.clear()
    keys.prefetch()
    caller = asyncio.create_task(keys.key("a"))
    await settle()
    issuer.answering.set()
    assert await caller
    assert issuer.fetches == 1


async def test_a_fetch_at_the_start_that_fails_is_as_if_it_had_not_been(keys: KeySet, issuer: Issuer) -> None:
    issuer.error = OSError("refused")
    keys.prefetch()
    await settle()
    assert issuer.fetches == 1
    issuer.error = None
    assert await keys.key("a"), "the first voucher does not wait for the interval"
    assert issuer.fetches == 2


async def test_closing_ends_the_fetch_under_way(keys: KeySet, issuer: Issuer) -> None:
    await keys.close()
    issuer.answering.clear()
    keys.prefetch()
    await settle()
    await keys.close()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "jwks"]


# ── when they cannot be had ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "error", [OSError("refused"), TimeoutError(), UpstreamUnavailable(agency="PDND"), ValueError()]
)
async def test_failed_refetch_leaves_the_old_keys(
    keys: KeySet, issuer: Issuer, clock: Clock, error: Exception
) -> None:
    await keys.key("a")
    issuer.error = error
    clock.now += HOUR
    assert await keys.key("unknown") is None
    assert await keys.key("a")
    assert issuer.fetches == 2
    assert not keys.due, "the next attempt waits for its interval"
    clock.now += INTERVAL
    assert keys.due


async def test_without_any_key_the_caller_is_told_when_to_ask_again(
    keys: KeySet, issuer: Issuer, clock: Clock
) -> None:
    issuer.error = OSError("refused")
    with pytest.raises(UpstreamUnavailable) as unavailable:
        await keys.key("a")
    clock.now += 10
    with pytest.raises(UpstreamUnavailable) as again:
        await keys.key("a")
    assert unavailable.value.agency == "PDND"
    assert (unavailable.value.retry_after, again.value.retry_after) == (30.0, 20.0)
    assert issuer.fetches == 1
    issuer.error = None
    clock.now += 20
    assert await keys.key("a")


async def test_cancelled_fetch_does_not_stand_in_the_way(keys: KeySet, issuer: Issuer, clock: Clock) -> None:
    issuer.answering.clear()
    caller = asyncio.create_task(keys.key("a"))
    await settle()
    for task in asyncio.all_tasks():
        if task.get_name() == "jwks":
            task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    issuer.answering.set()
    clock.now += INTERVAL
    assert await keys.key("a")


# ── which ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_empty_set_is_taken_at_its_word(keys: KeySet, issuer: Issuer, clock: Clock) -> None:
    await keys.key("a")
    issuer.jwks = []
    clock.now += HOUR
    await keys.key("a")
    await settle()
    assert keys.withdrawals == 1
    with pytest.raises(UpstreamUnavailable):
        await keys.key("a")


@pytest.mark.parametrize(
    "answer", [{}, {"keys": None}, {"keys": "a"}, {"keys": {"a": {}}}, {"error": "not found"}], ids=str
)
def test_what_is_no_key_set_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a JWK Set"):
        usable_keys(answer)


UNUSABLE: dict[str, dict[str, object]] = {
    "kid absent": {"kid": None},
    "kid a number": {"kid": 1},
    "for encryption": {"use": "enc"},
    "for another algorithm": {"alg": "RS512"},
    "not RSA": {"kty": "EC"},
    "modulus absent": {"n": None},
    "modulus of 1,024 bits": {"n": "_" * 170 + "8"},
    "modulus empty": {"n": ""},
    "modulus not base64url": {"n": "!" * 400},
    "modulus outside ASCII": {"n": "é" * 400},
    "exponent 1": {"e": "AQ"},
    "exponent even": {"e": "Ag"},
    "exponent absent": {"e": None},
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_key_is_passed_over(public_keys: Jwks, name: str) -> None:
    first, second = public_keys
    assert list(usable_keys({"keys": [{**first, **UNUSABLE[name]}, second]})) == ["b"]


def test_members_that_are_no_keys_are_passed_over(public_keys: Jwks) -> None:
    elliptic = {**ECKey.generate_key("P-256").as_dict(private=False), "kid": "ec"}
    symmetric = {"kty": "oct", "k": "c2VjcmV0", "kid": "oct"}
    assert list(usable_keys({"keys": [None, "a", 1, [], {}, elliptic, symmetric, public_keys[0]]})) == ["a"]


def test_of_two_keys_with_one_kid_the_first_counts(public_keys: Jwks) -> None:
    first, second = public_keys
    both = usable_keys({"keys": [first, {**second, "kid": "a"}]})
    assert both == usable_keys({"keys": [first]})


def test_use_and_alg_may_be_absent(public_keys: Jwks) -> None:
    bare = {name: public_keys[0][name] for name in ("kty", "n", "e", "kid")}
    assert list(usable_keys({"keys": [bare]})) == ["a"]


def test_private_half_is_never_kept() -> None:
    private = {**RSAKey.generate_key(2048).as_dict(private=True), "kid": "a"}
    assert not usable_keys({"keys": [private]})["a"].is_private


# ── by which algorithm ────────────────────────────────────────────────────────────────────────────────


def test_keys_are_taken_for_the_algorithms_asked_for(public_keys: Jwks) -> None:
    curve = {**ECKey.generate_key("P-256").as_dict(private=False), "kid": "c", "use": "sig", "alg": "ES256"}
    answer = {"keys": [public_keys[0], curve]}
    assert usable_keys(answer).keys() == {"a"}
    assert usable_keys(answer, ("ES256",)).keys() == {"c"}
    both = usable_keys(answer, ("RS256", "ES256"))
    assert {kid: algorithm_of(key) for kid, key in both.items()} == {"a": "RS256", "c": "ES256"}


@pytest.mark.parametrize(
    "wrong",
    [{"crv": "P-384"}, {"alg": "ES384"}, {"use": "enc"}, {"x": "!"}, {"y": None}, {"kty": "OKP"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_unusable_key_on_a_curve_is_passed_over(wrong: dict[str, object]) -> None:
    curve = {**ECKey.generate_key("P-256").as_dict(private=False), "kid": "c", **wrong}
    assert usable_keys({"keys": [curve]}, ("RS256", "ES256")) == {}
