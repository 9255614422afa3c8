# SPDX-License-Identifier: EUPL-1.2
"""Every hostile token is refused by its own check, in words that help and give nothing away; and what is good is taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

import pytest
from joserfc.jwk import ECKey, RSAKey

from hub.access.caller import Caller, Scope
from hub.access.client_keys import ClientKeys
from hub.access.client_token import ClientTokenRules
from hub.access.directory import Directory
from hub.access.evidence import EvidenceVerifier
from hub.access.jwks import KeySet
from hub.access.possession import Possession
from hub.access.proof import ProofRefused, ProofRules
from hub.access.refusal import Check, Explained, VoucherRefused
from hub.access.seen_tokens import ReplayUnknown, SeenTokens, TokenKind
from hub.access.voucher import Voucher, VoucherRules, VoucherVerifier
from hub.http.authentication import Authenticator, headers_of
from hub.store.vocabulary import AgencyKind, GrantScope
from tests.unit.access.hostile import HOSTILE, PROOFS, VOUCHERS
from tests.unit.access.hostile.forge import (
    AUDIENCE,
    CLIENT,
    ESERVICE_CLAIMS,
    ISSUER,
    KID,
    NOW,
    OUR_IDS,
    PROOF_LIFE,
    PURPOSE,
    SKEW,
    TARGET,
    Forge,
    Sent,
    b64_json,
    signed,
)

RULES = VoucherRules(
    issuer=ISSUER,
    audience=AUDIENCE,
    producer_id=UUID(OUR_IDS["producerId"]),
    eservice_id=UUID(OUR_IDS["eserviceId"]),
    descriptor_id=UUID(OUR_IDS["descriptorId"]),
    require_eservice_claims=True,
    clock_skew=SKEW,
)
PROOF_RULES = ProofRules(target=TARGET, longest_life=PROOF_LIFE, clock_skew=SKEW)
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
    **ESERVICE_CLAIMS,
}
SOMEBODY = Caller(UUID(int=1), "centre", AgencyKind.EMPLOYMENT_CENTRE, UUID(CLIENT), UUID(PURPOSE), Scope(GrantScope.CENTRE, single=True))  # fmt: skip


class EverybodyIsKnown:
    """A directory in which every client has a grant."""

    def remembered(self, _voucher: Voucher) -> Caller:
        return SOMEBODY


class SeenInMemory:
    """Tokens seen, for as long as a test lasts."""

    def __init__(self) -> None:
        self.seen: dict[tuple[TokenKind, str, str], float] = {}
        self.broken = False

    async def first_time(self, kind: TokenKind, jti: str, expires_at: float, *, issuer: str = "") -> bool:
        if self.broken:
            raise ReplayUnknown
        known = len(self.seen)
        self.seen.setdefault((kind, issuer, jti), expires_at)
        return len(self.seen) > known


@pytest.fixture(scope="session")
def key_pair() -> tuple[RSAKey, RSAKey, ECKey]:
    return RSAKey.generate_key(2048), RSAKey.generate_key(2048), ECKey.generate_key("P-256")


@pytest.fixture
def forge(key_pair: tuple[RSAKey, RSAKey, ECKey]) -> Forge:
    key, stranger, holder = key_pair
    return Forge(key, KID, stranger, holder, CLAIMS, NOW)


@pytest.fixture
def seen() -> SeenInMemory:
    return SeenInMemory()


@pytest.fixture
def authenticator(forge: Forge, seen: SeenInMemory) -> Authenticator:
    async def fetch() -> Mapping[str, object]:
        return {"keys": [{**forge.key.as_dict(private=False), "kid": KID, "use": "sig"}]}

    def clock() -> float:
        return NOW

    verifier = VoucherVerifier(KeySet(fetch, clock, least_interval=30.0), RULES, clock)
    possession = Possession(cast("SeenTokens", seen), PROOF_RULES, clock)
    evidence = EvidenceVerifier(
        cast("ClientKeys", None),
        cast("SeenTokens", seen),
        ClientTokenRules(audience=AUDIENCE, clock_skew=SKEW),
        clock,
    )
    return Authenticator(verifier, cast("Directory", EverybodyIsKnown()), evidence, possession)


async def refusal(authenticator: Authenticator, sent: Sent) -> Explained:
    """How it is refused; what is sent twice is taken the first time."""
    headers = _headers(sent)
    if sent.twice:
        await authenticator.authenticate(headers, sent.method)
    with pytest.raises(Explained) as refused:
        await authenticator.authenticate(headers, sent.method)
    return refused.value


def _headers(sent: Sent) -> Mapping[bytes, bytes]:
    # A header is latin-1; what is not reaches the hub's parts from a test alone.
    class Letters(bytes):
        text = ""

        def decode(self, *_: Any) -> str:
            return self.text

    try:
        return headers_of(sent.headers())
    except UnicodeEncodeError:
        letters = Letters()
        letters.text = f"{sent.scheme} {sent.token}"
        return {b"authorization": letters}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_token_is_refused_by_its_own_check(
    authenticator: Authenticator, forge: Forge, name: str
) -> None:
    hostile = HOSTILE[name]
    sent = hostile.sent(forge)
    refused = await refusal(authenticator, sent)
    assert (refused.check, refused.claim) == (hostile.check, hostile.claim), refused.message
    assert (refused.code, refused.status) == ("UNAUTHENTICATED", 401)
    if not sent.twice:
        again = await refusal(authenticator, sent)
        assert again.message == refused.message, "not even the second time"


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_refusal_helps_and_gives_nothing_away(
    authenticator: Authenticator, forge: Forge, name: str
) -> None:
    sent = HOSTILE[name].sent(forge)
    refused = await refusal(authenticator, sent)
    said = str(refused)
    assert said == refused.message
    assert (
        refused.extensions.items()
        >= {
            "check": refused.check.value,
            "claim": refused.claim,
            "expected": refused.expected,
            "received": refused.received,
            "remedy": refused.remedy,
        }.items()
    )
    assert f"Expected {refused.expected}; received {refused.received}. {refused.remedy}" in said
    assert refused.remedy.endswith(".")
    assert said.isprintable()
    assert len(said) < 1_200
    for part in (one for token in (sent.token, *sent.proofs, *sent.evidence) for one in token.split(".")):
        assert len(part) < 16 or part not in said
    assert refused.__cause__ is None
    assert refused.__context__ is None


async def test_each_fault_has_its_own_reason_or_the_table_says_why_not(
    authenticator: Authenticator, forge: Forge
) -> None:
    reasons = defaultdict(list)
    for name, hostile in HOSTILE.items():
        refused = await refusal(authenticator, hostile.sent(forge))
        reasons[refused.check, refused.claim, refused.message].append(name)
    assert len(HOSTILE) >= 60
    assert len(reasons) >= 60
    alone = {names[0] for names in reasons.values() if len(names) == 1}
    unexplained = [
        names
        for names in reasons.values()
        if len(names) > 1 and sum(not HOSTILE[name].shares for name in names) > 1
    ]
    assert unexplained == [], "different faults, one reason"
    assert [name for name in alone if HOSTILE[name].shares] == [], "it shares its reason with nobody"


def test_every_check_of_a_voucher_and_of_a_proof_has_a_hostile_token() -> None:
    of_vouchers = {one.check for one in VOUCHERS.values()} | {Check.POSSESSION}
    assert set(VoucherRefused.sentences) - {Check.REPLAYED} == of_vouchers, "test_demands replays one"
    assert set(ProofRefused.sentences) == {one.check for one in PROOFS.values()}


# ── what is taken ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_bound_voucher_is_taken_with_a_proof_for_each_request(
    authenticator: Authenticator, forge: Forge, seen: SeenInMemory
) -> None:
    token = forge.bound()
    for method in ("POST", "GET", "POST"):
        sent = Sent(token, "DPoP", (forge.proof(token, htm=method),), method=method)
        assert await authenticator.authenticate(_headers(sent), method) == (SOMEBODY, None)
    assert len(seen.seen) == 3
    assert {issuer for _, issuer, _ in seen.seen} == {forge.thumbprint}
    assert set(seen.seen.values()) == {NOW + PROOF_LIFE + SKEW}, (
        "forgotten no sooner than it would be refused anyway"
    )


@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP"])
@pytest.mark.parametrize(
    "claims",
    [
        {"htu": "HTTPS://SNODO.example:443/graphql?query=x#y"},
        {"htu": "https://snodo.example/./a/../%67raphql"},
        {"iat": NOW + SKEW},
        {"iat": NOW - PROOF_LIFE - SKEW + 0.5},
        {"nonce": "any", "exp": 0},
    ],
)
async def test_what_means_the_same_is_taken(
    authenticator: Authenticator, forge: Forge, scheme: str, claims: dict[str, Any]
) -> None:
    token = forge.bound()
    sent = Sent(token, scheme, (forge.proof(token, **claims),))
    assert (await authenticator.authenticate(_headers(sent), "POST"))[0] is SOMEBODY


async def test_a_proof_by_an_rsa_key(authenticator: Authenticator, forge: Forge) -> None:
    token = forge.voucher(cnf={"jkt": forge.stranger.thumbprint()})
    header, payload = forge.proof_parts(token)
    header |= {"alg": "RS256", "jwk": forge.stranger.as_dict(private=False)}
    proof = signed(b64_json(header), b64_json(payload), forge.stranger, "RS256")
    assert await authenticator.authenticate(_headers(Sent(token, "DPoP", (proof,))), "POST")


async def test_a_refused_proof_does_not_use_up_its_identifier(
    authenticator: Authenticator, forge: Forge, seen: SeenInMemory
) -> None:
    token = forge.bound()
    for name, hostile in PROOFS.items():
        if hostile.check is not Check.REPLAYED:
            await refusal(authenticator, hostile.sent(forge))
            assert not seen.seen, name
    good = Sent(token, "DPoP", (forge.proof(token),))
    assert await authenticator.authenticate(_headers(good), "POST")


async def test_while_nobody_knows_what_was_seen_no_proof_is_taken(
    authenticator: Authenticator, forge: Forge, seen: SeenInMemory
) -> None:
    seen.broken = True
    token = forge.bound()
    with pytest.raises(ReplayUnknown):
        await authenticator.authenticate(_headers(Sent(token, "DPoP", (forge.proof(token),))), "POST")
    assert await authenticator.authenticate(_headers(Sent(forge.voucher())), "POST"), (
        "a bearer asks for nothing"
    )


async def test_who_asks_is_looked_up_again_without_another_proof(
    authenticator: Authenticator, forge: Forge, seen: SeenInMemory
) -> None:
    token = forge.bound()
    headers = _headers(Sent(token, "DPoP", (forge.proof(token),)))
    await authenticator.authenticate(headers, "POST")
    assert await authenticator.ask_again(headers, frozenset()) == (SOMEBODY, None)
    assert await authenticator.seconds_left(headers) == 590 + SKEW
    assert len(seen.seen) == 1


async def test_a_bound_voucher_that_was_taken_is_still_no_bearer_token(
    authenticator: Authenticator, forge: Forge
) -> None:
    token = forge.bound()
    await authenticator.authenticate(_headers(Sent(token, "DPoP", (forge.proof(token),))), "POST")
    refused = await refusal(authenticator, Sent(token))
    assert (refused.check, refused.claim) == (Check.POSSESSION, "cnf")
    with pytest.raises(Explained):
        await authenticator.ask_again(_headers(Sent(token)), frozenset())


@pytest.mark.parametrize(
    ("authorization", "received"),
    [(None, "nothing"), (b"", "another scheme"), (b"Basic YTpi", "another scheme"), (b"Bearer", "the scheme alone"), (b"dpop  ", "the scheme alone"), (b"MAC x", "another scheme")],
)  # fmt: skip
async def test_no_voucher(authenticator: Authenticator, authorization: bytes | None, received: str) -> None:
    headers = {} if authorization is None else {b"authorization": authorization}
    with pytest.raises(Explained) as refused:
        await authenticator.authenticate(headers, "POST")
    assert (refused.value.check, refused.value.received) == (Check.CREDENTIALS, received)


def test_headers_of_one_name_are_one() -> None:
    listed = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"a", b"4")]
    assert headers_of(listed) == {b"a": b"1, 3, 4", b"b": b"2"}
    assert headers_of(listed[:2]) == {b"a": b"1", b"b": b"2"}
