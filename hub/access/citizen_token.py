# SPDX-License-Identifier: EUPL-1.2
"""Citizens' tokens: an OIDC access token (SPID, CIE) becomes a `Citizen`, or a refusal that says which check failed.

The token is the one an identity provider of a ministry or a region gives to the app in which a citizen logged in: a signed
access token (RFC 9068) for this hub. Never an ID token, which says to the app who logged in and opens no API. The claims'
names are those of the SPID/CIE OIDC rules (user attributes, ID token); what is not laid down there for an access token read by
a third party is a setting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.access.claims import check_audience, check_issuer, check_times, identifier, time_of
from hub.access.jwks import KeySet
from hub.access.jws import VERIFIED_ALGORITHMS, Form, Members, signed_claims
from hub.access.received import ABSENT, described, kind
from hub.access.refusal import Check, TokenRefused
from hub.access.verified import VerifiedTokens
from hub.errors import ConfigurationError
from hub.settings import Settings
from hub.store.fiscal_code import InvalidFiscalCode, parse_fiscal_code

ISSUER: Final = "the identity provider"
PREFIX: Final = "TINIT-"
"""Before an Italian fiscal code where the claim is written as ETSI EN 319 412-1 says."""
OF_ID_TOKENS: Final = ("nonce", "at_hash", "c_hash", "s_hash")
"""Claims only ID tokens have (OpenID Connect Core, sections 2 and 3.3.2.11); SPID and CIE demand `nonce` and `at_hash` there."""

_AS_IT_IS: Final = (
    "Send the `access_token` of the identity provider as it is: `Authorization: Bearer <access_token>`."
)
_ONLY_ACCESS: Final = (
    "Send the access token that the identity provider gave for this hub; an ID token opens nothing here."
)
_ANEW: Final = "Ask the identity provider for a new access token."
_LOG_IN: Final = "Have the citizen log in again."

SENTENCES: Final[Mapping[Check, tuple[str, str]]] = {
    Check.FORM: ("The token's {claim} cannot be read.", _AS_IT_IS),
    Check.DUPLICATE: ("The token names `{claim}` twice, so it could be read in two ways.", _AS_IT_IS),
    Check.ALGORITHM: ("The token's `{claim}` is not one its issuer is trusted with.", _ONLY_ACCESS),
    Check.CRITICAL: ("The token's `{claim}` demands an extension this hub does not know.", _ONLY_ACCESS),
    Check.EMBEDDED_KEY: (
        "The token brings its own key in `{claim}`; only the identity provider's are trusted.",
        _ONLY_ACCESS,
    ),
    Check.TYPE: ("The token's `{claim}` is not that of an access token.", _ONLY_ACCESS),
    Check.KEY: ("The token's `{claim}` is not one of the identity provider's keys.", _ANEW),
    Check.SIGNATURE: ("The token's {claim} does not hold: one changed character breaks it.", _AS_IT_IS),
    Check.ISSUER: ("The token's `{claim}` is not the identity provider this hub trusts.", _ONLY_ACCESS),
    Check.AUDIENCE: (
        "The token's `{claim}` does not contain this hub's audience.",
        "Ask the identity provider for an access token for this hub (`resource`, RFC 8707).",
    ),
    Check.TIME: ("The token's `{claim}` is not a time.", _ANEW),
    Check.LIFETIME: ("The token lives longer, from `iat` to `{claim}`, than this hub takes.", _ANEW),
    Check.EXPIRED: ("The token has expired: `{claim}`.", "Refresh it, or have the citizen log in again."),
    Check.NOT_YET_VALID: (
        "The token's `{claim}` lies in the future.",
        "Wait until then, and check the clock of the identity provider.",
    ),
    Check.IDENTIFIER: ("The token has no usable identifier of its own in `{claim}`.", _ANEW),
    Check.POSSESSION: (
        "The token's `{claim}` binds it to a key, and this hub takes bearer tokens of citizens only.",
        "Have the identity provider issue access tokens for this hub that are not bound.",
    ),
    Check.ASSURANCE: (
        "The token's `{claim}` does not say a level at which this hub shows a person's data.",
        "Have the citizen log in again, with SPID level 2 or the electronic identity card.",
    ),
    Check.SUBJECT: (
        "The token's `{claim}` does not name a person by an Italian fiscal code.",
        f"Have the app ask for that claim. {_LOG_IN}",
    ),
}
"""For each check: what is wrong, and the way to mend it."""


class CitizenTokenRefused(TokenRefused):
    """The citizen's token is not acceptable."""

    credential = "citizen token"
    sentences = SENTENCES


@dataclass(frozen=True, slots=True)
class Citizen:
    """Whom a token stands for: verified, and still to be checked for expiry at each use. Times are Unix seconds."""

    # NOTE: never in a repr, which a log or a traceback may hold.
    fiscal_code: str = field(repr=False)
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenRules:
    """What a citizen's token for this hub must say; times in seconds. `levels`: of assurance, those that are enough."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    types: tuple[str, ...] = ("at+jwt",)
    fiscal_code_claim: str = "https://attributes.eid.gov.it/fiscal_number"
    level_claim: str = "acr"
    levels: tuple[str, ...]
    longest_life: float = 3_600.0
    clock_skew: float = 5.0

    @classmethod
    def from_settings(cls, settings: Settings) -> CitizenRules | None:
        """Read the rules from the settings; None: citizens are not let in.

        Raises:
            ConfigurationError: the settings are not whole, or contradict each other.

        """
        issuer, audience = settings.citizen_issuer, settings.citizen_audience
        if issuer is None:
            return None
        if issuer == settings.pdnd_issuer:
            raise ConfigurationError(
                "SNODO_CITIZEN_ISSUER and SNODO_PDND_ISSUER are the same; tokens are told apart by their issuer."
            )
        if audience is None or settings.citizen_jwks is None:
            raise ConfigurationError(
                "With SNODO_CITIZEN_ISSUER set, SNODO_CITIZEN_AUDIENCE and SNODO_CITIZEN_JWKS must be set too."
            )
        algorithms = tuple(settings.citizen_algorithms.split())
        if not algorithms or not VERIFIED_ALGORITHMS.issuperset(algorithms):
            raise ConfigurationError(
                f"SNODO_CITIZEN_ALGORITHMS names some of {', '.join(sorted(VERIFIED_ALGORITHMS))}, apart by spaces."
            )
        return cls(
            issuer=issuer,
            audience=audience,
            algorithms=algorithms,
            types=tuple(settings.citizen_token_types.lower().split()),
            fiscal_code_claim=settings.citizen_fiscal_code_claim,
            level_claim=settings.citizen_level_claim,
            levels=tuple(settings.citizen_levels.split()),
            longest_life=settings.citizen_token_life,
            clock_skew=settings.clock_skew,
        )


class CitizenVerifier:
    """Verifies citizens' tokens, and remembers the last `capacity` it found good. `clock` gives Unix seconds."""

    def __init__(
        self, keys: KeySet, rules: CitizenRules, clock: Callable[[], float], *, capacity: int = 4_096
    ) -> None:
        self.issuer = rules.issuer
        self._keys = keys
        self._rules = rules
        self._clock = clock
        self._form = Form(
            issuer=ISSUER, algorithms=rules.algorithms, types=rules.types, refuse=CitizenTokenRefused
        )
        self._verified = VerifiedTokens[Citizen](keys, clock, rules.clock_skew, capacity)

    def cached(self, token: str) -> Citizen | None:
        """Give the citizen of a token verified before, if it still holds; None means: ask `verify`."""
        return self._verified.get(token)

    def seconds_left(self, citizen: Citizen) -> float:
        """How long a token still holds, the skew included; negative when it has expired."""
        return citizen.expires_at + self._rules.clock_skew - self._clock()

    async def verify(self, token: str) -> Citizen:
        """Verify a compact token, without its `Bearer `.

        Raises:
            CitizenTokenRefused: a check failed; the error names it.
            UpstreamUnavailable: the identity provider's keys have never been fetched and cannot be now.

        """
        if (known := self.cached(token)) is not None:
            return known
        citizen = _citizen(await signed_claims(token, self._form, self._keys), self._rules, self._clock())
        self._verified.put(token, citizen)
        return citizen


def _citizen(claims: Members, rules: CitizenRules, now: float) -> Citizen:
    """Check signed claims against the rules at `now` (Unix seconds)."""
    check_issuer(claims, rules.issuer, CitizenTokenRefused)
    check_audience(claims, rules.audience, CitizenTokenRefused)
    issued_at, expires_at = (time_of(claims, name, CitizenTokenRefused) for name in ("iat", "exp"))
    check_times(
        issued_at,
        # RFC 9068 does not ask for `nbf`; where there is none, `iat` says from when it holds.
        time_of(claims, "nbf", CitizenTokenRefused) if "nbf" in claims else 0.0,
        expires_at,
        skew=rules.clock_skew,
        longest_life=rules.longest_life,
        now=now,
        refuse=CitizenTokenRefused,
    )
    for name in OF_ID_TOKENS:
        if name in claims:
            raise CitizenTokenRefused(
                Check.TYPE, name, f"no `{name}`, which ID tokens have", kind(claims[name])
            )
    if "cnf" in claims:
        raise CitizenTokenRefused(Check.POSSESSION, "cnf", "no `cnf`", kind(claims["cnf"]))
    identifier(claims, CitizenTokenRefused)
    _check_level(claims, rules)
    return Citizen(_fiscal_code(claims, rules.fiscal_code_claim), expires_at)


def _check_level(claims: Members, rules: CitizenRules) -> None:
    received = claims.get(rules.level_claim, ABSENT)
    if not isinstance(received, str) or received not in rules.levels:
        expected = " or ".join(f"`{level}`" for level in rules.levels)
        raise CitizenTokenRefused(Check.ASSURANCE, rules.level_claim, expected, described(received))


def _fiscal_code(claims: Members, name: str) -> str:
    """Give the person's code in its one written form."""
    received = claims.get(name, ABSENT)
    expected = f"an Italian fiscal code, with `{PREFIX}` before it or without"
    # NOTE: what came is never quoted, and no code is in the context of what is raised: it may be a person's.
    try:
        code = parse_fiscal_code(received.removeprefix(PREFIX)) if isinstance(received, str) else None
    except InvalidFiscalCode:
        code = None
    if code is None:
        raise CitizenTokenRefused(Check.SUBJECT, name, expected, kind(received))
    return code
