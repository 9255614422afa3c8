# SPDX-License-Identifier: EUPL-1.2
"""Saying what was received, to the developer who sent it: quoted where that is harmless, else its kind and length."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Final

ABSENT: Final = object()
"""What a claim is that is not there."""

QUOTABLE: Final = re.compile(r"[!-~]{1,500}")


def described(value: object) -> str:
    """Quote a value if it is short and visible ASCII, so that nothing can be smuggled into a log; else its kind."""
    if isinstance(value, str) and QUOTABLE.fullmatch(value):
        return f"`{value}`"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"the number {value!r:.40}"
    return kind(value)


def kind(value: object) -> str:
    """Say what kind of JSON value it is, and how long."""
    match value:
        case str():
            return f"a text of {len(value)} characters"
        case list():
            return f"an array of {len(value)}"
        case dict():
            return "an object"
        case None | True | False:
            return json.dumps(value)
        case _:
            return "nothing" if value is ABSENT else "a number"


def instant(seconds: float) -> str:
    """Write Unix seconds as ISO 8601, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
