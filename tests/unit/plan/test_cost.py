# SPDX-License-Identifier: EUPL-1.2
"""The estimate: by hand on a small schema, and what it promises of the hub's own."""

from __future__ import annotations

import time
from typing import Any

import pytest
import strawberry
from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, parse

from hub.access.caller import Scope
from hub.plan.cost import Estimate, Estimator, TooExpensive, rounded
from hub.plan.documents import Documents
from hub.plan.limits import PageLimits
from hub.plan.operation import Operation
from hub.plan.pages import InvalidPage
from hub.plan.selection import Document
from hub.plan.weights import read_costs
from hub.store.vocabulary import GrantScope
from schema.build import build_schema
from schema.cost import PAGED, ListSize, about, costs


@strawberry.interface
class Thing:
    name: str


@strawberry.type
class Stone(Thing):
    weight: int = strawberry.field(directives=[costs(3)])


@strawberry.type
class Leaf(Thing):
    stones: list[Stone] = strawberry.field(directives=[about(4)])
    words: list[str] = strawberry.field(directives=[about(10)])


@strawberry.type
class Edge:
    node: Leaf = strawberry.field(directives=[costs(0)])
    cursor: str


@strawberry.type
class Leaves:
    nodes: list[Leaf]
    edges: list[Edge]
    total_count: int = strawberry.field(directives=[costs(50)])


@strawberry.type(directives=[costs(7)])
class Heavy:
    name: str


def _leaves(first: int | None = None, last: int | None = None) -> Leaves:
    raise AssertionError


def _named(names: list[str]) -> list[Leaf]:
    raise AssertionError


@strawberry.type
class Query:
    leaf: Leaf
    thing: Thing
    heavy: Heavy

    leaves: Leaves = strawberry.field(resolver=_leaves, directives=[PAGED])
    named: list[Leaf] = strawberry.field(resolver=_named, directives=[ListSize(slicing_arguments=["names"])])


SCHEMA: GraphQLSchema = strawberry.Schema(Query, types=[Stone, Leaf])._schema
LIMITS = PageLimits(default=20, most=100, cost=1_000)


def _estimate(text: str, **variables: Any) -> Estimate:
    document = parse(text)
    problems: list[str] = []
    table = read_costs(SCHEMA, problems)
    assert problems == []
    fragments = {
        one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    assert SCHEMA.query_type is not None
    walked = Document(SCHEMA, fragments, variables)
    return Estimator(table, walked, LIMITS).selection(SCHEMA.query_type, [operation.selection_set])


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ leaf { name } }", 1 + 0.2),
        ("{ leaf { name name } }", 1 + 0.2),
        ("{ leaf { name other: name } }", 1 + 0.4),
        ("{ leaf { name } again: leaf { name } }", 2 * (1 + 0.2)),
        ("{ leaf { name } leaf { stones { name } } }", 1 + 0.2 + 1 + 4 * (1 + 0.2)),
        ("{ leaf { stones { name weight } } }", 1 + 1 + 4 * (1 + 0.2 + 3)),
        ("{ leaf { words } }", 1 + 0.2 + 10 * 0.2),
        ("{ leaf { name @skip(if: true) words @include(if: false) } }", 1),
        ("{ leaf { __typename } __typename }", 1),
        ("{ __schema { types { fields { name } } } }", 0),
        ("{ heavy { name } }", 7 + 0.2),
        ("{ leaf { ...F ...F } } fragment F on Leaf { name }", 1 + 0.2),
        ("{ ... { ... on Query { leaf { name } } } }", 1 + 0.2),
        ("{ leaves { totalCount } }", 1 + 50),
        ("{ leaves { nodes { name } } }", 1 + 1 + 20 * (1 + 0.2)),
        ("{ leaves(first: 5) { nodes { name } } }", 1 + 1 + 5 * (1 + 0.2)),
        ("{ leaves(last: 5) { nodes { name } } }", 1 + 1 + 5 * (1 + 0.2)),
        ("{ leaves(first: null) { nodes { name } } }", 1 + 1 + 20 * (1 + 0.2)),
        ("{ leaves(first: 5) { edges { cursor node { name } } } }", 1 + 1 + 5 * (1 + 0.2 + 0.2)),
        ("{ leaves(first: 5) { nodes { stones { name } } } }", 1 + 1 + 5 * (1 + 1 + 4 * (1 + 0.2))),
        ("{ leaves(first: 0) { nodes { stones { name } } } }", 1 + 1),
        ('{ named(names: ["a", "b", "c"]) { name } }', 1 + 3 * (1 + 0.2)),
        ("{ thing { name } }", 1 + 0.2),
        ("{ thing { name ... on Stone { weight } ... on Leaf { words } } }", 1 + 0.2 + 3),
        ("{ thing { ... on Stone { weight } ... on Leaf { stones { name } } } }", 1 + 1 + 4 * 1.2),
    ],
)
def test_by_hand(text: str, cost: float) -> None:
    found = _estimate(text)
    assert found.open == (), "what stands in the document is added up once"
    assert found.of({}) == pytest.approx(cost)


def test_variables_are_read_at_each_run() -> None:
    found = _estimate("query ($n: Int) { leaves(first: $n) { nodes { name } } }", n=5)
    assert [found.of({"n": size}) for size in (5, 0, 7, 100)] == pytest.approx(
        [2 + 1.2 * items for items in (5, 0, 7, 100)]
    )
    for size in (-1, 101, 10**9):
        with pytest.raises(InvalidPage):
            found.of({"n": size})


@pytest.mark.parametrize("sizes", ["first: -5", "last: -1", "first: 101", "first: 1, last: 1"])
def test_a_size_no_page_can_have_is_refused_with_the_document(sizes: str) -> None:
    with pytest.raises(InvalidPage):
        _estimate(f"{{ leaves({sizes}) {{ nodes {{ name }} }} }}")


def test_a_size_is_read_once_and_always() -> None:
    found = _estimate(
        "query ($n: Int) { leaves(first: $n) { nodes { name } edges { cursor node { name } } } }", n=1
    )
    assert len(found.open) == 1
    assert found.of({"n": 10}) == pytest.approx(1 + 1 + 1 + 10 * (1.2 + 1.4))
    counted = _estimate("query ($n: Int) { leaves(first: $n) { totalCount } }", n=1)
    assert counted.of({"n": 10}) == pytest.approx(1 + 50)
    with pytest.raises(InvalidPage):
        counted.of({"n": -1})


def test_a_variable_that_is_absent_or_null_leaves_the_default_page() -> None:
    for variables in ({}, {"n": None}):
        found = _estimate("query ($n: Int) { leaves(first: $n) { nodes { name } } }", **variables)
        assert found.of(variables) == pytest.approx(2 + 20 * 1.2)


def test_a_list_of_keys_is_as_long_as_it_is() -> None:
    found = _estimate("query ($k: [String!]!) { named(names: $k) { name } }", k=["a"])
    assert found.of({"k": ["a"] * 7}) == pytest.approx(1 + 7 * 1.2)


def test_the_dearest_type_may_depend_on_a_variable() -> None:
    text = "query ($n: Int) { thing { ... on Stone { weight } ... on Leaf { x: stones { name } } } leaves(first: $n) { nodes { name } } }"
    assert _estimate(text, n=2).of({"n": 3}) == pytest.approx(1 + 5.8 + 2 + 3 * 1.2)


def test_the_limit_itself_is_allowed() -> None:
    found = _estimate("query ($n: Int) { leaves(first: $n) { nodes { name } } }", n=1)
    found.check({"n": 40}, 50)
    with pytest.raises(TooExpensive) as refused:
        found.check({"n": 41}, 50)
    assert refused.value.extensions == {"cost": 52, "limit": 50}
    assert "estimated to cost 52; at most 50" in refused.value.message
    with pytest.raises(TooExpensive):
        Estimate(50.01).check({}, 50)


# ── the hub's own schema ──────────────────────────────────────────────────────────────────────────────

NATIONAL = Scope(GrantScope.NATIONAL, single=False)


def _operation(text: str) -> Operation:
    found = Documents(build_schema()[1], most=10).operation(text, None)
    assert isinstance(found, Operation), found
    return found


LEGITIMATE = {
    "a page of 1,000 people": ("{ beneficiaries(first: 1000) { nodes { id fiscalCode givenName familyName birthDate obligation sex } } }"),
    "50 people with nested lists": ("{ beneficiaries(first: 50) { nodes { id pacts { id goals { ordinal } } activities { title } convocations { outcome } "
        "conditionalityEvents(first: 10) { nodes { id type source { code } } } household { members { id pacts { id } } } } pageInfo { endCursor hasNextPage } totalCount } }"),
    "50 people and their live residence": "{ beneficiaries { nodes { id residence { address } } } }",
    "a page of the feed": ("{ conditionalityFeed(first: 1000) { entries { position fiscalCode inpsProtocol event { id type occurredAt recordedAt note "
        "position source { code name } pact { id kind } beneficiary { id household { id } } } } endCursor hasMore } }"),
    "a person, all agencies": ('{ beneficiary(fiscalCode: "12345678903") { id residence { address } registeredFamily { members { fiscalCode } } household { payments { state } } } }'),
    "introspection": "{ __schema { types { name fields { name args { name } } } } }",
}  # fmt: skip

EXPLOSIONS = {
    "a thousand times a thousand": "{ beneficiaries(first: 1000) { nodes { conditionalityEvents(first: 1000) { nodes { id } } } } }",
    "and as edges": "{ beneficiaries(first: 1000) { edges { node { conditionalityEvents(last: 1000) { edges { cursor } } } } } }",
    "a hundred times, twice nested": "{ beneficiaries(first: 100) { nodes { household { members { household { members { conditionalityEvents(first: 500) { nodes { id } } } } } } } } }",
    "households that contain each other": "{ households(first: 1000) { nodes { members { household { members { household { members { household { members { id } } } } } } } } } }",
    "a thousand calls to an agency": "{ beneficiaries(first: 1000) { nodes { residence { address } } } }",
    "twenty full pages": "{ " + " ".join(f"a{n}: conditionalityEvents(first: 1000) {{ nodes {{ id type note pact {{ id }} beneficiary {{ id household {{ id }} }} }} }}" for n in range(20)) + " }",
}  # fmt: skip


@pytest.mark.parametrize("name", LEGITIMATE)
def test_what_people_ask_is_allowed(name: str) -> None:
    operation = _operation(LEGITIMATE[name])
    assert operation.prepare({}, NATIONAL).estimate.of({}) <= PageLimits().cost / 2


@pytest.mark.parametrize("name", EXPLOSIONS)
def test_an_explosion_is_refused_before_it_is_planned(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.plan.operation.plan_root", None)
    operation = _operation(EXPLOSIONS[name])
    for _ in range(2):
        with pytest.raises(TooExpensive):
            operation.prepare({}, NATIONAL)


def test_a_warm_plan_is_held_to_the_limit_too() -> None:
    operation = _operation(
        "query ($n: Int, $m: Int) { beneficiaries(first: $n) { nodes { conditionalityEvents(first: $m) { nodes { id } } } } }"
    )
    prepared = operation.prepare({"n": 10, "m": 10}, NATIONAL)
    assert operation.prepare({"n": 20, "m": 20}, NATIONAL) is prepared
    with pytest.raises(TooExpensive):
        operation.prepare({"n": 1_000, "m": 1_000}, NATIONAL)


def test_a_mutation_is_estimated_with_what_it_reads_back() -> None:
    head = (
        'mutation { recordConditionalityEvent(input: { idempotencyKey: "k", fiscalCode: "12345678903", '
        'type: PACT_SIGNED, occurredAt: "2026-09-01T00:00:00Z" }) '
    )
    little, much = (
        _operation(head + asked + " }").estimate({}).of({})
        for asked in (
            "{ event { id } }",
            "{ event { beneficiary { conditionalityEvents(first: 1000) { nodes { id } } } } }",
        )
    )
    assert little >= 200
    assert much - little == pytest.approx(1_000 * 1.2 + 3 - 0.2)


@pytest.mark.parametrize(
    ("text", "variables", "most"),
    [
        ("query ($n: Int) { beneficiaries(first: $n) { nodes { id givenName } } }", {"n": 10}, 2e-6),
        (
            "query ($n: Int, $m: Int) { beneficiaries(first: $n) { nodes { conditionalityEvents(first: $m) { nodes { id } } } } }",
            {"n": 10, "m": 3},
            10e-6,
        ),
        ("{ beneficiaries(first: 10) { nodes { id } } }", {}, 1e-6),
    ],
)
def test_a_warm_request_pays_next_to_nothing(text: str, variables: dict[str, Any], most: float) -> None:
    estimate = _operation(text).estimate(variables)

    def took() -> float:
        began = time.process_time()
        for _ in range(1_000):
            estimate.check(variables, 100_000)
        return (time.process_time() - began) / 1_000

    assert min(took() for _ in range(5)) < most


def test_a_cost_is_told_rounded_up() -> None:
    assert [rounded(cost) for cost in (0.0, 0.2, 1.0, 1.01)] == [0, 1, 1, 2]


# ── lists that are not sized ──────────────────────────────────────────────────────────────────────────


def _problems(*fields: tuple[str, Any, Any]) -> list[str]:
    namespace: dict[str, Any] = {"__annotations__": {name: kind for name, kind, _ in fields}}
    namespace.update({name: made for name, _, made in fields if made is not None})
    query = strawberry.type(type("Query", (), namespace))
    problems: list[str] = []
    read_costs(strawberry.Schema(query)._schema, problems)
    return problems


def test_every_list_says_how_long_it_is() -> None:
    assert _problems(("stones", list[Stone], None)) == [
        "Query.stones is a list, and no @listSize says how long it is"
    ]
    assert _problems(("stones", list[Stone] | None, None)) == [
        "Query.stones is a list, and no @listSize says how long it is"
    ]
    assert _problems(("stones", list[Stone], strawberry.field(directives=[about(3)]))) == []


def test_a_size_that_leads_nowhere() -> None:
    about_nodes = ListSize(assumed_size=3, sized_fields=["nodes", "edges"])
    wrong = ListSize(slicing_arguments=["first"], sized_fields=["nodes", "name"])
    assert _problems(("leaf", Heavy, strawberry.field(directives=[wrong]))) == [
        "Query.leaf is sized by 'first', which is no argument of it",
        "Query.leaf sizes Heavy.name, which is no list",
        "Query.leaf sizes Heavy.nodes, which is no list",
    ]
    assert _problems(("leaf", Heavy, strawberry.field(directives=[about(3)]))) == [
        "Query.leaf has a @listSize, and neither is a list nor names a sized field"
    ]
    assert _problems(
        ("one", Leaves, strawberry.field(directives=[about_nodes])), ("other", Leaves, None)
    ) == [
        "Query.other gives Leaves, and no @listSize on it says how long 'nodes' is",
        "Query.other gives Leaves, and no @listSize on it says how long 'edges' is",
    ]
    assert _problems(("leaves", list[Heavy], strawberry.field(directives=[ListSize()]))) == [
        "Query.leaves has a @listSize without a size"
    ]
