# SPDX-License-Identifier: EUPL-1.2
"""The checksum beside a file: `name.sha256`, as `sha256sum name > name.sha256` writes it (GNU coreutils)."""

from __future__ import annotations

import re
from typing import Final

from connectors.file_exchange.refusals import FileRefused, WholeRefusal

SUFFIX: Final = ".sha256"
LONGEST: Final = 1_000
"""Bytes of a checksum file: one line with a name."""
_LINE = re.compile(rb"(?P<digest>[0-9a-fA-F]{64}) [ *](?P<name>[^\r\n]+)\r?\n")


def told_digest(content: bytes, name: str) -> str | None:
    """The digest a checksum file tells of a file, in lower case; None while the line has no end yet: it is being written.

    Raises:
        FileRefused: it is one whole line, and not of that form, or of another file.

    """
    if len(content) <= LONGEST and b"\n" not in content:
        return None
    found = _LINE.fullmatch(content)
    if found is None:
        raise FileRefused(
            WholeRefusal.CHECKSUM_UNREADABLE, "The checksum file is not one line as sha256sum writes it."
        )
    if found["name"].rpartition(b"/")[2] != name.encode():
        raise FileRefused(WholeRefusal.CHECKSUM_UNREADABLE, "The checksum file names another file.")
    return found["digest"].decode("ascii").lower()
