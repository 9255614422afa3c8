# SPDX-License-Identifier: EUPL-1.2
"""Vouchers PDND never issued, or not for this hub, or not so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Callable
from typing import Any

from hub.access.jws import LONGEST_TOKEN
from hub.access.refusal import Check
from hub.access.voucher import LONGEST_LIFE
from tests.unit.access.hostile.forge import (
    ANOTHER,
    AUDIENCE,
    CLIENT,
    CRYPTOGRAPHY,
    DIGEST,
    ESERVICE_CLAIMS,
    ISSUER,
    KID,
    OUR_IDS,
    PURPOSE,
    SKEW,
    Forge,
    Hostile,
    b64,
    b64_json,
)


def with_header(**members: object) -> Callable[[Forge], str]:
    return lambda forge: forge.voucher(members)


def with_claims(**claims: Any) -> Callable[[Forge], str]:
    return lambda forge: forge.voucher(**claims)


def at(**times: float) -> Callable[[Forge], str]:
    """Times of a voucher, in seconds from now."""

    def make(forge: Forge) -> str:
        claims: dict[str, Any] = {name: forge.now + time for name, time in times.items()}
        return forge.voucher(**claims)

    return make


def without(name: str) -> Callable[[Forge], str]:
    return lambda forge: forge.voucher(without=name)


def text(value: str) -> Callable[[Forge], str]:
    return lambda _: value


def changed(change: Callable[[str], str]) -> Callable[[Forge], str]:
    return lambda forge: change(forge.voucher())


def raw_header(write: Callable[[str], str | bytes]) -> Callable[[Forge], str]:
    """A voucher whose header is what `write` makes of a good one's JSON."""

    def make(forge: Forge) -> str:
        raw = write(json.dumps(forge.header))
        return forge.sign(b64(raw if isinstance(raw, bytes) else raw.encode()), b64_json(forge.claims))

    return make


def raw_payload(write: Callable[[str], str | bytes]) -> Callable[[Forge], str]:
    def make(forge: Forge) -> str:
        raw = write(json.dumps(forge.claims))
        return forge.sign(b64_json(forge.header), b64(raw if isinstance(raw, bytes) else raw.encode()))

    return make


def unsigned(forge: Forge) -> str:
    return f"{b64_json({**forge.header, 'alg': 'none'})}.{b64_json(forge.claims)}."


def hmac_with_public_key(forge: Forge) -> str:
    parts = f"{b64_json({**forge.header, 'alg': 'HS256'})}.{b64_json(forge.claims)}"
    secret = forge.key.as_pem(private=False)
    return f"{parts}.{b64(hmac.new(secret, parts.encode(), hashlib.sha256).digest())}"


def by_algorithm(alg: str) -> Callable[[Forge], str]:
    return lambda forge: forge.sign(b64_json({**forge.header, "alg": alg}), b64_json(forge.claims), alg=alg)


def hidden_algorithm(forge: Forge) -> str:
    return forge.sign(b64_json(forge.header), b64_json(forge.claims), alg="PS256")


def by_stranger(forge: Forge) -> str:
    return forge.sign(b64_json(forge.header), b64_json(forge.claims), key=forge.stranger)


def by_stranger_with_own_key(forge: Forge) -> str:
    header = {**forge.header, "jwk": forge.stranger.as_dict(private=False)}
    return forge.sign(b64_json(header), b64_json(forge.claims), key=forge.stranger)


def client_assertion(forge: Forge) -> str:
    """What the consumer sends to PDND to get a voucher, signed by itself."""
    header = {"alg": "RS256", "typ": "JWT", "kid": "v" * 43}
    claims = {
        **{name: forge.claims[name] for name in ("jti", "iat", "exp", "purposeId")},
        "iss": forge.claims["client_id"],
        "sub": forge.claims["client_id"],
        "aud": f"auth.{ISSUER}/client-assertion",
    }
    return forge.sign(b64_json(header), b64_json(claims), key=forge.stranger)


def tampered_payload(forge: Forge) -> str:
    header, _, signature = forge.voucher().split(".")
    return f"{header}.{b64_json({**forge.claims, 'purposeId': ANOTHER})}.{signature}"


def tampered_header(forge: Forge) -> str:
    _, payload, signature = forge.voucher().split(".")
    return f"{b64_json({**forge.header, 'typ': 'AT+JWT'})}.{payload}.{signature}"


def signature_of_another(forge: Forge) -> str:
    header, payload, _ = forge.voucher().split(".")
    return f"{header}.{payload}.{forge.voucher(jti='another').split('.')[2]}"


def signature_respelt(forge: Forge) -> str:
    """The same 256 bytes in another spelling: the last character's four spare bits are not zero."""
    token = forge.voucher()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


def with_signature(raw: Callable[[bytes], bytes]) -> Callable[[Forge], str]:
    def make(forge: Forge) -> str:
        parts, _, signature = forge.voucher().rpartition(".")
        return f"{parts}.{b64(raw(base64.urlsafe_b64decode(signature + '==')))}"

    return make


def json_serialised(forge: Forge) -> str:
    header, payload, signature = forge.voucher().split(".")
    return json.dumps({"protected": header, "payload": payload, "signature": signature})


def nested(forge: Forge) -> str:
    """A good voucher whose payload is another token, unsigned."""
    return forge.sign(b64_json({**forge.header, "cty": "JWT"}), b64(unsigned(forge).encode()))


def compressed(forge: Forge) -> str:
    payload = zlib.compress(json.dumps(forge.claims).encode(), wbits=-15)
    return forge.sign(b64_json({**forge.header, "zip": "DEF"}), b64(payload))


def unencoded(forge: Forge) -> str:
    """As RFC 7797 has it, but for the `crit` it asks for: the payload stands there as it is."""
    return forge.sign(b64_json({**forge.header, "b64": False}), json.dumps(forge.claims).replace(".", "-"))


CYRILLIC_A, CYRILLIC_O = "\u0430", "\u043e"

VOUCHERS: dict[str, Hostile] = {
    # the text
    "two parts": Hostile(changed(lambda t: t.rpartition(".")[0]), Check.FORM, "token"),
    "one part": Hostile(text("eyJ"), Check.FORM, "token"),
    "four parts": Hostile(changed(lambda t: t + ".AAAA"), Check.FORM, "token"),
    "five parts: encrypted (JWE)": Hostile(changed(lambda t: t + ".AAAA.AAAA"), Check.FORM, "token"),
    "serialised as JSON": Hostile(json_serialised, Check.FORM, "token"),
    "huge": Hostile(text("A" * (LONGEST_TOKEN + 1)), Check.FORM, "token"),
    "huge though well signed": Hostile(with_claims(padding="x" * LONGEST_TOKEN), Check.FORM, "token"),
    "its scheme twice": Hostile(changed(lambda t: "Bearer " + t), Check.FORM, "header"),
    "two vouchers joined by a comma": Hostile(changed(lambda t: f"{t}, Bearer {t}"), Check.FORM, "token"),
    "white space in the header": Hostile(
        changed(lambda t: t[:9] + "\t" + t[9:]), Check.FORM, "header", shares="white space is white space"
    ),
    "NUL before": Hostile(changed(lambda t: "\0" + t), Check.FORM, "header", in_memory="no header has a NUL"),
    "letters outside ASCII": Hostile(
        changed(lambda t: "é" + t), Check.FORM, "header", shares="neither is base64url"
    ),
    "a lone surrogate": Hostile(
        changed(lambda t: "\ud800" + t),
        Check.FORM,
        "header",
        shares="neither is base64url",
        in_memory="no header has a surrogate",
    ),
    "header with padding": Hostile(changed(lambda t: t.replace(".", "=.", 1)), Check.FORM, "header"),
    "header of one letter": Hostile(changed(lambda t: "A" + t[t.index(".") :]), Check.FORM, "header"),
    "header empty": Hostile(
        changed(lambda t: t[t.index(".") :]), Check.FORM, "header", shares="nothing is not JSON either"
    ),
    "header not JSON": Hostile(
        raw_header(lambda _: "alg=RS256"), Check.FORM, "header", shares="nothing is not JSON either"
    ),
    "header an array": Hostile(raw_header(lambda _: "[1]"), Check.FORM, "header"),
    "header not UTF-8": Hostile(raw_header(lambda _: b'{"alg":"\xff"}'), Check.FORM, "header"),
    "header nested without end": Hostile(raw_header(lambda _: "[" * 3_000), Check.FORM, "header"),
    "header with alg twice": Hostile(raw_header(lambda t: '{"alg":"none",' + t[1:]), Check.DUPLICATE, "alg"),
    "payload not JSON": Hostile(raw_payload(lambda _: "iss=x"), Check.FORM, "payload", shares="not JSON"),
    "payload with something after it": Hostile(
        raw_payload(lambda t: t + "{}"), Check.FORM, "payload", shares="not JSON"
    ),
    "payload a text": Hostile(raw_payload(lambda _: '"iss"'), Check.FORM, "payload"),
    "payload null": Hostile(raw_payload(lambda _: "null"), Check.FORM, "payload"),
    "payload in UTF-16": Hostile(
        raw_payload(lambda t: t.encode("utf-16")), Check.FORM, "payload", shares="neither is UTF-8"
    ),
    "payload with NaN": Hostile(raw_payload(lambda t: '{"x":NaN,' + t[1:]), Check.FORM, "payload"),
    "payload with Infinity": Hostile(raw_payload(lambda t: '{"x":Infinity,' + t[1:]), Check.FORM, "payload"),
    "payload with -Infinity": Hostile(
        raw_payload(lambda t: '{"x":-Infinity,' + t[1:]), Check.FORM, "payload"
    ),
    "payload with a number of 5,000 digits": Hostile(
        raw_payload(lambda t: '{"x":' + "9" * 5_000 + "," + t[1:]),
        Check.FORM,
        "payload",
        shares="Python reads no number of more than 4,300 digits, and says no more",
    ),
    "payload a nested token": Hostile(nested, Check.FORM, "payload", shares="not JSON"),
    "payload compressed (zip)": Hostile(compressed, Check.FORM, "payload", shares="neither is UTF-8"),
    "payload unencoded (b64: false)": Hostile(unencoded, Check.FORM, "payload"),
    "payload with aud twice": Hostile(
        raw_payload(lambda t: '{"aud":"x",' + t[1:]),
        Check.DUPLICATE,
        "aud",
        shares="the same fault, disguised",
    ),
    "payload with aud twice, escaped": Hostile(
        raw_payload(lambda t: r'{"\u0061ud":"x",' + t[1:]),
        Check.DUPLICATE,
        "aud",
        shares="the same fault, disguised",
    ),
    "twice inside digest": Hostile(
        raw_payload(lambda t: '{"digest":{"value":"a","value":"b"},' + t[1:]), Check.DUPLICATE, "value"
    ),
    # the header
    "alg none": Hostile(unsigned, Check.ALGORITHM, "alg"),
    "alg nOnE": Hostile(with_header(alg="nOnE"), Check.ALGORITHM, "alg"),
    "alg rs256": Hostile(with_header(alg="rs256"), Check.ALGORITHM, "alg"),
    "alg missing": Hostile(without("alg"), Check.ALGORITHM, "alg"),
    "alg a list": Hostile(with_header(alg=["RS256"]), Check.ALGORITHM, "alg"),
    "HS256 with the public key": Hostile(hmac_with_public_key, Check.ALGORITHM, "alg"),
    "RS512": Hostile(by_algorithm("RS512"), Check.ALGORITHM, "alg"),
    "PS256": Hostile(by_algorithm("PS256"), Check.ALGORITHM, "alg"),
    "PS256 called RS256": Hostile(hidden_algorithm, Check.SIGNATURE, "signature", shares=CRYPTOGRAPHY),
    "crit of exp": Hostile(with_header(crit=["exp"]), Check.CRITICAL, "crit"),
    "crit of b64": Hostile(with_header(crit=["b64"], b64=False), Check.CRITICAL, "crit"),
    "crit empty": Hostile(with_header(crit=[]), Check.CRITICAL, "crit"),
    "embedded jwk": Hostile(by_stranger_with_own_key, Check.EMBEDDED_KEY, "jwk"),
    "jku": Hostile(with_header(jku="https://evil.example/jwks"), Check.EMBEDDED_KEY, "jku"),
    "x5u": Hostile(with_header(x5u="https://evil.example/cert"), Check.EMBEDDED_KEY, "x5u"),
    "x5c": Hostile(with_header(x5c=["MIIB"]), Check.EMBEDDED_KEY, "x5c"),
    "x5t": Hostile(with_header(x5t="MIIB"), Check.EMBEDDED_KEY, "x5t"),
    "client assertion as voucher": Hostile(
        client_assertion, Check.TYPE, "typ", shares="its typ is what tells it from a voucher first"
    ),
    "typ JWT": Hostile(
        with_header(typ="JWT"), Check.TYPE, "typ", shares="its typ is what tells it from a voucher first"
    ),
    "typ dpop+jwt: a proof as voucher": Hostile(
        lambda forge: forge.proof(forge.bound(), {"typ": "dpop+jwt", "alg": "RS256"}, without="jwk"),
        Check.TYPE,
        "typ",
    ),
    "typ missing": Hostile(without("typ"), Check.TYPE, "typ"),
    "typ a number": Hostile(with_header(typ=1), Check.TYPE, "typ"),
    "typ nested deeply": Hostile(
        raw_header(lambda t: t.replace('"at+jwt"', "[" * 300 + "]" * 300)), Check.TYPE, "typ"
    ),
    "kid missing": Hostile(without("kid"), Check.KEY, "kid"),
    "kid a number": Hostile(with_header(kid=0), Check.KEY, "kid"),
    "kid a list": Hostile(with_header(kid=[KID]), Check.KEY, "kid"),
    "kid empty": Hostile(with_header(kid=""), Check.KEY, "kid"),
    "kid unknown": Hostile(with_header(kid=ANOTHER), Check.KEY, "kid"),
    "kid a path": Hostile(with_header(kid="../../../../dev/null"), Check.KEY, "kid"),
    "kid with SQL": Hostile(with_header(kid="x'/**/OR/**/'1'='1"), Check.KEY, "kid"),
    "kid a command": Hostile(with_header(kid="k|/usr/bin/id"), Check.KEY, "kid"),
    "kid that breaks a log line": Hostile(with_header(kid="x\r\nlevel=INFO granted"), Check.KEY, "kid"),
    "kid of 5,000 letters": Hostile(with_header(kid="k" * 5_000), Check.KEY, "kid"),
    # the signature
    "no signature": Hostile(changed(lambda t: t.rpartition(".")[0] + "."), Check.SIGNATURE, "signature"),
    "signed by another key": Hostile(by_stranger, Check.SIGNATURE, "signature", shares=CRYPTOGRAPHY),
    "payload tampered": Hostile(tampered_payload, Check.SIGNATURE, "signature", shares=CRYPTOGRAPHY),
    "header tampered": Hostile(tampered_header, Check.SIGNATURE, "signature", shares=CRYPTOGRAPHY),
    "signature of another voucher": Hostile(
        signature_of_another, Check.SIGNATURE, "signature", shares=CRYPTOGRAPHY
    ),
    "signature all zero": Hostile(
        with_signature(lambda s: bytes(len(s))), Check.SIGNATURE, "signature", shares=CRYPTOGRAPHY
    ),
    "signature one": Hostile(
        with_signature(lambda s: bytes(len(s) - 1) + b"\1"),
        Check.SIGNATURE,
        "signature",
        shares=CRYPTOGRAPHY,
    ),
    "signature above the modulus": Hostile(
        with_signature(lambda s: b"\xff" * len(s)), Check.SIGNATURE, "signature", shares=CRYPTOGRAPHY
    ),
    "signature cut": Hostile(with_signature(lambda s: s[:-6]), Check.SIGNATURE, "signature"),
    "signature with a zero before": Hostile(
        with_signature(lambda s: b"\0" + s), Check.SIGNATURE, "signature"
    ),
    "signature with bytes after": Hostile(
        with_signature(lambda s: s + b"\0\0\0"), Check.SIGNATURE, "signature"
    ),
    "signature respelt": Hostile(
        signature_respelt, Check.SIGNATURE, "signature", shares="base64url has one spelling"
    ),
    "signature with padding": Hostile(
        changed(lambda t: t + "=="), Check.SIGNATURE, "signature", shares="base64url has one spelling"
    ),
    "payload with NUL": Hostile(
        changed(lambda t: t.replace(".", ".\0", 1)),
        Check.SIGNATURE,
        "signature",
        shares=CRYPTOGRAPHY,
        in_memory="no header has a NUL",
    ),
    "payload outside ASCII": Hostile(
        changed(lambda t: t.replace(".", ".é", 1)), Check.SIGNATURE, "signature", shares=CRYPTOGRAPHY
    ),
    # the issuer
    "iss of collaudo": Hostile(with_claims(iss=f"uat.{ISSUER}"), Check.ISSUER, "iss"),
    "iss of attestazione": Hostile(with_claims(iss=f"att.{ISSUER}"), Check.ISSUER, "iss"),
    "iss the consumer itself": Hostile(with_claims(iss=CLIENT), Check.ISSUER, "iss"),
    "iss as an address": Hostile(with_claims(iss=f"https://{ISSUER}"), Check.ISSUER, "iss"),
    "iss with a full stop after": Hostile(with_claims(iss=f"{ISSUER}."), Check.ISSUER, "iss"),
    "iss in upper case": Hostile(with_claims(iss=ISSUER.upper()), Check.ISSUER, "iss"),
    "iss with a Cyrillic a": Hostile(
        with_claims(iss=ISSUER.replace("a", CYRILLIC_A, 1)),
        Check.ISSUER,
        "iss",
        shares="what is not ASCII is not quoted",
    ),
    "iss with a Cyrillic o": Hostile(
        with_claims(iss=ISSUER.replace("o", CYRILLIC_O, 1)),
        Check.ISSUER,
        "iss",
        shares="what is not ASCII is not quoted",
    ),
    "iss with NUL after": Hostile(with_claims(iss=f"{ISSUER}\0"), Check.ISSUER, "iss"),
    "iss missing": Hostile(without("iss"), Check.ISSUER, "iss"),
    "iss a list with ours": Hostile(with_claims(iss=[ISSUER]), Check.ISSUER, "iss"),
    # the audience
    "aud of another service": Hostile(with_claims(aud="https://other.example"), Check.AUDIENCE, "aud"),
    "aud of PDND's token endpoint": Hostile(
        with_claims(aud=f"auth.{ISSUER}/client-assertion"), Check.AUDIENCE, "aud"
    ),
    "aud missing": Hostile(without("aud"), Check.AUDIENCE, "aud"),
    "aud empty": Hostile(with_claims(aud=""), Check.AUDIENCE, "aud"),
    "aud null": Hostile(with_claims(aud=None), Check.AUDIENCE, "aud"),
    "aud begins with ours": Hostile(with_claims(aud=AUDIENCE + ".evil.example"), Check.AUDIENCE, "aud"),
    "aud a path below ours": Hostile(with_claims(aud=AUDIENCE + "/evil"), Check.AUDIENCE, "aud"),
    "aud with a slash after": Hostile(with_claims(aud=AUDIENCE + "/"), Check.AUDIENCE, "aud"),
    "aud ends with ours": Hostile(
        with_claims(aud="https://evil.example/?" + AUDIENCE), Check.AUDIENCE, "aud"
    ),
    "aud without TLS": Hostile(with_claims(aud=AUDIENCE.replace("https", "http")), Check.AUDIENCE, "aud"),
    "aud in upper case": Hostile(with_claims(aud=AUDIENCE.upper()), Check.AUDIENCE, "aud"),
    "aud with an escape": Hostile(
        with_claims(aud=AUDIENCE.replace("graphql", "%67raphql")), Check.AUDIENCE, "aud"
    ),
    "aud with a Cyrillic a": Hostile(
        with_claims(aud=AUDIENCE.replace("a", CYRILLIC_A, 1)), Check.AUDIENCE, "aud"
    ),
    "aud with a space before ours": Hostile(
        with_claims(aud=f"https://a.example, {AUDIENCE}"), Check.AUDIENCE, "aud"
    ),
    "aud with a NUL after ours": Hostile(
        with_claims(aud=f"https://a.example,{AUDIENCE}\0,https://b.example"), Check.AUDIENCE, "aud"
    ),
    "aud of commas alone": Hostile(with_claims(aud=",,,"), Check.AUDIENCE, "aud"),
    "aud escaped comma": Hostile(with_claims(aud=f"https://a.example%2C{AUDIENCE}"), Check.AUDIENCE, "aud"),
    "aud semicolons": Hostile(with_claims(aud=f"https://a.example;{AUDIENCE}"), Check.AUDIENCE, "aud"),
    "aud an array of near misses": Hostile(
        with_claims(aud=["https://a", AUDIENCE + "/", AUDIENCE[:-1]]), Check.AUDIENCE, "aud"
    ),
    "aud an array, ours after a comma": Hostile(
        with_claims(aud=[f"https://b.example,{AUDIENCE}"]), Check.AUDIENCE, "aud"
    ),
    "aud an array in an array": Hostile(with_claims(aud=[[AUDIENCE]]), Check.AUDIENCE, "aud"),
    "aud an object": Hostile(with_claims(aud={AUDIENCE: AUDIENCE}), Check.AUDIENCE, "aud"),
    # the times
    "exp missing": Hostile(without("exp"), Check.TIME, "exp"),
    "nbf missing": Hostile(without("nbf"), Check.TIME, "nbf"),
    "iat missing": Hostile(without("iat"), Check.TIME, "iat"),
    "exp as text": Hostile(with_claims(exp="1790000590"), Check.TIME, "exp"),
    "exp true": Hostile(with_claims(exp=True), Check.TIME, "exp"),
    "exp null": Hostile(with_claims(exp=None), Check.TIME, "exp"),
    "exp without end (1e999)": Hostile(
        raw_payload(lambda t: t.replace('"exp": ', '"exp": 1e999, "ignored": ')), Check.TIME, "exp"
    ),
    "exp of 4,000 digits": Hostile(with_claims(exp=10**4_000), Check.TIME, "exp"),
    "exp in milliseconds": Hostile(
        lambda forge: forge.voucher(exp=(forge.now + 590) * 1_000), Check.TIME, "exp"
    ),
    "iat negative": Hostile(with_claims(iat=-1), Check.TIME, "iat"),
    "nbf a list": Hostile(with_claims(nbf=[0]), Check.TIME, "nbf"),
    "expired": Hostile(at(iat=-600, exp=-SKEW - 1), Check.EXPIRED, "exp"),
    "nbf in the future": Hostile(at(nbf=SKEW + 60), Check.NOT_YET_VALID, "nbf"),
    "iat in the future": Hostile(at(iat=SKEW + 60), Check.NOT_YET_VALID, "iat"),
    "exp before iat": Hostile(at(iat=0, exp=-1), Check.LIFETIME, "exp"),
    "exp equals iat": Hostile(at(iat=0, exp=0), Check.LIFETIME, "exp"),
    "life too long": Hostile(at(iat=0, exp=LONGEST_LIFE + 10), Check.LIFETIME, "exp"),
    "life without end": Hostile(lambda forge: forge.voucher(exp=253_402_300_799), Check.LIFETIME, "exp"),
    # client and purpose
    "sub is another client": Hostile(with_claims(sub=ANOTHER), Check.CLIENT, "sub"),
    "sub the issuer": Hostile(with_claims(sub=ISSUER), Check.CLIENT, "sub"),
    "sub missing": Hostile(without("sub"), Check.CLIENT, "sub"),
    "client_id missing": Hostile(without("client_id"), Check.CLIENT, "client_id"),
    "client_id not a UUID": Hostile(with_claims(client_id="inps", sub="inps"), Check.CLIENT, "client_id"),
    "client_id in braces": Hostile(with_claims(client_id=f"{{{CLIENT}}}"), Check.CLIENT, "client_id"),
    "client_id with SQL": Hostile(with_claims(client_id="'OR'1'='1"), Check.CLIENT, "client_id"),
    "purposeId missing (m2m)": Hostile(without("purposeId"), Check.PURPOSE, "purposeId"),
    "purposeId not a UUID": Hostile(with_claims(purposeId="benefits"), Check.PURPOSE, "purposeId"),
    "purposeId a list": Hostile(with_claims(purposeId=[PURPOSE]), Check.PURPOSE, "purposeId"),
    # producer, consumer, e-service, descriptor
    **{
        f"another {name}, our audience": Hostile(with_claims(**{name: ANOTHER}), Check.ESERVICE, name)
        for name in OUR_IDS
    },
    **{f"{name} absent": Hostile(without(name), Check.ESERVICE, name) for name in ESERVICE_CLAIMS},
    "producerId null": Hostile(with_claims(producerId=None), Check.ESERVICE, "producerId"),
    "consumerId not a UUID": Hostile(with_claims(consumerId="INPS"), Check.ESERVICE, "consumerId"),
    # identifier, digest, key
    "jti missing": Hostile(without("jti"), Check.IDENTIFIER, "jti"),
    "jti empty": Hostile(with_claims(jti=""), Check.IDENTIFIER, "jti"),
    "jti a number": Hostile(with_claims(jti=1), Check.IDENTIFIER, "jti"),
    "jti with NUL": Hostile(with_claims(jti="a\0"), Check.IDENTIFIER, "jti"),
    "jti very long": Hostile(with_claims(jti="a" * 256), Check.IDENTIFIER, "jti"),
    "digest a text": Hostile(with_claims(digest=DIGEST), Check.DIGEST, "digest"),
    "digest null": Hostile(with_claims(digest=None), Check.DIGEST, "digest"),
    "digest by MD5": Hostile(with_claims(digest={"alg": "MD5", "value": DIGEST}), Check.DIGEST, "digest"),
    "digest too short": Hostile(
        with_claims(digest={"alg": "SHA256", "value": DIGEST[1:]}), Check.DIGEST, "digest"
    ),
    "digest not hexadecimal": Hostile(
        with_claims(digest={"alg": "SHA256", "value": "g" * 64}), Check.DIGEST, "digest"
    ),
    "digest with more": Hostile(
        with_claims(digest={"alg": "SHA256", "value": DIGEST, "salt": ""}), Check.DIGEST, "digest"
    ),
    "bound to a short thumbprint": Hostile(with_claims(cnf={"jkt": "abc"}), Check.POSSESSION, "cnf"),
    "bound to a certificate": Hostile(with_claims(cnf={"x5t#S256": "A" * 43}), Check.POSSESSION, "cnf"),
    "bound to a key and a certificate": Hostile(
        with_claims(cnf={"jkt": "A" * 43, "x5t#S256": "A" * 43}), Check.POSSESSION, "cnf"
    ),
    "bound to nothing": Hostile(with_claims(cnf={}), Check.POSSESSION, "cnf"),
    "cnf null": Hostile(with_claims(cnf=None), Check.POSSESSION, "cnf"),
}
"""Vouchers, sent as bearer tokens. The hub's own producer, e-service and descriptor are set, and required."""
