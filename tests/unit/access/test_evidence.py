# SPDX-License-Identifier: EUPL-1.2
"""Evidence that was found good is remembered with its voucher, no longer than it, or its key, lasts. (What is refused: tests/api.)"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from hub.access.client_keys import ClientKey, ClientKeys
from hub.access.client_token import ClientTokenRules, EvidenceRefused
from hub.access.evidence import EvidenceVerifier, evidence_in
from hub.access.operator import Operator
from hub.access.seen_tokens import ReplayUnknown, SeenTokens
from hub.access.voucher import Voucher

NOW = 1_790_000_000.0
CLIENT, PURPOSE = UUID(int=7), UUID(int=8)
AUDIENCE = "https://snodo.example/graphql"
KID = "k" * 43
SKEW = 5.0


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


class Known:
    """The one key there is, until it is taken away."""

    def __init__(self, key: RSAKey) -> None:
        self.key: RSAKey | None = key
        self.asked = 0

    async def find(self, kid: str) -> ClientKey | None:
        self.asked += 1
        return None if self.key is None or kid != KID else ClientKey(CLIENT, self.key)


class Seen(SeenTokens):
    """The store, in memory; `away` when it cannot be asked."""

    def __init__(self) -> None:
        self.uses: dict[str, str] = {}
        self.away = False

    async def same_use(self, kind: Any, jti: str, use: str, expires_at: float, *, issuer: str = "") -> bool:
        if self.away:
            raise ReplayUnknown
        return self.uses.setdefault(jti, use) == use


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source(key: RSAKey) -> Known:
    return Known(key)


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def verifier(source: Known, seen: Seen, clock: Clock) -> EvidenceVerifier:
    keys = ClientKeys(source, clock, longest_age=300)
    return EvidenceVerifier(keys, seen, ClientTokenRules(AUDIENCE, SKEW), clock, capacity=2)


def made(key: RSAKey, **claims: object) -> tuple[str, Voucher]:
    """Good evidence, and its voucher."""
    content = {
        "iss": str(CLIENT), "aud": AUDIENCE, "iat": NOW, "exp": NOW + 600, "jti": "j", "purposeId": str(PURPOSE),
        "dnonce": "1234567890123", "userID": "op-7", "userLocation": "cpi-roma", "LoA": "substantial", **claims,
    }  # fmt: skip
    header = {"alg": "RS256", "typ": "JWT", "kid": KID}
    evidence = jws.serialize_compact(header, json.dumps(content), key, algorithms=["RS256"])
    digest = hashlib.sha256(evidence.encode()).hexdigest()
    voucher = Voucher(CLIENT, PURPOSE, NOW, NOW, NOW + 600, "v", None, None, None, None, digest, None)
    return evidence, voucher


async def test_it_is_verified_once(verifier: EvidenceVerifier, source: Known, key: RSAKey) -> None:
    evidence, voucher = made(key)
    assert verifier.cached(evidence, voucher) is None
    assert await verifier.verify(evidence, voucher) == Operator("op-7", "cpi-roma", "substantial")
    source.key = None
    assert verifier.cached(evidence, voucher) == await verifier.verify(evidence, voucher)
    assert source.asked == 1


async def test_it_is_remembered_for_its_voucher_alone(verifier: EvidenceVerifier, key: RSAKey) -> None:
    evidence, voucher = made(key)
    await verifier.verify(evidence, voucher)
    for change in (
        {"jti": "w"},
        {"purpose_id": UUID(int=9)},
        {"client_id": UUID(int=9)},
        {"digest": "0" * 64},
        {"digest": None},
    ):
        other = replace(voucher, **change)
        assert verifier.cached(evidence, other) is None
        with pytest.raises(EvidenceRefused):
            await verifier.verify(evidence, other)
    assert verifier.cached(evidence, voucher) is not None


async def test_it_ends_when_it_says(verifier: EvidenceVerifier, clock: Clock, key: RSAKey) -> None:
    evidence, voucher = made(key, exp=NOW + 100)
    await verifier.verify(evidence, voucher)
    clock.now = NOW + 100 + SKEW - 0.1
    assert verifier.cached(evidence, voucher) is not None
    clock.now = NOW + 100 + SKEW
    assert verifier.cached(evidence, voucher) is None
    with pytest.raises(EvidenceRefused) as refused:
        await verifier.verify(evidence, voucher)
    assert refused.value.extensions["check"] == "expired"


async def test_it_ends_with_its_key(
    verifier: EvidenceVerifier, source: Known, clock: Clock, key: RSAKey
) -> None:
    evidence, voucher = made(key)
    await verifier.verify(evidence, voucher)
    source.key = None
    clock.now += 300
    assert verifier.cached(evidence, voucher) is None
    with pytest.raises(EvidenceRefused) as refused:
        await verifier.verify(evidence, voucher)
    assert refused.value.extensions["check"] == "key"


async def test_its_key_is_renewed_while_it_is_used(
    verifier: EvidenceVerifier, source: Known, clock: Clock, key: RSAKey
) -> None:
    evidence, voucher = made(key)
    await verifier.verify(evidence, voucher)
    for _ in range(3):
        clock.now += 160
        assert verifier.cached(evidence, voucher) is not None
        for _ in range(5):
            await asyncio.sleep(0)
    assert source.asked == 4
    source.key = None
    clock.now += 100
    verifier._keys._found[KID].renew_at = 0
    assert verifier.cached(evidence, voucher) is not None
    for _ in range(5):
        await asyncio.sleep(0)
    assert verifier.cached(evidence, voucher) is None, "as soon as it is known to be gone"


async def test_while_nobody_can_say_it_is_not_believed(
    verifier: EvidenceVerifier, seen: Seen, key: RSAKey
) -> None:
    evidence, voucher = made(key)
    seen.away = True
    with pytest.raises(ReplayUnknown):
        await verifier.verify(evidence, voucher)
    assert verifier.cached(evidence, voucher) is None
    seen.away = False
    assert (await verifier.verify(evidence, voucher)).user_id == "op-7"


async def test_the_last_ones_are_remembered(verifier: EvidenceVerifier, key: RSAKey) -> None:
    all_ = [made(key, jti=jti) for jti in "abc"]
    for evidence, voucher in all_:
        await verifier.verify(evidence, replace(voucher, jti=evidence[-5:]))
    assert len(verifier._verified) == 2


def test_either_name_and_not_both() -> None:
    assert evidence_in({}) is None
    assert evidence_in({b"agid-jwt-trackingevidence": b"x"}) == "x"
    assert evidence_in({b"agid-jwt-tracking-evidence": b"y"}) == "y"
    with pytest.raises(EvidenceRefused):
        evidence_in({b"agid-jwt-trackingevidence": b"x", b"agid-jwt-tracking-evidence": b"x"})
