# SPDX-License-Identifier: EUPL-1.2
"""The questions are ones the schemas answer, and answers are compared by what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import OperationDefinitionNode, parse, validate
from graphql import build_schema as schema_of

import bench.peers.mercurius
from bench.content import OF_THE_MOMENT, OPAQUE, content
from bench.load import fresh_key
from bench.peers.mercurius import MercuriusDialect
from bench.peers.postgraphile import PostGraphileDialect
from bench.peers.world import Facts
from bench.questions import FRESH, Question, questions
from schema.build import build_schema

ASKED = questions(["RSSMRA80A01H501U"], ["cursor"], ["0", "5"])
FACTS = Facts("centre", "agency")


@pytest.mark.parametrize("question", ASKED, ids=lambda one: one.name)
def test_every_question_is_one_the_schema_answers(question: Question) -> None:
    schema, _ = build_schema()
    assert validate(schema, parse(question.document)) == []


@pytest.mark.parametrize("question", ASKED, ids=lambda one: one.name)
def test_mercurius_is_asked_what_its_schema_answers(question: Question) -> None:
    text = Path(bench.peers.mercurius.__file__).with_name("schema.graphql").read_text()
    assert validate(schema_of(text), parse(MercuriusDialect(FACTS).document(question))) == []


@pytest.mark.parametrize("question", ASKED, ids=lambda one: one.name)
@pytest.mark.parametrize("dialect", [MercuriusDialect(FACTS), PostGraphileDialect(FACTS)], ids=repr)
def test_a_peer_is_given_every_variable_its_document_names(question: Question, dialect: Any) -> None:
    [definition] = parse(dialect.document(question)).definitions
    assert isinstance(definition, OperationDefinitionNode)
    named = {node.variable.name.value for node in definition.variable_definitions or ()}
    for variables in question.asked:
        assert dialect.variables(question, variables).keys() == named


def test_a_fresh_key_fits_where_it_is_written() -> None:
    [body] = ASKED[-1].bodies()
    assert body.count(FRESH.encode()) == 1
    assert len(fresh_key()) == len(FRESH)
    assert fresh_key() != fresh_key()


def test_the_same_said_in_other_forms_is_the_same() -> None:
    ours = {
        "id": "evt_019ba312c6357000a38c518af2aedd8d",
        "occurredAt": "2026-01-07T14:30:00+00:00",
        "position": 7,
    }
    theirs = {"position": "7", "occurredAt": "2026-01-07T15:30:00.000+01:00", "id": "019ba312-c635-7000-a38c-518af2aedd8d"}  # fmt: skip
    assert content({"events": [ours]}) == content({"events": [theirs]})


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("id", "evt_01", "evt_02"),
        ("occurredAt", "2026-01-07T14:30:00+00:00", "2026-01-07T14:30:00+01:00"),
        ("note", None, ""),
        ("monthlyAmount", "350.00", "350.01"),
        ("nodes", [{"id": "evt_01"}, {"id": "evt_02"}], [{"id": "evt_02"}, {"id": "evt_01"}]),
        ("hasMore", True, False),
    ],
)
def test_what_differs_is_seen(name: str, value: Any, other: Any) -> None:
    assert content({name: value}) != content({name: other})


def test_a_name_too_many_is_seen() -> None:
    assert content({"id": "evt_01"}) != content({"id": "evt_01", "note": None})


def test_what_each_makes_up_is_left_out() -> None:
    ours = {"event": {"id": "evt_01", "recordedAt": "2026-01-07T14:30:00+00:00", "type": "PACT_SIGNED"}}
    theirs = {"event": {"id": "02", "recordedAt": "2027-01-07T14:30:00+00:00", "type": "PACT_SIGNED"}}
    without = OPAQUE | OF_THE_MOMENT
    assert content(ours, without=without) == content(theirs, without=without)


def test_postgraphiles_answer_is_read_in_the_hubs_words() -> None:
    dialect, page = PostGraphileDialect(FACTS), ASKED[1]
    data = {
        "beneficiary": {
            "household": {
                "benefit": {
                    "period": {"start": {"value": "2026-01-01"}, "end": {"value": "2027-01-01", "inclusive": False}}
                },
                "members": {"nodes": [{"id": "a"}]},
            },
            "pacts": {"nodes": [{"goals": {"nodes": [{"ordinal": 1}]}}]},
            "conditionalityEvents": {"nodes": []},
        }
    }  # fmt: skip
    assert dialect.read(page, data) == {
        "beneficiary": {
            "household": {
                "benefit": {"startsOn": "2026-01-01", "endsOn": "2026-12-31"},
                "members": [{"id": "a"}],
            },
            "pacts": [{"goals": [{"ordinal": 1}]}],
            "conditionalityEvents": {"nodes": []},
        }
    }


def test_the_file_of_requests_has_one_line_each() -> None:
    for question in ASKED:
        for body in question.bodies():
            assert b"\n" not in body
            assert orjson.loads(body)["query"] == question.document
