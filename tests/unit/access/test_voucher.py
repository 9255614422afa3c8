# SPDX-License-Identifier: EUPL-1.2
"""Vouchers: what is taken, what is refused and how the refusal reads, what is remembered and for how long."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from hub.access.jwks import KeySet
from hub.access.jws import LONGEST_TOKEN
from hub.access.refusal import SENTENCES, Check, VoucherRefused
from hub.access.voucher import (
    LONGEST_LIFE,
    Voucher,
    VoucherRules,
    VoucherVerifier,
)
from hub.errors import ConfigurationError, Unauthenticated, UpstreamUnavailable
from hub.settings import Settings

NOW = 1_790_000_000.0
AUDIENCE = "https://snodo.example/graphql"
ISSUER = "interop.pagopa.it"
CLIENT = "e58035ce-c753-4f72-b613-46f8a17b71cc"
PURPOSE = "1b361d49-33f4-4f1e-a88b-4e12661f2309"
PRODUCER = "0c1a2b3c-0000-4000-8000-000000000001"
CONSUMER = "0c1a2b3c-0000-4000-8000-000000000002"
ESERVICE = "0c1a2b3c-0000-4000-8000-000000000003"
DESCRIPTOR = "0c1a2b3c-0000-4000-8000-000000000004"
ANOTHER = "ffffffff-0000-4000-8000-00000000000f"
ESERVICE_CLAIMS: dict[str, Any] = {
    "producerId": PRODUCER,
    "consumerId": CONSUMER,
    "eserviceId": ESERVICE,
    "descriptorId": DESCRIPTOR,
}
DIGEST = hashlib.sha256(b"evidence").hexdigest()
THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
KID = "32d8a321-1568-44f5-9558-a9072f519d2d"

SKEW = 5.0
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


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def b64_json(value: object) -> str:
    return b64(json.dumps(value).encode())


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


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

    def sign(self, header: str, payload: str, *, alg: str = "RS256", key: RSAKey | None = None) -> str:
        """Sign two finished parts."""
        algorithm = JWSRegistry(algorithms=[alg]).get_alg(alg)
        return f"{header}.{payload}.{b64(algorithm.sign(f'{header}.{payload}'.encode(), key or self.key))}"

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


# ── hostile tokens ────────────────────────────────────────────────────────────────────────────────────


def parts_of(pdnd: Pdnd) -> tuple[str, str, str]:
    header, payload, signature = pdnd.voucher().split(".")
    return header, payload, signature


def unsigned(pdnd: Pdnd) -> str:
    return f"{b64_json({**HEADER, 'alg': 'none'})}.{b64_json(CLAIMS)}."


def hmac_with_public_key(pdnd: Pdnd) -> str:
    signed = f"{b64_json({**HEADER, 'alg': 'HS256'})}.{b64_json(CLAIMS)}"
    pem = pdnd.key.as_pem(private=False)
    return f"{signed}.{b64(hmac.new(pem, signed.encode(), hashlib.sha256).digest())}"


def other_algorithm(alg: str) -> Callable[[Pdnd], str]:
    return lambda pdnd: pdnd.sign(b64_json({**HEADER, "alg": alg}), b64_json(CLAIMS), alg=alg)


def hidden_algorithm(pdnd: Pdnd) -> str:
    return pdnd.sign(b64_json(HEADER), b64_json(CLAIMS), alg="PS256")


def by_stranger(pdnd: Pdnd) -> str:
    return pdnd.sign(b64_json(HEADER), b64_json(CLAIMS), key=pdnd.stranger)


def by_stranger_with_own_key(pdnd: Pdnd) -> str:
    header = {**HEADER, "jwk": pdnd.stranger.as_dict(private=False)}
    return pdnd.sign(b64_json(header), b64_json(CLAIMS), key=pdnd.stranger)


def tampered_payload(pdnd: Pdnd) -> str:
    header, _, signature = parts_of(pdnd)
    return f"{header}.{b64_json({**CLAIMS, 'purposeId': ANOTHER})}.{signature}"


def tampered_header(pdnd: Pdnd) -> str:
    _, payload, signature = parts_of(pdnd)
    return f"{b64_json({**HEADER, 'typ': 'AT+JWT'})}.{payload}.{signature}"


def signature_swapped(pdnd: Pdnd) -> str:
    header, payload, _ = parts_of(pdnd)
    return f"{header}.{payload}.{pdnd.voucher(jti='another').split('.')[2]}"


def signature_not_canonical(pdnd: Pdnd) -> str:
    """The same 256 bytes in another spelling: the last character's four spare bits are not zero."""
    token = pdnd.voucher()
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


def raw_header(text: str | bytes) -> Callable[[Pdnd], str]:
    raw = text.encode() if isinstance(text, str) else text
    return lambda pdnd: pdnd.sign(b64(raw), b64_json(CLAIMS))


def raw_payload(text: str | bytes) -> Callable[[Pdnd], str]:
    raw = text.encode() if isinstance(text, str) else text
    return lambda pdnd: pdnd.sign(b64_json(HEADER), b64(raw))


def with_header(**members: object) -> Callable[[Pdnd], str]:
    return lambda pdnd: pdnd.voucher(members)


def with_claims(**claims: Any) -> Callable[[Pdnd], str]:
    return lambda pdnd: pdnd.voucher(**claims)


def without(name: str) -> Callable[[Pdnd], str]:
    return lambda pdnd: pdnd.voucher(without=name)


def text(value: str) -> Callable[[Pdnd], str]:
    return lambda pdnd: value


def changed(change: Callable[[str], str]) -> Callable[[Pdnd], str]:
    return lambda pdnd: change(pdnd.voucher())


@dataclass(frozen=True)
class Hostile:
    make: Callable[[Pdnd], str]
    check: Check
    claim: str
    rules: VoucherRules = RULES


HEADER_TEXT, CLAIMS_TEXT = json.dumps(HEADER), json.dumps(CLAIMS)

HOSTILE: dict[str, Hostile] = {
    # the text
    "empty": Hostile(text(""), Check.FORM, "token"),
    "one part": Hostile(text("Bearer"), Check.FORM, "token"),
    "two parts": Hostile(changed(lambda t: t.rpartition(".")[0]), Check.FORM, "token"),
    "four parts": Hostile(changed(lambda t: t + ".AAAA"), Check.FORM, "token"),
    "five parts, encrypted": Hostile(changed(lambda t: t + ".AAAA.AAAA"), Check.FORM, "token"),
    "huge": Hostile(text("A" * (LONGEST_TOKEN + 1)), Check.FORM, "token"),
    "huge though well signed": Hostile(with_claims(padding="x" * LONGEST_TOKEN), Check.FORM, "token"),
    "only full stops": Hostile(text(".."), Check.FORM, "header"),
    "whitespace": Hostile(text(" . . "), Check.FORM, "header"),
    "whitespace before": Hostile(changed(lambda t: " " + t), Check.FORM, "header"),
    "line break after": Hostile(changed(lambda t: t + "\n"), Check.SIGNATURE, "signature"),
    "with its scheme": Hostile(changed(lambda t: "Bearer " + t), Check.FORM, "header"),
    "NUL": Hostile(changed(lambda t: "\0" + t), Check.FORM, "header"),
    "NUL in the payload": Hostile(changed(lambda t: t.replace(".", ".\0", 1)), Check.SIGNATURE, "signature"),
    "letters outside ASCII": Hostile(changed(lambda t: "é" + t), Check.FORM, "header"),
    "payload outside ASCII": Hostile(
        changed(lambda t: t.replace(".", ".é", 1)), Check.SIGNATURE, "signature"
    ),
    "lone surrogate": Hostile(changed(lambda t: "\ud800" + t), Check.FORM, "header"),
    "not base64": Hostile(text("!!!!.????.****"), Check.FORM, "header"),
    "base64 with padding": Hostile(changed(lambda t: t.replace(".", "=.", 1)), Check.FORM, "header"),
    "header not JSON": Hostile(raw_header("alg=RS256"), Check.FORM, "header"),
    "header an array": Hostile(raw_header("[]"), Check.FORM, "header"),
    "header not UTF-8": Hostile(raw_header(b'{"alg":"\xff"}'), Check.FORM, "header"),
    "header in UTF-16": Hostile(raw_header(HEADER_TEXT.encode("utf-16")), Check.FORM, "header"),
    "header nested without end": Hostile(raw_header("[" * 5_000), Check.FORM, "header"),
    "typ nested deeply": Hostile(
        raw_header('{"alg":"RS256","typ":' + "[" * 700 + "]" * 700 + "}"), Check.TYPE, "typ"
    ),
    "header twice alg": Hostile(raw_header('{"alg":"none",' + HEADER_TEXT[1:]), Check.DUPLICATE, "alg"),
    "payload not JSON": Hostile(raw_payload("iss=x"), Check.FORM, "payload"),
    "payload a text": Hostile(raw_payload('"iss"'), Check.FORM, "payload"),
    "payload empty": Hostile(raw_payload(""), Check.FORM, "payload"),
    "payload nested without end": Hostile(raw_payload('{"a":' * 1_000), Check.FORM, "payload"),
    "payload with NaN": Hostile(raw_payload('{"exp":NaN,' + CLAIMS_TEXT[1:]), Check.FORM, "payload"),
    "payload twice aud": Hostile(
        raw_payload(f'{{"aud":"{AUDIENCE}",' + CLAIMS_TEXT[1:]), Check.DUPLICATE, "aud"
    ),
    "payload twice aud, escaped": Hostile(
        raw_payload(r'{"\u0061ud":"x",' + CLAIMS_TEXT[1:]), Check.DUPLICATE, "aud"
    ),
    "twice inside digest": Hostile(
        raw_payload('{"digest":{"alg":"SHA256","alg":"MD5"},' + CLAIMS_TEXT[1:]), Check.DUPLICATE, "alg"
    ),
    # the header
    "alg none": Hostile(unsigned, Check.ALGORITHM, "alg"),
    "alg nOnE": Hostile(with_header(alg="nOnE"), Check.ALGORITHM, "alg"),
    "alg rs256": Hostile(with_header(alg="rs256"), Check.ALGORITHM, "alg"),
    "alg missing": Hostile(without("alg"), Check.ALGORITHM, "alg"),
    "alg a list": Hostile(with_header(alg=["RS256"]), Check.ALGORITHM, "alg"),
    "HS256 with the public key": Hostile(hmac_with_public_key, Check.ALGORITHM, "alg"),
    "RS512": Hostile(other_algorithm("RS512"), Check.ALGORITHM, "alg"),
    "PS256": Hostile(other_algorithm("PS256"), Check.ALGORITHM, "alg"),
    "PS256 called RS256": Hostile(hidden_algorithm, Check.SIGNATURE, "signature"),
    "crit": Hostile(with_header(crit=["exp"]), Check.CRITICAL, "crit"),
    "crit with b64": Hostile(with_header(crit=["b64"], b64=False), Check.CRITICAL, "crit"),
    "embedded jwk": Hostile(by_stranger_with_own_key, Check.EMBEDDED_KEY, "jwk"),
    "jku": Hostile(with_header(jku="https://evil.example/jwks"), Check.EMBEDDED_KEY, "jku"),
    "x5u": Hostile(with_header(x5u="https://evil.example/cert"), Check.EMBEDDED_KEY, "x5u"),
    "x5c": Hostile(with_header(x5c=["MIIB"]), Check.EMBEDDED_KEY, "x5c"),
    "typ JWT": Hostile(with_header(typ="JWT"), Check.TYPE, "typ"),
    "typ dpop+jwt": Hostile(with_header(typ="dpop+jwt"), Check.TYPE, "typ"),
    "typ missing": Hostile(without("typ"), Check.TYPE, "typ"),
    "typ a number": Hostile(with_header(typ=1), Check.TYPE, "typ"),
    "kid missing": Hostile(without("kid"), Check.KEY, "kid"),
    "kid a number": Hostile(with_header(kid=0), Check.KEY, "kid"),
    "kid a list": Hostile(with_header(kid=[KID]), Check.KEY, "kid"),
    "kid empty": Hostile(with_header(kid=""), Check.KEY, "kid"),
    "kid unknown": Hostile(with_header(kid=ANOTHER), Check.KEY, "kid"),
    "kid a path": Hostile(with_header(kid="../../../../dev/null"), Check.KEY, "kid"),
    "kid with SQL": Hostile(with_header(kid="x' UNION SELECT 'k"), Check.KEY, "kid"),
    # the signature
    "no signature": Hostile(changed(lambda t: t.rpartition(".")[0] + "."), Check.SIGNATURE, "signature"),
    "signed by another key": Hostile(by_stranger, Check.SIGNATURE, "signature"),
    "payload tampered": Hostile(tampered_payload, Check.SIGNATURE, "signature"),
    "header tampered": Hostile(tampered_header, Check.SIGNATURE, "signature"),
    "signature of another token": Hostile(signature_swapped, Check.SIGNATURE, "signature"),
    "signature cut": Hostile(changed(lambda t: t[:-8]), Check.SIGNATURE, "signature"),
    "signature spelt otherwise": Hostile(signature_not_canonical, Check.SIGNATURE, "signature"),
    # issuer and audience
    "iss wrong": Hostile(with_claims(iss="uat.interop.pagopa.it"), Check.ISSUER, "iss"),
    "iss missing": Hostile(without("iss"), Check.ISSUER, "iss"),
    "iss a list with ours": Hostile(with_claims(iss=[ISSUER]), Check.ISSUER, "iss"),
    "aud wrong": Hostile(with_claims(aud="https://other.example"), Check.AUDIENCE, "aud"),
    "aud missing": Hostile(without("aud"), Check.AUDIENCE, "aud"),
    "aud empty": Hostile(with_claims(aud=""), Check.AUDIENCE, "aud"),
    "aud begins with ours": Hostile(with_claims(aud=AUDIENCE + ".evil"), Check.AUDIENCE, "aud"),
    "aud ends with ours": Hostile(with_claims(aud="x" + AUDIENCE), Check.AUDIENCE, "aud"),
    "aud in other case": Hostile(with_claims(aud=AUDIENCE.upper()), Check.AUDIENCE, "aud"),
    "aud array without ours": Hostile(with_claims(aud=["https://a", AUDIENCE + "/"]), Check.AUDIENCE, "aud"),
    "aud array holding a list": Hostile(
        with_claims(aud=["https://a,https://b", [AUDIENCE]]), Check.AUDIENCE, "aud"
    ),
    "aud object": Hostile(with_claims(aud={AUDIENCE: AUDIENCE}), Check.AUDIENCE, "aud"),
    # times
    "exp missing": Hostile(without("exp"), Check.TIME, "exp"),
    "nbf missing": Hostile(without("nbf"), Check.TIME, "nbf"),
    "iat missing": Hostile(without("iat"), Check.TIME, "iat"),
    "exp as text": Hostile(with_claims(exp=str(NOW + 590)), Check.TIME, "exp"),
    "exp true": Hostile(with_claims(exp=True), Check.TIME, "exp"),
    "exp without end": Hostile(
        raw_payload(CLAIMS_TEXT.replace(json.dumps(NOW + 590), "1e999")), Check.TIME, "exp"
    ),
    "exp of 4,000 digits": Hostile(with_claims(exp=10**4_000), Check.TIME, "exp"),
    "iat negative": Hostile(with_claims(iat=-1), Check.TIME, "iat"),
    "exp passed": Hostile(with_claims(iat=NOW - 600, exp=NOW - SKEW), Check.EXPIRED, "exp"),
    "exp in milliseconds": Hostile(with_claims(exp=(NOW + 590) * 1000), Check.TIME, "exp"),
    "nbf in the future": Hostile(with_claims(nbf=NOW + SKEW + 1), Check.NOT_YET_VALID, "nbf"),
    "iat in the future": Hostile(with_claims(iat=NOW + SKEW + 1), Check.NOT_YET_VALID, "iat"),
    "exp before iat": Hostile(with_claims(iat=NOW, exp=NOW - 1), Check.LIFETIME, "exp"),
    "exp equals iat": Hostile(with_claims(iat=NOW, exp=NOW), Check.LIFETIME, "exp"),
    "life too long": Hostile(with_claims(iat=NOW, exp=NOW + LONGEST_LIFE + 1), Check.LIFETIME, "exp"),
    # client and purpose
    "sub is another client": Hostile(with_claims(sub=ANOTHER), Check.CLIENT, "sub"),
    "sub missing": Hostile(without("sub"), Check.CLIENT, "sub"),
    "client_id missing": Hostile(without("client_id"), Check.CLIENT, "client_id"),
    "client_id not a UUID": Hostile(with_claims(client_id="inps", sub="inps"), Check.CLIENT, "client_id"),
    "client_id in braces": Hostile(with_claims(client_id=f"{{{CLIENT}}}"), Check.CLIENT, "client_id"),
    "purposeId missing (m2m)": Hostile(without("purposeId"), Check.PURPOSE, "purposeId"),
    "purposeId not a UUID": Hostile(with_claims(purposeId="benefits"), Check.PURPOSE, "purposeId"),
    # producer, consumer, e-service, descriptor
    "another producer, our audience": Hostile(
        with_claims(**{**ESERVICE_CLAIMS, "producerId": ANOTHER}), Check.ESERVICE, "producerId", PINNED
    ),
    "another e-service": Hostile(
        with_claims(**{**ESERVICE_CLAIMS, "eserviceId": ANOTHER}), Check.ESERVICE, "eserviceId", PINNED
    ),
    "another descriptor": Hostile(
        with_claims(**{**ESERVICE_CLAIMS, "descriptorId": ANOTHER}), Check.ESERVICE, "descriptorId", PINNED
    ),
    "another producer, alone": Hostile(with_claims(producerId=ANOTHER), Check.ESERVICE, "producerId", PINNED),
    "producerId null": Hostile(with_claims(producerId=None), Check.ESERVICE, "producerId"),
    "consumerId not a UUID": Hostile(with_claims(consumerId="INPS"), Check.ESERVICE, "consumerId"),
    "required, all absent": Hostile(with_claims(), Check.ESERVICE, "producerId", REQUIRED),
    **{
        f"required, {name} absent": Hostile(
            with_claims(**{k: v for k, v in ESERVICE_CLAIMS.items() if k != name}),
            Check.ESERVICE,
            name,
            REQUIRED,
        )
        for name in ESERVICE_CLAIMS
    },
    # identifier, digest, possession
    "jti missing": Hostile(without("jti"), Check.IDENTIFIER, "jti"),
    "jti empty": Hostile(with_claims(jti=""), Check.IDENTIFIER, "jti"),
    "jti a number": Hostile(with_claims(jti=1), Check.IDENTIFIER, "jti"),
    "jti with NUL": Hostile(with_claims(jti="a\0"), Check.IDENTIFIER, "jti"),
    "jti very long": Hostile(with_claims(jti="a" * 256), Check.IDENTIFIER, "jti"),
    "digest a text": Hostile(with_claims(digest=DIGEST), Check.DIGEST, "digest"),
    "digest null": Hostile(with_claims(digest=None), Check.DIGEST, "digest"),
    "digest of another kind": Hostile(
        with_claims(digest={"alg": "MD5", "value": DIGEST}), Check.DIGEST, "digest"
    ),
    "digest too short": Hostile(
        with_claims(digest={"alg": "SHA256", "value": DIGEST[1:]}), Check.DIGEST, "digest"
    ),
    "digest not hexadecimal": Hostile(
        with_claims(digest={"alg": "SHA256", "value": "g" * 64}), Check.DIGEST, "digest"
    ),
    "digest with more": Hostile(
        with_claims(digest={"alg": "SHA256", "value": DIGEST, "salt": ""}), Check.DIGEST, "digest"
    ),
    "bound by DPoP": Hostile(with_claims(cnf={"jkt": THUMBPRINT}), Check.POSSESSION, "cnf"),
    "bound by a short thumbprint": Hostile(with_claims(cnf={"jkt": "abc"}), Check.POSSESSION, "cnf"),
    "bound by a certificate": Hostile(with_claims(cnf={"x5t#S256": THUMBPRINT}), Check.POSSESSION, "cnf"),
    "cnf null": Hostile(with_claims(cnf=None), Check.POSSESSION, "cnf"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_token_is_refused_with_its_own_check(pdnd: Pdnd, name: str) -> None:
    hostile = HOSTILE[name]
    token = hostile.make(pdnd)
    refused = await refusal(pdnd, token, hostile.rules)
    assert (refused.check, refused.claim) == (hostile.check, hostile.claim)


@pytest.mark.parametrize("name", HOSTILE)
async def test_refusal_reads_well_and_never_quotes_the_token(pdnd: Pdnd, name: str) -> None:
    hostile = HOSTILE[name]
    token = hostile.make(pdnd)
    refused = await refusal(pdnd, token, hostile.rules)
    said = str(refused)
    assert (refused.code, refused.status) == ("UNAUTHENTICATED", 401)
    assert refused.extensions == {
        "check": hostile.check.value,
        "claim": hostile.claim,
        "expected": refused.expected,
        "received": refused.received,
    }
    assert f"Expected {refused.expected}; received {refused.received}." in said
    assert said.endswith(".")
    assert said.isprintable()
    assert len(said) < 1_000
    for part in filter(None, token.split(".")):
        assert len(part) < 16 or part not in said
    assert refused.__cause__ is None
    assert refused.__context__ is None


def test_every_check_has_its_sentences_and_a_hostile_token() -> None:
    assert {hostile.check for hostile in HOSTILE.values()} == set(SENTENCES)
    others = (
        {Check.ASSURANCE, Check.SUBJECT},
        {Check.HEADER, Check.SIGNED_HEADERS, Check.NONCE, Check.OPERATOR, Check.REPLAYED},
    )
    assert set(Check) - set(SENTENCES) == set.union(*others), "of citizens, and of what consumers sign"


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
    for token in (pdnd.voucher(iss="evil"), pdnd.voucher(cnf={"jkt": THUMBPRINT}), tampered_payload(pdnd)):
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
