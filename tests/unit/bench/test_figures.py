# SPDX-License-Identifier: EUPL-1.2
"""What `make bench` writes and reckons; the measuring itself is run by hand."""

from __future__ import annotations

import os
import time
from pathlib import Path

import orjson
from graphql import parse, validate

from bench.cpu import seconds, tree
from bench.measure import Measured, Round
from bench.questions import questions
from bench.report import Figure, figures, write
from schema.build import build_schema

ASKED = questions(["RSSMRA80A01H501U"], ["cursor"], ["0"])


def rounds(*cpu: float) -> list[Round]:
    return [Round(rate=100.0, p50=1.0, p99=2.0, server_cpu=one, postgres_cpu=0.5) for one in cpu]


def test_every_question_is_one_the_schema_answers() -> None:
    schema, _ = build_schema()
    for question in ASKED:
        assert validate(schema, parse(question.document)) == []


def test_the_ratio_is_of_rounds_side_by_side() -> None:
    measured = Measured(ASKED[0], 32, {"hub": rounds(0.3, 0.1, 0.2), "bare": rounds(0.1, 0.1, 0.1)})
    assert round(measured.ratio("hub", "bare"), 6) == 2.0
    found = {figure.name: figure for figure in figures(measured)}
    assert (found["one_person.cpu_ratio"].aim, found["one_person.cpu_ratio"].meets) == (1.6, False)
    assert found["one_person.hub.rate"].aim is None


def test_one_connection_has_names_of_its_own_and_no_aim() -> None:
    measured = Measured(ASKED[0], 1, {"hub": rounds(0.2), "bare": rounds(0.1)})
    assert {figure.aim for figure in figures(measured)} == {None}
    assert "one_person.alone.cpu_ratio" in {figure.name for figure in figures(measured)}


def test_the_file_has_the_form_of_the_design(tmp_path: Path) -> None:
    write([Figure("one_person.cpu_ratio", 1.2, "ratio", 1.6, "lower")], tmp_path / "latest.json")
    assert orjson.loads((tmp_path / "latest.json").read_bytes()) == [
        {"name": "one_person.cpu_ratio", "value": 1.2, "unit": "ratio", "aim": 1.6, "better": "lower"}
    ]


def test_cpu_is_counted_for_a_process_and_below() -> None:
    before, until = seconds(os.getpid()), time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert seconds(os.getpid()) - before >= 0.05
    assert os.getpid() in tree(os.getppid())
