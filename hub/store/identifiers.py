# SPDX-License-Identifier: EUPL-1.2
"""Ids as the outside sees them: `<prefix>_<uuid hex>`, opaque, typed, readable in a log."""

from __future__ import annotations

import re
from uuid import UUID

from hub.errors import InvalidInput

_SHAPE = re.compile(r"([a-z]{3})_([0-9a-f]{32})")


class InvalidId(InvalidInput):
    """An id is three letters, an underscore and 32 hexadecimal digits, as the hub gave it."""


def encode_id(prefix: str, key: UUID) -> str:
    """`ben`, a key → `ben_01930e…`."""
    return f"{prefix}_{key.hex}"


def id_prefix(text: str) -> str:
    """The prefix an id seems to have, by its form alone; empty when it has none."""
    prefix, underscore, _ = text.partition("_")
    return prefix if underscore and len(prefix) == 3 and prefix.isascii() and prefix.islower() else ""


def decode_id(text: str, expected: str | None = None) -> tuple[str, UUID]:
    """The prefix and the key of an id.

    Raises:
        InvalidId: it is not of the shape, or its prefix is not the one expected.

    """
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise InvalidId
    prefix, digits = match.groups()
    if expected is not None and prefix != expected:
        raise InvalidId(
            f"This id is of another kind: it starts with {prefix}_, where {expected}_ is expected."
        )
    return prefix, UUID(hex=digits)
