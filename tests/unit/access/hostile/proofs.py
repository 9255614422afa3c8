# SPDX-License-Identifier: EUPL-1.2
"""Vouchers bound to a key, sent by those who have not got it, or with proofs that are not for this request."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc.jwk import ECKey, OctKey

from hub.access.jws import LONGEST_TOKEN
from hub.access.refusal import Check
from tests.unit.access.hostile.forge import (
    CRYPTOGRAPHY,
    PROOF_LIFE,
    SKEW,
    TARGET,
    Forge,
    Hostile,
    Key,
    Sent,
    b64,
    b64_json,
    signed,
)


def proving(make: Callable[[Forge, str], str | tuple[str, ...]], **sent: Any) -> Callable[[Forge], Sent]:
    """A good bound voucher, with the proofs that `make` makes for it."""

    def send(forge: Forge) -> Sent:
        token = forge.bound()
        made = make(forge, token)
        return replace(Sent(token, "DPoP", (made,) if isinstance(made, str) else made), **sent)

    return send


def proof_with(
    header: Mapping[str, object] | None = None, /, *, without: str = "", **claims: Any
) -> Callable[[Forge], Sent]:
    return proving(lambda forge, token: forge.proof(token, header, without=without, **claims))


def proof_by(key: Callable[[Forge], Key], alg: str, **header: object) -> Callable[[Forge], Sent]:
    """A proof signed by another key, which it names as its own."""

    def make(forge: Forge, token: str) -> str:
        used = key(forge)
        members, payload = forge.proof_parts(token)
        members = {**members, "alg": alg, "jwk": used.as_dict(private=isinstance(used, OctKey)), **header}
        return signed(b64_json(members), b64_json(payload), used, alg)

    return proving(make)


def proof_naming(jwk: Callable[[Forge], object], **header: object) -> Callable[[Forge], Sent]:
    return proving(lambda forge, token: forge.proof(token, {"jwk": jwk(forge), **header}))


def proof_with_signature(raw: Callable[[bytes], bytes]) -> Callable[[Forge], Sent]:
    def make(forge: Forge, token: str) -> str:
        parts, _, signature = forge.proof(token).rpartition(".")
        return f"{parts}.{b64(raw(base64.urlsafe_b64decode(signature + '==')))}"

    return proving(make)


def der_encoded(raw: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


def tampered_proof(forge: Forge, token: str) -> str:
    header, _, signature = forge.proof(token).split(".")
    return f"{header}.{b64_json(forge.proof_parts(token)[1])}.{signature}"


def by_another_in_the_holders_name(forge: Forge, token: str) -> str:
    header, payload = forge.proof_parts(token)
    return signed(b64_json(header), b64_json(payload), ECKey.generate_key("P-256"), "ES256")


def raw_proof(write: Callable[[str], str | bytes]) -> Callable[[Forge], Sent]:
    """A proof whose payload is what `write` makes of a good one's JSON."""

    def make(forge: Forge, token: str) -> str:
        header, payload = forge.proof_parts(token)
        raw = write(json.dumps(payload))
        return signed(
            b64_json(header), b64(raw if isinstance(raw, bytes) else raw.encode()), forge.holder, "ES256"
        )

    return proving(make)


def public(forge: Forge) -> dict[str, object]:
    return dict(forge.holder.as_dict(private=False))


_SMALL: dict[str, object] = {"kty": "RSA", "e": "AQAB", "n": b64(b"\xff" * 128)}
_GIANT: dict[str, object] = {"kty": "RSA", "e": "AQAB", "n": b64(b"\xff" * 2_000)}

PROOFS: dict[str, Hostile] = {
    "bound voucher as bearer": Hostile(
        lambda forge: Sent(forge.bound()), Check.POSSESSION, "cnf", shares="a proof does not mend the scheme"
    ),
    "bound voucher as bearer, with its proof": Hostile(
        lambda forge: Sent((token := forge.bound()), "Bearer", (forge.proof(token),)),
        Check.POSSESSION,
        "cnf",
        shares="a proof does not mend the scheme",
    ),
    "unbound voucher by DPoP": Hostile(
        lambda forge: Sent((token := forge.voucher()), "DPoP", (forge.proof(token),)), Check.POSSESSION, "cnf"
    ),
    "no proof": Hostile(proving(lambda forge, token: ()), Check.CREDENTIALS, "dpop"),
    "two proofs": Hostile(
        proving(lambda forge, token: (forge.proof(token), forge.proof(token))),
        Check.CREDENTIALS,
        "dpop",
        shares="HTTP joins headers of one name by commas",
    ),
    "two proofs in one header": Hostile(
        proving(lambda forge, token: f"{forge.proof(token)},{forge.proof(token)}"),
        Check.CREDENTIALS,
        "dpop",
        shares="HTTP joins headers of one name by commas",
    ),
    "three proofs": Hostile(
        proving(lambda forge, token: (forge.proof(token),) * 3), Check.CREDENTIALS, "dpop"
    ),
    "proof empty": Hostile(proving(lambda forge, token: ""), Check.FORM, "token"),
    "proof without signature part": Hostile(
        proving(lambda forge, token: forge.proof(token).rpartition(".")[0]), Check.FORM, "token"
    ),
    "proof huge": Hostile(proving(lambda forge, token: "A" * (LONGEST_TOKEN + 1)), Check.FORM, "token"),
    "proof encrypted": Hostile(
        proving(lambda forge, token: forge.proof(token) + ".AAAA.AAAA"), Check.FORM, "token"
    ),
    "the voucher as its proof": Hostile(proving(lambda forge, token: token), Check.TYPE, "typ"),
    "proof's header with padding": Hostile(
        proving(lambda forge, token: forge.proof(token).replace(".", "=.", 1)), Check.FORM, "header"
    ),
    "proof's payload not JSON": Hostile(raw_proof(lambda _: "htm=POST"), Check.FORM, "payload"),
    "proof's payload with NaN": Hostile(raw_proof(lambda t: '{"x":NaN,' + t[1:]), Check.FORM, "payload"),
    "proof's htu twice": Hostile(
        raw_proof(lambda t: '{"htu":"https://evil.example",' + t[1:]), Check.DUPLICATE, "htu"
    ),
    "proof's typ JWT": Hostile(proof_with({"typ": "JWT"}), Check.TYPE, "typ"),
    "proof's typ missing": Hostile(proof_with(without="typ"), Check.TYPE, "typ"),
    "proof's typ a list": Hostile(proof_with({"typ": ["dpop+jwt"]}), Check.TYPE, "typ"),
    "proof's alg none": Hostile(proof_with({"alg": "none"}), Check.ALGORITHM, "alg"),
    "proof's alg missing": Hostile(proof_with(without="alg"), Check.ALGORITHM, "alg"),
    "proof by HS256": Hostile(
        proof_by(lambda _: OctKey.import_key("a secret of thirty-two letters.."), "HS256"),
        Check.ALGORITHM,
        "alg",
    ),
    "proof by PS256": Hostile(proof_by(lambda forge: forge.stranger, "PS256"), Check.ALGORITHM, "alg"),
    "proof by RS512": Hostile(proof_by(lambda forge: forge.stranger, "RS512"), Check.ALGORITHM, "alg"),
    "proof by ES384": Hostile(
        proof_by(lambda _: ECKey.generate_key("P-384"), "ES384"), Check.ALGORITHM, "alg"
    ),
    "proof's alg a number": Hostile(proof_with({"alg": 256}), Check.ALGORITHM, "alg"),
    "proof's alg an object": Hostile(proof_with({"alg": {}}), Check.ALGORITHM, "alg"),
    "proof's crit": Hostile(proof_with({"crit": ["nonce"], "nonce": "x"}), Check.CRITICAL, "crit"),
    "proof's jwk missing": Hostile(proof_with(without="jwk"), Check.KEY, "jwk"),
    "proof's jwk a text": Hostile(proof_naming(lambda forge: forge.thumbprint), Check.KEY, "jwk"),
    "proof's jwk with its private half": Hostile(
        proof_naming(lambda forge: forge.holder.as_dict(private=True)), Check.KEY, "jwk"
    ),
    "proof's jwk with a prime": Hostile(
        proof_naming(lambda forge: {**forge.stranger.as_dict(private=False), "p": "AQAB"}, alg="RS256"),
        Check.KEY,
        "jwk",
    ),
    "proof's jwk a secret": Hostile(
        proof_naming(lambda _: {"kty": "oct", "k": "c2VjcmV0"}), Check.KEY, "jwk"
    ),
    "proof's jwk RSA for ES256": Hostile(
        proof_naming(lambda forge: forge.stranger.as_dict(private=False)), Check.KEY, "jwk"
    ),
    "proof's jwk P-256 for RS256": Hostile(proof_naming(public, alg="RS256"), Check.KEY, "jwk"),
    "proof's jwk without kty": Hostile(
        proof_naming(lambda forge: {k: v for k, v in public(forge).items() if k != "kty"}), Check.KEY, "jwk"
    ),
    "proof's jwk RSA of 1,024 bits": Hostile(proof_naming(lambda _: _SMALL, alg="RS256"), Check.KEY, "jwk"),
    "proof's jwk RSA of 16,000 bits": Hostile(proof_naming(lambda _: _GIANT, alg="RS256"), Check.KEY, "jwk"),
    "proof's jwk RSA with an even exponent": Hostile(
        proof_naming(lambda forge: {**forge.stranger.as_dict(private=False), "e": "Ag"}, alg="RS256"),
        Check.KEY,
        "jwk",
    ),
    "proof's jwk on P-384": Hostile(
        proof_naming(lambda _: ECKey.generate_key("P-384").as_dict(private=False)), Check.KEY, "jwk"
    ),
    "proof's jwk on no curve": Hostile(
        proof_naming(lambda forge: {**public(forge), "crv": None}), Check.KEY, "jwk"
    ),
    "proof's jwk beside the curve": Hostile(
        proof_naming(lambda forge: {**public(forge), "y": b64(b"\1" * 32)}),
        Check.KEY,
        "jwk",
        shares="what makes no point, and of what length, is nothing to mend",
    ),
    "proof's jwk of a short coordinate": Hostile(
        proof_naming(lambda forge: {**public(forge), "x": "AQAB"}),
        Check.KEY,
        "jwk",
        shares="what makes no point, and of what length, is nothing to mend",
    ),
    "proof by another key": Hostile(
        proof_by(lambda _: ECKey.generate_key("P-256"), "ES256"),
        Check.POSSESSION,
        "jwk",
        shares="whichever key it is, it is not the holder's",
    ),
    "proof by another key, RSA": Hostile(
        proof_by(lambda forge: forge.stranger, "RS256"),
        Check.POSSESSION,
        "jwk",
        shares="whichever key it is, it is not the holder's",
    ),
    "proof unsigned": Hostile(proof_with_signature(lambda _: b""), Check.SIGNATURE, "signature"),
    "proof's signature all zero": Hostile(
        proof_with_signature(lambda s: bytes(len(s))), Check.SIGNATURE, "signature", shares=CRYPTOGRAPHY
    ),
    "proof's signature of another proof": Hostile(
        proving(tampered_proof), Check.SIGNATURE, "signature", shares=CRYPTOGRAPHY
    ),
    "proof's signature in DER": Hostile(proof_with_signature(der_encoded), Check.SIGNATURE, "signature"),
    "proof's signature cut": Hostile(proof_with_signature(lambda s: s[:-1]), Check.SIGNATURE, "signature"),
    "proof's signature longer": Hostile(
        proof_with_signature(lambda s: s + b"\0"), Check.SIGNATURE, "signature"
    ),
    "proof by another key that names the holder's": Hostile(
        proving(by_another_in_the_holders_name),
        Check.SIGNATURE,
        "signature",
        shares=CRYPTOGRAPHY,
    ),
    "proof for GET": Hostile(proof_with(htm="GET"), Check.METHOD, "htm"),
    "proof for post": Hostile(proof_with(htm="post"), Check.METHOD, "htm"),
    "proof for no method": Hostile(proof_with(without="htm"), Check.METHOD, "htm"),
    "proof for methods": Hostile(proof_with(htm=["POST"]), Check.METHOD, "htm"),
    "proof for another host": Hostile(proof_with(htu="https://evil.example/graphql"), Check.TARGET, "htu"),
    "proof for a host below ours": Hostile(
        proof_with(htu="https://snodo.example.evil.example/graphql"), Check.TARGET, "htu"
    ),
    "proof without TLS": Hostile(proof_with(htu="http://snodo.example/graphql"), Check.TARGET, "htu"),
    "proof for another port": Hostile(
        proof_with(htu="https://snodo.example:8443/graphql"), Check.TARGET, "htu"
    ),
    "proof for another path": Hostile(proof_with(htu=f"{TARGET}/x"), Check.TARGET, "htu"),
    "proof for a path before ours": Hostile(proof_with(htu="https://snodo.example/"), Check.TARGET, "htu"),
    "proof for another user": Hostile(
        proof_with(htu="https://snodo.example@evil.example/graphql"), Check.TARGET, "htu"
    ),
    "proof with a user": Hostile(proof_with(htu="https://user@snodo.example/graphql"), Check.TARGET, "htu"),
    "proof with a line break in htu": Hostile(
        proof_with(htu="https://snodo.example/gra\nphql"), Check.TARGET, "htu"
    ),
    "proof with a backslash in htu": Hostile(
        proof_with(htu="https://snodo.example\\graphql"), Check.TARGET, "htu"
    ),
    "proof for a relative address": Hostile(proof_with(htu="/graphql"), Check.TARGET, "htu"),
    "proof over a WebSocket's scheme": Hostile(
        proof_with(htu="wss://snodo.example/graphql"), Check.TARGET, "htu"
    ),
    "proof for no address": Hostile(proof_with(without="htu"), Check.TARGET, "htu"),
    "proof for addresses": Hostile(proof_with(htu=[TARGET]), Check.TARGET, "htu"),
    "proof of yesterday": Hostile(
        proving(lambda forge, token: forge.proof(token, iat=forge.now - 86_400)), Check.EXPIRED, "iat"
    ),
    "proof past its life": Hostile(
        proving(lambda forge, token: forge.proof(token, iat=forge.now - PROOF_LIFE - SKEW - 1)),
        Check.EXPIRED,
        "iat",
    ),
    "proof of tomorrow": Hostile(
        proving(lambda forge, token: forge.proof(token, iat=forge.now + SKEW + 60)),
        Check.NOT_YET_VALID,
        "iat",
    ),
    "proof's iat missing": Hostile(proof_with(without="iat"), Check.TIME, "iat"),
    "proof's iat as text": Hostile(proof_with(iat="1790000000"), Check.TIME, "iat"),
    "proof's iat in milliseconds": Hostile(
        proving(lambda forge, token: forge.proof(token, iat=forge.now * 1_000)), Check.TIME, "iat"
    ),
    "proof for another voucher": Hostile(
        proving(lambda forge, token: forge.proof(forge.bound(jti="another"))),
        Check.TOKEN_HASH,
        "ath",
        shares="a hash tells that it is another's, not how it was made",
    ),
    "proof's ath in hexadecimal": Hostile(
        proving(lambda forge, token: forge.proof(token, ath=hashlib.sha256(token.encode()).hexdigest())),
        Check.TOKEN_HASH,
        "ath",
        shares="a hash tells that it is another's, not how it was made",
    ),
    "proof's ath with padding": Hostile(
        proving(
            lambda forge, token: forge.proof(token, ath=b64(hashlib.sha256(token.encode()).digest()) + "=")
        ),
        Check.TOKEN_HASH,
        "ath",
        shares="a hash tells that it is another's, not how it was made",
    ),
    "proof without ath": Hostile(proof_with(without="ath"), Check.TOKEN_HASH, "ath"),
    "proof's ath null": Hostile(proof_with(ath=None), Check.TOKEN_HASH, "ath"),
    "proof's ath with a surrogate": Hostile(
        proof_with(ath="\ud800"),
        Check.TOKEN_HASH,
        "ath",
        shares="a hash tells that it is another's, not how it was made",
    ),
    "proof's jti missing": Hostile(proof_with(without="jti"), Check.IDENTIFIER, "jti"),
    "proof's jti empty": Hostile(proof_with(jti=""), Check.IDENTIFIER, "jti"),
    "proof's jti very long": Hostile(proof_with(jti="j" * 256), Check.IDENTIFIER, "jti"),
    "proof replayed": Hostile(
        proving(lambda forge, token: forge.proof(token), twice=True), Check.REPLAYED, "jti"
    ),
}
"""Vouchers bound to a key, and what is sent with them."""
