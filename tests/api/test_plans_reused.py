# SPDX-License-Identifier: EUPL-1.2
"""A document is planned once for each shape of its variables; and no plan is ever used for a shape it was not made for."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from hub.plan import operation, roots
from tests.api.statements import counted

if TYPE_CHECKING:
    from tests.api.conftest import Agree, Service
    from tests.api.world import World

COMPILED = "snodo_documents_compiled_total"


async def test_a_warm_request_compiles_nothing(ask: Service) -> None:
    query = "query Warm($n: Int) { beneficiaries(first: $n) { nodes { id } } }"
    await ask(query, n=1)
    before = await ask.metric(COMPILED)
    for size in (1, 2, 3):
        await ask(query, n=size)
        await ask(query, as_="inps", n=size)
    assert await ask.metric(COMPILED) == before
    await ask(query + " ", n=1)
    assert await ask.metric(COMPILED) == before + 1


async def test_other_values_reuse_the_plan(ask: Service, planned: list[str]) -> None:
    query = """
      query Reused($n: Int, $f: BeneficiaryFilter, $kinds: [PactKind!], $types: [ConditionalityEventType!], $o: Obligation) {
        beneficiaries(first: $n, filter: $f) { totalCount }
        pacts(filter: { kinds: $kinds }) { totalCount }
        conditionalityEvents(filter: { types: $types }) { totalCount }
        b: beneficiaries(filter: { obligation: $o }) { totalCount }
      }
    """
    counts = []
    for number, (measure, kinds, types, obligation) in enumerate(
        [
            ("ADI", ["WORK"], ["PACT_SIGNED"], "OBLIGED"),
            ("RDC", ["INCLUSION", "WORK"], [], "EXEMPT"),
            ("SFL", [], ["PUC_NOT_JOINED", "CONVOCATION_MISSED"], "VOLUNTARY"),
        ]
    ):
        answer = await ask(query, n=number, f={"measure": measure}, kinds=kinds, types=types, o=obligation)
        counts.append(answer.data)
    assert len(planned) == 4, "four root fields, each planned once"
    assert len({str(one) for one in counts}) == 3


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The root fields planned since the test began."""
    made: list[str] = []
    original = roots.plan_root

    def spy(catalogue: Any, document: Any, field: Any, *rest: Any) -> Any:
        made.append(field.key)
        return original(catalogue, document, field, *rest)

    monkeypatch.setattr(operation, "plan_root", spy)
    return made


ABSENT = object()

CHANGES: dict[str, tuple[str, list[Any]]] = {
    "a size": ("query ($x: Int) { beneficiaries(first: $x) { nodes { id } } }", [1, None, ABSENT, 3]),
    "the end of a list": ("query ($x: Int) { beneficiaries(last: $x) { nodes { id } } }", [1, None, ABSENT, 3]),
    "a filter": (
        "query ($x: BeneficiaryFilter) { beneficiaries(filter: $x) { totalCount } }",
        [{"measure": "ADI"}, {}, None, ABSENT, {"measure": None}, {"obligation": "EXEMPT"}, {"obligation": "EXEMPT", "measure": "RDC"}],
    ),
    "a member of a filter": (
        "query ($x: Measure) { beneficiaries(filter: { measure: $x, obligation: OBLIGED }) { totalCount } }",
        ["ADI", None, ABSENT, "RDC"],
    ),
    "text in a filter": (
        "query ($x: FiscalCode) { beneficiaries(filter: { fiscalCode: $x }) { totalCount } }",
        [None, "12345678903", ABSENT],
    ),
    "a list in a filter": (
        "query ($x: [PactKind!]) { pacts(filter: { kinds: $x }) { totalCount } }",
        [None, ["WORK"], [], ABSENT, ["INCLUSION", "WORK"], "SERVICE"],
    ),
    "an item of a list": (
        "query ($x: PactKind = WORK) { pacts(filter: { kinds: [$x, SERVICE] }) { totalCount } }",
        ["INCLUSION", ABSENT, "DIGITAL_ACTIVATION"],
    ),
    "an order": (
        "query ($x: [BeneficiaryOrder!]) { beneficiaries(first: 4, orderBy: $x) { nodes { id } } }",
        [["BIRTH_DATE_ASC"], ["BIRTH_DATE_DESC"], None, [], ABSENT, ["FAMILY_NAME_ASC", "BIRTH_DATE_ASC"], "FISCAL_CODE_ASC"],
    ),
    "an item of an order": (
        "query ($x: BeneficiaryOrder!) { beneficiaries(first: 4, orderBy: [BIRTH_DATE_ASC, $x]) { nodes { id } } }",
        ["FISCAL_CODE_ASC", "FISCAL_CODE_DESC", "BIRTH_DATE_DESC"],
    ),
    "a default of the document": (
        "query ($x: Int = 2) { beneficiaries(first: $x) { nodes { id } } }",
        [ABSENT, 1, None, ABSENT, 4],
    ),
    "a moment": (
        "query ($x: DateTime) { conditionalityEvents(filter: { occurredFrom: $x }) { totalCount } }",
        ["2026-09-10T00:00:00Z", None, "2026-09-03T00:00:00+02:00", ABSENT],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("reverse", [False, True])
async def test_another_shape_is_another_plan(name: str, *, reverse: bool, agree: Agree) -> None:
    """Each value after each other, so that whichever plan was made first cannot answer for the other."""
    query, values = CHANGES[name]
    query = f"query {'R' if reverse else 'F'}{name.title().replace(' ', '')} {query.removeprefix('query ')}"
    for value in (*(reversed(values) if reverse else values), *values):
        await agree(query, "inps", **({} if value is ABSENT else {"x": value}))


@pytest.mark.parametrize(
    "spoilt", ["ben_", "ben_xyz", "ben_" + "0" * 31, "ben_" + "0" * 32 + "\n", "", "ben"]
)
async def test_a_malformed_id_does_not_spoil_the_plan_for_good_ones(
    spoilt: str, ask: Service, agree: Agree, world: World
) -> None:
    query = f"query Spoilt{len(spoilt)}($id: ID!) {{ node(id: $id) {{ id __typename }} }}"
    for _ in range(2):
        answer = await ask(query, id=spoilt)
        assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])
        for node in world.nodes:
            found = await agree(query, "inps", id=node)
            assert found["node"]["id"] == node


async def test_nodes_of_all_kinds_through_one_document(agree: Agree, world: World) -> None:
    query = "query Kinds($a: ID!, $b: ID!) { a: node(id: $a) { id __typename } b: node(id: $b) { id __typename } }"
    for first, second in itertools.product(world.nodes[:5], repeat=2):
        await agree(query, "inps", a=first, b=second)


async def test_a_plan_never_serves_another_scope(agree: Agree) -> None:
    query = "query Scopes { beneficiaries { nodes { id household { id members { id } } } totalCount } }"
    callers = (
        "centre",
        "inps",
        "two-centres",
        "municipality",
        "two-towns",
        "region",
        "two-regions",
        "nowhere",
        "east",
    )
    for caller in (*callers, *reversed(callers)):
        await agree(query, caller)


@pytest.mark.parametrize(
    ("roots", "query"),
    [
        (
            1,
            '{ beneficiary(fiscalCode: "12345678903") { id household { members { pacts { goals { ordinal } } } } } }',
        ),
        (
            1,
            "{ beneficiaries { nodes { id conditionalityEvents { nodes { pact { id } } totalCount } } totalCount } }",
        ),
        (
            1,
            "{ beneficiaries { nodes { id } edges { cursor node { id } } pageInfo { endCursor hasNextPage } totalCount } }",
        ),
        (
            2,
            "{ jobOffers { nodes { id source { name } municipality { name } } } households { totalCount } __typename }",
        ),
        (
            1,
            '{ beneficiary(fiscalCode: "12345678903") { id residence { source } household { payments { state } } } }',
        ),
        (0, "{ __typename }"),
    ],
)
async def test_one_statement_for_each_root_field(roots: int, query: str, ask: Service) -> None:
    await ask(query)
    with counted(ask) as seen:
        await ask(query)
    assert len(seen) == roots, seen


async def test_the_statement_of_a_feed_page(ask: Service) -> None:
    query = "{ conditionalityFeed(first: 5) { entries { position event { id beneficiary { id } } } endCursor hasMore } }"
    await ask(query, as_="inps")
    with counted(ask) as seen:
        await ask(query, as_="inps")
    assert len(seen) == 1


def test_the_counter_counts() -> None:
    """The logger the tests above rely on is asyncpg's, which a new version could do without."""
    assert hasattr(asyncpg.Connection, "add_query_logger")


async def test_one_operation_leaves_connections_for_others(ask: Service) -> None:
    """Twenty root fields are read four at a time."""
    from hub.plan.execution import ROOTS_AT_ONCE

    running: list[int] = []
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%beneficiary%' AND pid <> pg_backend_pid()"
    roots = " ".join(
        f"a{i}: beneficiaries(first: 500) {{ nodes {{ household {{ members {{ id }} }} }} }}"
        for i in range(20)
    )
    asked = asyncio.create_task(ask(f"{{ {roots} }}"))
    while not asked.done():
        running.append(await ask.owner.fetchval(count))
        await asyncio.sleep(0.002)
    answer = await asked
    assert answer.status == 200
    assert len(answer.data) == 20
    assert max(running) <= ROOTS_AT_ONCE
