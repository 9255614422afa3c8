# SPDX-License-Identifier: EUPL-1.2
"""PDND's token endpoint: one assertion in, one voucher out (domain.md 2.1)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from connectors.exchange import Answer, Exchange, Outgoing
from connectors.pdnd.assertion import client_assertion
from connectors.pdnd.dpop import ProofKey
from connectors.pdnd.identity import ClientIdentity
from connectors.strict_json import strict_json
from hub.errors import UpstreamInvalid, UpstreamRefused

AGENCY = "PDND"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Voucher:
    """A bearer token and its end, in seconds since the epoch."""

    token: str = field(repr=False)
    expires_at: float


class TokenEndpoint:
    """Asks for vouchers; keeps none (`connectors.pdnd.passes` does)."""

    def __init__(
        self,
        identity: ClientIdentity,
        exchange: Exchange,
        *,
        url: str,
        assertion_audience: str,
        now: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """Take the hub's client, the exchange for PDND, `…/token.oauth2`, and the assertion's audience."""
        self._identity = identity
        self._exchange = exchange
        self._url = url
        self._audience = assertion_audience
        self._now = now
        self._new_id = new_id

    async def voucher(self, purpose_id: str, digest: str | None = None) -> Voucher:
        """Ask for a voucher of this purpose, bound to an evidence's hex SHA-256 when one is given.

        Asking twice does no harm, so it may be retried, each time with a new assertion.

        Raises:
            UpstreamUnavailable: PDND does not answer, or its rate limit is reached.
            UpstreamRefused: PDND refused the assertion (it never says why: its errors are masked).
            UpstreamInvalid: its answer is not what its interface description promises.

        """

        async def prepare() -> Outgoing:
            return self._request(purpose_id, digest, {})

        asked_at = self._now()
        answer = await self._exchange.call("token", prepare, idempotent=True)
        with self._exchange.reading("token"):
            return decode_token_answer(answer, asked_at)

    async def m2m_voucher(self, proofs: ProofKey) -> Voucher:
        """Ask for a voucher for PDND's own API, bound to a key. Raises as `voucher` does."""

        async def prepare() -> Outgoing:
            proof = proofs.proof("POST", self._url, jti=self._new_id(), now=self._now())
            return self._request(None, None, {"DPoP": proof})

        asked_at = self._now()
        answer = await self._exchange.call("token", prepare, idempotent=True)
        with self._exchange.reading("token"):
            return decode_token_answer(answer, asked_at, kind="DPoP")

    async def aclose(self) -> None:
        """End what is under way in the background for the client's key."""
        await self._identity.aclose()

    def _request(self, purpose_id: str | None, digest: str | None, more: Mapping[str, str]) -> Outgoing:
        assertion = client_assertion(
            self._identity,
            audience=self._audience,
            purpose_id=purpose_id,
            jti=self._new_id(),
            now=self._now(),
            digest=digest,
        )
        form = {
            "client_id": self._identity.client_id,
            "client_assertion": assertion,
            "client_assertion_type": ASSERTION_TYPE,
            "grant_type": "client_credentials",
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", **more}
        return Outgoing("POST", self._url, headers, urlencode(form).encode("ascii"))


def decode_token_answer(answer: Answer, asked_at: float, *, kind: str = "Bearer") -> Voucher:
    """Read the endpoint's answer to a question asked at `asked_at` (seconds since the epoch); `kind`: the `token_type` asked for.

    Raises:
        UpstreamRefused: 400 or another 4xx with PDND's problem+json.
        UpstreamInvalid: anything else that is not the token answer.

    """
    content = _json_object(answer)
    if 400 <= answer.status < 500 and content is not None:
        codes = _error_codes(content)
        raise UpstreamRefused(
            f"PDND gave no voucher (HTTP {answer.status}, {', '.join(codes) or 'no code'}): check client, key, "
            "purpose and the clock.",
            agency=AGENCY,
            codes=codes,
        )
    if answer.status != 200 or content is None:
        raise UpstreamInvalid(f"PDND's answer (HTTP {answer.status}) is not a token answer.", agency=AGENCY)
    token, given, lifetime = (content.get(name) for name in ("access_token", "token_type", "expires_in"))
    if not (isinstance(token, str) and token.isascii() and token.count(".") == 2):
        raise UpstreamInvalid("PDND's answer has no usable access_token.", agency=AGENCY)
    if given != kind:
        raise UpstreamInvalid(f"PDND's voucher is not a {kind} token.", agency=AGENCY)
    if not isinstance(lifetime, int) or isinstance(lifetime, bool) or lifetime <= 0:
        raise UpstreamInvalid("PDND's answer has no usable expires_in.", agency=AGENCY)
    return Voucher(token, asked_at + lifetime)


def _json_object(answer: Answer) -> dict[str, object] | None:
    if answer.media_type not in {"application/json", "application/problem+json"}:
        return None
    try:
        content = strict_json(answer.body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _error_codes(problem: dict[str, object]) -> list[str]:
    errors = problem.get("errors")
    if not isinstance(errors, list):
        return []
    codes = (error.get("code") for error in errors if isinstance(error, dict))
    return [code for code in codes if isinstance(code, str) and len(code) <= 16]
