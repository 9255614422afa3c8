# SPDX-License-Identifier: EUPL-1.2
"""Interfaces: activities, told apart within one table; opportunities, gathered from three; and roads back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Agree, Service
    from tests.api.world import World

ACTIVITIES = {
    "common fields alone": "title kind startsOn",
    "the type's name first": "__typename title t: __typename",
    "the type's name alone": "__typename",
    "one type's own": "... on TrainingActivity { course { title } }",
    "one type's own between common ones": "title ... on TrainingActivity { course { title } } status __typename",
    "each type by itself": "... on TrainingActivity { a: title course { id } } ... on PlacementActivity { b: title b2: status } "
    "... on JobSearchActivity { c: title } ... on SchoolingActivity { d: status } ... on Activity { z: kind }",
    "one key, another field": "... on TrainingActivity { x: title } ... on PlacementActivity { x: title } "
    "... on OrientationActivity { x: title } y: kind",
    "merged with what all are asked": "beneficiary { id } ... on TrainingActivity { beneficiary { sex activities { title } } }",
    "roads back": "beneficiary { id activities { __typename beneficiary { id } pact { id household { id } } } } pact { kind }",
    "a named fragment": "...A ... on TrainingActivity { ...A course { participations(first: 5) { nodes { beneficiary { id } course { id } } } } }",
    "nothing of most": "... on SocialSupportActivity { title }",
    "a skipped fragment": "title ... on TrainingActivity @skip(if: true) { course { id } } ... @include(if: false) { kind }",
}


@pytest.mark.parametrize("name", ACTIVITIES)
@pytest.mark.parametrize("caller", ["centre", "municipality", "inps"])
async def test_activities(name: str, caller: str, agree: Agree) -> None:
    fragment = "fragment A on Activity { title pact { id } __typename }"
    body = ACTIVITIES[name]
    used = fragment if "...A" in body else ""
    await agree(f"{{ beneficiaries(first: 30) {{ nodes {{ id activities {{ {body} }} }} }} }} {used}", caller)


async def test_an_activity_shows_no_pact_of_another_territory(ask: Service, world: World) -> None:
    query = "{ beneficiaries { nodes { id activities { pact { id } } } } }"
    person = world.people["scattered-torino"].node

    async def pacts(caller: str) -> list[Any]:
        nodes = (await ask(query, as_=caller)).data["beneficiaries"]["nodes"]
        return next([one["pact"] for one in node["activities"]] for node in nodes if node["id"] == person)

    assert await pacts("inps") == [{"id": f"pct_{world.pacts['service'].hex}"}]
    assert await pacts("two-centres") == await pacts("inps")


OPPORTUNITIES = """
  query ($first: Int, $after: String, $last: Int, $before: String) {
    opportunities(first: $first, after: $after, last: $last, before: $before) {
      totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { cursor node { __typename id availableFrom ... on TrainingCourse { mode } } }
    }
  }
"""


@pytest.mark.parametrize("size", [1, 2, 4, 30])
async def test_opportunities_page_by_page_in_both_directions(size: int, agree: Agree) -> None:
    """Many lie on one day, of all kinds: none is left out or given twice at the seam of two pages."""
    whole = (await agree(OPPORTUNITIES, first=1000))["opportunities"]
    expected = [edge["node"]["id"] for edge in whole["edges"]]
    days = [(edge["node"]["availableFrom"], edge["node"]["__typename"]) for edge in whole["edges"]]
    assert days == sorted(days, reverse=True)
    assert len({day for day, _ in days}) < len({*days}) < len(days)
    forward: list[str] = []
    given: dict[str, Any] = {"first": size}
    while True:
        page = (await agree(OPPORTUNITIES, **given))["opportunities"]
        forward += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        given["after"] = page["pageInfo"]["endCursor"]
    assert forward == expected
    backward: list[str] = []
    given = {"last": size}
    while True:
        page = (await agree(OPPORTUNITIES, **given))["opportunities"]
        backward = [edge["node"]["id"] for edge in page["edges"]] + backward
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        given["before"] = page["pageInfo"]["startCursor"]
    assert backward == expected


async def test_a_cursor_of_another_list_is_refused(ask: Service) -> None:
    other = (await ask("{ jobOffers(first: 1) { edges { cursor } } }")).data["jobOffers"]["edges"][0][
        "cursor"
    ]
    answer = await ask(OPPORTUNITIES, first=1, after=other)
    assert (answer.status, answer.codes) == (400, ["INVALID_CURSOR"])


async def test_a_federated_field_below_an_interface(ask: Service, world: World) -> None:
    """The path to it is walked; every type says its name, and what is not on the path is as it was."""
    query = """
      query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) { activities {
        title ... on TrainingActivity { who: beneficiary { id residence { source } } course { title } }
        ... on PlacementActivity { beneficiary { id } } __typename
      } other: activities { title } } }
    """
    answer = await ask(query, code=world.people["north"].fiscal_code)
    assert answer.codes == ["UPSTREAM_UNAVAILABLE"]
    assert b"$" not in answer.body
    person = answer.json["data"]["beneficiary"]
    assert {one["title"] for one in person["other"]} == {one["title"] for one in person["activities"]}
    by_type = {one["__typename"]: one for one in person["activities"]}
    node = world.people["north"].node
    assert by_type["TrainingActivity"]["who"] == {"id": node, "residence": None}
    assert list(by_type["TrainingActivity"]) == ["title", "who", "course", "__typename"]
    assert by_type["PlacementActivity"]["beneficiary"] == {"id": node}
    assert by_type["OrientationActivity"].keys() == {"title", "__typename"}


async def test_a_federated_field_below_opportunities(ask: Service) -> None:
    query = """{ opportunities(first: 40) { totalCount edges { node { __typename title
      ... on PucProject { assignments(first: 2) { nodes { beneficiary { id residence { source } } } } }
      ... on TrainingCourse { participations { totalCount } } } } } }"""
    answer = await ask(query, as_="inps")
    assert {*answer.codes} == {"UPSTREAM_UNAVAILABLE"}
    assert b"$" not in answer.body
    listed = answer.json["data"]["opportunities"]
    assert listed["totalCount"] == len(listed["edges"])
    kinds = {edge["node"]["__typename"]: edge["node"].keys() for edge in listed["edges"]}
    assert kinds == {
        "JobOffer": {"__typename", "title"},
        "PucProject": {"__typename", "title", "assignments"},
        "TrainingCourse": {"__typename", "title", "participations"},
    }


async def test_a_fragment_that_is_walked_at_one_place_only(ask: Service, world: World) -> None:
    query = """
      query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) {
        ...A ...B household { members { ...A } } } }
      fragment A on Beneficiary { activities { title beneficiary { id } } }
      fragment B on Beneficiary { activities { beneficiary { residence { source } } } }
    """
    answer = await ask(query, code=world.people["north"].fiscal_code)
    assert answer.codes == ["UPSTREAM_UNAVAILABLE"] * 3
    assert b"$" not in answer.body
    person = answer.json["data"]["beneficiary"]
    node = world.people["north"].node
    assert [one["beneficiary"] for one in person["activities"]] == [{"id": node, "residence": None}] * 3
    assert [one["beneficiary"] for one in person["household"]["members"][0]["activities"]] == [
        {"id": node}
    ] * 3


async def test_types_asked_for_different_things_on_many_levels_are_refused(ask: Service) -> None:
    inner = "id"
    for _ in range(6):
        each = " ".join(
            f"... on {kind}Activity {{ beneficiary {{ a{number}: id }} }}"
            for number, kind in enumerate(("Orientation", "Training", "Placement", "JobSearch", "Schooling"))
        )
        inner = f"activities {{ beneficiary {{ {inner} }} {each} }}"
    answer = await ask(f"{{ beneficiaries {{ nodes {{ {inner} }} }} }}")
    assert (answer.status, answer.codes) == (400, ["MAX_FIELDS_LIMIT"])


ROADS = {
    "places": '{ municipality(belfioreCode: "H501") { name households(first: 2) { nodes { id members { id } } totalCount } '
    "beneficiaries(first: 3, orderBy: [BIRTH_DATE_DESC], filter: { measure: RDC }) { nodes { id birthDate } totalCount "
    'pageInfo { hasNextPage endCursor } } } none: municipality(belfioreCode: "Z999") { name } }',
    "centres": '{ employmentCentre(code: "H501C900031") { code municipality { belfioreCode } '
    "beneficiaries(last: 2) { edges { cursor node { id employmentCentre { code } } } totalCount } } }",
    "from a person's centre": "{ beneficiaries { nodes { employmentCentre { beneficiaries(first: 1) { totalCount nodes { id } } } "
    "municipality { households(last: 1) { nodes { id } totalCount } } } } }",
    "projects and courses": "{ pucProjects { nodes { places assignments(last: 1) { nodes { pot beneficiary { id } "
    "project { id } } totalCount } } } trainingCourses { nodes { participations(first: 1) { nodes { title beneficiary { id } } "
    "pageInfo { hasNextPage endCursor } totalCount } } } }",
    "events": "{ households { nodes { id conditionalityEvents(orderBy: RECORDED_AT_ASC, first: 2) { nodes { id } totalCount } } } "
    "pacts { nodes { id conditionalityEvents(filter: { types: [PACT_SIGNED] }) { nodes { id } totalCount } "
    "activities { __typename beneficiary { id } } } } }",
}


@pytest.mark.parametrize("name", ROADS)
@pytest.mark.parametrize("caller", ["centre", "two-centres", "municipality", "region", "inps", "nowhere"])
async def test_roads_back(name: str, caller: str, agree: Agree) -> None:
    await agree(ROADS[name], caller)
