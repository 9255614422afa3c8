# SPDX-License-Identifier: EUPL-1.2
"""What ANPR answers when it does not answer the question (`RispostaKO`, GovWay's faults; domain.md 1.5).

UpstreamInvalid
└── SeveralSubjects       one code, several people
UpstreamRefused
└── SubjectDeceased       the person is dead, and the service answers for the living only
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.anpr.services import AGENCY
from connectors.exchange import Answer
from hub.errors import UpstreamError, UpstreamInvalid, UpstreamRefused

NOT_FOUND = frozenset({"EN122", "EN130", "EN133"})
"""No result; no person found."""
SEVERAL = frozenset({"EN067", "EN095", "EN131"})
"""More than one person found."""
DECEASED = frozenset({"EN148"})
"""Seen in a client's code, not in ANPR's published table: medium confidence."""

_CODE = re.compile(r"E[A-Z]\d{3}\Z")
_TITLE = re.compile(r"[A-Za-z]{1,60}\Z")


class SeveralSubjects(UpstreamInvalid):
    """ANPR knows several people under this code (an omocodia not settled): a person must decide which."""

    code = "UPSTREAM_SEVERAL_SUBJECTS"


class SubjectDeceased(UpstreamRefused):
    """ANPR does not answer this question because the person is deceased."""

    code = "UPSTREAM_SUBJECT_DECEASED"


def refusal(answer: Answer, content: Mapping[str, Any] | None) -> UpstreamError | None:
    """Say what an answer other than 200 means; None when it means that nobody was found.

    ANPR labels its own refusals `application/problem+json` though they are not RFC 7807; its gateway's faults
    are. Only ANPR's own codes mean "not found": a bare 404 means a wrong address.

    Args:
        answer: the raw answer.
        content: its body when it is a JSON object.

    """
    if content is None:
        return UpstreamInvalid(f"ANPR answered HTTP {answer.status} without JSON.", agency=AGENCY)
    codes = error_codes(content.get("listaErrori"))
    if codes:
        return by_codes(codes)
    title = content.get("title")
    if isinstance(title, str) and _TITLE.match(title) and 400 <= answer.status < 500:
        return UpstreamRefused(
            f"ANPR's gateway refused the request (HTTP {answer.status}, {title}).",
            agency=AGENCY,
            reason=title,
        )
    return UpstreamInvalid(f"ANPR answered HTTP {answer.status} in no known shape.", agency=AGENCY)


def by_codes(codes: list[str]) -> UpstreamError | None:
    """Say what ANPR's error codes mean; None for "not found"."""
    found = frozenset(codes)
    if found & SEVERAL:
        return SeveralSubjects(agency=AGENCY, codes=codes)
    if found & DECEASED:
        return SubjectDeceased(agency=AGENCY, codes=codes)
    if found <= NOT_FOUND:
        return None
    return UpstreamRefused(f"ANPR refused the question ({', '.join(codes)}).", agency=AGENCY, codes=codes)


def error_codes(entries: object) -> list[str]:
    """Give the codes of errors (`tipoErroreAnomalia` other than W, a warning) in a `listaErrori` or `listaAnomalie`.

    Only the codes: text, field and value of an entry may hold what was asked.
    """
    if not isinstance(entries, list):
        return []
    codes = []
    for entry in entries:
        if isinstance(entry, dict) and entry.get("tipoErroreAnomalia") != "W":
            code = entry.get("codiceErroreAnomalia")
            codes.append(code if isinstance(code, str) and _CODE.match(code) else "unreadable")
    return codes
