# SPDX-License-Identifier: EUPL-1.2
"""What a consumer signs itself (ModI): its tracking evidence, its signature on a body. Refusals say which of the two it is.

The checks stand in a list, in the order of `Check`, as a voucher's do: the hub stops at the first that fails,
`hub.access.examination` goes through all. The key is the one the consumer registered on PDND for the client whose voucher came along:
another client's proves nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias
from uuid import UUID

from hub.access.claims import check_audience, check_times, identifier, time_of
from hub.access.client_keys import ClientKeys, Found
from hub.access.jws import Form, Members, Refuse, check_signature, json_object, key_id, split
from hub.access.received import ABSENT, described
from hub.access.refusal import Check, TokenRefused


@dataclass(frozen=True, slots=True)
class ClientTokenRules:
    """What is the same for all of them: the hub's audience, and the seconds by which clocks may differ."""

    audience: str
    clock_skew: float


@dataclass(frozen=True, slots=True)
class ClientToken:
    """A token whose signature, issuer, audience and times hold."""

    claims: Members
    jti: str
    expires_at: float
    """Unix seconds."""
    key: Found


async def verified(
    token: str,
    form: Form,
    keys: ClientKeys,
    client_id: UUID,
    rules: ClientTokenRules,
    *,
    longest_life: float,
    now: float,
) -> ClientToken:
    """Verify what every token of a consumer has; `now` in Unix seconds.

    `iss` and `sub`, where they stand, name the client.

    Raises:
        TokenRefused: a check failed; made by `form.refuse`.
        UpstreamError: the key cannot be looked up now.
        NoClientKeys: this hub cannot look up keys.

    """
    refuse = form.refuse
    header_part, payload_part, signature = split(token, refuse)
    header = json_object(header_part, "header", refuse)
    kid = key_id(header, form)
    key = await keys.key(kid, client_id)
    if key is None:
        raise refuse(Check.KEY, "kid", "the `kid` of a key registered on PDND", described(kid))
    if key.client_id != client_id:
        raise refuse(Check.CLIENT, "kid", f"a key of client `{client_id}`", "another client's")
    check_signature(f"{header_part}.{payload_part}", signature, header["alg"], key.key, form)
    claims = json_object(payload_part, "payload", refuse)
    terms = Terms(client_id, rules, longest_life, now, refuse)
    for _, check in CLAIM_CHECKS:
        check(claims, terms)
    return ClientToken(claims, identifier(claims, refuse), time_of(claims, "exp", refuse), key)


# ── the claims ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Terms:
    """Of which client a token must be, and when it is looked at; `longest_life` in seconds, `now` in Unix seconds."""

    client_id: UUID
    rules: ClientTokenRules
    longest_life: float
    now: float
    refuse: Refuse


ClaimCheck: TypeAlias = Callable[[Members, Terms], object]


def _names_client(name: str, check: Check) -> ClaimCheck:
    """Give the check of a claim that names the client, where it stands."""

    def named(claims: Members, terms: Terms) -> None:
        received = claims.get(name, ABSENT)
        if received is not ABSENT and received != str(terms.client_id):
            expected = f"`{terms.client_id}`, the client of the voucher"
            raise terms.refuse(check, name, expected, described(received))

    return named


def _check_times(claims: Members, terms: Terms) -> None:
    issued_at, expires_at = time_of(claims, "iat", terms.refuse), time_of(claims, "exp", terms.refuse)
    check_times(
        issued_at,
        time_of(claims, "nbf", terms.refuse) if "nbf" in claims else issued_at,
        expires_at,
        skew=terms.rules.clock_skew,
        longest_life=terms.longest_life,
        now=terms.now,
        refuse=terms.refuse,
    )


CLAIM_CHECKS: Final[tuple[tuple[str, ClaimCheck], ...]] = (
    ("iss", _names_client("iss", Check.ISSUER)),
    ("sub", _names_client("sub", Check.CLIENT)),
    ("aud", lambda claims, terms: check_audience(claims, terms.rules.audience, terms.refuse)),
    ("iat, nbf, exp", _check_times),
    ("jti", lambda claims, terms: identifier(claims, terms.refuse)),
)
"""What the claims of every token of a consumer are checked for, in this order, by the claims each looks at."""


def _sentences(name: str, header: str) -> dict[Check, tuple[str, str]]:
    """What is wrong with a token called `name`, sent in `header`, and the way to mend it, for what all have in common."""
    as_it_is = f"Send the JWT as you signed it: `{header}: <header>.<payload>.<signature>`."
    own_key = (
        "Sign with a key you registered on PDND for the client whose voucher you send, and name it in `kid`."
    )
    anew = f"Make a new {name} for each voucher or request, and check your clock."
    return {
        Check.FORM: (f"The {name}'s {{claim}} cannot be read.", as_it_is),
        Check.DUPLICATE: (f"The {name} names `{{claim}}` twice, so it could be read in two ways.", as_it_is),
        Check.ALGORITHM: (f"The {name}'s `{{claim}}` is not the algorithm of your key.", own_key),
        Check.CRITICAL: (f"The {name}'s `{{claim}}` demands an extension this hub does not know.", "Leave `crit` out."),
        Check.EMBEDDED_KEY: (f"The {name} brings its own key in `{{claim}}`; only those on PDND are trusted.", own_key),
        Check.TYPE: (f"The {name}'s `{{claim}}` is another one's.", "Write `\"typ\": \"JWT\"` into the header."),
        Check.KEY: (f"The {name}'s `{{claim}}` is not that of a key on PDND.", own_key),
        Check.SIGNATURE: (f"The {name}'s {{claim}} does not hold: one changed character breaks it.", own_key),
        Check.ISSUER: (f"The {name}'s `{{claim}}` does not name the client that made it.", own_key),
        Check.CLIENT: (f"The {name}'s `{{claim}}` belongs to another client than the voucher.", own_key),
        Check.AUDIENCE: (
            f"The {name}'s `{{claim}}` does not contain this hub's audience.",
            f"Write this hub's audience into the {name}, as it stands in the voucher.",
        ),
        Check.TIME: (f"The {name}'s `{{claim}}` is not a time.", anew),
        Check.LIFETIME: (f"The {name}'s life, from `iat` to `{{claim}}`, is not one this hub takes.", anew),
        Check.EXPIRED: (f"The {name} has expired: `{{claim}}`.", anew),
        Check.NOT_YET_VALID: (f"The {name}'s `{{claim}}` lies in the future.", anew),
        Check.IDENTIFIER: (f"The {name} has no usable identifier of its own in `{{claim}}`.", anew),
        Check.REPLAYED: (f"The {name}'s `{{claim}}` was presented before.", anew),
    }  # fmt: skip


EVIDENCE: Final = "Agid-JWT-TrackingEvidence"
SIGNATURE: Final = "Agid-JWT-Signature"


class ClientTokenRefused(TokenRefused):
    """What a consumer signed is not acceptable; `header` says in which header it came."""

    header: ClassVar[str]

    def __init__(self, check: Check, claim: str, expected: str, received: str) -> None:
        super().__init__(check, claim, expected, received)
        self.extensions["header"] = self.header


class EvidenceRefused(ClientTokenRefused):
    """The tracking evidence is not acceptable."""

    credential = "evidence"
    header = EVIDENCE
    sentences: ClassVar[Mapping[Check, tuple[str, str]]] = {
        **_sentences("tracking evidence", EVIDENCE),
        Check.HEADER: (
            "The tracking evidence came under both names of its header.",
            f"Send it once, as `{EVIDENCE}`.",
        ),
        Check.DIGEST: (
            "The tracking evidence is not the one this voucher was issued for.",
            "Ask PDND for a voucher with the hexadecimal SHA-256 of the evidence, as you send it, in the assertion's `digest`.",
        ),
        Check.PURPOSE: (
            "The tracking evidence's `{claim}` is not the voucher's.",
            "Make the evidence for the purpose you ask the voucher for.",
        ),
        Check.NONCE: (
            "The tracking evidence's `{claim}` is not the number that makes it impossible to guess.",
            "Write 13 random digits.",
        ),
        Check.OPERATOR: (
            "The tracking evidence's `{claim}` does not say who asked.",
            "Name the person, the workplace and the level of assurance in userID, userLocation and LoA.",
        ),
    }


class SignatureRefused(ClientTokenRefused):
    """The signature on a request is not acceptable."""

    credential = "signature"
    header = SIGNATURE
    sentences: ClassVar[Mapping[Check, tuple[str, str]]] = {
        **_sentences("signature", SIGNATURE),
        Check.DIGEST: (
            "`{claim}` is not that of the body that came.",
            "Send `Digest: SHA-256=<base64>` of exactly the bytes of the body; of no bytes at all with GET.",
        ),
        Check.SIGNED_HEADERS: (
            "The signature does not cover the headers that came: `{claim}`.",
            "Sign digest, content-type and, where you send it, content-encoding, each in `signed_headers` exactly as it is sent.",
        ),
    }
