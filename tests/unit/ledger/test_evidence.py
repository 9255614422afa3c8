# SPDX-License-Identifier: EUPL-1.2
"""What is taken as evidence, and what is refused; and that what a recording is made of is told apart."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.access.caller import Scope
from hub.access.rows import PeopleInReach
from hub.ledger.evidence import Evidence, listed, refuse_evidence
from hub.ledger.record import Recorder, RecordEvent, refuse_form
from hub.ledger.refusals import RefusalCode
from hub.store.vocabulary import AgencyKind, ConditionalityEventType, GrantScope, JustifiedReason

ONE = Evidence("0f" * 32, "application/pdf", "https://docs.example/2026/7?x=1#p2", "Certificato medico")
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
ABSENCE = RecordEvent(
    "k", "RSSMRA80A01H501U", ConditionalityEventType.ABSENCE_JUSTIFIED, NOW, None, None, (), None
)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"sha256": "AB" * 32},
        {"media_type": "image/svg+xml"},
        {"media_type": "application/vnd.etsi.asic-e+zip"},
        {"media_type": "Application/PDF"},
        {"reference": "prot. 2026/0012345 (é)"},
        {"reference": "urn:uuid:0199f3c2-a1b2-7d0e-8c51-f2a4b6d8e0f1"},
        {"reference": "doc@archive"},
        {"reference": "https://docs.example/a@b"},
        {"reference": "x" * 1_000},
        {"title": None},
        {"title": "x" * 200},
    ],
)
def test_taken(change: dict[str, Any]) -> None:
    assert refuse_evidence([replace(ONE, **change)]) is None


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"sha256": ""}, "sha256"),
        ({"sha256": "0" * 63}, "sha256"),
        ({"sha256": "0" * 65}, "sha256"),
        ({"sha256": "g" * 64}, "sha256"),
        ({"sha256": "٠" * 64}, "sha256"),
        ({"sha256": "0" * 64 + "\n"}, "sha256"),
        *(
            ({"media_type": kind}, "mediaType")
            for kind in (
                "",
                "pdf",
                "a/",
                "/b",
                "a/b/c",
                "a/b; c=d",
                "a b/c",
                "è/b",
                "a/b\n",
                "a" * 128 + "/b",
            )
        ),
        *(
            ({"reference": said}, "reference")
            for said in (
                "",
                " ",
                "a\nb",
                "a\x7fb",
                "a\u2028b",
                "x" * 1_001,
                "https://user:secret@docs.example/1",
                "https://user@docs.example/1",
                "//user:secret@docs.example/1",
                "https:\\\\user:secret@docs.example/1",
                " https://user@docs.example/1",
                "ftp://u@h",
                "https://[",
                "data:text/plain,x",
                "JavaScript:alert(1)",
            )
        ),
        ({"title": ""}, "title"),
        ({"title": "a\tb"}, "title"),
        ({"title": "x" * 201}, "title"),
    ],
)
def test_refused_with_the_way_to_it(change: dict[str, Any], member: str) -> None:
    refusal = refuse_evidence([ONE, replace(ONE, **change)])
    assert refusal is not None
    assert (refusal.code, refusal.path) == (RefusalCode.EVIDENCE_INVALID, ("evidence", "1", member))
    assert refusal.message.endswith(".")
    assert "secret" not in refusal.message


def test_at_most_twenty() -> None:
    assert refuse_evidence([ONE] * 20) is None
    refusal = refuse_evidence([ONE] * 21)
    assert refusal is not None
    assert (refusal.code, refusal.path) == (RefusalCode.EVIDENCE_INVALID, ("evidence",))


@given(st.text())
def test_whatever_is_said_is_taken_or_refused(said: str) -> None:
    for name in ("sha256", "media_type", "reference", "title"):
        refusal = refuse_evidence([replace(ONE, **{name: said})])
        assert refusal is None or refusal.code is RefusalCode.EVIDENCE_INVALID


def test_what_has_no_case_is_kept_in_one() -> None:
    kept = orjson.loads(listed([replace(ONE, sha256="AB" * 32, media_type="Image/PNG")]) or "")
    assert kept == [["ab" * 32, "image/png", ONE.reference, ONE.title]]
    assert listed([]) is None


def test_a_recording_without_them_is_what_it_was_before_there_were_any() -> None:
    said = [ABSENCE.fiscal_code, "ABSENCE_JUSTIFIED", NOW, None, None]
    assert ABSENCE.input_hash == hashlib.sha256(orjson.dumps(said)).digest()


def test_recordings_are_told_apart_by_them() -> None:
    other = replace(ONE, title=None)
    commands = [
        ABSENCE,
        replace(ABSENCE, justified_reason=JustifiedReason.PREGNANCY),
        replace(ABSENCE, justified_reason=JustifiedReason.COURT_SUMMONS),
        replace(ABSENCE, evidence=(ONE,)),
        replace(ABSENCE, evidence=(other,)),
        replace(ABSENCE, evidence=(ONE, other)),
        replace(ABSENCE, evidence=(other, ONE)),
        replace(ABSENCE, evidence=(ONE,), justified_reason=JustifiedReason.PREGNANCY),
    ]
    assert len({one.input_hash for one in commands}) == len(commands)
    same = replace(ONE, sha256=ONE.sha256.upper())
    assert replace(ABSENCE, evidence=(same,)).input_hash == commands[3].input_hash


@pytest.mark.parametrize("kind", ConditionalityEventType)
def test_a_justified_absence_alone_has_a_justified_reason(kind: ConditionalityEventType) -> None:
    reach = PeopleInReach(Scope(GrantScope.NATIONAL, single=False))
    for agency in (AgencyKind.EMPLOYMENT_CENTRE, AgencyKind.MUNICIPALITY):
        recorder = Recorder(UUID(int=1), agency, None, None, None, reach, {})
        command = replace(ABSENCE, type=kind, justified_reason=JustifiedReason.FAMILY_REASONS)
        refusal = refuse_form(recorder, command, NOW)
        if kind is ConditionalityEventType.ABSENCE_JUSTIFIED:
            assert refusal is None
        else:
            assert refusal is not None
            assert refusal.code in (
                RefusalCode.REASON_NOT_OF_TYPE,
                RefusalCode.TYPE_NOT_YOURS,
                RefusalCode.PACT_NEEDED,
            )
