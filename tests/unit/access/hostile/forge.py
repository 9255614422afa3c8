# SPDX-License-Identifier: EUPL-1.2
"""What is sent, and who makes it: the types of the tables of hostile tokens.

The tables are data; two rooms of tests run them:
`test_hostile.py` sends each to the hub's own parts in memory, `tests/api/test_hostile_tokens.py` to a running hub. Each has a
reason of its own (check, claim and words), or says why another has the same.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.jws import JWSRegistry

from hub.access.refusal import Check

NOW = 1_790_000_000.0
"""When the tests are: a moment in Unix seconds."""
ISSUER = "interop.pagopa.it"
AUDIENCE = "https://snodo.example/graphql"
TARGET = "https://snodo.example/graphql"
CLIENT = "e58035ce-c753-4f72-b613-46f8a17b71cc"
PURPOSE = "1b361d49-33f4-4f1e-a88b-4e12661f2309"
ANOTHER = "ffffffff-0000-4000-8000-00000000000f"
KID = "32d8a321-1568-44f5-9558-a9072f519d2d"
OUR_IDS: dict[str, str] = {
    "producerId": "0c1a2b3c-0000-4000-8000-000000000001",
    "eserviceId": "0c1a2b3c-0000-4000-8000-000000000003",
    "descriptorId": "0c1a2b3c-0000-4000-8000-000000000004",
}
ESERVICE_CLAIMS: dict[str, Any] = {**OUR_IDS, "consumerId": "0c1a2b3c-0000-4000-8000-000000000002"}
SKEW = 5.0
PROOF_LIFE = 60.0
DIGEST = hashlib.sha256(b"evidence").hexdigest()


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def b64_json(value: object) -> str:
    return b64(json.dumps(value).encode())


@dataclass
class Clock:
    """One that a test sets."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


Key = RSAKey | ECKey | OctKey


def signed(header: str, payload: str, key: Key, alg: str) -> str:
    """Two finished parts with a signature on them."""
    algorithm = JWSRegistry(algorithms=[alg]).get_alg(alg)
    return f"{header}.{payload}.{b64(algorithm.sign(f'{header}.{payload}'.encode(), key))}"


@dataclass
class Forge:
    """Signs as PDND does, as a consumer does, and as those who are neither try to."""

    key: RSAKey
    """PDND's."""
    kid: str
    stranger: RSAKey
    """Nobody's that the hub knows."""
    holder: ECKey
    """The consumer's, to which its vouchers are bound."""
    claims: Mapping[str, object]
    """Of a good voucher."""
    now: float
    target: str = TARGET
    number: int = field(default=0)

    @property
    def header(self) -> dict[str, object]:
        return {"typ": "at+jwt", "use": "sig", "alg": "RS256", "kid": self.kid}

    def sign(self, header: str, payload: str, *, alg: str = "RS256", key: Key | None = None) -> str:
        return signed(header, payload, key or self.key, alg)

    def voucher(
        self, header: Mapping[str, object] | None = None, /, *, without: str = "", **claims: object
    ) -> str:
        """A good voucher, but for these header members and claims; `without` names one to leave out."""
        members, payload = {**self.header, **(header or {})}, {**self.claims, **claims}
        for part in (members, payload):
            part.pop(without, None)
        return self.sign(b64_json(members), b64_json(payload))

    @property
    def thumbprint(self) -> str:
        return self.holder.thumbprint()

    def bound(self, **claims: Any) -> str:
        """A good voucher that is bound to the holder's key."""
        return self.voucher(None, cnf={"jkt": self.thumbprint}, **claims)

    def proof_parts(self, token: str) -> tuple[dict[str, object], dict[str, object]]:
        """Header and payload of a good proof for a voucher."""
        self.number += 1
        return (
            {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.holder.as_dict(private=False)},
            {
                "jti": f"proof {id(self)} {self.number}".replace(" ", "-"),
                "htm": "POST",
                "htu": self.target,
                "iat": self.now,
                "ath": b64(hashlib.sha256(token.encode()).digest()),
            },
        )

    def proof(
        self,
        token: str,
        header: Mapping[str, object] | None = None,
        /,
        *,
        without: str = "",
        **claims: object,
    ) -> str:
        """A good proof for a voucher, but for these header members and claims."""
        members, payload = self.proof_parts(token)
        members, payload = {**members, **(header or {})}, {**payload, **claims}
        for part in (members, payload):
            part.pop(without, None)
        return signed(b64_json(members), b64_json(payload), self.holder, "ES256")


@dataclass(frozen=True)
class Sent:
    """What is sent: a token by a scheme, with proofs, with tracking evidence. `twice`: the first time it is taken."""

    token: str
    scheme: str = "Bearer"
    proofs: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    method: str = "POST"
    twice: bool = False

    def headers(self) -> list[tuple[bytes, bytes]]:
        named = [("authorization", f"{self.scheme} {self.token}")]
        named += [("dpop", proof) for proof in self.proofs]
        named += [("agid-jwt-trackingevidence", one) for one in self.evidence]
        return [(name.encode(), value.encode("latin-1")) for name, value in named]


@dataclass(frozen=True)
class Hostile:
    """What is sent, and the check and the claim by which it is refused.

    `shares`: why another one has the very same reason. `in_memory`: why no HTTP request can carry it.
    """

    make: Callable[[Forge], str | Sent]
    check: Check
    claim: str
    shares: str = ""
    in_memory: str = ""

    def sent(self, forge: Forge) -> Sent:
        made = self.make(forge)
        return made if isinstance(made, Sent) else Sent(made)


CRYPTOGRAPHY = "a signature tells that something was changed, not what"
