# SPDX-License-Identifier: EUPL-1.2
"""A question in signed JSON to one e-service on PDND, and its answer as a JSON object.

For the agencies whose interface is this hub's own reading (INPS's measures, the regional labour systems); ANPR,
whose contract is published, has its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from connectors.exchange import Answer, Exchange, Outgoing
from connectors.pdnd import EServiceAccess, Operator, SecuredRequest
from connectors.strict_json import strict_json
from hub.errors import UpstreamInvalid, UpstreamRefused

_TITLE = re.compile(r"[A-Za-z ]{1,60}\Z")


class SignedJson:
    """One e-service: POST, voucher, Digest, Agid-JWT-Signature, and the operator's evidence where one is asked for."""

    def __init__(self, exchange: Exchange, access: EServiceAccess, *, url: str) -> None:
        """Take the agency's exchange, the hub's access to the e-service, and its base URL."""
        self._exchange = exchange
        self._access = access
        self._url = url.rstrip("/")

    @property
    def agency(self) -> str:
        """The agency's name as errors say it."""
        return self._exchange.agency

    async def ask(
        self,
        operation: str,
        path: str,
        question: Mapping[str, object],
        *,
        operator: Operator | None = None,
    ) -> Mapping[str, Any]:
        """Ask, and give the object that was answered. Every question may be asked again: it only reads, or holds its own key.

        Args:
            operation: the breaker's name.
            path: below the base URL; it holds no personal data, which goes in the question.
            question: the body.
            operator: whose evidence goes with it.

        Raises:
            UpstreamUnavailable: no answer in time.
            UpstreamRefused: 4xx with problem+json.
            UpstreamInvalid: anything else that is not 200 with a JSON object.

        """
        body = orjson.dumps(question)
        sent: list[SecuredRequest] = []

        async def prepare() -> Outgoing:
            secured = await self._access.secure(body, operator=operator)
            sent.append(secured)
            headers = {**secured.headers, "Accept": "application/json"}
            return Outgoing("POST", f"{self._url}/{path}", headers, body)

        # NOTE the key holds the operator: the agency records who asked, and nobody asks in another's name.
        answer = await self._exchange.call(operation, prepare, idempotent=True, key=(body, operator))
        if answer.status == 401 and sent:
            self._access.rejected(sent[-1])
        with self._exchange.reading(operation):
            return self._read(answer)

    def invalid(self, what: str) -> UpstreamInvalid:
        """The error that says which part of an answer is not as agreed; never its value."""
        return UpstreamInvalid(f"{self.agency}'s answer: {what}.", agency=self.agency)

    def _read(self, answer: Answer) -> Mapping[str, Any]:
        content = self._object(answer)
        if answer.status == 200 and content is not None and answer.media_type == "application/json":
            return content
        if 400 <= answer.status < 500 and content is not None:
            title = content.get("title")
            known = title if isinstance(title, str) and _TITLE.match(title) else "no title"
            raise UpstreamRefused(
                f"{self.agency} refused the request (HTTP {answer.status}, {known}).",
                agency=self.agency,
                status=answer.status,
            )
        raise UpstreamInvalid(
            f"{self.agency} answered HTTP {answer.status} in no known shape.", agency=self.agency
        )

    @staticmethod
    def _object(answer: Answer) -> Mapping[str, Any] | None:
        if answer.media_type not in {"application/json", "application/problem+json"}:
            return None
        try:
            content = strict_json(answer.body)
        except ValueError:
            return None
        return content if isinstance(content, dict) else None
