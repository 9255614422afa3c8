# SPDX-License-Identifier: EUPL-1.2
"""The cost of an operation over HTTP: refused before anything is sent, and told to who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.statements import counted

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service

NESTED = "query ($n: Int, $m: Int) { beneficiaries(first: $n) { nodes { id conditionalityEvents(first: $m) { nodes { id } } } } }"
LIMIT = 100_000


async def _asked(
    ask: Service, query: str, header: str | None = "report", extensions: Any = None, **variables: Any
) -> Answer:
    headers = {"authorization": f"Bearer {ask.token('centre')}"}
    if header is not None:
        headers["graphql-cost"] = header
    body: dict[str, Any] = {"query": query, "variables": variables}
    if extensions is not None:
        body["extensions"] = extensions
    return await ask.send(json=body, headers=headers)


async def test_an_explosion_is_refused_and_nothing_is_sent(ask: Service) -> None:
    await ask(NESTED, n=1, m=1)
    with counted(ask) as seen:
        for _ in range(2):
            answer = await ask(NESTED, n=1000, m=1000)
            assert (answer.status, answer.codes) == (400, ["COST_ESTIMATED_TOO_EXPENSIVE"])
            (error,) = answer.json["errors"]
            assert error["extensions"]["limit"] == LIMIT
            assert error["extensions"]["cost"] > 1_000_000
            assert str(error["extensions"]["cost"]) in error["message"]
    assert seen == []


async def test_a_page_that_is_too_large_is_refused_for_that(ask: Service) -> None:
    """The estimate does not run ahead of the sentence that helps more."""
    answer = await ask(NESTED, n=2**31 - 1, m=1)
    assert answer.codes == ["INVALID_PAGE"]


async def test_the_limit_is_a_setting(open_hub: Opener) -> None:
    async with open_hub("cost", sequencer=False, max_cost=200) as hub:
        assert (await hub("{ beneficiaries(first: 10) { nodes { id } } }")).status == 200
        answer = await hub("{ beneficiaries(first: 100) { nodes { id } } }")
        assert answer.codes == ["COST_ESTIMATED_TOO_EXPENSIVE"]
        assert answer.json["errors"][0]["extensions"]["limit"] == 200


@pytest.mark.parametrize(
    "query",
    [
        "{ beneficiaries(first: 2) { nodes { id } } }",
        "{ beneficiaries(first: 2) { nodes { id } } households(first: 1) { totalCount } }",
        "{ beneficiaries(first: 2) { nodes { id } } __schema { description } }",
        '{ beneficiary(fiscalCode: "12345678903") { id residence { source } } }',
        "{ __typename }",
    ],
)
async def test_the_cost_is_told_beside_the_answer(query: str, ask: Service) -> None:
    """On every path: text spliced, several roots, the executor."""
    plain = await _asked(ask, query, header=None)
    assert "extensions" not in plain.json
    told = await _asked(ask, query)
    assert told.json == {**plain.json, "extensions": told.json["extensions"]}
    assert told.json["extensions"]["cost"].keys() == {"estimated", "limit"}
    assert told.json["extensions"]["cost"]["limit"] == LIMIT
    assert int(told.headers["content-length"]) == len(told.body)


async def test_the_cost_follows_the_variables(ask: Service) -> None:
    costs = [
        (await _asked(ask, NESTED, n=n, m=m)).json["extensions"]["cost"]["estimated"]
        for n, m in ((1, 1), (2, 1), (2, 10), (50, 10))
    ]
    assert costs == sorted(set(costs))


@pytest.mark.parametrize("header", ["report", "1", "true"])
async def test_ways_to_ask(header: str, ask: Service) -> None:
    query = "{ pacts(first: 1) { nodes { id } } }"
    by_header = await _asked(ask, query, header=header)
    by_extension = await _asked(ask, query, header=None, extensions={"cost": True})
    assert by_header.json == by_extension.json
    assert "extensions" in by_header.json
    by_url = await ask.send(
        "GET",
        params={"query": query, "extensions": '{"cost": true}'},
        headers={"authorization": f"Bearer {ask.token('centre')}"},
    )
    assert by_url.json == by_header.json


@pytest.mark.parametrize(
    ("header", "extensions"),
    [(None, None), ("0", None), ("", None), (None, {"cost": False}), (None, {"cost": 1}), (None, {})],
)
async def test_who_does_not_ask_is_told_nothing(header: str | None, extensions: Any, ask: Service) -> None:
    answer = await _asked(ask, "{ pacts(first: 1) { nodes { id } } }", header, extensions)
    assert answer.json.keys() == {"data"}


async def test_a_refusal_tells_it_too(ask: Service) -> None:
    answer = await _asked(ask, NESTED, n=1000, m=1000)
    assert (answer.status, answer.codes) == (400, ["COST_ESTIMATED_TOO_EXPENSIVE"])
    assert answer.json["extensions"]["cost"]["estimated"] == answer.json["errors"][0]["extensions"]["cost"]
    invalid = await _asked(ask, NESTED, n=-1, m=1)
    assert (invalid.status, invalid.codes) == (400, ["INVALID_PAGE"])
    assert "extensions" not in invalid.json, "no cost where there is no page"
    forbidden = await _asked(ask, "{ conditionalityFeed { hasMore } }")
    assert (forbidden.status, forbidden.codes) == (403, ["FORBIDDEN"])
    assert "cost" in forbidden.json["extensions"]


async def test_what_cannot_be_estimated_has_no_cost(ask: Service) -> None:
    for query, variables in (("{ nothing }", {}), ("{", {}), (NESTED, {"n": "x"})):
        answer = await _asked(ask, query, **variables)
        assert answer.status == 400
        assert answer.json.keys() == {"errors"}


@pytest.mark.parametrize("accept", ["multipart/mixed", "text/event-stream"])
async def test_the_first_of_several_parts_tells_it(accept: str, ask: Service) -> None:
    code = ask.world.people["north"].fiscal_code
    query = f'{{ beneficiary(fiscalCode: "{code}") {{ id ... @defer {{ residence {{ source }} }} }} }}'
    answer = await ask.send(
        json={"query": query, "extensions": {"cost": True}},
        headers={"authorization": f"Bearer {ask.token('centre')}", "accept": accept},
    )
    assert answer.status == 200
    assert answer.body.count(b'"extensions":{"cost":{') == 1
    told, pending = answer.body.index(b'"extensions":{"cost":{'), answer.body.index(b'"hasNext":true')
    assert pending < told < answer.body.index(b'"hasNext":false')


async def test_a_mutation_that_could_not_be_answered_is_not_begun(ask: Service) -> None:
    """A page no list can have is found before the command runs, not when its result is read back."""
    before = await ask.owner.fetchval("SELECT count(*) FROM conditionality_event")
    for size, code in ((-1, "INVALID_PAGE"), (1001, "INVALID_PAGE")):
        answer = await ask(
            """mutation ($code: FiscalCode!, $n: Int) { recordConditionalityEvent(input: { idempotencyKey: "cost", fiscalCode: $code,
            type: PACT_SIGNED, occurredAt: "2026-09-01T00:00:00Z" }) { event { beneficiary { conditionalityEvents(first: $n) { totalCount } } } } }""",
            code=ask.world.people["north"].fiscal_code,
            n=size,
        )
        assert (answer.status, answer.codes) == (400, [code])
    assert await ask.owner.fetchval("SELECT count(*) FROM conditionality_event") == before
