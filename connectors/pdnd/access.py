# SPDX-License-Identifier: EUPL-1.2
"""What every request to one e-service carries: voucher, evidence, digest, signature."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors.pdnd.evidence import HEADER as EVIDENCE_HEADER
from connectors.pdnd.evidence import Operator
from connectors.pdnd.identity import ClientIdentity
from connectors.pdnd.integrity import HEADER as SIGNATURE_HEADER
from connectors.pdnd.integrity import body_signature, digest_of
from connectors.pdnd.passes import Pass, Passes


@dataclass(frozen=True, slots=True)
class SecuredRequest:
    """The headers of one attempt, and the pass they came with (to `Passes.forget` after a 401)."""

    headers: dict[str, str]
    used: Pass


class EServiceAccess:
    """The hub's way into one e-service: one purpose, and the audiences that purpose's vouchers name."""

    def __init__(
        self,
        identity: ClientIdentity,
        passes: Passes,
        *,
        purpose_id: str,
        audiences: Sequence[str],
        now: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """Take the hub's client, the passes it shares between e-services, and a clock (epoch seconds)."""
        if not audiences:
            raise ValueError("an e-service has at least one audience")
        self._identity = identity
        self._passes = passes
        self._purpose_id = purpose_id
        self._audiences = tuple(audiences)
        self._now = now
        self._new_id = new_id

    async def secure(
        self,
        body: bytes,
        *,
        operator: Operator | None,
        content_type: str = "application/json",
        content_encoding: str | None = None,
        audience: str | None = None,
    ) -> SecuredRequest:
        """Give the headers for one attempt at sending exactly this body; call it anew for every attempt.

        Args:
            body: the bytes that will be sent.
            operator: whose evidence goes with it; None where the e-service has no AUDIT pattern.
            content_type: of the body, as sent and signed.
            content_encoding: sent and signed when given.
            audience: the signature's, when the e-service has several.

        Raises what `TokenEndpoint.voucher` raises.

        """
        used = await self._passes.get(self._purpose_id, self._audiences, operator)
        described = {"Digest": digest_of(body), "Content-Type": content_type}
        if content_encoding is not None:
            described["Content-Encoding"] = content_encoding
        headers = {"Authorization": f"Bearer {used.voucher.token}", **described}
        headers[SIGNATURE_HEADER] = body_signature(
            self._identity,
            described,
            audience=audience or self._audiences[0],
            jti=self._new_id(),
            now=self._now(),
        )
        if used.evidence is not None:
            headers[EVIDENCE_HEADER] = used.evidence.jws
        return SecuredRequest(headers, used)

    async def bearer(self, operator: Operator | None = None) -> SecuredRequest:
        """Give the headers of a request without a body: the voucher, and the evidence when there is one."""
        used = await self._passes.get(self._purpose_id, self._audiences, operator)
        headers = {"Authorization": f"Bearer {used.voucher.token}"}
        if used.evidence is not None:
            headers[EVIDENCE_HEADER] = used.evidence.jws
        return SecuredRequest(headers, used)

    def rejected(self, request: SecuredRequest) -> None:
        """Say that the agency answered 401: the pass is not used again."""
        self._passes.forget(request.used)
