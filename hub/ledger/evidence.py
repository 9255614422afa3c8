# SPDX-License-Identifier: EUPL-1.2
"""Evidence of an event: documents that are kept elsewhere, by their hash and where they are found. The hub keeps none of them.

Who has the document proves by its hash that it is the one the event was recorded with (docs/adr/0034).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from hub.ledger.refusals import Refusal, RefusalCode

MOST = 20
"""Documents of one event."""
LONGEST_REFERENCE = 1_000
LONGEST_TITLE = 200

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(f"{_NAME}/{_NAME}")
"""RFC 6838, section 4.2; without parameters."""
_CARRYING = frozenset({"data", "javascript", "vbscript"})
"""Schemes of URIs that hold a document, or a program, in place of naming one."""


@dataclass(slots=True)
class Evidence:
    """One document. `sha256`: 64 hexadecimal digits; `reference`: a URI, or the agency's own id of it."""

    sha256: str
    media_type: str
    reference: str
    title: str | None = None

    def said(self) -> list[str | None]:
        """What is said of it, in the one form that is kept: hexadecimal digits and media types have no case."""
        return [self.sha256.lower(), self.media_type.lower(), self.reference, self.title]


def listed(evidence: Sequence[Evidence]) -> str | None:
    """The documents as a statement takes them: JSON, a list of lists; None for none."""
    return orjson.dumps([one.said() for one in evidence]).decode() if evidence else None


def refuse_evidence(evidence: Sequence[Evidence]) -> Refusal | None:
    """What is wrong with the documents of an event."""
    if len(evidence) > MOST:
        return _refusal(f"An event has at most {MOST} documents as evidence.")
    for number, one in enumerate(evidence):
        refusal = _refuse(one, str(number))
        if refusal is not None:
            return refusal
    return None


def _refuse(one: Evidence, number: str) -> Refusal | None:
    if not _SHA256.fullmatch(one.sha256):
        return _refusal("A SHA-256 has 64 hexadecimal digits.", number, "sha256")
    if not _MEDIA_TYPE.fullmatch(one.media_type):
        return _refusal(
            "A media type is as application/pdf: type and subtype, no parameters.", number, "mediaType"
        )
    if not _is_line(one.reference, LONGEST_REFERENCE):
        said = f"A reference has 1 to {LONGEST_REFERENCE} printable characters."
        return _refusal(said, number, "reference")
    if not _names_a_place(one.reference):
        return _refusal(
            "A reference is a URI, or your own id of the document: no user, no password, no document within it.",
            number,
            "reference",
        )
    if one.title is not None and not _is_line(one.title, LONGEST_TITLE):
        return _refusal(f"A title has 1 to {LONGEST_TITLE} printable characters.", number, "title")
    return None


def _refusal(message: str, *path: str) -> Refusal:
    return Refusal(RefusalCode.EVIDENCE_INVALID, message, ("evidence", *path))


def _is_line(text: str, longest: int) -> bool:
    return 1 <= len(text) <= longest and text.isprintable() and not text.isspace()


def _names_a_place(reference: str) -> bool:
    # NOTE a browser takes a backslash for a slash, and blanks around for none: so does this.
    try:
        parts = urlsplit(reference.strip().replace("\\", "/"))
    except ValueError:  # an authority in brackets that is none
        return False
    return "@" not in parts.netloc and parts.scheme not in _CARRYING
