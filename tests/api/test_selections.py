# SPDX-License-Identifier: EUPL-1.2
"""What a selection may be made of: aliases, fragments, directives, merged fields; alternated, since plans are remembered."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Agree, Service
    from tests.api.world import World

SELECTIONS = {
    "aliases": "{ a: beneficiaries(first: 2) { nodes { x: id y: id __typename t: __typename } } "
    "b: beneficiaries(last: 2) { n: nodes { id } c: totalCount t: __typename } r: __typename }",
    "several roots": "{ jobOffers { totalCount } __typename households { nodes { id } } c: trainingCourses { totalCount } }",
    "nothing but names": "{ beneficiaries { __typename edges { __typename node { __typename } } pageInfo { __typename } } }",
    "one field twice": "{ beneficiaries(first: 3) { nodes { id } nodes { givenName id } totalCount } "
    "beneficiaries(first: 3) { nodes { household { id } } nodes { household { measure members { id } } } } }",
    "edges twice": "{ beneficiaries(first: 3) { edges { cursor } edges { node { id } } edges { node { sex } againCursor: cursor } "
    "pageInfo { endCursor } pageInfo { hasNextPage } } }",
    "inline fragments": "{ beneficiaries(first: 3) { ... { nodes { ... on Beneficiary { id ... on Node { id again: id } } "
    "... { sex } } } ... on BeneficiaryConnection { totalCount } } ... on Query { pacts { totalCount } } }",
    "named fragments": "query Q { ...Roots } fragment Roots on Query { beneficiaries(first: 2) { ...Page } ...Other } "
    "fragment Other on Query { beneficiaries(first: 2) { nodes { sex } } } "
    "fragment Page on BeneficiaryConnection { nodes { ...Who ...Who household { ...Home } } edges { node { ...Who } } } "
    "fragment Who on Beneficiary { id givenName } fragment Home on Household { members { ...Who } id ...On } "
    "fragment On on Node { nodeId: id __typename }",
    "literals of directives": "{ beneficiaries(first: 2) { nodes { id @include(if: true) sex @skip(if: true) "
    "birthDate @include(if: false) obligation @skip(if: false) ... @include(if: false) { givenName } "
    "household @skip(if: false) @include(if: true) { id @skip(if: true) measure } } } pacts @skip(if: true) { totalCount } }",
    "pages without rows asked": "{ beneficiaries { totalCount } b: beneficiaries { pageInfo { hasPreviousPage } } "
    "c: beneficiaries(first: 1) { pageInfo { hasNextPage } } d: beneficiaries(last: 1) { pageInfo { hasPreviousPage } } "
    "e: beneficiaries(last: 1) { pageInfo { hasNextPage startCursor } } }",
}


@pytest.mark.parametrize("name", SELECTIONS)
@pytest.mark.parametrize("caller", ["centre", "inps"])
async def test_selections(name: str, caller: str, agree: Agree) -> None:
    await agree(SELECTIONS[name], caller)


async def test_directives_by_variables_are_decided_anew_at_each_request(agree: Agree) -> None:
    query = """
      query ($yes: Boolean!, $no: Boolean = false, $id: ID!) {
        beneficiaries(first: 2) {
          nodes { id sex @include(if: $yes) birthDate @skip(if: $yes) ...Home @skip(if: $no)
                  ... on Beneficiary @include(if: $no) { obligation } }
          totalCount @include(if: $yes)
        }
        node(id: $id) @skip(if: $yes) { id ... @include(if: $no) { __typename } }
      }
      fragment Home on Beneficiary { household { id measure @include(if: $yes) } }
    """
    for yes, no in (
        *itertools.product((True, False), repeat=2),
        (True, None),
        *itertools.product((False, True), repeat=2),
    ):
        given = {} if no is None else {"no": no}
        await agree(query, yes=yes, id="ben_" + "0" * 32, **given)


async def test_an_operation_that_selects_nothing(agree: Agree) -> None:
    await agree("{ pacts @skip(if: true) { totalCount } }")
    await agree("query ($no: Boolean!) { pacts @include(if: $no) { totalCount } }", no=False)


async def test_one_of_several_operations(ask: Service) -> None:
    query = "query One { __typename } query Two { pacts { totalCount } }"
    header = {"authorization": f"Bearer {ask.token('centre')}"}
    for name, keys in (("One", {"__typename"}), ("Two", {"pacts"}), ("One", {"__typename"})):
        answer = await ask.send(json={"query": query, "operationName": name}, headers=header)
        assert answer.data.keys() == keys


async def test_more_members_than_a_function_takes_arguments(agree: Agree) -> None:
    many = " ".join(f"a{number}: givenName b{number}: employmentStatus" for number in range(50))
    await agree(f"{{ beneficiaries(first: 2) {{ nodes {{ {many} }} }} }}", "inps")


async def test_a_selection_as_deep_as_may_be(agree: Agree) -> None:
    deep = "id"
    for _ in range(6):
        deep = f"id household {{ id members {{ {deep} }} }}"
    await agree(f"{{ beneficiaries(first: 1) {{ nodes {{ {deep} }} }} }}")


async def test_a_fragment_merged_at_many_places(agree: Agree, world: World) -> None:
    await agree(
        """
        query ($id: ID!) { household(id: $id) { ...H0 ...H0 ... { ...H0 } } }
        fragment H0 on Household { members { ...P0 } members { ...P0 } members { id ...P0 } }
        fragment P0 on Beneficiary { household { ...H1 } household { ...H1 } }
        fragment H1 on Household { members { sex ...P1 } members { ...P1 } id }
        fragment P1 on Beneficiary { givenName id }
        """,
        id=f"hsh_{world.households['mixed'].hex}",
    )


async def test_introspection_beside_stored_fields(agree: Agree) -> None:
    await agree(
        "{ __schema { queryType { name } } beneficiaries(first: 2) { nodes { id household { id } } totalCount } "
        'missing: beneficiary(fiscalCode: "12345678903") { id } __type(name: "Sex") { enumValues { name } } __typename }',
        "nowhere",
    )


async def test_types_that_do_not_apply_are_left_out(agree: Agree, world: World) -> None:
    await agree(
        "query ($id: ID!) { node(id: $id) { ... on JobOffer { title } } }", id=world.people["north"].node
    )
