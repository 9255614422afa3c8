# SPDX-License-Identifier: EUPL-1.2
"""The canonical line of the feed's stream, version 1, as a reader checks it (docs/reference/feed-format.md).

    {"content":<content or null>,"entry":<entry>}

Pure: it imports nothing of the hub. The hub's own bytes are drawn by the database (migrations/sql/0007_canonical.sql); that both
agree, and agree with RFC 8785, is tested.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

VERSION = 1
LARGEST = 2**53 - 1
"""The largest number that is the same in every reader of JSON (RFC 8785, appendix B)."""


class MalformedLine(ValueError):
    """A line that is not one of this format; the message says what of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line: the bytes of the entry proper, a leaf of the tree, and what verification asks of it."""

    entry: bytes
    position: int
    has_content: bool
    erases: int | None


def canonical(value: Any) -> bytes:
    """The canonical form (RFC 8785) of text, whole numbers, null, and objects of them with names in ASCII."""
    # NOTE equal to RFC 8785 for these alone: fractions, and names beyond ASCII, are written and ordered in other ways there.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def read_line(line: bytes) -> Line:
    """A line of the stream, without its end.

    Raises:
        MalformedLine: it is not canonical, lacks a member or has one too many, or its content is not the one its entry commits to.
    """
    try:
        whole = json.loads(line)
        again = canonical(whole)
    except (ValueError, RecursionError):  # also what is not UTF-8, and surrogates that stand alone
        raise MalformedLine("it is not JSON in UTF-8") from None
    if not isinstance(whole, dict) or whole.keys() != {"content", "entry"}:
        raise MalformedLine("it is not an object of `content` and `entry`")
    if again != line:
        raise MalformedLine("it is not in canonical form (RFC 8785)")
    entry, content = whole["entry"], whole["content"]
    _check("entry", entry, _ENTRY)
    if content is not None:
        _check("content", content, _CONTENT)
        if hashlib.sha256(canonical(content)).hexdigest() != entry["contentHash"]:
            raise MalformedLine("its content is not the one that `contentHash` in its entry commits to")
    return Line(canonical(entry), entry["position"], content is not None, entry["erases"])


Rule = Callable[[Any], bool]


def _matches(pattern: str) -> Rule:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _or_null(rule: Rule) -> Rule:
    return lambda value: value is None or rule(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_position(value: Any) -> bool:
    return type(value) is int and 1 <= value <= LARGEST


def _is_version(value: Any) -> bool:
    return type(value) is int and value == VERSION


_MOMENT = _matches(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_HASH = _matches(r"[0-9a-f]{64}")
_EVENT = _matches(r"evt_[0-9a-f]{32}")
_WORD = _matches(r"[A-Z0-9_]+")

_ENTRY: Mapping[str, Rule] = {
    "contentHash": _HASH,
    "erases": _or_null(_is_position),
    "event": _EVENT,
    "measure": _WORD,
    "occurredAt": _MOMENT,
    "position": _is_position,
    "recordedAt": _MOMENT,
    "sequencedAt": _MOMENT,
    "source": _is_text,
    "type": _WORD,
    "version": _is_version,
    "withdraws": _or_null(_EVENT),
}
_CONTENT: Mapping[str, Rule] = {
    "fiscalCode": _or_null(_is_text),
    "inpsProtocol": _or_null(_is_text),
    "municipality": _is_text,
    "pact": _or_null(_matches(r"pct_[0-9a-f]{32}")),
    "recordHash": _HASH,
    "region": _is_text,
    "salt": _matches(r"[0-9a-f]{32}"),
}


def _check(what: str, value: Any, rules: Mapping[str, Rule]) -> None:
    if not isinstance(value, dict):
        raise MalformedLine(f"its `{what}` is not an object")
    if value.keys() != rules.keys():
        raise MalformedLine(f"the members of its `{what}` are not those of version {VERSION}")
    for name, rule in rules.items():
        if not rule(value[name]):
            raise MalformedLine(f"`{name}` of its `{what}` is not of the form version {VERSION} says")
