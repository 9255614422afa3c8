# SPDX-License-Identifier: EUPL-1.2
"""How large a file may be: what goes beyond is refused whole, before any record of it lands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Bytes as sent, bytes once unpacked, bytes of a line, bytes of an XML document (it is read whole), and records.

    A line that is longer is refused by itself; the others are the file's.
    """

    bytes: int = 200_000_000
    unpacked: int = 1_000_000_000
    line: int = 65_536
    xml: int = 20_000_000
    records: int = 1_000_000
