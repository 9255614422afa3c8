# SPDX-License-Identifier: EUPL-1.2
"""Why a file is refused whole: nothing of it lands."""

from __future__ import annotations

from enum import StrEnum


class WholeRefusal(StrEnum):
    """The code in the run and in the receipt."""

    CHECKSUM_UNREADABLE = "CHECKSUM_UNREADABLE"
    CHECKSUM_MISMATCH = "CHECKSUM_MISMATCH"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_RECORDS = "TOO_MANY_RECORDS"
    GZIP_BROKEN = "GZIP_BROKEN"
    HEADER_UNREADABLE = "HEADER_UNREADABLE"
    COLUMNS_MISSING = "COLUMNS_MISSING"
    XML_REFUSED = "XML_REFUSED"


class FileRefused(Exception):
    """A file cannot be taken; the reason is a sentence without anything of its content."""

    def __init__(self, code: WholeRefusal, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)
