# SPDX-License-Identifier: EUPL-1.2
"""The person at the desk: believed when the evidence is the voucher's own, and only then."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from uuid import UUID

import pytest

from hub.access.operator import LONGEST, EvidenceRefused, Operator, read_operator
from hub.access.voucher import Voucher

DESK = {"userID": "op-7", "userLocation": "cpi-roma", "LoA": "substantial"}


def _part(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _voucher(evidence: str | None) -> Voucher:
    digest = None if evidence is None else hashlib.sha256(evidence.encode()).hexdigest()
    one = UUID(int=1)
    return Voucher(one, one, 0, 0, 0, "jti", None, None, None, None, digest, None)


def _evidence(payload: object) -> str:
    return f"{_part({'alg': 'RS256'})}.{_part(payload)}.c2ln"


def test_the_operator() -> None:
    evidence = _evidence({**DESK, "purposeId": "x"})
    assert read_operator(evidence, _voucher(evidence)) == Operator("op-7", "cpi-roma", "substantial")


def test_nobody_is_named() -> None:
    assert read_operator(None, _voucher(None)) is None
    assert read_operator(None, _voucher("x")) is None


def test_evidence_of_another_voucher() -> None:
    evidence = _evidence(DESK)
    with pytest.raises(EvidenceRefused) as refused:
        read_operator(_evidence({**DESK, "userID": "op-8"}), _voucher(evidence))
    assert refused.value.extensions["check"] == "digest"
    assert "op-8" not in refused.value.message


def test_evidence_the_voucher_knows_nothing_of() -> None:
    with pytest.raises(EvidenceRefused, match="no digest"):
        read_operator(_evidence(DESK), _voucher(None))


def test_evidence_too_long() -> None:
    evidence = _evidence({**DESK, "x": "y" * LONGEST})
    with pytest.raises(EvidenceRefused):
        read_operator(evidence, _voucher(evidence))


@pytest.mark.parametrize(
    "evidence",
    ["", "x", "a.b", "a.é.c", f"a.{_part(b'{')}.c", f"a.{_part([])}.c", f"a.{_part('x')}.c", f"a.{_part(None)}.c", f"a.{_part(b'[' * 5000)}.c"],
)  # fmt: skip
def test_evidence_that_cannot_be_read(evidence: str) -> None:
    with pytest.raises(EvidenceRefused) as refused:
        read_operator(evidence, _voucher(evidence))
    assert refused.value.extensions["check"] == "evidence"


@pytest.mark.parametrize("name", DESK)
@pytest.mark.parametrize("value", [None, 1, "", "x" * 201, ["x"], "a\x00b", "a\nb", "\u2028", ...])
def test_claims_that_are_none(name: str, value: Any) -> None:
    claims = {key: word for key, word in {**DESK, name: value}.items() if word is not ...}
    evidence = _evidence(claims)
    with pytest.raises(EvidenceRefused):
        read_operator(evidence, _voucher(evidence))
