# SPDX-License-Identifier: EUPL-1.2
"""The citizens' identity provider: discovery, public keys, and a token endpoint for the demo's people.

Nobody logs in here: the token endpoint takes a fiscal code's word for it, by a grant of its own (RFC 6749, section 4.5), in
place of the authorization code that a login with SPID or CIE ends with. What it gives is an access token as a ministry's or a
region's provider would write it (RFC 9068) with the SPID/CIE attribute for the fiscal code.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.simulators.faults import Faults, FaultyAsgi
from connectors.simulators.jws import sign
from connectors.simulators.keys import IDENTITY_PROVIDER, DemoKeys
from connectors.simulators.people import Population
from connectors.simulators.registry import HUB_AUDIENCE, demo_id

ISSUER = "https://accesso.snodo.example"
"""`iss` of the demo's citizens."""
APP = demo_id("client", "app")
"""`client_id`: the app the demo's citizens log in to."""
GRANT = "https://snodo.example/grants/demo-person"
LEVELS = tuple(f"https://www.spid.gov.it/SpidL{level}" for level in (1, 2, 3))
FISCAL_CODE = "https://attributes.eid.gov.it/fiscal_number"
_NO_STORE = {"Cache-Control": "no-store"}
_OPERATIONS = {"/.well-known/openid-configuration": "discovery", "/jwks": "jwks", "/token": "token"}


def issue_citizen_token(
    keys: DemoKeys,
    fiscal_code: str,
    *,
    level: int = 2,
    now: float | None = None,
    lifespan: int = 600,
    audience: str = HUB_AUDIENCE,
) -> str:
    """Issue an access token without the HTTP endpoint, with the same claims (`snodo voucher --as citizen`).

    Args:
        keys: the demo's keys.
        fiscal_code: whom the token stands for; need not be anybody the demo knows.
        level: of SPID, 1 to 3.
        now: seconds since the epoch; the clock's when absent.
        lifespan: seconds the token lives.
        audience: for whom it is; the hub by default.

    """
    moment = int(time.time() if now is None else now)
    claims: dict[str, object] = {
        "iss": ISSUER,
        "aud": audience,
        # Pairwise, as SPID and CIE demand: it says the same of one person each time, and nothing about them.
        "sub": demo_id("citizen", fiscal_code),
        "client_id": APP,
        "scope": "snodo",
        "jti": str(uuid.uuid4()),
        "iat": moment,
        "exp": moment + lifespan,
        "acr": LEVELS[level - 1],
        FISCAL_CODE: f"TINIT-{fiscal_code}",
    }
    header = {"alg": "RS256", "typ": "at+jwt", "kid": keys.kid(IDENTITY_PROVIDER)}
    return sign(header, claims, keys.private[IDENTITY_PROVIDER])


class IdentityProviderSimulator:
    """The identity provider as an ASGI application (`app`), with switches for faults (`faults`)."""

    def __init__(self, keys: DemoKeys, people: Population, *, now: Callable[[], float] = time.time) -> None:
        """Take the demo's keys, and the people who may log in."""
        self._keys = keys
        self._people = people
        self.faults = Faults(now)
        self._now = self.faults.clock
        routes = [
            Route("/.well-known/openid-configuration", self._discovery, methods=["GET"]),
            Route("/jwks", self._jwks, methods=["GET"]),
            Route("/token", self._token, methods=["POST"]),
        ]
        self.operations = tuple(_OPERATIONS.values())
        self.app = FaultyAsgi(Starlette(routes=routes), self.faults, _OPERATIONS.get)

    async def _discovery(self, request: Request) -> Response:
        """OpenID Connect Discovery 1.0, section 3, as far as there is something behind it."""
        here = str(request.base_url).rstrip("/")
        return JSONResponse(
            {
                "issuer": ISSUER,
                "jwks_uri": f"{here}/jwks",
                "token_endpoint": f"{here}/token",
                "grant_types_supported": [GRANT],
                "acr_values_supported": list(LEVELS),
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "claims_supported": ["sub", "acr", FISCAL_CODE],
            }
        )

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse(self._keys.jwks(IDENTITY_PROVIDER))

    async def _token(self, request: Request) -> Response:
        """An access token of the person with this `fiscal_code`, at the level `acr_values` asks for (level 2 when absent)."""
        try:
            form = dict(parse_qsl((await request.body()).decode("ascii"), strict_parsing=True))
        except ValueError:
            return _refused("invalid_request")
        if form.get("grant_type") != GRANT:
            return _refused("unsupported_grant_type")
        level = form.get("acr_values", LEVELS[1])
        if level not in LEVELS:
            return _refused("invalid_request")
        person = self._people.lookup(form.get("fiscal_code", ""))
        if person is None:
            return _refused("invalid_grant")
        token = issue_citizen_token(
            self._keys, person.fiscal_code, level=LEVELS.index(level) + 1, now=self._now()
        )
        return JSONResponse(
            {"access_token": token, "token_type": "Bearer", "expires_in": 600, "scope": "snodo"},
            headers=_NO_STORE,
        )


def _refused(error: str) -> Response:
    """An error of RFC 6749, section 5.2."""
    return JSONResponse({"error": error}, 400, _NO_STORE)
