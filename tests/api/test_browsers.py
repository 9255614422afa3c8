# SPDX-License-Identifier: EUPL-1.2
"""Media types and origins: what a client accepts, and from which pages a browser may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from hub.errors import ConfigurationError
from hub.http.accept import GRAPHQL, JSON, NotAcceptable, media_for
from hub.http.origins import ForeignOrigin, Origins
from hub.settings import Environment

if TYPE_CHECKING:
    from connectors.simulators.keys import DemoKeys
    from tests.api.conftest import Answer, Opener, Service

FRONT = "https://front.example"
PARTLY = "{ a: beneficiaries(first: 1) { nodes { residence { source } } } }"


@pytest.fixture(scope="module")
async def draft(open_hub: Opener) -> AsyncIterator[Service]:
    """A hub after the draft of August 2026, and with a front end in the browser."""
    async with open_hub(
        "browsers",
        sequencer=False,
        http_profile="draft-2026-08",
        allowed_origins=f"{FRONT}, http://localhost:3000",
    ) as service:
        yield service


async def _ask(hub: Service, query: str, method: str = "POST", **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    base = {"authorization": f"Bearer {hub.token('centre')}"}
    if method == "GET":
        return await hub.send("GET", params={"query": query}, headers={**base, **given})
    return await hub.send(method, json={"query": query}, headers={**base, **given})


# ── what is accepted ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("accept", "media", "of_before"),
    [
        ("application/json;q=0.9, application/graphql-response+json;q=0.8", JSON, False),
        ("application/json;q=0.8, application/graphql-response+json;q=0.9", GRAPHQL, False),
        ("application/json, application/graphql-response+json", JSON, False),
        ("application/graphql-response+json, application/json", GRAPHQL, False),
        ("APPLICATION/GraphQL-Response+JSON", GRAPHQL, False),
        ("text/html, application/json;q=0.1", JSON, False),
        ("text/html, */*;q=0.1", JSON, False),
        ("application/*", JSON, False),
        ("application/json;q=0, */*", GRAPHQL, False),
        ("application/graphql-response+json;q=0, application/json", JSON, True),
        ("application/json;charset=utf-16, application/json;charset=utf-8;q=0.1", JSON, True),
        ("application/json;q=many, application/graphql-response+json;q=0.1", GRAPHQL, False),
        (",,application/json,", JSON, False),
        ("application/json;" + "x" * 2_000, JSON, True),
    ],
)
def test_the_best_of_what_is_accepted(accept: str, media: str, of_before: bool) -> None:
    for preferred in (JSON, GRAPHQL) if "*" not in accept else (JSON,):
        found = media_for(accept.encode(), preferred)
        assert (found.content_type, found.of_before) == (f"{media}; charset=utf-8".encode(), of_before)


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "text/*", "*", "application/json;charset=latin1", "\xff"])  # fmt: skip
def test_nothing_of_ours_is_accepted(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        media_for(accept.encode("latin-1"), JSON)


async def test_not_acceptable(ask: Service) -> None:
    answer = await _ask(ask, "{ __typename }", accept="text/html")
    assert (answer.status, answer.codes) == (406, ["NOT_ACCEPTABLE"])
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


# ── status codes of the draft ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "graphql", "before"),
    [
        ("{ __typename }", 200, 200),
        ("{", 400, 200),
        ("{ nothing }", 422, 200),
        ("query A { __typename } query B { __typename }", 422, 200),
        ("query ($n: Int!) { beneficiaries(first: $n) { totalCount } }", 422, 200),
        ("{ beneficiaries(first: 1, last: 1) { totalCount } }", 422, 200),
        ('{ beneficiary(fiscalCode: "x") { id } }', 422, 200),
        (PARTLY, 294, 200),
    ],
)
async def test_status_codes_of_the_draft(
    query: str, graphql: int, before: int, draft: Service, ask: Service
) -> None:
    assert (await _ask(draft, query, accept=GRAPHQL)).status == graphql
    assert (await _ask(draft, query, accept=JSON)).status == before
    assert (await _ask(ask, query, accept=GRAPHQL)).status == {422: 400, 294: 200}.get(graphql, graphql)
    partly = await _ask(draft, query, accept=f"{JSON}, */*")
    assert partly.status == (200 if graphql == 294 else graphql)


async def test_the_draft_prefers_the_media_type_of_the_standard(draft: Service, ask: Service) -> None:
    for hub, media in ((draft, GRAPHQL), (ask, JSON)):
        answer = await _ask(hub, "{ __typename }", accept="*/*")
        assert answer.headers["content-type"] == f"{media}; charset=utf-8"


# ── origins ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": FRONT + ".elsewhere.example"},
        {"origin": FRONT.upper()},
        {"origin": "http://front.example"},
        {"origin": "http://localhost:3001", "sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "whatever"},
    ],
)
async def test_a_foreign_page(method: str, headers: dict[str, str], draft: Service) -> None:
    answer = await _ask(draft, "{ __typename }", method, **headers)
    assert (answer.status, answer.codes) == (403, ["CSRF_PREVENTION"])
    assert "access-control-allow-origin" not in answer.headers


async def test_the_hubs_own_page_and_whatever_is_no_browser(draft: Service, ask: Service) -> None:
    for hub in (draft, ask):
        for headers in (
            {},
            {"origin": hub.url},
            {"origin": hub.url.replace("http:", "https:")},
            {"origin": hub.url, "sec_fetch_site": "same-origin"},
            {"sec_fetch_site": "same-origin"},
            {"sec_fetch_site": "none"},
        ):
            for method in ("POST", "GET"):
                answer = await _ask(hub, "{ __typename }", method, **headers)
                assert answer.data == {"__typename": "Query"}
                assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_front_end_in_the_browser(draft: Service) -> None:
    for origin in (FRONT, "http://localhost:3000"):
        preflight = await draft.send(
            "OPTIONS",
            headers={
                "origin": origin,
                "access-control-request-method": "POST",
                "access-control-request-headers": "authorization, content-type",
                "sec-fetch-site": "cross-site",
            },
        )
        assert preflight.status == 200
        assert preflight.body == b""
        allowed = preflight.headers["access-control-allow-headers"]
        assert {"authorization", "content-type", "agid-jwt-trackingevidence", "graphql-cost"} <= set(
            allowed.split(", ")
        )
        for answer in (
            preflight,
            await _ask(draft, "{ __typename }", origin=origin, sec_fetch_site="cross-site"),
            await _ask(draft, "{", origin=origin),
            await draft.send(json={}, headers={"origin": origin}),
        ):
            assert answer.headers["access-control-allow-origin"] == origin
            assert answer.headers["vary"] == "Origin"
            assert "access-control-allow-credentials" not in answer.headers


async def test_a_preflight_from_anywhere_else(draft: Service, ask: Service) -> None:
    for hub in (draft, ask):
        answer = await hub.send(
            "OPTIONS",
            headers={"origin": "https://elsewhere.example", "access-control-request-method": "POST"},
        )
        assert answer.status == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "origins",
    ["*", "https://*.example", "front.example", "https://front.example/", "https://a.example/path", "ftp://a", "null"],
)  # fmt: skip
def test_origins_that_are_none(origins: str) -> None:
    with pytest.raises(ConfigurationError, match="SNODO_ALLOWED_ORIGINS"):
        Origins(f"https://good.example {origins}")


@pytest.mark.parametrize(
    "headers", [{b"origin": b"null"}, {b"origin": b""}, {b"origin": b"null", b"host": b""}]
)
def test_a_page_of_no_origin_is_never_the_hubs_own(headers: dict[bytes, bytes]) -> None:
    with pytest.raises(ForeignOrigin):
        Origins().check(headers)


def test_origins_as_they_may_be_written() -> None:
    origins = Origins("https://A.example, http://[::1]:3000\nhttps://b.example:8443")
    for origin in (b"https://a.example", b"http://[::1]:3000", b"https://b.example:8443"):
        assert origins.check({b"origin": origin, b"host": b"hub.example"}) == origin


async def test_production_shows_no_page(open_hub: Opener, keys: DemoKeys) -> None:
    jwks = str(keys.folder / "pdnd-jwks.json")
    async with open_hub("production", environment=Environment.PRODUCTION, pdnd_jwks=jwks) as hub:
        for path in ("/graphql", "/graphql/static/boot.js"):
            answer = await hub.send("GET", path, headers={"accept": "text/html,*/*"})
            assert answer.status >= 400
            assert b"<html" not in answer.body.lower()
        assert (await hub("{ __typename }")).status == 200
