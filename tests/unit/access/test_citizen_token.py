# SPDX-License-Identifier: EUPL-1.2
"""Citizens' tokens: what is taken, what is refused and for what reason, what is remembered and for how long."""

from __future__ import annotations

import asyncio
import hmac
import json
import string
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from hub.access.citizen_token import (
    SENTENCES,
    Citizen,
    CitizenRules,
    CitizenTokenRefused,
    CitizenVerifier,
)
from hub.access.jwks import KeySet
from hub.access.jws import LONGEST_TOKEN, claimed_issuer
from hub.access.refusal import Check
from hub.errors import ConfigurationError, UpstreamUnavailable
from hub.settings import Settings
from tests.unit.access.hostile.forge import NOW, Clock, Key, b64, b64_json, signed

ISSUER = "https://accesso.snodo.example"
AUDIENCE = "https://snodo.example/graphql"
CODE_CLAIM = "https://attributes.eid.gov.it/fiscal_number"
CODE = "RSSMRA80A11H010L"
LEVELS = tuple(f"https://www.spid.gov.it/SpidL{level}" for level in (1, 2, 3))
RSA_KID, EC_KID = "rsa-1", "ec-1"

RULES = CitizenRules(issuer=ISSUER, audience=AUDIENCE, levels=LEVELS[1:])
HEADER: dict[str, object] = {"typ": "at+jwt", "alg": "RS256", "kid": RSA_KID}
CLAIMS: dict[str, object] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "d1f6a55",
    "client_id": "app",
    "jti": "f0f3a4a2",
    "iat": NOW - 10,
    "exp": NOW + 590,
    "acr": LEVELS[1],
    CODE_CLAIM: f"TINIT-{CODE}",
}


@dataclass
class Provider:
    """Signs as the identity provider does, and as others try to."""

    rsa: RSAKey
    curve: ECKey
    stranger: RSAKey
    gone: bool = False
    fetches: int = 0

    async def fetch(self) -> Mapping[str, object]:
        self.fetches += 1
        keys: dict[str, RSAKey | ECKey] = {RSA_KID: self.rsa, EC_KID: self.curve}
        if self.gone:
            del keys[RSA_KID]
        return {"keys": [{**key.as_dict(private=False), "kid": kid} for kid, key in keys.items()]}

    def sign(self, header: str, payload: str, alg: str = "RS256", key: Key | None = None) -> str:
        return signed(header, payload, key or self.rsa, alg)

    def token(
        self, header: Mapping[str, object] | None = None, /, *, without: str = "", **claims: object
    ) -> str:
        """A good token, but for these header members and claims; `without` names one to leave out."""
        members, payload = {**HEADER, **(header or {})}, {**CLAIMS, **claims}
        for part in (members, payload):
            part.pop(without, None)
        return self.sign(b64_json(members), b64_json(payload))

    def by_curve(self, **claims: object) -> str:
        header = b64_json({**HEADER, "alg": "ES256", "kid": EC_KID})
        return self.sign(header, b64_json({**CLAIMS, **claims}), "ES256", self.curve)


@pytest.fixture(scope="session")
def made() -> tuple[RSAKey, ECKey, RSAKey]:
    return RSAKey.generate_key(2048), ECKey.generate_key("P-256"), RSAKey.generate_key(2048)


@pytest.fixture
def provider(made: tuple[RSAKey, ECKey, RSAKey]) -> Provider:
    return Provider(*made)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def verifier_of(provider: Provider, clock: Clock, rules: CitizenRules = RULES) -> CitizenVerifier:
    keys = KeySet(provider.fetch, clock, least_interval=30.0, algorithms=rules.algorithms)
    return CitizenVerifier(keys, rules, clock)


# ── what is taken ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {CODE_CLAIM: CODE},
        {CODE_CLAIM: CODE.lower()},
        {"acr": LEVELS[2]},
        {"aud": [AUDIENCE, "https://other.example"]},
        {"nbf": NOW - 10},
        {"exp": NOW - 4},
        {"iat": NOW + 4},
    ],
)
async def test_a_good_token(claims: dict[str, Any], provider: Provider, clock: Clock) -> None:
    citizen = await verifier_of(provider, clock).verify(provider.token(**claims))
    assert citizen == Citizen(CODE, float(claims.get("exp", NOW + 590)))
    assert CODE not in repr(citizen)


async def test_a_provisional_code(provider: Provider, clock: Clock) -> None:
    token = provider.token(**{CODE_CLAIM: "TINIT-12345678903"})
    assert (await verifier_of(provider, clock).verify(token)).fiscal_code == "12345678903"


async def test_a_signature_on_a_curve(provider: Provider, clock: Clock) -> None:
    assert (await verifier_of(provider, clock).verify(provider.by_curve())).fiscal_code == CODE


async def test_other_names_by_settings(provider: Provider, clock: Clock) -> None:
    rules = replace(
        RULES, types=("jwt",), fiscal_code_claim="fiscal_number", level_claim="loa", levels=("high",)
    )
    token = provider.token({"typ": "JWT"}, fiscal_number=CODE, loa="high", without="acr")
    assert (await verifier_of(provider, clock, rules).verify(token)).fiscal_code == CODE


# ── what is refused ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Hostile:
    """A token that is refused: by which check, in which claim."""

    check: Check
    claim: str
    make: Callable[[Provider], str]


def _with(**claims: Any) -> Callable[[Provider], str]:
    return lambda provider: provider.token(**claims)


def _headed(**members: object) -> Callable[[Provider], str]:
    return lambda provider: provider.token(members)


def _by_hmac(provider: Provider) -> str:
    content = f"{b64_json({**HEADER, 'alg': 'HS256'})}.{b64_json(CLAIMS)}"
    public = provider.rsa.as_pem(private=False)
    return f"{content}.{b64(hmac.digest(public, content.encode(), 'sha256'))}"


def _unsigned(provider: Provider) -> str:
    return f"{b64_json({**HEADER, 'alg': 'none'})}.{b64_json(CLAIMS)}."


def _by_a_stranger(provider: Provider) -> str:
    return provider.sign(b64_json(HEADER), b64_json(CLAIMS), key=provider.stranger)


def _changed(provider: Provider) -> str:
    header, _, signature = provider.token().split(".")
    return f"{header}.{b64_json({**CLAIMS, CODE_CLAIM: 'TINIT-VRDLGI80A01H501X'})}.{signature}"


def _of_the_other_key(provider: Provider) -> str:
    """Signed by RS256 under the name of the key on the curve."""
    return provider.sign(b64_json({**HEADER, "kid": EC_KID}), b64_json(CLAIMS))


def _named_twice(provider: Provider) -> str:
    payload = json.dumps(CLAIMS)[:-1] + f', "{CODE_CLAIM}": "TINIT-VRDLGI80A01H501X"}}'
    return provider.sign(b64_json(HEADER), b64(payload.encode()))


HOSTILE: dict[str, Hostile] = {
    "no token at all": Hostile(Check.FORM, "token", lambda _: "token"),
    "encrypted": Hostile(Check.FORM, "token", lambda p: p.token() + ".x.y"),
    "too long": Hostile(Check.FORM, "token", _with(more="x" * LONGEST_TOKEN)),
    "payload that is no object": Hostile(
        Check.FORM, "payload", lambda p: p.sign(b64_json(HEADER), b64_json([CLAIMS]))
    ),
    "a person named twice": Hostile(Check.DUPLICATE, CODE_CLAIM, _named_twice),
    "unsigned": Hostile(Check.ALGORITHM, "alg", _unsigned),
    "HMAC with the public key": Hostile(Check.ALGORITHM, "alg", _by_hmac),
    "another algorithm": Hostile(Check.ALGORITHM, "alg", _headed(alg="PS256")),
    "another key's algorithm": Hostile(Check.ALGORITHM, "alg", _of_the_other_key),
    "no algorithm": Hostile(Check.ALGORITHM, "alg", lambda p: p.token(without="alg")),
    "a critical extension": Hostile(Check.CRITICAL, "crit", _headed(crit=["exp"])),
    "its own key": Hostile(Check.EMBEDDED_KEY, "jwk", _headed(jwk={"kty": "RSA"})),
    "a key's address": Hostile(Check.EMBEDDED_KEY, "jku", _headed(jku="https://evil.example/jwks")),
    "a certificate": Hostile(Check.EMBEDDED_KEY, "x5c", _headed(x5c=["MII"])),
    "typ of an ID token": Hostile(Check.TYPE, "typ", _headed(typ="JWT")),
    "no typ": Hostile(Check.TYPE, "typ", lambda p: p.token(without="typ")),
    "typ of a DPoP proof": Hostile(Check.TYPE, "typ", _headed(typ="dpop+jwt")),
    "an ID token's nonce": Hostile(Check.TYPE, "nonce", _with(nonce="n")),
    "an ID token's at_hash": Hostile(Check.TYPE, "at_hash", _with(at_hash="h")),
    "no kid": Hostile(Check.KEY, "kid", lambda p: p.token(without="kid")),
    "a kid that is a path": Hostile(Check.KEY, "kid", _headed(kid="../../etc/passwd")),
    "a kid of SQL": Hostile(Check.KEY, "kid", _headed(kid="x' UNION SELECT 'k")),
    "signed by a stranger": Hostile(Check.SIGNATURE, "signature", _by_a_stranger),
    "changed after signing": Hostile(Check.SIGNATURE, "signature", _changed),
    "signature cut off": Hostile(Check.SIGNATURE, "signature", lambda p: p.token().rpartition(".")[0] + "."),
    "another issuer": Hostile(Check.ISSUER, "iss", _with(iss="https://evil.example")),
    "an issuer that begins alike": Hostile(Check.ISSUER, "iss", _with(iss=ISSUER + ".evil.example")),
    "no issuer": Hostile(Check.ISSUER, "iss", lambda p: p.token(without="iss")),
    "another audience": Hostile(Check.AUDIENCE, "aud", _with(aud="https://other.example")),
    "an audience that begins alike": Hostile(Check.AUDIENCE, "aud", _with(aud=AUDIENCE + ".evil")),
    "the app's audience": Hostile(Check.AUDIENCE, "aud", _with(aud="app")),
    "no audience": Hostile(Check.AUDIENCE, "aud", lambda p: p.token(without="aud")),
    "no time": Hostile(Check.TIME, "exp", lambda p: p.token(without="exp")),
    "a time in words": Hostile(Check.TIME, "iat", _with(iat="now")),
    "a life too long": Hostile(Check.LIFETIME, "exp", _with(exp=NOW - 10 + 3_601)),
    "ends before it begins": Hostile(Check.LIFETIME, "exp", _with(exp=NOW - 11)),
    "expired": Hostile(Check.EXPIRED, "exp", _with(iat=NOW - 600, exp=NOW - 5)),
    "issued in the future": Hostile(Check.NOT_YET_VALID, "iat", _with(iat=NOW + 6)),
    "not before later": Hostile(Check.NOT_YET_VALID, "nbf", _with(nbf=NOW + 6)),
    "bound to a key": Hostile(Check.POSSESSION, "cnf", _with(cnf={"jkt": "x" * 43})),
    "bound to a certificate": Hostile(Check.POSSESSION, "cnf", _with(cnf={"x5t#S256": "x" * 43})),
    "no jti": Hostile(Check.IDENTIFIER, "jti", lambda p: p.token(without="jti")),
    "level too low": Hostile(Check.ASSURANCE, "acr", _with(acr=LEVELS[0])),
    "no level": Hostile(Check.ASSURANCE, "acr", lambda p: p.token(without="acr")),
    "levels in a list": Hostile(Check.ASSURANCE, "acr", _with(acr=list(LEVELS))),
    "nobody's code": Hostile(Check.SUBJECT, CODE_CLAIM, lambda p: p.token(without=CODE_CLAIM)),
    "a foreign code": Hostile(Check.SUBJECT, CODE_CLAIM, _with(**{CODE_CLAIM: f"TINDE-{CODE}"})),
    "a wrong check letter": Hostile(Check.SUBJECT, CODE_CLAIM, _with(**{CODE_CLAIM: CODE[:-1] + "A"})),
    "two codes": Hostile(Check.SUBJECT, CODE_CLAIM, _with(**{CODE_CLAIM: [CODE, CODE]})),
    "an empty code": Hostile(Check.SUBJECT, CODE_CLAIM, _with(**{CODE_CLAIM: "TINIT-"})),
}
"""What somebody who wants in might send."""


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=list(HOSTILE))
async def test_a_hostile_token(hostile: Hostile, provider: Provider, clock: Clock) -> None:
    token, verifier = hostile.make(provider), verifier_of(provider, clock)
    for _ in range(2):
        with pytest.raises(CitizenTokenRefused) as refused:
            await verifier.verify(token)
        assert (refused.value.check, refused.value.claim) == (hostile.check, hostile.claim)
        assert verifier.cached(token) is None


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=list(HOSTILE))
async def test_a_refusal_names_nobody(hostile: Hostile, provider: Provider, clock: Clock) -> None:
    """Nor the token; not in the message, its extensions, or what a log would write of the exception."""
    token = hostile.make(provider)
    with pytest.raises(CitizenTokenRefused) as refused:
        await verifier_of(provider, clock).verify(token)
    error = refused.value
    written = "".join(traceback.format_exception(error)) + error.message + repr(error.extensions)
    for secret in (CODE, "VRDLGI80A01H501X", *filter(None, token.split(".")[1:])):
        assert len(secret) < 4 or secret not in written
    assert error.extensions.keys() == {"check", "claim", "expected", "received", "remedy", "credential"}


def test_every_check_has_its_hostile_token_and_its_sentence() -> None:
    assert {hostile.check for hostile in HOSTILE.values()} == SENTENCES.keys()
    for problem, remedy in SENTENCES.values():
        assert string.Formatter().vformat(problem, (), {"claim": "x"}).endswith(".")
        assert remedy.endswith((".", "`."))


async def test_algorithms_are_those_of_the_settings(provider: Provider, clock: Clock) -> None:
    rules = replace(RULES, algorithms=("RS256",))
    with pytest.raises(CitizenTokenRefused) as refused:
        await verifier_of(provider, clock, rules).verify(provider.by_curve())
    assert refused.value.check is Check.ALGORITHM


# ── what is remembered ────────────────────────────────────────────────────────────────────────────────


async def test_a_verified_token_is_remembered_until_it_ends(provider: Provider, clock: Clock) -> None:
    token, verifier = provider.token(), verifier_of(provider, clock)
    citizen = await verifier.verify(token)
    assert verifier.cached(token) is citizen
    assert verifier.seconds_left(citizen) == 595
    clock.now = NOW + 594.9
    assert await verifier.verify(token) is citizen
    clock.now = NOW + 595
    assert verifier.cached(token) is None
    with pytest.raises(CitizenTokenRefused) as refused:
        await verifier.verify(token)
    assert refused.value.check is Check.EXPIRED


async def test_a_token_ends_with_its_key(provider: Provider, clock: Clock) -> None:
    token, verifier = provider.token(iat=NOW, exp=NOW + 3_600), verifier_of(provider, clock)
    await verifier.verify(token)
    provider.gone = True
    clock.now = NOW + 3_600
    await verifier.verify(token)  # the key is known, until newer ones have come
    await asyncio.sleep(0.01)
    with pytest.raises(CitizenTokenRefused) as refused:
        await verifier.verify(token)
    assert refused.value.check is Check.KEY


async def test_without_keys_nobody_is_refused(provider: Provider, clock: Clock) -> None:
    async def fail() -> Mapping[str, object]:
        raise OSError

    keys = KeySet(fail, clock, 30.0, agency="Identity provider", tokens="citizen's token")
    with pytest.raises(UpstreamUnavailable, match="no citizen's token can be verified"):
        await CitizenVerifier(keys, RULES, clock).verify(provider.token())


# ── at which door ─────────────────────────────────────────────────────────────────────────────────────


def test_the_issuer_a_token_names(provider: Provider) -> None:
    assert claimed_issuer(provider.token()) == ISSUER
    assert claimed_issuer(_unsigned(provider)) == ISSUER, "nothing is believed yet"
    for token in (
        "",
        ".",
        "a.b.c",
        f"x.{b64_json([])}.y",
        f"x.{b64_json({'iss': 7})}.y",
        "é.é.é",
        "x." + "[" * 9_000,
    ):
        assert claimed_issuer(token) is None
    deep = b64(b'{"a":' * 1_000 + b"1" + b"}" * 1_000)
    assert claimed_issuer(f"x.{deep}.y") is None


# ── settings ──────────────────────────────────────────────────────────────────────────────────────────

WHOLE: dict[str, Any] = {
    "citizen_issuer": ISSUER,
    "citizen_audience": AUDIENCE,
    "citizen_jwks": "https://accesso.snodo.example/jwks",
}


def test_rules_are_those_of_the_settings() -> None:
    rules = CitizenRules.from_settings(Settings(**WHOLE, citizen_token_types="at+JWT jwt", clock_skew=9))
    assert rules == replace(RULES, types=("at+jwt", "jwt"), clock_skew=9.0)


def test_without_an_issuer_nobody_is_let_in() -> None:
    assert CitizenRules.from_settings(Settings()) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"citizen_audience": None},
        {"citizen_jwks": None},
        {"citizen_issuer": "interop.pagopa.it"},
        {"citizen_algorithms": "none"},
        {"citizen_algorithms": "HS256 RS256"},
        {"citizen_algorithms": " "},
    ],
    ids=str,
)
def test_settings_that_contradict_each_other(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="SNODO_CITIZEN"):
        CitizenRules.from_settings(Settings(**{**WHOLE, **wrong}))
