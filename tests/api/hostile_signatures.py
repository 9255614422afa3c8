# SPDX-License-Identifier: EUPL-1.2
"""What may be wrong with what a consumer signs: a table of evidence and of signatures, each with the reason of its refusal.

Each entry is made by the demo's `centre`, whose voucher and key are good, but for the one thing its name says.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.simulators.desk import digest_of, signature_headers, tracking_evidence
from connectors.simulators.jws import encode_segment, sign
from connectors.simulators.keys import DemoKeys
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.registry import Registry

BODY = json.dumps({"query": "{ __typename }"}).encode()
EVIDENCE, SIGNATURE = "Agid-JWT-TrackingEvidence", "Agid-JWT-Signature"
GZIP = "content-encoding"


@dataclass(frozen=True)
class Request:
    """What is sent."""

    headers: dict[str, str]
    body: bytes = BODY


@dataclass(frozen=True)
class Forge:
    """The centre's desk, at which anything may be made."""

    registry: Registry
    keys: DemoKeys
    who: str = "centre"
    now: float = field(default_factory=time.time)

    def key_header(self, **members: Any) -> dict[str, Any]:
        """The header the centre's key signs, with these members in place of its own; `...` leaves one out."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.keys.kid(self.who), **members}
        return {name: value for name, value in header.items() if value is not ...}

    def resigned(self, token: str, by: str | None = None, **members: Any) -> str:
        """The same claims under another header, signed by the key of `by`."""
        payload = token.split(".")[1]
        claims = json.loads(_bytes(payload))
        return sign(self.key_header(**members), claims, self.keys.private[by or self.who])

    def evidence(self, **claims: Any) -> str:
        return tracking_evidence(self.registry, self.keys, self.who, now=self.now, **claims)[0]

    def with_evidence(
        self, evidence: str, name: str = EVIDENCE, *, digest: str | None = None, who: str | None = None
    ) -> Request:
        """A request with evidence, and a voucher PDND issued for it."""
        bound = digest or hashlib.sha256(evidence.encode()).hexdigest()
        token = issue_voucher(self.registry, self.keys, who or self.who, digest=bound or None)
        return Request({**self._plain(token), name: evidence})

    def signed(self, body: bytes = BODY, **claims: Any) -> Request:
        headers = signature_headers(self.registry, self.keys, self.who, body, now=self.now, **claims)
        return Request({**self._plain(self.token()), **headers}, body)

    def token(self) -> str:
        return issue_voucher(self.registry, self.keys, self.who)

    def over(self, request: Request, *without: str, **headers: str) -> Request:
        """The same request with other headers."""
        kept = {name: value for name, value in request.headers.items() if name not in without}
        return Request(
            {**kept, **{name.replace("_", "-"): value for name, value in headers.items()}}, request.body
        )

    def _plain(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


@dataclass(frozen=True)
class Hostile:
    """A request, and why it is refused."""

    make: Callable[[Forge], Request]
    check: str
    claim: str


def _bytes(segment: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _part(value: object) -> str:
    return encode_segment(value if isinstance(value, bytes) else json.dumps(value).encode())


def _claims(**claims: Any) -> Callable[[Forge], Request]:
    return lambda forge: forge.with_evidence(forge.evidence(**claims))


def _header(by: str | None = None, **members: Any) -> Callable[[Forge], Request]:
    return lambda forge: forge.with_evidence(forge.resigned(forge.evidence(), by, **members))


def _raw(make: Callable[[Forge, str], str]) -> Callable[[Forge], Request]:
    return lambda forge: forge.with_evidence(make(forge, forge.evidence()))


def _unsigned(_: Forge, evidence: str) -> str:
    payload = evidence.split(".")[1]
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{payload}."


def _twice(forge: Forge, evidence: str) -> str:
    return _of(forge, _bytes(evidence.split(".")[1])[:-1] + b', "userID": "boss"}')


def _of(forge: Forge, payload: object) -> str:
    """A token with any payload, well signed."""
    return _signed_text(forge, f"{_part(forge.key_header())}.{_part(payload)}")


def _signed_text(forge: Forge, content: str) -> str:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    return f"{content}.{_part(forge.keys.private[forge.who].sign(content.encode(), PKCS1v15(), SHA256()))}"


def _hs256(forge: Forge, evidence: str) -> str:
    import hmac

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = forge.keys.private[forge.who].public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    content = f"{_part(forge.key_header(alg='HS256'))}.{evidence.split('.')[1]}"
    return f"{content}.{_part(hmac.digest(secret, content.encode(), 'sha256'))}"


DAY = 86_400.0

HOSTILE_EVIDENCE: dict[str, Hostile] = {
    # bound to the voucher
    "a voucher without a digest": Hostile(
        lambda forge: forge.over(forge.signed(), SIGNATURE, "Digest", **{EVIDENCE.replace("-", "_"): forge.evidence()}),
        "digest", "digest",
    ),
    "the evidence of another request": Hostile(
        lambda forge: forge.with_evidence(forge.evidence(), digest=hashlib.sha256(b"other").hexdigest()), "digest", "digest"
    ),
    "a character more": Hostile(
        lambda forge: forge.over(request := forge.with_evidence(forge.evidence()), **{EVIDENCE: request.headers[EVIDENCE] + "A"}),
        "digest", "digest",
    ),
    "under both names": Hostile(
        lambda forge: forge.over(
            request := forge.with_evidence(forge.evidence()), **{"Agid-JWT-Tracking-Evidence": request.headers[EVIDENCE]}
        ),
        "header", EVIDENCE,
    ),
    # the token
    "empty": Hostile(_raw(lambda *_: ""), "form", "token"),
    "two parts": Hostile(_raw(lambda _, good: good.rpartition(".")[0]), "form", "token"),
    "five parts": Hostile(_raw(lambda _, good: good + ".a.b"), "form", "token"),
    "too long": Hostile(_claims(more="x" * 9_000), "form", "token"),
    "a header that is no JSON": Hostile(_raw(lambda _, good: f"{_part(b'{')}.{good.partition('.')[2]}"), "form", "header"),
    "a payload that is a list": Hostile(_raw(lambda forge, _: _of(forge, [])), "form", "payload"),
    "a payload with NaN": Hostile(_raw(lambda forge, _: _of(forge, b'{"iat": NaN}')), "form", "payload"),
    "a claim twice": Hostile(_raw(_twice), "duplicate", "userID"),
    "alg none": Hostile(_raw(_unsigned), "algorithm", "alg"),
    "HS256 with the public key": Hostile(_raw(_hs256), "algorithm", "alg"),
    "no alg": Hostile(_header(alg=...), "algorithm", "alg"),
    "crit": Hostile(_header(crit=["b64"], b64=False), "critical", "crit"),
    "its own key": Hostile(_header(jwk={"kty": "RSA"}), "embedded_key", "jwk"),
    "a key's address": Hostile(_header(jku="https://evil.example/keys"), "embedded_key", "jku"),
    "a certificate": Hostile(_header(x5c=["MIIB"]), "embedded_key", "x5c"),
    "a voucher's typ": Hostile(_header(typ="at+jwt"), "type", "typ"),
    "no typ": Hostile(_header(typ=...), "type", "typ"),
    "no kid": Hostile(_header(kid=...), "key", "kid"),
    "an unknown kid": Hostile(_header(kid="A" * 43), "key", "kid"),
    "a kid that is a path": Hostile(_header(kid="../../producerKeys/x"), "key", "kid"),
    "a kid that is SQL": Hostile(_header(kid="' OR 1=1 --"), "key", "kid"),
    "PDND's own key": Hostile(lambda forge: _header("pdnd", kid=forge.keys.kid("pdnd"))(forge), "key", "kid"),
    "another client's key": Hostile(lambda forge: _header("inps", kid=forge.keys.kid("inps"))(forge), "client", "kid"),
    "another client's signature under our kid": Hostile(_header("inps"), "signature", "signature"),
    "no signature": Hostile(_raw(lambda _, good: good.rpartition(".")[0] + "."), "signature", "signature"),
    "a zero signature": Hostile(
        _raw(lambda _, good: f"{good.rpartition('.')[0]}.{_part(bytes(256))}"), "signature", "signature"
    ),
    "the claims of before": Hostile(
        _raw(lambda forge, good: ".".join((good.split(".")[0], forge.evidence(userID="boss").split(".")[1], good.split(".")[2]))),
        "signature", "signature",
    ),
    # its claims
    "no iss": Hostile(_claims(iss=...), "issuer", "iss"),
    "another iss": Hostile(_claims(iss="ffffffff-0000-4000-8000-00000000000f"), "issuer", "iss"),
    "another sub": Hostile(_claims(sub="ffffffff-0000-4000-8000-00000000000f"), "client", "sub"),
    "no aud": Hostile(_claims(aud=...), "audience", "aud"),
    "another agency's aud": Hostile(_claims(aud="https://anpr.example/v1"), "audience", "aud"),
    "an aud that begins as ours": Hostile(_claims(aud="https://snodo.example/graphql.evil"), "audience", "aud"),
    "no iat": Hostile(_claims(iat=...), "time", "iat"),
    "no exp": Hostile(_claims(exp=...), "time", "exp"),
    "exp as text": Hostile(_claims(exp="tomorrow"), "time", "exp"),
    "a life without end": Hostile(_claims(exp=4_000_000_000), "lifetime", "exp"),
    "exp before iat": Hostile(lambda forge: _claims(exp=int(forge.now) - 60)(forge), "lifetime", "exp"),
    "expired": Hostile(
        lambda forge: _claims(iat=int(forge.now) - 900, nbf=int(forge.now) - 900, exp=int(forge.now) - 300)(forge), "expired", "exp"
    ),
    "iat in the future": Hostile(
        lambda forge: _claims(iat=int(forge.now) + 60, exp=int(forge.now) + 900)(forge), "not_yet_valid", "iat"
    ),
    "nbf in the future": Hostile(lambda forge: _claims(nbf=int(forge.now) + 60)(forge), "not_yet_valid", "nbf"),
    "no jti": Hostile(_claims(jti=...), "identifier", "jti"),
    "an empty jti": Hostile(_claims(jti=""), "identifier", "jti"),
    "no purpose": Hostile(_claims(purposeId=...), "purpose", "purposeId"),
    "another purpose": Hostile(_claims(purposeId="ffffffff-0000-4000-8000-00000000000f"), "purpose", "purposeId"),
    "no dnonce": Hostile(_claims(dnonce=...), "nonce", "dnonce"),
    "a short dnonce": Hostile(_claims(dnonce="123456789012"), "nonce", "dnonce"),
    "a dnonce of letters": Hostile(_claims(dnonce="abcdefghijklm"), "nonce", "dnonce"),
    "a dnonce of other digits": Hostile(_claims(dnonce="١٢٣٤٥٦٧٨٩٠١٢٣"), "nonce", "dnonce"),
    "a dnonce that is true": Hostile(_claims(dnonce=True), "nonce", "dnonce"),
    "nobody": Hostile(_claims(userID=...), "operator", "userID"),
    "an empty userID": Hostile(_claims(userID=""), "operator", "userID"),
    "a userID with a line break": Hostile(_claims(userID="op\nroot"), "operator", "userID"),
    "a userID that is a list": Hostile(_claims(userID=["op"]), "operator", "userID"),
    "a userLocation too long": Hostile(_claims(userLocation="x" * 201), "operator", "userLocation"),
    "no LoA": Hostile(_claims(LoA=...), "operator", "LoA"),
}  # fmt: skip
"""By what is wrong."""


def _sig(**claims: Any) -> Callable[[Forge], Request]:
    return lambda forge: forge.signed(**claims)


def _sig_header(by: str | None = None, **members: Any) -> Callable[[Forge], Request]:
    def make(forge: Forge) -> Request:
        good = forge.signed()
        return forge.over(good, **{SIGNATURE: forge.resigned(good.headers[SIGNATURE], by, **members)})

    return make


def _covering(*entries: object) -> Callable[[Forge], Request]:
    return _sig(signed_headers=list(entries))


DIGEST = {"digest": digest_of(BODY)}
TYPE = {"content-type": "application/json"}

HOSTILE_SIGNATURES: dict[str, Hostile] = {
    # the digest
    "no Digest": Hostile(lambda forge: forge.over(forge.signed(), "Digest"), "digest", "Digest"),
    "another body": Hostile(
        lambda forge: Request(forge.signed().headers, BODY + b" "), "digest", "Digest"
    ),
    "another body's digest": Hostile(
        lambda forge: forge.over(forge.signed(), Digest=digest_of(b"{}")), "digest", "Digest"
    ),
    "another algorithm": Hostile(
        lambda forge: forge.over(forge.signed(), Digest="MD5=Q2hlY2sgSW50ZWdyaXR5IQ=="), "digest", "Digest"
    ),
    "a digest that is none": Hostile(lambda forge: forge.over(forge.signed(), Digest="SHA-256=é"), "digest", "Digest"),
    "a digest alone, of another body": Hostile(
        lambda forge: forge.over(forge.signed(), SIGNATURE, Digest=digest_of(b"{}")), "digest", "Digest"
    ),
    # the token
    "empty": Hostile(lambda forge: forge.over(forge.signed(), **{SIGNATURE: ""}), "form", "token"),
    "no token": Hostile(lambda forge: forge.over(forge.signed(), **{SIGNATURE: "x"}), "form", "token"),
    "alg none": Hostile(_sig_header(alg="none"), "algorithm", "alg"),
    "HS256": Hostile(_sig_header(alg="HS256"), "algorithm", "alg"),
    "crit": Hostile(_sig_header(crit=["x"]), "critical", "crit"),
    "its own key": Hostile(_sig_header(jwk={}), "embedded_key", "jwk"),
    "another typ": Hostile(_sig_header(typ="dpop+jwt"), "type", "typ"),
    "an unknown kid": Hostile(_sig_header(kid="B" * 43), "key", "kid"),
    "another client's key": Hostile(lambda forge: _sig_header("inps", kid=forge.keys.kid("inps"))(forge), "client", "kid"),
    "another client's signature under our kid": Hostile(_sig_header("inps"), "signature", "signature"),
    "evidence in its place": Hostile(
        lambda forge: forge.over(forge.signed(), **{SIGNATURE: forge.evidence(exp=int(forge.now) + 60)}),
        "signed_headers", "signed_headers",
    ),
    # its claims
    "another iss": Hostile(_sig(iss="ffffffff-0000-4000-8000-00000000000f"), "issuer", "iss"),
    "another sub": Hostile(_sig(sub="ffffffff-0000-4000-8000-00000000000f"), "client", "sub"),
    "no aud": Hostile(_sig(aud=...), "audience", "aud"),
    "another aud": Hostile(_sig(aud="https://anpr.example/v1"), "audience", "aud"),
    "no iat": Hostile(_sig(iat=...), "time", "iat"),
    "no exp": Hostile(_sig(exp=...), "time", "exp"),
    "a life of an hour": Hostile(lambda forge: _sig(exp=int(forge.now) + 3_600)(forge), "lifetime", "exp"),
    "expired": Hostile(
        lambda forge: _sig(iat=int(forge.now) - 400, nbf=int(forge.now) - 400, exp=int(forge.now) - 100)(forge), "expired", "exp"
    ),
    "of tomorrow": Hostile(
        lambda forge: _sig(iat=int(forge.now + DAY), exp=int(forge.now + DAY) + 60)(forge), "not_yet_valid", "iat"
    ),
    "no jti": Hostile(_sig(jti=...), "identifier", "jti"),
    "a jti that is a number": Hostile(_sig(jti=7), "identifier", "jti"),
    # the headers it covers
    "no signed_headers": Hostile(_sig(signed_headers=...), "signed_headers", "signed_headers"),
    "signed_headers as an object": Hostile(_sig(signed_headers={**DIGEST, **TYPE}), "signed_headers", "signed_headers"),
    "two headers in one object": Hostile(_covering({**DIGEST, **TYPE}), "signed_headers", "signed_headers"),
    "a header twice": Hostile(_covering(DIGEST, TYPE, {"digest": digest_of(b"")}), "signed_headers", "signed_headers"),
    "capitals": Hostile(_covering({"Digest": DIGEST["digest"]}, TYPE), "signed_headers", "signed_headers"),
    "the digest unsigned": Hostile(_covering(TYPE), "signed_headers", "digest"),
    "the content type unsigned": Hostile(_covering(DIGEST), "signed_headers", "content-type"),
    "the content encoding unsigned": Hostile(
        lambda forge: forge.over(forge.signed(), content_encoding="identity"), "signed_headers", "content-encoding"
    ),
    "another digest signed": Hostile(_covering({"digest": digest_of(b"")}, TYPE), "signed_headers", "digest"),
    "another content type signed": Hostile(_covering(DIGEST, {"content-type": "text/plain"}), "signed_headers", "content-type"),
    "a header signed that was not sent": Hostile(
        _covering(DIGEST, TYPE, {"x-correlation-id": "7"}), "signed_headers", "x-correlation-id"
    ),
    "a header's name that is none": Hostile(_covering(DIGEST, TYPE, {"a b": "x"}), "signed_headers", "signed_headers"),
}  # fmt: skip
"""By what is wrong."""
