# SPDX-License-Identifier: EUPL-1.2
"""Who sees no person: the ministry counts the whole country, in round numbers; an accredited subject sees what it published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Agree, Opener, Service
    from tests.api.world import World

PEOPLE = ("beneficiaries", "households", "pacts", "conditionalityEvents")
COUNTED = "{{ {0} {{ totalCount nodes {{ id }} edges {{ cursor }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"


@pytest.mark.parametrize("name", PEOPLE)
async def test_the_ministry_counts_the_country_and_sees_nobody(name: str, ask: Service) -> None:
    exact = (await ask(f"{{ {name} {{ totalCount }} }}", as_="inps")).data[name]["totalCount"]
    assert exact % 5, "a count that rounding changes"
    found = (await ask(COUNTED.format(name), as_="ministry")).data[name]
    assert found["totalCount"] % 5 == 0
    assert abs(found["totalCount"] - exact) <= 2
    assert (found["nodes"], found["edges"]) == ([], [])
    assert found["pageInfo"] == {
        "hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None,
    }  # fmt: skip


async def test_what_is_counted_by_filters_is_rounded(ask: Service, agree: Agree) -> None:
    """Related rows in a filter are counted by, too: a filter by pacts is not one by the pacts the ministry sees."""
    filters: list[dict[str, Any]] = [
        {"obligation": "OBLIGED"},
        {"pacts": {"some": {"kinds": ["WORK"]}}},
        {"pacts": {"none": {}}},
        {"household": {"measure": "ADI"}},
    ]
    for given in filters:
        query = "query ($f: BeneficiaryFilter) { beneficiaries(filter: $f) { totalCount } }"
        everyone = (await ask(query, as_="inps", f=given)).data["beneficiaries"]["totalCount"]
        found = (await agree(query, "ministry", f=given))["beneficiaries"]["totalCount"]
        assert (found % 5, abs(found - everyone) <= 2) == (0, True)
    query = "{ households(filter: { pacts: { some: { kinds: [INCLUSION] } } }) { totalCount } }"
    assert (await agree(query, "ministry"))["households"]["totalCount"] == 5  # of four


@pytest.mark.parametrize(
    "composed",
    [
        {"or": [{"obligation": "EXEMPT"}, {"obligation": "OBLIGED"}]},
        {"not": {"obligation": "EXEMPT"}},
        {"and": [{"or": []}]},
        {"household": {"not": {"measure": "ADI"}}},
        {"pacts": {"some": {"not": {"kinds": ["WORK"]}}}},
        {"conditionalityEvents": {"none": {"or": [{}]}}},
    ],
)
async def test_a_group_is_not_put_together_from_others(composed: dict[str, Any], ask: Service) -> None:
    """What is added to a group, or taken from it, would show in whether its count jumps."""
    query = "query ($f: BeneficiaryFilter) { beneficiaries(filter: $f) { totalCount } }"
    refused = await ask(query, as_="ministry", f=composed)
    assert refused.codes == ["INVALID_FILTER"]
    assert (await ask(query, as_="inps", f=composed)).status == 200
    assert (await ask(query, as_="ministry", f={"and": [{"obligation": "EXEMPT"}]})).status == 200
    public = "query ($f: JobOfferFilter) { jobOffers(filter: $f) { totalCount } }"
    assert (await ask(public, as_="ministry", f={"not": {"status": "OPEN"}})).status == 200, "of nobody"


async def test_places_are_counted_in(agree: Agree, ask: Service) -> None:
    query = """{ municipality(belfioreCode: "H501") { name beneficiaries { totalCount nodes { id } } households { totalCount } }
      pucProjects { totalCount nodes { title assignments { totalCount nodes { status } } } } jobOffers { totalCount } }"""
    found = await agree(query, "ministry")
    assert found["municipality"]["beneficiaries"] == {"totalCount": 20, "nodes": []}  # of nineteen
    assert found["jobOffers"]["totalCount"] == 9, "what is public is not rounded"


async def test_one_person_is_none(ask: Service, world: World) -> None:
    query = "query ($c: FiscalCode!) { beneficiaries(filter: { fiscalCode: $c }) { totalCount } beneficiary(fiscalCode: $c) { id } }"
    found = (await ask(query, as_="ministry", c=world.people["north"].fiscal_code)).data
    assert found == {"beneficiaries": {"totalCount": 0}, "beneficiary": None}
    node = "query ($id: ID!) { node(id: $id) { id } }"
    for caller in ("ministry", "accredited"):
        for known in world.nodes:
            about_people = known[:3] not in ("job", "crs", "puc")
            answer = (await ask(node, as_=caller, id=known)).data["node"]
            assert answer is None or not about_people


async def test_the_base_is_a_setting(open_hub: Opener) -> None:
    async with open_hub("counts", sequencer=False, count_rounding=10) as hub:
        exact = (await hub("{ beneficiaries { totalCount } }", as_="inps")).data["beneficiaries"][
            "totalCount"
        ]
        found = (await hub("{ beneficiaries { totalCount } }", as_="ministry")).data["beneficiaries"][
            "totalCount"
        ]
        assert found == (exact + 5) // 10 * 10


async def test_an_accredited_subject_sees_its_own(agree: Agree) -> None:
    query = """{ jobOffers { totalCount nodes { title source { code } } } trainingCourses { nodes { title source { code } } }
      opportunities { totalCount nodes { __typename } } pucProjects { totalCount nodes { title } }
      beneficiaries { totalCount nodes { id } } municipality(belfioreCode: "H501") { name households { totalCount } } }"""
    found: Any = await agree(query, "accredited")
    listed = [*found["jobOffers"]["nodes"], *found["trainingCourses"]["nodes"]]
    assert found["jobOffers"]["totalCount"] == 2
    assert {one["source"]["code"] for one in listed} == {"soggetto-accreditato"}
    assert found["opportunities"]["totalCount"] == len(listed) == 4
    assert found["pucProjects"] == {"totalCount": 0, "nodes": []}
    assert found["beneficiaries"] == {"totalCount": 0, "nodes": []}
    assert found["municipality"] == {"name": "Roma", "households": {"totalCount": 0}}
