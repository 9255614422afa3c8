# SPDX-License-Identifier: EUPL-1.2
"""Vouchers: what is taken, what is refused and how the refusal reads, what is remembered and for how long."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
from joserfc.jwk import RSAKey

from hub.access.jwks import KeySet
from hub.access.refusal import Check, VoucherRefused
from hub.access.voucher import (
    LONGEST_LIFE,
    Voucher,
    VoucherRules,
    VoucherVerifier,
)
from hub.errors import ConfigurationError, Unauthenticated, UpstreamUnavailable
from hub.settings import Settings
from tests.unit.access.hostile.forge import (
    ANOTHER,
    AUDIENCE,
    CLIENT,
    DIGEST,
    ESERVICE_CLAIMS,
    ISSUER,
    KID,
    NOW,
    OUR_IDS,
    PURPOSE,
    SKEW,
    Clock,
    b64_json,
    signed,
)

DESCRIPTOR, PRODUCER, ESERVICE = (OUR_IDS[name] for name in ("descriptorId", "producerId", "eserviceId"))
CONSUMER = ESERVICE_CLAIMS["consumerId"]
THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"

RULES = VoucherRules(issuer=ISSUER, audience=AUDIENCE, clock_skew=SKEW)
PINNED = replace(
    RULES, producer_id=UUID(PRODUCER), eservice_id=UUID(ESERVICE), descriptor_id=UUID(DESCRIPTOR)
)
REQUIRED = replace(PINNED, require_eservice_claims=True)

HEADER: dict[str, object] = {"typ": "at+jwt", "use": "sig", "alg": "RS256", "kid": KID}
CLAIMS: dict[str, object] = {
    "jti": "f0f3a4a2-7b1e-4b57-8d0a-9c8b2d1f6a55",
    "iss": ISSUER,
    "aud": AUDIENCE,
    "client_id": CLIENT,
    "sub": CLIENT,
    "iat": NOW - 10,
    "nbf": NOW - 10,
    "exp": NOW + 590,
    "purposeId": PURPOSE,
}


@dataclass
class Pdnd:
    """Signs vouchers as PDND does, and as those who are not PDND try to."""

    key: RSAKey
    stranger: RSAKey
    published: dict[str, RSAKey] = field(default_factory=dict)
    fetches: int = 0

    def __post_init__(self) -> None:
        self.published = {KID: self.key}

    async def fetch(self) -> Mapping[str, object]:
        self.fetches += 1
        return {
            "keys": [
                {**key.as_dict(private=False), "kid": kid, "use": "sig"}
                for kid, key in self.published.items()
            ]
        }

    def sign(self, header: str, payload: str, *, key: RSAKey | None = None) -> str:
        """Sign two finished parts."""
        return signed(header, payload, key or self.key, "RS256")

    def voucher(
        self, header: Mapping[str, object] | None = None, /, *, without: str = "", **claims: object
    ) -> str:
        """Give a good voucher, but for these header members and claims; `without` names one to leave out."""
        members = {**HEADER, **(header or {})}
        payload = {**CLAIMS, **claims}
        for part in (members, payload):
            part.pop(without, None)
        return self.sign(b64_json(members), b64_json(payload))


@pytest.fixture(scope="session")
def keys() -> tuple[RSAKey, RSAKey]:
    return RSAKey.generate_key(2048), RSAKey.generate_key(2048)


@pytest.fixture
def pdnd(keys: tuple[RSAKey, RSAKey]) -> Pdnd:
    return Pdnd(*keys)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def verifier_of(pdnd: Pdnd, clock: Clock, rules: VoucherRules = RULES, **options: int) -> VoucherVerifier:
    return VoucherVerifier(KeySet(pdnd.fetch, clock, least_interval=30.0), rules, clock, **options)


async def refusal(
    pdnd: Pdnd, token: str, rules: VoucherRules = RULES, clock: Clock | None = None
) -> VoucherRefused:
    with pytest.raises(VoucherRefused) as refused:
        await verifier_of(pdnd, clock or Clock(), rules).verify(token)
    return refused.value


def with_header(**members: object) -> Callable[[Pdnd], str]:
    return lambda pdnd: pdnd.voucher(members)


def with_claims(**claims: Any) -> Callable[[Pdnd], str]:
    return lambda pdnd: pdnd.voucher(**claims)


def tampered(pdnd: Pdnd) -> str:
    header, _, signature = pdnd.voucher().split(".")
    return f"{header}.{b64_json({**CLAIMS, 'purposeId': ANOTHER})}.{signature}"


# ── how a refusal reads (hostile.py is the table of them) ─────────────────────────────────────────────


async def test_wrong_audience_says_what_to_do(pdnd: Pdnd) -> None:
    refused = await refusal(pdnd, pdnd.voucher(aud="https://a.example,https://b.example"))
    assert str(refused) == (
        "The voucher's `aud` does not contain this hub's audience. Expected `https://snodo.example/graphql`; "
        "received `https://a.example,https://b.example`. Ask PDND for a voucher for this e-service."
    )


async def test_expiry_names_both_clocks(pdnd: Pdnd) -> None:
    refused = await refusal(pdnd, pdnd.voucher(iat=NOW - 700, exp=NOW - 100))
    assert refused.received == "2026-09-21T14:11:40+00:00"
    assert (
        refused.expected
        == "later than 2026-09-21T14:13:20+00:00 (the hub's clock, 5 s of difference allowed)"
    )


async def test_text_that_could_forge_a_log_line_is_not_quoted(pdnd: Pdnd) -> None:
    refused = await refusal(pdnd, pdnd.voucher({"kid": "x\r\nlevel=INFO granted"}))
    assert refused.received == "a text of 21 characters"


async def test_no_character_of_a_token_can_be_changed(pdnd: Pdnd, clock: Clock) -> None:
    verifier = verifier_of(pdnd, clock)
    token = pdnd.voucher()
    for place, letter in enumerate(token):
        other = "A" if letter != "A" else "B"
        with pytest.raises(VoucherRefused):
            await verifier.verify(token[:place] + other + token[place + 1 :])
    assert isinstance(await verifier.verify(token), Voucher)


async def test_any_text_is_refused_or_verified_never_a_fault(pdnd: Pdnd, clock: Clock) -> None:
    verifier = verifier_of(pdnd, clock)
    for length in (1, 3, 7, 40):
        for _ in range(200):
            parts = [
                "".join(secrets.choice(string.printable + "é€\ud800") for _ in range(length))
                for _ in range(3)
            ]
            with pytest.raises(VoucherRefused):
                await verifier.verify(".".join(parts))


# ── what is taken ─────────────────────────────────────────────────────────────────────────────────────

ACCEPTED: dict[str, tuple[Callable[[Pdnd], str], VoucherRules]] = {
    "plain": (with_claims(), RULES),
    "times as whole numbers": (with_claims(iat=int(NOW), nbf=int(NOW), exp=int(NOW) + 600), RULES),
    "aud comma-separated": (with_claims(aud=f"https://a.example,{AUDIENCE}"), RULES),
    "aud array": (with_claims(aud=["https://a.example", AUDIENCE]), RULES),
    "typ with its prefix": (with_header(typ="application/at+jwt"), RULES),
    "typ in other case": (with_header(typ="AT+JWT"), RULES),
    "client in upper case": (with_claims(client_id=CLIENT.upper()), RULES),
    "exp passed within the skew": (with_claims(iat=NOW - 600, exp=NOW - SKEW + 0.5), RULES),
    "nbf and iat ahead within the skew": (with_claims(iat=NOW + SKEW, nbf=NOW + SKEW), RULES),
    "a day of life": (with_claims(iat=NOW, exp=NOW + LONGEST_LIFE), RULES),
    "e-service claims absent, not required": (with_claims(), PINNED),
    "e-service claims present, nothing pinned": (with_claims(**ESERVICE_CLAIMS), RULES),
    "e-service claims as required": (with_claims(**ESERVICE_CLAIMS), REQUIRED),
    "any consumer": (with_claims(**{**ESERVICE_CLAIMS, "consumerId": ANOTHER}), REQUIRED),
    "bound to a key": (with_claims(cnf={"jkt": THUMBPRINT}), RULES),
    "claims and header members nobody knows": (lambda pdnd: pdnd.voucher({"x": 1}, y={"z": [1]}), RULES),
}


@pytest.mark.parametrize("name", ACCEPTED)
async def test_accepted_form(pdnd: Pdnd, clock: Clock, name: str) -> None:
    make, rules = ACCEPTED[name]
    voucher = await verifier_of(pdnd, clock, rules).verify(make(pdnd))
    assert voucher.client_id == UUID(CLIENT)


async def test_voucher_says_all_that_pdnd_said(pdnd: Pdnd, clock: Clock) -> None:
    digest = {"alg": "SHA256", "value": DIGEST.upper()}
    voucher = await verifier_of(pdnd, clock, REQUIRED).verify(pdnd.voucher(digest=digest, **ESERVICE_CLAIMS))
    assert voucher == Voucher(
        client_id=UUID(CLIENT),
        purpose_id=UUID(PURPOSE),
        issued_at=NOW - 10,
        not_before=NOW - 10,
        expires_at=NOW + 590,
        jti="f0f3a4a2-7b1e-4b57-8d0a-9c8b2d1f6a55",
        consumer_id=UUID(CONSUMER),
        producer_id=UUID(PRODUCER),
        eservice_id=UUID(ESERVICE),
        descriptor_id=UUID(DESCRIPTOR),
        digest=DIGEST,
        key_thumbprint=None,
    )


# ── rules from settings ───────────────────────────────────────────────────────────────────────────────


def settings(**values: Any) -> Settings:
    return Settings(**values)


def test_rules_come_from_the_settings() -> None:
    rules = VoucherRules.from_settings(
        settings(
            pdnd_issuer=ISSUER,
            audience=AUDIENCE,
            eservice_id=ESERVICE,
            producer_id=PRODUCER,
            descriptor_id=DESCRIPTOR,
            require_eservice_claims=True,
            clock_skew=SKEW,
        )
    )
    assert rules == REQUIRED


def test_an_id_in_the_settings_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="SNODO_PRODUCER_ID is not a UUID"):
        VoucherRules.from_settings(settings(producer_id="INPS"))


# ── what is remembered ────────────────────────────────────────────────────────────────────────────────


async def test_verified_token_is_remembered(pdnd: Pdnd, clock: Clock) -> None:
    verifier = verifier_of(pdnd, clock)
    token = pdnd.voucher()
    assert verifier.cached(token) is None
    voucher = await verifier.verify(token)
    assert verifier.cached(token) is voucher
    assert await verifier.verify(token) is voucher


async def test_refused_token_is_not_remembered(pdnd: Pdnd, clock: Clock) -> None:
    verifier = verifier_of(pdnd, clock)
    for token in (pdnd.voucher(iss="evil"), pdnd.voucher(cnf={"jkt": "short"}), tampered(pdnd)):
        with pytest.raises(VoucherRefused):
            await verifier.verify(token)
        assert verifier.cached(token) is None


async def test_remembered_token_expires_by_the_clock(pdnd: Pdnd, clock: Clock) -> None:
    verifier = verifier_of(pdnd, clock)
    token = pdnd.voucher(exp=NOW + 100)
    await verifier.verify(token)
    clock.now = NOW + 100 + SKEW - 0.5
    assert verifier.cached(token)
    clock.now = NOW + 100 + SKEW
    assert verifier.cached(token) is None
    with pytest.raises(VoucherRefused) as refused:
        await verifier.verify(token)
    assert refused.value.check is Check.EXPIRED


async def test_least_recently_used_token_is_forgotten_first(pdnd: Pdnd, clock: Clock) -> None:
    verifier = verifier_of(pdnd, clock, capacity=2)
    first, second, third = (pdnd.voucher(jti=jti) for jti in ("1", "2", "3"))
    await verifier.verify(first)
    await verifier.verify(second)
    assert verifier.cached(first)
    await verifier.verify(third)
    assert verifier.cached(first)
    assert verifier.cached(second) is None
    assert verifier.cached(third)


async def test_tokens_are_forgotten_when_a_key_is_withdrawn(pdnd: Pdnd, clock: Clock) -> None:
    verifier = verifier_of(pdnd, clock)
    token = pdnd.voucher(exp=NOW + LONGEST_LIFE - 10)
    await verifier.verify(token)
    pdnd.published = {"next": pdnd.stranger}
    clock.now += 31
    with pytest.raises(VoucherRefused):
        await verifier.verify(pdnd.voucher({"kid": "unknown"}))
    assert verifier.cached(token) is None
    with pytest.raises(VoucherRefused) as refused:
        await verifier.verify(token)
    assert (refused.value.check, refused.value.claim) == (Check.KEY, "kid")


async def test_tokens_are_kept_when_a_key_is_added(pdnd: Pdnd, clock: Clock) -> None:
    verifier = verifier_of(pdnd, clock)
    token = pdnd.voucher()
    await verifier.verify(token)
    pdnd.published["next"] = pdnd.stranger
    clock.now += 31
    rotated = pdnd.sign(b64_json({**HEADER, "kid": "next"}), b64_json(CLAIMS), key=pdnd.stranger)
    assert isinstance(await verifier.verify(rotated), Voucher)
    assert verifier.cached(token)


async def test_a_warm_process_still_looks_for_newer_keys(pdnd: Pdnd, clock: Clock) -> None:
    verifier = verifier_of(pdnd, clock)
    token = pdnd.voucher(exp=NOW + LONGEST_LIFE - 10)
    await verifier.verify(token)
    clock.now += 3_600
    assert verifier.cached(token) is None
    assert isinstance(await verifier.verify(token), Voucher)
    assert verifier.cached(token)


async def test_without_any_key_nobody_is_refused_for_pdnds_fault(clock: Clock, pdnd: Pdnd) -> None:
    async def down() -> Mapping[str, object]:
        raise OSError

    verifier = VoucherVerifier(KeySet(down, clock, least_interval=30.0), RULES, clock)
    with pytest.raises(UpstreamUnavailable) as unavailable:
        await verifier.verify(pdnd.voucher())
    assert unavailable.value.agency == "PDND"
    assert not isinstance(unavailable.value, Unauthenticated)
