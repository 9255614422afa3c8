# SPDX-License-Identifier: EUPL-1.2
"""The permitted part of an operation: made once, weighed as what it stands in place of, and let go with it."""

from __future__ import annotations

from uuid import UUID

import pytest
from graphql import print_ast

from hub.access.caller import Caller, Scope
from hub.access.fields import field_permission
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.plan.partial import permitted_part
from hub.plan.permission import FieldCheck, ForbiddenFields
from hub.store.vocabulary import AgencyKind, GrantScope
from schema.build import build_schema

QUERY = """query ($a: Boolean!, $b: Boolean!, $n: Int, $c: FiscalCode) {
  people: beneficiaries(first: $n, filter: { fiscalCode: $c }) { totalCount }
  some: beneficiaries(first: $n) { ...P @include(if: $b) }
  jobOffers(first: 1) { nodes { id title @include(if: $a) } }
}
fragment P on BeneficiaryConnection { totalCount nodes { id } }"""


def _caller(*granted: str) -> Caller:
    return Caller(
        agency_id=UUID(int=1),
        agency_code="x",
        agency_kind=AgencyKind.MINISTRY,
        client_id=None,
        purpose_id=UUID(int=2),
        scope=Scope(GrantScope.NATIONAL, single=False),
        fields=field_permission((one, "set") for one in granted),
    )


MINISTRY = _caller("Query.beneficiaries")


@pytest.fixture
def documents() -> Documents:
    return Documents(build_schema()[1], most=10)


def _operation(documents: Documents, query: str = QUERY) -> Operation:
    found = documents.operation(query, None)
    assert isinstance(found, Operation)
    return found


def test_what_is_left_and_the_variables_it_needs(documents: Documents) -> None:
    part, omitted = permitted_part(_operation(documents), {"a": True, "b": True, "n": 1, "c": "x"}, MINISTRY)
    assert print_ast(part.document).split() == [
        "query",
        "($a:",
        "Boolean!,",
        "$b:",
        "Boolean!,",
        "$n:",
        "Int)",
        "{",
        "some:",
        "beneficiaries(first:",
        "$n)",
        "{",
        "...",
        "on",
        "BeneficiaryConnection",
        "@include(if:",
        "$b)",
        "{",
        "totalCount",
        "}",
        "}",
        "jobOffers(first:",
        "1)",
        "{",
        "nodes",
        "{",
        "id",
        "title",
        "@include(if:",
        "$a)",
        "}",
        "}",
        "}",
    ]
    assert [(one["coordinate"], one["path"]) for one in omitted] == [
        ("Beneficiary.fiscalCode", ["people"]),
        ("BeneficiaryConnection.nodes", ["some", "nodes"]),
        ("Beneficiary.familyName", ["some", "nodes"]),
        ("Beneficiary.givenName", ["some", "nodes"]),
    ]
    whole, nothing = permitted_part(_operation(documents, "{ beneficiaries { totalCount } }"), {}, MINISTRY)
    assert whole is _operation(documents, "{ beneficiaries { totalCount } }")
    assert nothing == ()


def test_it_is_made_once_for_a_shape_and_a_permission(documents: Documents) -> None:
    operation = _operation(documents)
    variables = {"a": True, "b": True, "n": 1, "c": "x"}
    first, _ = permitted_part(operation, variables, MINISTRY)
    assert permitted_part(operation, {**variables, "n": 2}, _caller("Query.beneficiaries"))[0] is first
    assert permitted_part(operation, {**variables, "a": False}, MINISTRY)[0] is not first
    assert permitted_part(operation, variables, _caller("Query.beneficiaries", "Pact.kind"))[0] is not first


def test_it_is_weighed_and_let_go(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Operation, "MOST_SHAPES", 2)
    monkeypatch.setattr(FieldCheck, "MOST", 2)
    operation = _operation(documents)
    weights: list[int] = []
    shapes = [{"a": a, "b": b} for a in (True, False) for b in (True, False)]
    for turn in range(3):
        for shape in shapes:
            for number in range(3):
                caller = _caller("Query.beneficiaries", *[f"Pact.f{one}" for one in range(number)])
                part, _ = permitted_part(operation, {**shape, "n": 1, "c": "x"}, caller)
                part.prepare({**shape, "n": 1}, caller.scope)
        weights.append(operation.weight)
        assert documents.weight >= operation.weight > 0
        assert turn == 0 or weights[turn] == weights[0], "what is forgotten weighs no more"
    documents.operation("{ __typename }", None)
    operation.forget_plans()
    assert operation.weight == 0


def test_nothing_left(documents: Documents) -> None:
    operation = _operation(documents, "{ beneficiaries { nodes { id } } }")
    with pytest.raises(ForbiddenFields) as refused:
        permitted_part(operation, {}, MINISTRY)
    assert len(refused.value.errors) == 4
