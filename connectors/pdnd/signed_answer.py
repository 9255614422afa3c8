# SPDX-License-Identifier: EUPL-1.2
"""PDND's answers are its own and unchanged: `Digest` and `Agid-JWT-Signature` (domain.md 2.4 and 2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from connectors.exchange import Answer
from connectors.pdnd.identity import ALGORITHM
from connectors.pdnd.integrity import HEADER, digest_of
from hub.access.jwks import KeySet
from hub.errors import UpstreamInvalid

AGENCY = "PDND"
SKEW = 30.0
"""Seconds PDND's clock may differ from the hub's."""


async def check_answer(answer: Answer, keys: KeySet, now: float) -> None:
    """Check that one of PDND's keys signed this body; `now` in seconds since the epoch.

    Raises:
        UpstreamInvalid: it did not, or not lately, or not this body.
        UpstreamUnavailable: PDND's keys cannot be had.

    """
    if answer.headers.get("digest") != digest_of(answer.body):
        raise _invalid("its Digest is not its body's")
    claims = await _claims(answer.headers.get(HEADER, ""), keys)
    try:
        signed = {name: value for entry in claims["signed_headers"] for name, value in entry.items()}
        in_time = claims["iat"] - SKEW <= now < claims["exp"] + SKEW
    except (KeyError, TypeError, AttributeError):
        raise _invalid("its signature lacks a claim") from None
    if not in_time:
        raise _invalid("its signature is not of now")
    if "digest" not in signed or any(answer.headers.get(name) != value for name, value in signed.items()):
        raise _invalid("its signature is on other headers")


async def _claims(token: str, keys: KeySet) -> Mapping[str, Any]:
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
        key = await keys.key(kid) if isinstance(kid, str) else None
        if key is None:
            raise _invalid("it is signed by none of PDND's keys")
        claims = orjson.loads(jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload)
    except (JoseError, ValueError):
        raise _invalid("its signature does not hold") from None
    if not isinstance(claims, dict):
        raise _invalid("its signature does not hold")
    return claims


def _invalid(why: str) -> UpstreamInvalid:
    return UpstreamInvalid(f"PDND's answer is not to be trusted: {why}.", agency=AGENCY)
