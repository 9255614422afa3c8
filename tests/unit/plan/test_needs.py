# SPDX-License-Identifier: EUPL-1.2
"""Which fields an operation needs: by its selection, its filters, its orders and its cursors."""

from __future__ import annotations

from typing import Any

import pytest

from hub.access.caller import Scope
from hub.plan.documents import Documents
from hub.plan.needs import Needs
from hub.plan.operation import Operation
from hub.store.vocabulary import GrantScope
from schema.build import build_schema


def _needed(query: str, **variables: Any) -> set[str]:
    """What is needed beyond the root field."""
    operation = Documents(build_schema()[1], most=1).operation(query, None)
    assert isinstance(operation, Operation), operation
    coerced, errors = operation.variables.coerce(variables)
    assert not errors
    prepared = operation.prepare(coerced, Scope(GrantScope.NATIONAL, single=False))
    return {one for one in prepared.fields.coordinates if not one.startswith(("Query.", "Mutation."))}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ __typename __schema { queryType { name } } }", ""),
        ("{ jobOffers { t: totalCount a: nodes { b: title } } }",
         "JobOfferConnection.totalCount JobOfferConnection.nodes JobOffer.title JobOffer.publishedOn"),
        ("{ jobOffers { totalCount } }", "JobOfferConnection.totalCount"),
        ("{ beneficiaries { __typename } }", ""),
        ("{ beneficiaries { pageInfo { endCursor } } }",
         "BeneficiaryConnection.pageInfo PageInfo.endCursor Beneficiary.familyName Beneficiary.givenName"),
        ("{ beneficiaries(orderBy: BIRTH_DATE_DESC) { edges { cursor } } }",
         "BeneficiaryConnection.edges BeneficiaryEdge.cursor Beneficiary.birthDate"),
        ("{ beneficiaries(orderBy: [], first: 1) { edges { cursor } } }",
         "BeneficiaryConnection.edges BeneficiaryEdge.cursor Beneficiary.familyName Beneficiary.givenName"),
        ("{ beneficiaries(filter: { fiscalCode: \"12345678903\", measure: ADI, obligation: null }) { totalCount } }",
         "BeneficiaryConnection.totalCount Beneficiary.fiscalCode Beneficiary.household Household.measure"),
        ("{ beneficiaries(filter: { or: [{ not: { household: { pacts: { some: { kinds: [WORK] } } } } }] }) { totalCount } }",
         "BeneficiaryConnection.totalCount Beneficiary.household Household.pacts Pact.kind"),
        ("{ jobOffers(filter: { near: { municipality: \"H501\", withinKm: 3 } }, orderBy: EXPIRES_ON_ASC) { totalCount } }",
         "JobOfferConnection.totalCount JobOffer.municipality JobOffer.expiresOn"),
        ("{ opportunities(filter: { regionCode: \"12\" }) { nodes { title } } }",
         "OpportunityConnection.nodes Opportunity.title Opportunity.availableFrom Opportunity.municipality Municipality.regionCode"),
        ("{ node(id: \"ben_\") { ...A } } fragment A on Beneficiary { sex @skip(if: true) ... @include(if: true) { birthDate } }",
         "Beneficiary.birthDate"),
        ("{ node(id: \"ben_\") { id ... on Beneficiary { ... on Node { id } } ... on Opportunity { title } } }",
         "Node.id Beneficiary.id Opportunity.title"),
        ("{ node(id: \"ben_\") { ... on Pact { activities { title ... on TrainingActivity { status ...B } } } } } fragment B on Activity { endsOn }",
         "Pact.activities Activity.title TrainingActivity.status TrainingActivity.endsOn"),
        ("{ node(id: \"ben_\") { ... on JobOffer { ...C } } } fragment C on Node { ... on Opportunity { places } ... on Pact { status } }",
         "JobOffer.places"),
        ("{ _entities(representations: []) { __typename ... on Household { measure } } }", "Household.measure"),
    ],
)  # fmt: skip
def test_needed(query: str, expected: str) -> None:
    assert _needed(query) == set(expected.split())


def test_by_the_shape_of_variables() -> None:
    query = "query ($f: BeneficiaryFilter, $o: [BeneficiaryOrder!]) { beneficiaries(filter: $f, orderBy: $o) { totalCount } }"
    count = "BeneficiaryConnection.totalCount"
    assert _needed(query) == {count}
    assert _needed(query, f={"and": [], "name": None}) == {count}
    assert _needed(query, f={"name": {"family": "r"}}) == {
        count,
        "Beneficiary.familyName",
        "Beneficiary.givenName",
    }
    assert _needed(query, o=["NEXT_CONVOCATION_ASC"]) == {count, "Beneficiary.nextConvocationAt"}
    partly = "query ($c: FiscalCode) { beneficiaries(filter: { not: { fiscalCode: $c } }) { totalCount } }"
    assert _needed(partly, c="12345678903") == {count, "Beneficiary.fiscalCode"}
    assert _needed(partly, c=None) == {count}


def test_a_mutation_s_read_back() -> None:
    query = """mutation ($i: RecordConditionalityEventInput!) {
      recordConditionalityEvent(input: $i) { event { note beneficiary { pacts { kind } } } userErrors { code } } }"""
    given = {
        "idempotencyKey": "k",
        "fiscalCode": "12345678903",
        "type": "PACT_SIGNED",
        "occurredAt": "2026-01-01T00:00:00Z",
    }
    payload = "RecordConditionalityEventPayload"
    assert _needed(query, i=given) == {
        f"{payload}.event", f"{payload}.userErrors", "UserError.code", "ConditionalityEvent.note",
        "ConditionalityEvent.beneficiary", "Beneficiary.pacts", "Pact.kind",
    }  # fmt: skip


def _uses(query: str) -> list[str]:
    """What is needed, as often as it is told."""
    operation = Documents(build_schema()[1], most=1).operation(query, None)
    assert isinstance(operation, Operation), operation
    needs = Needs(operation.catalogue, operation.walk({}))
    return [use.coordinate for use in needs.uses(operation.root, operation.definition.selection_set)]


def test_a_fragment_is_opened_once_for_each_like_place() -> None:
    people = "beneficiaries { nodes { ...A ... { ...A } ...B } edges { node { ...A } } }"
    found = _uses(
        f"{{ {people} two: {people} }} fragment A on Beneficiary {{ sex }} fragment B on Beneficiary {{ ...A birthDate }}"
    )
    assert found.count("Beneficiary.sex") == found.count("Beneficiary.birthDate") == 1
    page = "fragment P on BeneficiaryConnection { nodes { id } }"
    found = _uses(
        f"{{ a: beneficiaries {{ ...P }} b: beneficiaries(orderBy: BIRTH_DATE_ASC) {{ ...P }} }} {page}"
    )
    assert found.count("BeneficiaryConnection.nodes") == 2, (
        "of lists in another order, cursors tell something else"
    )
    assert {"Beneficiary.familyName", "Beneficiary.birthDate"} <= set(found)
