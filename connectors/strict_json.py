# SPDX-License-Identifier: EUPL-1.2
"""JSON as agencies send it, read as one text with one meaning (RFC 8259; I-JSON, RFC 7493).

orjson takes UTF-8 alone, no `NaN`, no half of a surrogate pair; but of a member that stands twice it takes the last, where another
reader takes the first. Who signs, checks or keeps such a text does not know what was said.
"""

from __future__ import annotations

import json
from typing import Any

import orjson


def strict_json(content: bytes) -> Any:
    """Read a JSON text in UTF-8.

    Raises:
        ValueError: it is none, it nests too deep, or an object in it has a member twice.

    """
    found = orjson.loads(content)
    try:
        json.loads(content, object_pairs_hook=_check, parse_int=_pass, parse_float=_pass)
    except RecursionError:
        raise ValueError("it nests too deep") from None
    return found


def _check(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a member stands twice")


def _pass(_: str) -> None:
    """Leave a number unread: the first reading has it."""
