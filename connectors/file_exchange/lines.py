# SPDX-License-Identifier: EUPL-1.2
"""The lines of a file, each by itself: what is wrong with one is not told of its neighbours."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from connectors.file_exchange.folders import CHUNK


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What stands where a record should: why it is none, and what is kept of it."""

    reason: str
    kept: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One raw record and the line it begins on, from 1."""

    line: int
    value: dict[str, Any] | Unreadable = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; `content` says what is wrong with one that is not read."""

    number: int
    content: bytes | Unreadable = field(repr=False)


def lines_of(file: IO[bytes], longest: int) -> Iterator[Line]:
    """The lines that are not empty, from where the file stands."""
    number = 0
    while content := file.readline(longest + 1):
        number += 1
        if len(content) > longest and not content.endswith(b"\n"):
            yield Line(number, _too_long(file, content, longest))
        elif b"\x00" in content:
            yield Line(number, unreadable_bytes("The line holds a NUL character.", content))
        elif bare := content.rstrip(b"\r\n"):
            yield Line(number, bare)


def _too_long(file: IO[bytes], content: bytes, longest: int) -> Unreadable:
    digest, size = hashlib.sha256(), 0
    while content:
        digest.update(content)
        size += len(content)
        if content.endswith(b"\n"):
            break
        content = file.readline(CHUNK)
    kept = {"sha256": digest.hexdigest(), "bytes": size}
    return Unreadable(f"The line has more than {longest} bytes.", kept)


def unreadable_bytes(reason: str, content: bytes) -> Unreadable:
    """Of bytes that are no text only the digest is kept."""
    kept = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    return Unreadable(reason, kept)
