# SPDX-License-Identifier: EUPL-1.2
"""Selections: fragments opened, directives decided, fields of one key merged, in the order of their first mention."""

from __future__ import annotations

import time
from typing import Any

import pytest
from graphql import FragmentDefinitionNode, GraphQLObjectType, OperationDefinitionNode, parse

from hub.errors import InvalidInput
from hub.plan.selection import Document, Selected, below, selected
from schema.build import build_schema

SCHEMA, _ = build_schema()
PERSON = SCHEMA.type_map["Beneficiary"]
assert isinstance(PERSON, GraphQLObjectType)


def _select(text: str, **variables: Any) -> tuple[Document, list[Selected]]:
    parsed = parse(text)
    operation = next(node for node in parsed.definitions if isinstance(node, OperationDefinitionNode))
    fragments = {
        node.name.value: node for node in parsed.definitions if isinstance(node, FragmentDefinitionNode)
    }
    document = Document(SCHEMA, fragments, variables)
    assert isinstance(PERSON, GraphQLObjectType)
    return document, selected(document, PERSON, [operation.selection_set])


def _keys(text: str, **variables: Any) -> list[str]:
    return [field.key for field in _select(text, **variables)[1]]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("{ id sex id }", ["id", "sex"]),
        ("{ b: id a: id b: id }", ["b", "a"]),
        ("{ sex ...F id } fragment F on Beneficiary { id birthDate sex }", ["sex", "id", "birthDate"]),
        (
            "{ ... { id } ... on Beneficiary { sex } ... on Node { x: id } ... on Household { measure } }",
            ["id", "sex", "x"],
        ),
        ("{ ...A ...A } fragment A on Beneficiary { id ...B } fragment B on Node { x: id }", ["id", "x"]),
        (
            "{ id @skip(if: true) sex @include(if: false) birthDate @skip(if: false) @include(if: true) }",
            ["birthDate"],
        ),
        ("{ ...A @include(if: false) ...A } fragment A on Beneficiary { id }", ["id"]),
        ("{ ... @skip(if: true) { id } ...A @skip(if: true) sex } fragment A on Beneficiary { id }", ["sex"]),
    ],
)
def test_fields(text: str, keys: list[str]) -> None:
    assert _keys(text) == keys


@pytest.mark.parametrize(("yes", "keys"), [(True, ["id"]), (False, ["sex"])])
def test_directives_by_variables(yes: bool, keys: list[str]) -> None:
    assert _keys("query ($yes: Boolean!) { id @include(if: $yes) sex @skip(if: $yes) }", yes=yes) == keys


@pytest.mark.parametrize("variables", [{}, {"yes": None}])
def test_a_condition_that_is_null(variables: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"`@include` needs true or false in `\$yes`"):
        _keys("query ($yes: Boolean) { id @include(if: $yes) }", **variables)


def test_selections_below_are_merged() -> None:
    document, fields = _select(
        "{ household { id } ...F household { measure id } } fragment F on Beneficiary { household { ...G } } fragment G on Household { x: id }"
    )
    household = SCHEMA.type_map["Household"]
    assert isinstance(household, GraphQLObjectType)
    assert [field.key for field in selected(document, household, below(fields[0]))] == ["id", "x", "measure"]


def test_a_fragment_is_opened_once_however_often_it_is_merged() -> None:
    text = "{ " + "household { ...H0 } " * 3 + "}"
    for level in range(12):
        text += f" fragment H{level} on Household {{ " + f"members {{ ...B{level} }} " * 3 + "}"
        text += f" fragment B{level} on Beneficiary {{ " + f"household {{ ...H{level + 1} }} " * 3 + "}"
    text += " fragment H12 on Household { id }"
    document, fields = _select(text)
    started = time.process_time()
    kinds = [SCHEMA.type_map["Household"], SCHEMA.type_map["Beneficiary"]]
    for level in range(24):
        kind = kinds[level % 2]
        assert isinstance(kind, GraphQLObjectType)
        fields = selected(document, kind, below(fields[0]))
        assert len(fields) == 1
        assert len(fields[0].nodes) == 3
    assert time.process_time() - started < 3
