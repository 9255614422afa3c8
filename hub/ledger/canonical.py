# SPDX-License-Identifier: EUPL-1.2
"""The canonical line of the feed's stream, in each of its versions, as a reader checks it (docs/reference/feed-format.md).

    {"content":<content or null>,"entry":<entry>}

A line of a version has its members in one order, each in one form, so that a pattern tells exactly the lines of it: no JSON is read.
What is wrong with a line that is none, JSON says (`_fault`); that the two agree is tested.

Pure: it imports nothing of the hub. The hub's own bytes are drawn by the database (migrations/sql/0007_canonical.sql and
0022_proposals.sql); that both agree, and agree with RFC 8785, is tested.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERSION = 2
"""What is written now. Version 1, which has no proposals, is read for ever."""
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
    """The canonical form (RFC 8785) of text, whole numbers, true, false, null, and objects of them with names in ASCII."""
    # NOTE equal to RFC 8785 for these alone: fractions, and names beyond ASCII, are written and ordered in other ways there.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def read_line(line: bytes) -> Line:
    """A line of the stream, without its end.

    Raises:
        MalformedLine: it is not canonical, lacks a member or has one too many, or its content is not the one its entry commits to.
    """
    found = _LINES[VERSION].fullmatch(line) or _LINES[1].fullmatch(line)
    if found is None or not _is_utf8(line):
        raise MalformedLine(_fault(line))
    content, entry, committed, erases, position = found.groups()
    if content != b"null" and hashlib.sha256(content).hexdigest().encode() != committed:
        raise MalformedLine("its content is not the one that `contentHash` in its entry commits to")
    place, erased = int(position), None if erases == b"null" else int(erases)
    if max(place, erased or 0) > LARGEST:
        raise MalformedLine(_fault(line))
    return Line(entry, place, content != b"null", erased)


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


_TEXT = rb'"[^"\\\x00-\x1f]*+(?:(?:\\["\\bfnrt]|\\u00(?:0[0-7bef]|1[0-9a-f]))[^"\\\x00-\x1f]*+)*+"'
"""Any text in its canonical form (RFC 8785, section 3.2.2.2), as far as its bytes are UTF-8."""
_MOMENT = rb'"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"'
_HASH = rb'"[0-9a-f]{64}"'
_EVENT = rb'"evt_[0-9a-f]{32}"'
_WORD = rb'"[A-Z0-9_]+"'
_POSITION = rb"[1-9][0-9]{0,15}"
_COUNT = rb"(?:0|[1-9][0-9]{0,8})"
_EURO = rb'"(?:0|[1-9][0-9]{0,7})\.[0-9]{2}"'
_TRUTH = rb"(?:false|true)"


def _or_null(pattern: bytes) -> bytes:
    return rb"(?:null|%s)" % pattern


def _object(members: Mapping[str, bytes]) -> bytes:
    return rb"\{%s\}" % b",".join(b'"%s":%s' % (name.encode(), pattern) for name, pattern in members.items())


_ENTRY: Mapping[str, bytes] = {
    "contentHash": _HASH,
    "erases": _or_null(_POSITION),
    "event": _EVENT,
    "measure": _WORD,
    "occurredAt": _MOMENT,
    "position": _POSITION,
    "recordedAt": _MOMENT,
    "sequencedAt": _MOMENT,
    "source": _TEXT,
    "type": _WORD,
    "version": b"%d" % VERSION,
    "withdraws": _or_null(_EVENT),
}
"""The members of an entry, in their order, each with the pattern of its canonical form."""
_PROPOSAL: Mapping[str, bytes] = {
    "article": _TEXT,
    "atMostMonths": _or_null(_COUNT),
    "breach": _or_null(_WORD),
    "count": _COUNT,
    "edition": _COUNT,
    "effect": _or_null(_WORD),
    "monthlyCut": _EURO,
    "months": _COUNT,
    "retroactive": _TRUTH,
    "sentence": _TEXT,
    "unverified": _TRUTH,
}
"""Those of a proposal."""
_CONTENT: Mapping[str, bytes] = {
    "fiscalCode": _or_null(_TEXT),
    "inpsProtocol": _or_null(_TEXT),
    "municipality": _TEXT,
    "pact": _or_null(rb'"pct_[0-9a-f]{32}"'),
    "proposal": _or_null(_object(_PROPOSAL)),
    "recordHash": _HASH,
    "region": _TEXT,
    "salt": rb'"[0-9a-f]{32}"',
}
"""Those of a content."""
_MEMBERS: Mapping[int, tuple[Mapping[str, bytes], Mapping[str, bytes]]] = {
    1: (
        {**_ENTRY, "version": b"1"},
        {name: pattern for name, pattern in _CONTENT.items() if name != "proposal"},
    ),
    VERSION: (_ENTRY, _CONTENT),
}
"""Those of an entry and a content, of each version."""
_TAKEN: Mapping[str, bytes] = {
    "contentHash": rb'"([0-9a-f]{64})"',
    "erases": rb"(null|%s)" % _POSITION,
    "position": rb"(%s)" % _POSITION,
}
"""What is taken out of an entry."""
_LINES: Mapping[int, re.Pattern[bytes]] = {
    version: re.compile(
        rb'\{"content":(null|%s),"entry":(%s)\}' % (_object(content), _object({**entry, **_TAKEN}))
    )
    for version, (entry, content) in _MEMBERS.items()
}


def _fault(line: bytes) -> str:
    """What is wrong with a line that is none."""
    try:
        whole = json.loads(line)
        again = canonical(whole)
    except (ValueError, RecursionError):  # also what is not UTF-8, and surrogates that stand alone
        return "it is not JSON in UTF-8"
    if not isinstance(whole, dict) or whole.keys() != {"content", "entry"}:
        return "it is not an object of `content` and `entry`"
    if again != line:
        return "it is not in canonical form (RFC 8785)"
    said = whole["entry"].get("version") if isinstance(whole["entry"], dict) else None
    version = said if type(said) is int and said in _MEMBERS else VERSION
    entry, content = _MEMBERS[version]
    return (
        _fault_of("entry", whole["entry"], entry, version)
        or (whole["content"] is not None and _fault_of("content", whole["content"], content, version))
        or f"it is not of the form version {version} says"
    )


def _fault_of(what: str, value: Any, members: Mapping[str, bytes], version: int) -> str | None:
    if not isinstance(value, dict):
        return f"its `{what}` is not an object"
    if value.keys() != members.keys():
        return f"the members of its `{what}` are not those of version {version}"
    for name, pattern in members.items():
        too_large = isinstance(value[name], int) and value[name] > LARGEST
        if too_large or not re.fullmatch(pattern, canonical(value[name])):
            return f"`{name}` of its `{what}` is not of the form version {version} says"
    return None
