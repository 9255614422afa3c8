# SPDX-License-Identifier: EUPL-1.2
"""Variables: read as graphql-core reads them; and shapes, which tell apart exactly what a statement depends on."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse
from graphql.execution.values import VariableValues, get_variable_values
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.plan.list_extent import TooManyItems
from hub.plan.variables import VariableReader
from schema.build import build_schema

SCHEMA, CATALOGUE = build_schema()


EVENT = {
    "idempotencyKey": "k",
    "fiscalCode": "12345678903",
    "type": "PACT_SIGNED",
    "occurredAt": "2026-09-01T00:00:00Z",
}


def _reader(definitions: str) -> VariableReader:
    document = parse(f"query ({definitions}) {{ __typename }}")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return VariableReader(SCHEMA, operation.variable_definitions or (), CATALOGUE.orders, CATALOGUE.contents)


def _shape(definitions: str, given: dict[str, Any]) -> object:
    reader = _reader(definitions)
    coerced, errors = reader.coerce(given)
    assert not errors
    return reader.shape(coerced)


@pytest.mark.parametrize(
    ("definitions", "same"),
    [
        ("$x: Int", [{"x": 1}, {"x": 2}]),
        ("$x: FiscalCode", [{"x": "12345678903"}, {"x": "RSSMRA80A01H501U"}]),
        ("$x: ID!", [{"x": "ben_1"}, {"x": "ben_2"}]),
        ("$x: ID!", [{"x": "1"}, {"x": "ABC_1"}, {"x": ""}]),
        ("$x: Obligation", [{"x": "OBLIGED"}, {"x": "EXEMPT"}]),
        ("$x: [PactKind!]", [{"x": ["WORK"]}, {"x": []}, {"x": "SERVICE"}]),
        ("$x: BeneficiaryFilter", [{"x": {"measure": "ADI"}}, {"x": {"measure": "RDC", "obligation": None}}]),
        ("$x: [BeneficiaryOrder!]", [{"x": ["BIRTH_DATE_ASC"]}, {"x": ["BIRTH_DATE_ASC"] * 3}]),
        ("$x: BeneficiaryFilter", [{"x": {}}, {"x": {"measure": None}}]),
        (
            "$x: RecordConditionalityEventInput!",
            [{"x": EVENT}, {"x": {**EVENT, "note": "n"}}, {"x": {**EVENT, "pactId": "pct_1"}}],
        ),
        (
            "$x: RecordConditionalityEventsInput!",
            [{"x": {"events": []}}, {"x": {"events": [EVENT], "atomic": True}}],
        ),
        ("$x: BeneficiaryFilter", [{"x": {"or": [{"measure": "ADI"}]}}, {"x": {"or": {"measure": "RDC"}}}]),
        (
            "$x: BeneficiaryFilter",
            [
                {"x": {"pacts": {"some": {"kinds": ["WORK"]}}}},
                {"x": {"pacts": {"some": {"kinds": [], "statuses": None}, "none": None}}},
            ],
        ),
    ],
)
def test_values_share_a_shape(definitions: str, same: list[dict[str, Any]]) -> None:
    assert len({_shape(definitions, given) for given in same}) == 1


@pytest.mark.parametrize(
    ("definitions", "different"),
    [
        ("$x: Int", [{}, {"x": None}, {"x": 1}]),
        ("$x: Boolean", [{}, {"x": None}, {"x": True}, {"x": False}]),
        ("$x: FiscalCode", [{}, {"x": None}, {"x": "12345678903"}]),
        ("$x: ID", [{}, {"x": None}, {"x": "ben_1"}, {"x": "hsh_1"}, {"x": "1"}]),
        ("$x: BeneficiaryOrder", [{}, {"x": None}, {"x": "BIRTH_DATE_ASC"}, {"x": "BIRTH_DATE_DESC"}]),
        ("$x: [BeneficiaryOrder!]", [{}, {"x": None}, {"x": []}, {"x": ["BIRTH_DATE_ASC"]}, {"x": ["BIRTH_DATE_ASC", "FAMILY_NAME_ASC"]}]),
        ("$x: [PactKind!]", [{}, {"x": None}, {"x": []}]),
        ("$x: BeneficiaryFilter", [{}, {"x": None}, {"x": {}}, {"x": {"measure": "ADI"}}, {"x": {"obligation": "EXEMPT"}}]),
        (
            "$x: BeneficiaryFilter",
            [{"x": {"and": []}}, {"x": {"or": []}}, {"x": {"or": [{}]}}, {"x": {"or": [{}, {}]}}, {"x": {"not": {}}}, {"x": {"or": [{"measure": "ADI"}]}},
             {"x": {"or": [{}, {"measure": "ADI"}]}}, {"x": {"or": [{"measure": "ADI"}, {}]}}, {"x": {"not": {"measure": "ADI"}}},
             {"x": {"pacts": {"some": {}}}}, {"x": {"pacts": {"none": {}}}}, {"x": {"pacts": {"none": {"kinds": ["WORK"]}}}}],
        ),
        ("$x: Int, $y: Int", [{"x": 1}, {"y": 1}, {"x": 1, "y": 1}, {}]),
    ],
)  # fmt: skip
def test_shapes_that_are_told_apart(definitions: str, different: list[dict[str, Any]]) -> None:
    assert len({_shape(definitions, given) for given in different}) == len(different)


DEFINITIONS = (
    "$i: Int, $ii: Int! = 3, $id: ID, $s: String!, $b: Boolean = true, $d: DateTime, $f: FiscalCode, $e: Measure, "
    "$l: [PactKind!], $o: BeneficiaryFilter"
)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**33), 2**33)
    | st.floats(allow_nan=False)
    | st.sampled_from(["ADI", "WORK", "12345678903", "2026-09-01T00:00:00Z", "ben_1", "", "x"])
    | st.lists(st.sampled_from(["WORK", None, 1]), max_size=2)
    | st.dictionaries(st.sampled_from(["measure", "nothing", "fiscalCode"]), st.sampled_from(["ADI", None, 3]), max_size=2)
)  # fmt: skip


@settings(max_examples=300)
@given(
    given=st.dictionaries(st.sampled_from(["i", "ii", "id", "s", "b", "d", "f", "e", "l", "o", "z"]), VALUES)
)
def test_values_are_read_as_graphql_core_reads_them(given: dict[str, Any]) -> None:
    document = parse(f"query ({DEFINITIONS}) {{ __typename }}")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    expected = get_variable_values(SCHEMA, operation.variable_definitions or (), dict(given), max_errors=10)
    found, errors = _reader(DEFINITIONS).coerce(given)
    if isinstance(expected, VariableValues):
        assert (found, errors) == (expected.coerced, [])
    else:
        assert [error.message for error in errors] == [error.message for error in expected]


_PARTS = st.dictionaries(
    st.sampled_from([*EVENT, "pactId", "note", "nothing"]),
    VALUES | st.sampled_from([*EVENT.values()]),
    max_size=3,
)
_EVENTS = st.none() | st.just(EVENT) | st.builds(lambda part: {**EVENT, **part}, _PARTS)


@settings(max_examples=300, deadline=None)
@given(
    given=st.fixed_dictionaries(
        {},
        optional={
            "x": st.none()
            | st.fixed_dictionaries(
                {},
                optional={
                    "events": st.lists(_EVENTS, max_size=3) | _EVENTS,
                    "atomic": st.booleans() | st.none() | st.just("no"),
                    "nothing": st.none(),
                },
            ),
            "y": st.lists(st.lists(st.integers()), max_size=2) | st.lists(_EVENTS, max_size=2),
        },
    )
)
def test_objects_in_lists_are_read_as_graphql_core_reads_them(given: dict[str, Any]) -> None:
    definitions = "$x: RecordConditionalityEventsInput!, $y: [RecordConditionalityEventInput]"
    document = parse(f"query ({definitions}) {{ __typename }}")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    expected = get_variable_values(SCHEMA, operation.variable_definitions or (), dict(given), max_errors=10)
    found, errors = _reader(definitions).coerce(given)
    if isinstance(expected, VariableValues):
        assert (found, errors) == (expected.coerced, [])
    else:
        assert [error.message for error in errors] == [error.message for error in expected]


def test_a_thousand_events_are_read_without_graphql_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.plan.variables.get_variable_values", None)
    reader = _reader("$x: RecordConditionalityEventsInput!")
    coerced, errors = reader.coerce({"x": {"events": [EVENT] * 1_000}})
    assert (len(coerced["x"]["events"]), coerced["x"]["atomic"], errors) == (1_000, False, [])


def test_lists_are_counted_before_they_are_read() -> None:
    with pytest.raises(TooManyItems):
        _reader("$x: RecordConditionalityEventsInput!").coerce({"x": {"events": [EVENT] * 2_001}})
