# SPDX-License-Identifier: EUPL-1.2
"""The JWTs the hub signs, read back with the simulators' own RS256, and PDND's answers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectors.exchange import Answer
from connectors.pdnd import ClientIdentity, Operator
from connectors.pdnd.assertion import client_assertion
from connectors.pdnd.evidence import tracking_evidence
from connectors.pdnd.integrity import body_signature, digest_of
from connectors.pdnd.tokens import decode_token_answer
from connectors.simulators.jws import BadToken, Token, decode_segment, public_key, thumbprint, verify
from connectors.simulators.keys import DemoKeys
from hub.errors import ConfigurationError, UpstreamInvalid, UpstreamRefused

NOW = 1_790_000_000.7
OPERATOR = Operator("op-4711", "CPI-F205C000321-pc12", "high")


def read(token: str, keys: DemoKeys) -> Token:
    def key_of(kid: str) -> RSAPublicKey | None:
        return keys.private["hub"].public_key() if kid == keys.kid("hub") else None

    return verify(token, key_of)


def test_the_assertion_has_exactly_the_claims_of_the_strict_mode(
    identity: ClientIdentity, keys: DemoKeys
) -> None:
    token = read(
        client_assertion(
            identity, audience="auth.example/client-assertion", purpose_id="p", jti="j", now=NOW
        ),
        keys,
    )
    assert token.header == {"alg": "RS256", "typ": "JWT", "kid": keys.kid("hub")}
    assert len(token.header["kid"]) == 43
    assert token.claims == {
        "iss": identity.client_id,
        "sub": identity.client_id,
        "aud": "auth.example/client-assertion",
        "jti": "j",
        "iat": 1_790_000_000,
        "exp": 1_790_000_060,
        "purposeId": "p",
    }


def test_the_assertion_binds_the_evidence_by_its_hash(identity: ClientIdentity, keys: DemoKeys) -> None:
    evidence = tracking_evidence(
        identity, OPERATOR, audiences=["a"], purpose_id="p", jti="j", dnonce=7, now=NOW, lifetime=600
    )
    assert evidence.digest == hashlib.sha256(evidence.jws.encode()).hexdigest()
    token = read(
        client_assertion(identity, audience="a", purpose_id="p", jti="j", now=NOW, digest=evidence.digest),
        keys,
    )
    assert token.claims["digest"] == {"alg": "SHA256", "value": evidence.digest}


@pytest.mark.parametrize(("audiences", "written"), [(["a"], "a"), (["a", "b"], ["a", "b"])])
def test_the_evidence_names_operator_purpose_and_audience(
    identity: ClientIdentity, keys: DemoKeys, audiences: list[str], written: object
) -> None:
    evidence = tracking_evidence(
        identity, OPERATOR, audiences=audiences, purpose_id="p", jti="j", dnonce=42, now=NOW, lifetime=600
    )
    assert evidence.expires_at == 1_790_000_600
    assert read(evidence.jws, keys).claims == {
        "iss": identity.client_id,
        "sub": identity.client_id,
        "aud": written,
        "purposeId": "p",
        "iat": 1_789_999_995,
        "nbf": 1_789_999_995,
        "exp": 1_790_000_600,
        "jti": "j",
        "dnonce": "0000000000042",
        "userID": "op-4711",
        "userLocation": "CPI-F205C000321-pc12",
        "LoA": "high",
    }


def test_the_signature_lists_the_headers_one_by_one_in_lower_case(
    identity: ClientIdentity, keys: DemoKeys
) -> None:
    headers = {"Digest": digest_of(b"{}"), "Content-Type": "application/json", "Content-Encoding": "UTF-8"}
    claims = read(body_signature(identity, headers, audience="a", jti="j", now=NOW), keys).claims
    assert claims["signed_headers"] == [
        {"digest": "SHA-256=RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="},
        {"content-type": "application/json"},
        {"content-encoding": "UTF-8"},
    ]
    assert (claims["aud"], claims["jti"], claims["iat"] < NOW < claims["exp"]) == ("a", "j", True)


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    """Section 3.1 of the RFC: the one published pair of key and thumbprint."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs"
        "tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n"
        "91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    key = public_key({"kty": "RSA", "n": modulus, "e": "AQAB"})
    assert thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_both_implementations_name_a_key_alike(identity: ClientIdentity, keys: DemoKeys) -> None:
    assert identity.kid == keys.kid("hub")


def test_an_identity_and_an_operator_do_not_show_their_secrets(identity: ClientIdentity) -> None:
    assert "op-4711" not in repr(OPERATOR)
    assert repr(identity) == f"ClientIdentity(client_id={identity.client_id!r}, kid={identity.kid!r})"


def test_a_key_file_that_is_none_is_the_operators_to_mend(tmp_path: Path, keys: DemoKeys) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.pem"):
        ClientIdentity.from_pem("c", tmp_path / "absent.pem")
    (tmp_path / "text.pem").write_text("not a key")
    with pytest.raises(ConfigurationError):
        ClientIdentity.from_pem("c", tmp_path / "text.pem")
    public = keys.private["hub"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "public.pem").write_bytes(public)
    with pytest.raises(ConfigurationError, match="public key"):
        ClientIdentity.from_pem("c", tmp_path / "public.pem")


def answer(status: int, content: object, media_type: str = "application/json") -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer(status, httpx2.Headers({"Content-Type": media_type}), body)


GOOD: dict[str, Any] = {"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 600}


def test_a_token_answer_gives_a_voucher_and_its_end() -> None:
    voucher = decode_token_answer(answer(200, GOOD), 1_000.0)
    assert (voucher.token, voucher.expires_at) == ("a.b.c", 1_600.0)
    assert "a.b.c" not in repr(voucher)


@pytest.mark.parametrize(
    "bad",
    [
        answer(200, {**GOOD, "access_token": None}),
        answer(200, {**GOOD, "access_token": "opaque"}),
        answer(200, {**GOOD, "access_token": "à.b.c"}),
        answer(200, {**GOOD, "token_type": "DPoP"}),
        answer(200, {**GOOD, "expires_in": "600"}),
        answer(200, {**GOOD, "expires_in": True}),
        answer(200, {**GOOD, "expires_in": 0}),
        answer(200, [GOOD]),
        answer(200, b"{"),
        answer(200, b"<html></html>", "text/html"),
        answer(400, b"<html></html>", "text/html"),
        answer(302, {}),
    ],
)
def test_anything_else_is_not_a_token_answer(bad: Answer) -> None:
    with pytest.raises(UpstreamInvalid) as caught:
        decode_token_answer(bad, 0.0)
    assert caught.value.agency == "PDND"


def test_a_refusal_says_pdnds_code_and_what_to_check() -> None:
    problem = {"status": 400, "errors": [{"code": "015-0008", "detail": "…"}]}
    with pytest.raises(UpstreamRefused, match="015-0008") as caught:
        decode_token_answer(answer(400, problem, "application/problem+json"), 0.0)
    assert caught.value.extensions["codes"] == ["015-0008"]


@pytest.mark.parametrize("segment", ["a=", "a+b", "a b", "é", "abcde"])
def test_base64url_is_read_strictly(segment: str) -> None:
    with pytest.raises(BadToken):
        decode_segment(segment)
