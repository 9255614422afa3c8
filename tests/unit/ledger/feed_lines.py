# SPDX-License-Identifier: EUPL-1.2
"""Lines of a feed, made in Python from the format's page alone."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

FIRST_OF_2 = 21
"""From this number on, contents are of version 2."""
PROPOSAL: dict[str, Any] = {
    "article": "DL 4/2019 art. 7 c. 7 lett. a",
    "atMostMonths": None,
    "breach": "CONVOCATION",
    "count": 1,
    "edition": 1,
    "effect": "REDUCED",
    "monthlyCut": "0.00",
    "months": 1,
    "retroactive": False,
    "sentence": "Proposed to INPS, which decides: 1 monthly payment less (decurtazione).",
    "unverified": False,
}


def content_of(number: int, **changes: Any) -> dict[str, Any]:
    proposal = {"proposal": PROPOSAL if number % 2 else None} if number >= FIRST_OF_2 else {}
    return {
        "fiscalCode": f"TSTAAA80A01H{number:03}Z",
        "inpsProtocol": f"INPS-{number}",
        "municipality": "H501",
        "pact": None,
        "recordHash": "0" * 64,
        "region": "12",
        "salt": f"{number:032x}",
        **proposal,
        **changes,
    }


def entry_of(number: int, content: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "contentHash": hashlib.sha256(rfc8785.dumps(content)).hexdigest(),
        "erases": None,
        "event": f"evt_{number:032x}",
        "measure": "ADI",
        "occurredAt": "2026-06-15T12:00:00.000000Z",
        "position": number,
        "recordedAt": "2026-06-16T08:00:00.123456Z",
        "sequencedAt": "2026-06-16T08:00:00.163456Z",
        "source": "cpi-h501c900031",
        "type": "CONVOCATION_MISSED",
        "version": 2 if "proposal" in content else 1,
        "withdraws": None,
        **changes,
    }


def line_of(content: dict[str, Any] | None, entry: dict[str, Any]) -> bytes:
    return rfc8785.dumps({"content": content, "entry": entry}) + b"\n"


def line(number: int, *, erased: bool = False, erases: int | None = None) -> bytes:
    if erases is not None:
        content = content_of(number, fiscalCode=None, inpsProtocol=None)
        return line_of(content, entry_of(number, content, erases=erases, type="CONTENT_ERASED"))
    content = content_of(number)
    return line_of(None if erased else content, entry_of(number, content))
