# SPDX-License-Identifier: EUPL-1.2
"""Refusals for those who are no GraphQL clients: problem+json (RFC 9457), and how a 401 says what to present."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.http.accept import prefers_problem

if TYPE_CHECKING:
    from tests.api.conftest import Service

QUERY = {"query": "{ beneficiaries { totalCount } }"}
PROBLEM = "application/problem+json"
GRAPHQL = "application/graphql-response+json"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (None, False),
        ("*/*", False),
        ("application/*", False),
        ("application/json", False),
        (f"{GRAPHQL}, application/json;q=0.9", False),
        (PROBLEM, True),
        (f"application/json, {PROBLEM}", True),
        (f"{PROBLEM}, {GRAPHQL};q=0.5", True),
        (f"{PROBLEM};q=0.9, {GRAPHQL}", False),
        (f"{PROBLEM};q=0, application/json;q=0", False),
        (f"{PROBLEM};q=0.9, */*", False),
        (f"{PROBLEM.upper()}, application/json", True),
    ],
)
def test_who_prefers_it(accept: str | None, wanted: bool) -> None:
    assert prefers_problem(None if accept is None else accept.encode()) is wanted


@pytest.mark.parametrize(
    "accept", [f"application/json, {PROBLEM}", f"{GRAPHQL}, {PROBLEM}", f"{PROBLEM}, */*;q=0.1"]
)
async def test_a_refusal_as_a_problem(ask: Service, accept: str) -> None:
    answer = await ask.send(json=QUERY, headers={"authorization": "Bearer a.b.c", "accept": accept})
    assert answer.status == 401
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["cache-control"] == "no-store"
    assert "www-authenticate" in answer.headers
    told = answer.json
    assert (told["type"], told["title"], told["status"]) == ("about:blank", "Unauthorized", 401)
    assert (told["code"], told["credential"], told["check"], told["claim"]) == (
        "UNAUTHENTICATED",
        "voucher",
        "form",
        "header",
    )
    assert told["detail"].endswith(told["remedy"])
    assert {"expected", "received"} <= told.keys()
    assert "errors" not in told


async def test_every_refusal_of_the_whole_request_may_be_one(ask: Service) -> None:
    headers = {"authorization": f"Bearer {ask.token('centre')}", "accept": f"application/json, {PROBLEM}"}
    for query, status, code in (
        ("{ nothing }", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("{", 400, "GRAPHQL_PARSE_FAILED"),
        ("{ conditionalityFeed { endCursor } }", 403, "FORBIDDEN"),
    ):
        answer = await ask.send(json={"query": query}, headers=headers)
        assert (answer.status, answer.headers["content-type"]) == (status, PROBLEM), query
        assert (answer.json["status"], answer.json["code"]) == (status, code)
    several = await ask.send(json={"query": "{ nothing nowhere }"}, headers=headers)
    assert [one["extensions"]["code"] for one in several.json["errors"]] == ["GRAPHQL_VALIDATION_FAILED"] * 2
    unread = await ask.send(content=b"{", headers={**headers, "content-type": "application/json"})
    assert (unread.status, unread.json["code"]) == (400, "BAD_REQUEST")


async def test_an_answer_stays_an_answer(ask: Service) -> None:
    headers = {"authorization": f"Bearer {ask.token('centre')}", "accept": f"application/json, {PROBLEM}"}
    answer = await ask.send(json=QUERY, headers=headers)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.data


async def test_who_takes_nothing_else_is_told_so_in_it(ask: Service) -> None:
    answer = await ask.send(json=QUERY, headers={"accept": PROBLEM})
    assert (answer.status, answer.headers["content-type"]) == (406, PROBLEM)
    assert answer.json["code"] == "NOT_ACCEPTABLE"


async def test_graphql_clients_get_graphql_errors(ask: Service) -> None:
    for accept in ("application/json", GRAPHQL, "*/*", f"{PROBLEM};q=0.1, application/json"):
        answer = await ask.send(json=QUERY, headers={"accept": accept})
        assert answer.status == 401
        assert PROBLEM not in answer.headers["content-type"]
        assert answer.json.keys() == {"errors"}


@pytest.mark.parametrize("path", ["/nowhere", "/graphql/", "/healthz/x", "/feeds"])
async def test_elsewhere_a_refusal_is_a_problem(ask: Service, path: str) -> None:
    answer = await ask.send("GET", path)
    assert (answer.status, answer.headers["content-type"]) == (404, PROBLEM)
    assert answer.json == {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "Not Found"}
    wrong = await ask.send("DELETE", "/status")
    assert (wrong.status, wrong.headers["content-type"]) == (405, PROBLEM)
    assert "GET" in wrong.headers["allow"]


@pytest.mark.parametrize(
    ("headers", "bearer", "dpop"),
    [
        ({}, 'Bearer realm="snodo"', 'DPoP realm="snodo", algs="RS256 ES256"'),
        (
            {"authorization": "Bearer a.b.c"},
            'Bearer realm="snodo", error="invalid_token"',
            'DPoP realm="snodo", algs="RS256 ES256", error="invalid_token"',
        ),
    ],
)
async def test_how_to_ask_stands_in_a_401(
    ask: Service, headers: dict[str, str], bearer: str, dpop: str
) -> None:
    response = await ask.client.post(f"{ask.url}/graphql", json=QUERY, headers=headers)
    assert response.headers.get_list("www-authenticate") == [bearer, dpop]
