# SPDX-License-Identifier: EUPL-1.2
"""A list of raw records becomes deliveries: what can be read is read, the rest is refused, nothing raises."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import orjson

from connectors.records.delivery import Delivered, RecordRefused, Refusal

R = TypeVar("R")

DIGEST_PREFIX = "sha256:"
"""How the key of a record begins that names none itself."""
DEEPEST = 32
"""Objects and lists inside each other that are kept of a record."""
TOO_DEEP = "[nested too deep to be kept]"
PLAIN = 1e16
"""Below it a float is written with its point, and comes back as one."""
LONGEST_KEY = 100
"""Characters of a record's key; a longer or unreadable one is replaced by a digest of the record."""


def deliver(
    raw: object,
    *,
    key_field: str,
    version_of: Callable[[Mapping[str, Any]], datetime | None],
    decode: Callable[[Mapping[str, Any]], R],
) -> Delivered[R]:
    """Read one raw record.

    Args:
        raw: the record as JSON gave it; it should be an object.
        key_field: the member that names it.
        version_of: reads the version as well as it can; None when it cannot.
        decode: reads the record, or raises RecordRefused.

    """
    if not isinstance(raw, dict):
        return unreadable({"value": storable(raw)}, "The record is not an object.")
    payload = storable(raw)
    content: R | Refusal
    try:
        content = decode(raw)
    except RecordRefused as refused:
        content = refused.refusal
    return Delivered(_key(raw, key_field, payload), version_of(raw), payload, content)


def unreadable(kept: Mapping[str, Any], reason: str, line: int | None = None) -> Delivered[Any]:
    """What is no record: `kept` of it, by its digest."""
    return Delivered(_digest(kept), None, kept, Refusal(None, reason), line)


def storable(value: Any, depth: int = 0) -> Any:
    """The same value as PostgreSQL's jsonb can keep it, and give it back the same.

    U+0000 becomes U+FFFD, a number beyond 64 bits or that is written back in another way its text, and what is nested deeper
    than `DEEPEST` a mark: no record of ours is half as deep.
    """
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd") if "\x00" in value else value
    if isinstance(value, dict | list) and depth >= DEEPEST:
        return TOO_DEEP
    if isinstance(value, dict):
        return {storable(name): storable(member, depth + 1) for name, member in value.items()}
    if isinstance(value, list):
        return [storable(member, depth + 1) for member in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, float):
        # NOTE of 1e16 come back its seventeen digits, a whole number; of -0.0 comes 0.0; beyond all numbers there is nothing.
        return value + 0.0 if abs(value) < PLAIN else str(value)
    return value


def best_version(read: Callable[[], datetime]) -> datetime | None:
    """What `read` gives, or None when it refuses."""
    try:
        return read()
    except RecordRefused:
        return None


def canonical(payload: Mapping[str, Any]) -> bytes:
    """A payload's bytes in one written form, so that two deliveries of the same thing can be told to be the same."""
    return orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)


def _key(raw: Mapping[str, Any], key_field: str, payload: Mapping[str, Any]) -> str:
    value = raw.get(key_field)
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(written, str) and (stripped := written.strip()) and len(stripped) <= LONGEST_KEY:
        return stripped if stripped.isprintable() else _digest(payload)
    return _digest(payload)


def _digest(payload: Mapping[str, Any]) -> str:
    return f"{DIGEST_PREFIX}{hashlib.sha256(canonical(payload)).hexdigest()}"
