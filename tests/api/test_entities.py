# SPDX-License-Identifier: EUPL-1.2
"""The hub as a subgraph: rows named by their keys, as a router asks for them, held against the reference's `node`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from graphql import ObjectTypeDefinitionNode, build_schema, parse, print_ast

from schema.build import federated_sdl, sdl
from tests.api.conftest import SIGHTS

if TYPE_CHECKING:
    from tests.api.conftest import Service
    from tests.api.oracle import Oracle
    from tests.api.world import World

TYPE = {
    "ben": "Beneficiary", "hsh": "Household", "pct": "Pact", "evt": "ConditionalityEvent", "job": "JobOffer",
    "crs": "TrainingCourse", "puc": "PucProject", "dlv": "Delivery", "qrn": "QuarantinedRecord",
}  # fmt: skip
ASKED = """
  __typename
  ... on Node { id }
  ... on Beneficiary { fiscalCode household { measure members { id } } activities { title ... on TrainingActivity { course { id } } } }
  ... on Household { inpsProtocol }
  ... on Pact { kind goals { ordinal } }
  ... on ConditionalityEvent { type beneficiary { id } }
  ... on Opportunity { title availableFrom }
  ... on TrainingCourse { mode }
"""
ENTITIES = f"query ($given: [_Any!]!) {{ _entities(representations: $given) {{ {ASKED} }} }}"
NODE = f"query ($id: ID!) {{ node(id: $id) {{ {ASKED} }} }}"


def named(node: str) -> dict[str, str]:
    return {"__typename": TYPE[node[:3]], "id": node}


@pytest.mark.parametrize("caller", ["centre", "two-centres", "municipality", "region", "inps", "nowhere"])
async def test_each_is_what_its_node_is_in_the_order_asked(
    caller: str, ask: Service, oracle: Oracle, world: World
) -> None:
    nodes = [*world.nodes, *(person.node for person in world.people.values())]
    nodes += [world.nodes[3], "ben_" + "0" * 32, world.nodes[0], world.nodes[0]]
    found = (await ask(ENTITIES, as_=caller, given=[named(node) for node in nodes])).data["_entities"]
    assert found == [oracle.answer(NODE, SIGHTS[caller], {"id": node})["node"] for node in nodes]
    assert (caller == "inps") is (found.count(None) == 1)


async def test_by_every_other_key(ask: Service, world: World) -> None:
    person = world.people["north"]
    query = """query ($given: [_Any!]!) { _entities(representations: $given) { __typename ... on Beneficiary { id fiscalCode }
      ... on Municipality { name istatCode } ... on EmploymentCentre { name municipality { belfioreCode } } } }"""
    given = [
        {"__typename": "Municipality", "belfioreCode": "H501"},
        {"__typename": "Beneficiary", "fiscalCode": f" {person.fiscal_code.lower()}"},
        {"__typename": "EmploymentCentre", "code": "H501C900031", "name": "not a key"},
        {"__typename": "Beneficiary", "fiscalCode": world.people["torino"].fiscal_code},
        {"__typename": "Municipality", "belfioreCode": "Z999"},
        {"__typename": "Beneficiary", "id": None, "fiscalCode": person.fiscal_code},
    ]
    found = (await ask(query, given=given)).data["_entities"]
    him = {"__typename": "Beneficiary", "id": person.node, "fiscalCode": person.fiscal_code}
    assert [one if one is None else one["__typename"] for one in found] == [
        "Municipality", "Beneficiary", "EmploymentCentre", None, None, "Beneficiary",
    ]  # fmt: skip
    assert (found[1], found[5]) == (him, him)
    assert found[2]["municipality"] == {"belfioreCode": "H501"}


async def test_written_in_the_document_and_with_variables_inside(ask: Service, world: World) -> None:
    node = world.people["north"].node
    literal = f'{{ _entities(representations: [{{ __typename: "Beneficiary", id: "{node}" }}]) {{ ... on Beneficiary {{ id }} }} }}'
    mixed = """query ($id: ID!) { a: _entities(representations: [{ __typename: "Beneficiary", id: $id }, { __typename: "Beneficiary", id: $id }])
      { ... on Beneficiary { id } } none: _entities(representations: []) { __typename } }"""
    assert (await ask(literal)).data == {"_entities": [{"id": node}]}
    assert (await ask(mixed, id=node)).data == {"a": [{"id": node}] * 2, "none": []}


async def test_with_a_federated_field(ask: Service, world: World) -> None:
    query = """query ($given: [_Any!]!) { _entities(representations: $given) {
      __typename ... on Beneficiary { id residence { source } } ... on Pact { kind } } }"""
    pact = f"pct_{world.pacts['work'].hex}"
    given = [named(pact), named("ben_" + "0" * 32), named(world.people["north"].node)]
    answer = await ask(query, given=given)
    assert answer.codes == ["UPSTREAM_UNAVAILABLE"]
    assert answer.json["data"] == {
        "_entities": [
            {"__typename": "Pact", "kind": "WORK"},
            None,
            {"__typename": "Beneficiary", "id": world.people["north"].node, "residence": None},
        ]
    }


async def test_several_callers_at_once(ask: Service, oracle: Oracle, world: World) -> None:
    """Runs of one plan may go together as one statement: each keeps its own representations and its own sight."""
    nodes = [person.node for person in world.people.values()]

    async def one(number: int) -> None:
        caller = ("centre", "east")[number % 2]
        mine = [named(node) for node in nodes[number % 7 : number % 7 + 1 + number % 3]]
        found = (await ask(ENTITIES, as_=caller, given=mine)).data["_entities"]
        assert found == [oracle.answer(NODE, SIGHTS[caller], {"id": one["id"]})["node"] for one in mine]

    await asyncio.gather(*(one(number) for number in range(60)))


BAD: dict[str, tuple[Any, str]] = {
    "no type": ({"id": "ben_" + "0" * 32}, "`representations[1]` has no `__typename`."),
    "no object": ("ben_" + "0" * 32, "`representations[1]` has no `__typename`."),
    "a type that is no string": ({"__typename": 3}, "`representations[1]` has no `__typename`."),
    "an unknown type": ({"__typename": "Nobody"}, "`representations[1].__typename` is no entity of this subgraph"),
    "a type that is no entity": ({"__typename": "Benefit"}, "`representations[1].__typename` is no entity"),
    "an interface": ({"__typename": "Node", "id": "ben_" + "0" * 32}, "is no entity of this subgraph"),
    "no key": ({"__typename": "Beneficiary", "sex": "F"}, "a Beneficiary is named by id or fiscalCode."),
    "an id of another type": ({"__typename": "Pact", "id": "ben_" + "0" * 32}, "`representations[1].id` is no id of a Pact."),
    "no id": ({"__typename": "Pact", "id": "1"}, "`representations[1].id` is no id of a Pact."),
    "an id that is a list": ({"__typename": "Pact", "id": [1]}, "`representations[1].id` is no id of a Pact."),
    "no fiscal code": ({"__typename": "Beneficiary", "fiscalCode": "RSSMRA"}, "is no fiscalCode of a Beneficiary."),
    "a key that is a number": ({"__typename": "Municipality", "belfioreCode": 5}, "is no belfioreCode of a Municipality."),
    "a nested object": ({"__typename": "Municipality", "belfioreCode": {"a": {}}}, "is no belfioreCode of a Municipality."),
}  # fmt: skip


@pytest.mark.parametrize("written", ["variable", "literal"])
async def test_it_costs_what_so_many_rows_cost(written: str, ask: Service, world: World) -> None:
    async def cost(number: int) -> int:
        given: list[Any] = [named(world.people["north"].node)] * number
        head, argument = "($given: [_Any!]!)", "$given"
        if written == "literal":
            items = "".join(f'{{ __typename: "{one["__typename"]}", id: "{one["id"]}" }}' for one in given)
            head, argument = "", f"[{items}]"
        answer = await ask.send(
            json={
                "query": f"query {head} {{ _entities(representations: {argument}) {{ __typename ... on Node {{ id }} }} }}",
                "variables": {"given": given} if head else {},
                "extensions": {"cost": True},
            },
            headers={"authorization": f"Bearer {ask.token('centre')}"},
        )
        return int(answer.json["extensions"]["cost"]["estimated"])

    one, twenty = await cost(1), await cost(20)
    assert 19 <= twenty - one <= 60


@pytest.mark.parametrize("name", BAD)
async def test_what_cannot_be_read_is_refused_by_its_place(name: str, ask: Service, world: World) -> None:
    given, message = BAD[name]
    answer = await ask(ENTITIES, given=[named(world.nodes[0]), given])
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])
    said = answer.json["errors"][0]["message"]
    assert message in said
    assert "RSSMRA" not in said


async def test_no_more_at_once_than_a_page_holds(ask: Service) -> None:
    many = [named("ben_" + "0" * 32)] * 1_001
    query = "query ($given: [_Any!]!) { _entities(representations: $given) { __typename } }"
    answer = await ask(query, given=many)
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])
    assert "1001" in answer.json["errors"][0]["message"]
    assert (await ask(query, given=many[:1000])).data == {"_entities": [None] * 1_000}


@pytest.mark.parametrize("given", [None, "x", [None]])
async def test_what_is_no_list_of_representations(given: object, ask: Service) -> None:
    assert (await ask(ENTITIES, given=given)).status == 400


async def test_a_value_postgresql_does_not_take(ask: Service) -> None:
    given = [{"__typename": "Municipality", "belfioreCode": "a\x00b"}]
    answer = await ask(ENTITIES, given=given)
    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])


async def test_the_service_tells_its_sdl(ask: Service) -> None:
    told = (await ask("{ s: _service { __typename text: sdl } }")).data
    assert told == {"s": {"__typename": "_Service", "text": federated_sdl()}}
    keyed: dict[str, list[str]] = {}
    for node in parse(federated_sdl()).definitions:
        for directive in node.directives or () if isinstance(node, ObjectTypeDefinitionNode) else ():
            if directive.name.value == "key":
                keyed.setdefault(node.name.value, []).append(print_ast(directive.arguments[0].value))  # type: ignore[index,attr-defined]
    assert keyed == {
        **{name: ['"id"'] for name in TYPE.values()},
        "Beneficiary": ['"id"', '"fiscalCode"'],
        "Municipality": ['"belfioreCode"'],
        "EmploymentCentre": ['"code"'],
    }


async def test_clients_read_a_schema_without_what_only_routers_ask(ask: Service) -> None:
    served = (await ask.send("GET", "/schema.graphql")).body.decode()
    assert served == sdl()
    assert not build_schema(served).query_type.fields.keys() & {"_entities", "_service"}  # type: ignore[union-attr]
    for word in ("_Any", "_Entity", "@key", "@link"):
        assert word not in served
