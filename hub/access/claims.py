# SPDX-License-Identifier: EUPL-1.2
"""The claims every token has (JWT, RFC 7519, section 4.1): who issued it, for whom, and when it holds."""

from __future__ import annotations

import re
from typing import Final

from hub.access.jws import Members, Refuse
from hub.access.received import ABSENT, described, instant, kind
from hub.access.refusal import Check

_LATEST_TIME: Final = 253_402_300_799  # the last second of the year 9999
_IDENTIFIER: Final = re.compile(r"[!-~]{1,255}")


def check_issuer(claims: Members, issuer: str, refuse: Refuse) -> None:
    """Check that `iss` is `issuer`, to the letter."""
    received = claims.get("iss", ABSENT)
    if received != issuer:
        raise refuse(Check.ISSUER, "iss", f"`{issuer}`", described(received))


def check_audience(claims: Members, audience: str, refuse: Refuse) -> None:
    """Check `aud`: PDND writes one text, its members joined by commas; an array is read too (RFC 7519)."""
    received = claims.get("aud", ABSENT)
    members = received.split(",") if isinstance(received, str) else received
    # NOTE: whole members are compared: `https://hub.example/graphql.evil` contains our audience as a text.
    if not isinstance(members, list) or audience not in members:
        texts = (
            [member for member in received if isinstance(member, str)] if isinstance(received, list) else []
        )
        raise refuse(
            Check.AUDIENCE, "aud", f"`{audience}`", described(",".join(texts) if texts else received)
        )


def check_times(
    issued_at: float,
    not_before: float,
    expires_at: float,
    *,
    skew: float,
    longest_life: float,
    now: float,
    refuse: Refuse,
) -> None:
    """Check that a token is good at `now`: from `nbf` until just before `exp`, with `skew` seconds on either side.

    All are Unix seconds; from `iat` to `exp` lie at most `longest_life` seconds.
    """
    life = expires_at - issued_at
    if not 0 < life <= longest_life:
        raise refuse(
            Check.LIFETIME, "exp", f"more than 0 and at most {longest_life:.0f} seconds", f"{life:.0f}"
        )
    clock = hub_clock(now, skew)
    if now >= expires_at + skew:
        raise refuse(Check.EXPIRED, "exp", f"later than {clock}", instant(expires_at))
    for name, time in (("nbf", not_before), ("iat", issued_at)):
        if time > now + skew:
            raise refuse(Check.NOT_YET_VALID, name, f"no later than {clock}", instant(time))


def hub_clock(now: float, skew: float) -> str:
    """Write the hub's clock, in Unix seconds, and by how many seconds another may differ from it."""
    return f"{instant(now)} (the hub's clock, {skew:g} s of difference allowed)"


def time_of(claims: Members, name: str, refuse: Refuse) -> float:
    """Give a claim that is a time, in Unix seconds."""
    value = claims.get(name, ABSENT)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LATEST_TIME:
        return float(value)
    raise refuse(Check.TIME, name, "a number of seconds since 1970", described(value))


def identifier(claims: Members, refuse: Refuse) -> str:
    """Give `jti`."""
    value = claims.get("jti", ABSENT)
    if isinstance(value, str) and _IDENTIFIER.fullmatch(value):
        return value
    raise refuse(Check.IDENTIFIER, "jti", "1 to 255 visible ASCII characters", kind(value))
