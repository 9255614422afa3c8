# SPDX-License-Identifier: EUPL-1.2
"""Refusals as `application/problem+json` (RFC 9457), and what a 401 says of how to ask.

A GraphQL client gets GraphQL errors; who asks for problem+json beside them, or anywhere but at `/graphql`, gets this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson

from hub.access.proof import ALGORITHMS, ProofRefused
from hub.access.refusal import NoVoucher
from hub.errors import ClientError
from hub.http.accept import PROBLEM, prefers_problem


def as_wanted(body: bytes, status: int, media: bytes, accept: bytes | None) -> tuple[bytes, bytes]:
    """A response's body and media type, as `Accept` wants it: a refusal perhaps as a problem, an answer as it is."""
    if status < 400 or not prefers_problem(accept):
        return body, media
    return problem(body, status), PROBLEM


def problem(reply_body: bytes, status: int) -> bytes:
    """A problem for the errors of a GraphQL response that has nothing but errors: the first in full, all where there are more."""
    errors: list[dict[str, Any]] = orjson.loads(reply_body)["errors"]
    first = errors[0]
    content = _with(_standard(status, first["message"]), first.get("extensions", {}))
    if len(errors) > 1:
        content["errors"] = errors
    return orjson.dumps(content)


def plain_problem(status: int, detail: str) -> bytes:
    """A problem that has no code of the hub's: what HTTP itself says of a request."""
    return orjson.dumps(_standard(status, detail))


def _standard(status: int, detail: str) -> dict[str, Any]:
    # NOTE `about:blank` says that the title is the status's own phrase (RFC 9457, section 4.2.1); `code` says the rest.
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}


def _with(standard: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """A problem's own members, and what else is said beside them."""
    # NOTE its own come last, too: an agency's refusal says `status` of the agency's answer.
    return {**standard, **said, **standard}


def challenges(refused: ClientError) -> Sequence[tuple[bytes, bytes]]:
    """What a 401 says of how to ask (RFC 6750, section 3; RFC 9449, section 7.1)."""
    bearer, dpop = b'Bearer realm="snodo"', b'DPoP realm="snodo", algs="%s"' % " ".join(ALGORITHMS).encode()
    if isinstance(refused, ProofRefused):
        dpop += b', error="invalid_dpop_proof"'
    elif not isinstance(refused, NoVoucher):
        bearer += b', error="invalid_token"'
        dpop += b', error="invalid_token"'
    return ((b"www-authenticate", bearer), (b"www-authenticate", dpop))
