# SPDX-License-Identifier: EUPL-1.2
"""Runs that go together as one statement answer as they would alone, each for its own caller."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hub.plan.runner import Lane, Runner
    from tests.api.conftest import Answer, Service

PERSON = "query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) { id givenName pacts { kind goals { ordinal } } } }"
PEOPLE = """
  query ($first: Int, $after: String, $types: [ConditionalityEventType!]) {
    beneficiaries(first: $first, after: $after, orderBy: [BIRTH_DATE_DESC]) {
      totalCount pageInfo { hasNextPage endCursor }
      edges { cursor node {
        id household { measure members { id } }
        conditionalityEvents(first: $first, filter: { types: $types }) { totalCount nodes { id type } }
      } }
    }
  }
"""
NODE = "query ($id: ID!) { node(id: $id) { __typename id ... on Pact { household { id } } } }"
FEED = "query ($after: String) { conditionalityFeed(after: $after, first: 2) { endCursor entries { position event { id } } } }"


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans are joined however slow the machine is just now, and whoever waits has no relief."""
    monkeypatch.setattr("hub.plan.runner.SLICE", 100.0)
    monkeypatch.setattr("hub.plan.runner.PATIENCE", 100.0)


@contextmanager
def _lanes_held(runner: Runner) -> Iterator[None]:
    """Every lane is busy inside, so that whatever is asked waits; after it, they are free again."""
    held: list[Lane] = [runner._idle.pop() for _ in range(len(runner._idle))]
    yield
    for lane in held:
        runner._go_on(lane)


async def _together(ask: Service, asked: list[tuple[str, str, dict[str, Any]]]) -> list[Answer]:
    """The answers to questions that were all waiting when the lanes became free: query, caller, variables."""
    runner = ask.hub.runner
    for _ in range(200):
        if len(runner._idle) == len(runner._lanes):
            break
        await asyncio.sleep(0.005)
    with _lanes_held(runner):
        tasks = [asyncio.create_task(ask(query, as_=caller, **given)) for query, caller, given in asked]
        for _ in range(1_000):
            if sum(len(queue.runs) for queue in runner._waiting.values()) == len(asked):
                break
            await asyncio.sleep(0.002)
        else:
            raise AssertionError("not all of them wait")
    return await asyncio.gather(*tasks)


async def _same(ask: Service, asked: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Hold the answers given together against those given one by one, and see that some did go together."""
    alone = [await ask(query, as_=caller, **given) for query, caller, given in asked * 3][: len(asked)]
    before = ask.hub.runner.runs - ask.hub.runner.statements
    together = await _together(ask, asked)
    assert [answer.body for answer in together] == [answer.body for answer in alone]
    assert ask.hub.runner.runs - ask.hub.runner.statements > before


async def test_people(ask: Service) -> None:
    codes = [person.fiscal_code for person in ask.world.people.values()]
    await _same(ask, [(PERSON, "centre", {"code": code}) for code in codes])
    assert await ask.metric("snodo_plans_run_total") > await ask.metric("snodo_statements_sent_total")


async def test_each_sees_what_its_own_caller_sees(ask: Service) -> None:
    """The callers of one scope share a plan, and so a statement; not their rows."""
    codes = [person.fiscal_code for person in ask.world.people.values()]
    asked = [(PERSON, caller, {"code": code}) for code in codes[:7] for caller in ("centre", "east")]
    await _same(ask, asked)
    answers = await _together(ask, asked)
    assert len({answer.body for answer in answers}) > 2


async def test_lists_with_cursors_sizes_and_arrays(ask: Service) -> None:
    first = (await ask(PEOPLE, first=3)).data["beneficiaries"]["pageInfo"]["endCursor"]
    arrays: list[Any] = [["PACT_SIGNED"], ["CONVOCATION_MISSED", "PACT_SIGNED"], []]
    await _same(
        ask,
        [
            (PEOPLE, caller, {"first": size, "after": first, "types": types})
            for size in (0, 1, 2, 5)
            for types in arrays
            for caller in ("centre", "region")
        ],
    )


async def test_callers_of_several_areas(ask: Service) -> None:
    await _same(
        ask, [(PEOPLE, "two-centres", {"first": size, "after": None, "types": None}) for size in range(4)]
    )


async def test_nodes_and_feed(ask: Service) -> None:
    missing = "ben_" + "0" * 32
    await _same(ask, [(NODE, "centre", {"id": node}) for node in [*ask.world.nodes, missing] * 2])
    await _same(ask, [(FEED, "inps", {"after": str(start)}) for start in range(8)])


async def test_a_statement_that_fails_is_run_again_one_by_one(
    ask: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database refuses the joined statement; each of its runs is answered all the same."""
    codes = [person.fiscal_code for person in ask.world.people.values()][:6]
    asked: list[tuple[str, str, dict[str, Any]]] = [(PERSON, "centre", {"code": code}) for code in codes]
    alone = [(await ask(query, as_=caller, **given)).body for query, caller, given in asked]
    from hub.plan.joined import Joined

    monkeypatch.setattr(Joined, "arguments", lambda _self, _members: [])  # asyncpg: too few arguments
    before = ask.hub.runner.statements
    assert [answer.body for answer in await _together(ask, asked)] == alone
    assert ask.hub.runner.statements - before > len(asked)


async def test_under_load_answers_are_each_ones_own(ask: Service) -> None:
    codes = [person.fiscal_code for person in ask.world.people.values()] * 20
    answers = await asyncio.gather(
        *(ask("query ($c: FiscalCode!) { beneficiary(fiscalCode: $c) { fiscalCode } }", c=c) for c in codes)
    )
    for code, answer in zip(codes, answers, strict=True):
        found = answer.data["beneficiary"]
        assert found is None or found["fiscalCode"] == code


async def test_entities_for_the_whole_country(ask: Service) -> None:
    """Their plan has no value of a member's own: what it binds are arrays, the same for all."""
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Beneficiary { fiscalCode } } }"
    code = ask.world.people["north"].fiscal_code
    asked = [(query, "inps", {"r": [{"__typename": "Beneficiary", "fiscalCode": code}]})] * 6
    await _same(ask, asked)
    before = ask.hub.runner.statements
    assert {answer.data["_entities"][0]["fiscalCode"] for answer in await _together(ask, asked)} == {code}
    assert ask.hub.runner.statements - before < len(asked)
