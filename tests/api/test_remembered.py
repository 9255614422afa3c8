# SPDX-License-Identifier: EUPL-1.2
"""What a process remembers: a warm request makes nothing anew, and no flood makes it remember more than its bounds."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from typing import TYPE_CHECKING, Any

from hub.access.caller import Scope
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.plan.trusted import TrustedDocument
from hub.store.vocabulary import GrantScope
from schema.build import build_schema

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

MADE = ("snodo_documents_compiled_total", "snodo_plans_made_total")
FOUND = ("snodo_documents_found_total", "snodo_plans_found_total")
DROPPED = ("snodo_documents_dropped_total", "snodo_plans_dropped_total")
WARM = """
  query Warm($n: Int, $f: BeneficiaryFilter, $deep: Boolean!) {
    beneficiaries(first: $n, filter: $f) { nodes { id pacts @include(if: $deep) { id } } }
    pacts(first: $n) { totalCount }
  }
"""
SCOPE = Scope(GrantScope.NATIONAL, single=False)


async def _metrics(ask: Service, names: tuple[str, ...]) -> list[float]:
    return [await ask.metric(name) for name in names]


async def test_a_warm_request_reads_validates_and_plans_nothing(ask: Service) -> None:
    shapes: list[dict[str, Any]] = [
        {"n": 1, "f": {"measure": "ADI"}, "deep": True},
        {"n": 1, "f": {"measure": "ADI"}, "deep": False},
        {"n": 1, "f": None, "deep": False},
    ]
    for variables in shapes:
        await ask(WARM, **variables)
    made, found = await _metrics(ask, MADE), await _metrics(ask, FOUND)
    for size in (2, 3):
        for variables in shapes:
            answer = await ask(WARM, **(variables | {"n": size}))
            assert answer.status == 200
    assert await _metrics(ask, MADE) == made
    assert await _metrics(ask, FOUND) == [count + 6 for count in found]
    await ask(WARM, **shapes[0], as_="inps")  # another scope: planned anew, and not read anew
    assert await _metrics(ask, MADE) == [made[0], made[1] + 2]


async def test_counters_are_counters(ask: Service) -> None:
    text = (await ask.send("GET", "/metrics")).body.decode()
    for name in (*MADE, *FOUND, *DROPPED, "snodo_requests_ended_total"):
        assert f"# TYPE {name} counter" in text


async def test_a_flood_of_documents_is_forgotten_again(open_hub: Opener) -> None:
    """Also by PostgreSQL, whose connections keep each statement prepared until it is put out."""
    async with open_hub("flood", sequencer=False, document_cache_size=50, prepared_statements=10) as hub:
        for start in range(0, 400, 20):
            await asyncio.gather(
                *(
                    hub(f"query F{n} {{ a{n}: beneficiaries(first: 1) {{ nodes {{ id }} }} }}")
                    for n in range(start, start + 20)
                )
            )
        assert await hub.metric("snodo_documents_remembered") == 50
        own = 1  # the hub's own question for lines of the feed, which has no plan yet
        assert await _metrics(hub, DROPPED) == [350 + own, 350]
        pool: Any = hub.hub.database.read
        for holder in pool._holders:
            if holder._con is not None:
                assert await holder._con.fetchval("SELECT count(*) FROM pg_prepared_statements") <= 10
        assert (await hub("query F0 { a0: beneficiaries(first: 1) { nodes { id } } }")).status == 200


def _fill(documents: Documents, first: int, last: int, padding: int = 0) -> None:
    for number in range(first, last):
        fields = " ".join(f"f{index}: givenName" for index in range(padding))
        found = documents.operation(
            f"query Q{number} {{ beneficiaries {{ nodes {{ id {fields} }} }} }}", None
        )
        assert isinstance(found, Operation)
        found.prepare({}, SCOPE)


def test_a_flood_of_documents_takes_no_more_than_the_bound() -> None:
    """Measured in Python's own memory: the estimate is not below the truth, and what is forgotten is let go."""
    _, catalogue = build_schema()
    bound = 1_000_000
    documents = Documents(catalogue, most=100_000, most_bytes=bound)
    _fill(documents, 0, 20)
    gc.collect()
    tracemalloc.start()
    try:
        _fill(documents, 20, 150)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 1.3 * bound
        _fill(documents, 150, 450)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 1.3 * bound, "three times as much has gone by"
    finally:
        tracemalloc.stop()
    assert documents.weight <= bound
    assert documents.counts.documents_dropped == 450 - len(documents)


def test_one_giant_document_takes_the_place_of_many_small_ones() -> None:
    _, catalogue = build_schema()
    documents = Documents(catalogue, most=100_000, most_bytes=1_000_000)
    _fill(documents, 0, 30)
    assert len(documents) == 30
    _fill(documents, 30, 34, padding=90)
    assert len(documents) < 30
    assert documents.weight <= 1_000_000


def test_shapes_of_one_document_are_bounded_by_number_and_weight() -> None:
    _, catalogue = build_schema()
    flags = [f"f{number}" for number in range(8)]
    text = (
        f"query ({' '.join(f'${flag}: Boolean!' for flag in flags)}) {{ beneficiaries {{ nodes {{ id "
        + " ".join(f"{flag}: givenName @include(if: ${flag})" for flag in flags)
        + " } } }"
    )
    for trusted in (False, True):
        documents = Documents(catalogue, most=10, most_bytes=100_000)
        if trusted:
            documents.trust([TrustedDocument(text, (), "shapes.graphql")])
        operation = documents.operation(text, None)
        assert isinstance(operation, Operation)
        for number in range(256):
            found = documents.operation(text, None)
            assert isinstance(found, Operation)
            found.prepare({flag: bool(number >> index & 1) for index, flag in enumerate(flags)}, SCOPE)
            assert len(found._prepared) <= Operation.MOST_SHAPES
            assert documents.weight <= 100_000
        if trusted:
            assert documents.operation(text, None) is operation, "its plans go, and it stays"
            assert documents.counts.documents_compiled == 1


def test_what_is_forgotten_weighs_nothing() -> None:
    """A request may still run what was forgotten meanwhile, and plan a further shape of it."""
    _, catalogue = build_schema()
    documents = Documents(catalogue, most=1)
    first = documents.operation(
        "query ($f: Boolean!) { beneficiaries { nodes { id @include(if: $f) sex } } }", None
    )
    assert isinstance(first, Operation)
    first.prepare({"f": True}, SCOPE)
    _fill(documents, 0, 1)
    weight = documents.weight
    first.prepare({"f": False}, SCOPE)
    assert documents.weight == weight
    assert len(documents) == 1


def test_a_plan_holds_no_values() -> None:
    """Variables weigh up to a megabyte, and come with every document: a plan keeps their shape alone."""
    _, catalogue = build_schema()
    documents = Documents(catalogue, most=10)
    texts = (
        "query ($r: [_Any!]!, $i: Boolean!) { _entities(representations: $r) { ... on Household { id @include(if: $i) } } }",
        "query ($f: BeneficiaryFilter, $o: [BeneficiaryOrder!]) { beneficiaries(filter: $f, orderBy: $o) { nodes { id } } }",
        "query ($k: [PactKind!], $a: String) { pacts(filter: { and: [{ kinds: $k }] }, after: $a) { nodes { id } } }",
        "query ($i: ID!) { node(id: $i) { id } }",
    )
    given: list[dict[str, Any]] = [
        {"r": [{"__typename": "Household", "x": number} for number in range(2_000)], "i": True},
        {"f": {"name": {"family": "x" * 450_000}, "pacts": {"some": {"kinds": ["WORK"] * 1_000}}}, "o": ["BIRTH_DATE_ASC"] * 1_000},
        {"k": ["WORK"] * 2_000, "a": "x" * 450_000},
        {"i": "ben_" + "0" * 450_000},
    ]  # fmt: skip
    for one in (False, True):  # the first time for what is made once
        gc.collect()
        tracemalloc.start()
        for text, variables in zip(texts, given, strict=True):
            operation = documents.operation(text + "#" * one, None)
            assert isinstance(operation, Operation)
            operation.prepare(operation.variables.coerce(variables)[0], SCOPE)
        del operation
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    assert held < 400_000
