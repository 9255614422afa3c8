# SPDX-License-Identifier: EUPL-1.2
"""The GraphiQL page: nothing from outside, nothing inline, nothing a tab's text can break out of."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from hub.http.graphiql import ASSETS, SCRIPTS, STATIC, STYLES, Tab, graphiql_page, graphiql_routes

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
TABS = (
    Tab("Open a page", "query OpenPage { a }", '{"n": 1}', '{"Authorization": "Bearer one"}'),
    Tab("Pull the feed", "query PullFeed { b }"),
)


@pytest.fixture
def client() -> TestClient:
    """The page before an endpoint that answers whatever the page leaves to it."""

    async def tabs() -> Sequence[Tab]:
        return TABS

    async def endpoint(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("endpoint")

    return TestClient(
        Starlette(
            routes=[*graphiql_routes(tabs), Route("/graphql", endpoint, methods=["GET", "POST", "OPTIONS"])]
        )
    )


def given(page: str) -> dict[str, object]:
    """What the page hands to its script."""
    found = re.search(r'<script type="application/json" id="given">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, object] = orjson.loads(found[1])
    return data


def test_the_tabs_arrive_in_order_with_their_title_as_a_comment() -> None:
    assert given(graphiql_page(TABS, "n0nce").decode()) == {
        "nonce": "n0nce",
        "tabs": [
            {
                "query": "# Open a page\nquery OpenPage { a }",
                "variables": '{"n": 1}',
                "headers": '{"Authorization": "Bearer one"}',
            },
            {"query": "# Pull the feed\nquery PullFeed { b }", "variables": "", "headers": ""},
        ],
    }


@pytest.mark.parametrize(
    "hostile",
    [
        "</script><script>alert(1)</script>",
        "<!-- <script>",
        "]]>&amp;",
        "{0} {styles}",
        "\u2028\u2029",
        "é €",
    ],
)
def test_no_text_of_a_tab_leaves_its_string(hostile: str) -> None:
    page = graphiql_page([Tab("t", hostile, hostile, hostile)], "n").decode()
    plain = graphiql_page([Tab("t", "", "", "")], "n").decode()
    assert page.count("<") == plain.count("<")
    assert page.count(">") == plain.count(">")
    assert given(page)["tabs"] == [{"query": f"# t\n{hostile}", "variables": hostile, "headers": hostile}]


def test_a_title_stays_on_its_line() -> None:
    page = graphiql_page([Tab("one\n{ secret }\r\u2028two", "{ a }")], "n").decode()
    assert given(page)["tabs"] == [{"query": "# one { secret } two\n{ a }", "variables": "", "headers": ""}]


def test_the_page_names_nothing_outside_the_hub(client: TestClient) -> None:
    page = client.get("/graphql", headers=BROWSER).text
    urls = re.findall(r'(?:src|href|action|url)\s*=\s*"([^"]*)"', page)
    assert len(urls) == len(ASSETS) + 1
    assert [url for url in urls if not url.startswith(("graphql/static/", "data:,"))] == []
    assert "//" not in page


def test_our_own_files_name_nothing_outside_the_hub() -> None:
    for name in ("boot.js", "page.css"):
        text = (STATIC / name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|@import|url\(|\bimport\(", text), name


def test_vendored_styles_fetch_nothing() -> None:
    css = (STATIC / "graphiql/graphiql.min.css").read_text(encoding="utf-8")
    assert "@import" not in css
    assert [
        url for url in re.findall(r"url\(\s*[\"']?([^)]{0,30})", css) if not url.startswith("data:")
    ] == []


def test_no_script_is_inline(client: TestClient) -> None:
    page = client.get("/graphql", headers=BROWSER).text
    scripts = re.findall(r"<script\b([^>]*)>(.*?)</script>", page, re.DOTALL)
    inline = [
        attributes for attributes, text in scripts if text and 'type="application/json"' not in attributes
    ]
    assert inline == []
    assert not re.search(r"\son\w+=", page)
    assert "<style" not in page
    assert "style=" not in page


def test_the_policy_allows_only_the_hubs_own_files(client: TestClient) -> None:
    answer = client.get("/graphql", headers=BROWSER)
    nonce = given(answer.text)["nonce"]
    assert answer.headers["content-security-policy"].split("; ") == [
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' 'nonce-{nonce}'",
        "font-src data:",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]


def test_each_page_has_its_own_nonce_and_is_not_kept(client: TestClient) -> None:
    pages = [client.get("/graphql", headers=BROWSER) for _ in range(2)]
    nonces = {str(given(page.text)["nonce"]) for page in pages}
    assert len(nonces) == 2
    assert min(map(len, nonces)) >= 22
    for page in pages:
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["vary"] == "Accept"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "url", "accept"),
    [
        ("POST", "/graphql", BROWSER["Accept"]),
        ("OPTIONS", "/graphql", BROWSER["Accept"]),
        ("GET", "/graphql", "*/*"),
        ("GET", "/graphql", "application/json"),
        ("GET", "/graphql", "application/graphql-response+json"),
        ("GET", "/graphql?query={a}", BROWSER["Accept"]),
    ],
)
def test_what_no_address_bar_sends_goes_to_the_endpoint(
    client: TestClient, method: str, url: str, accept: str
) -> None:
    assert client.request(method, url, headers={"Accept": accept}).text == "endpoint"


@pytest.mark.parametrize(
    ("asset", "media_type"),
    [(name, "text/javascript; charset=utf-8") for name in sorted(asset.url_name for asset in SCRIPTS)]
    + [(name, "text/css; charset=utf-8") for name in sorted(asset.url_name for asset in STYLES)],
)
def test_a_static_file_is_kept_for_ever_under_its_digest(
    client: TestClient, asset: str, media_type: str
) -> None:
    answer = client.get(f"/graphql/static/{asset}")
    assert answer.status_code == 200
    assert answer.content == ASSETS[asset].body
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"

    again = client.get(f"/graphql/static/{asset}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "graphiql.min.js",
        "0000000000000000-boot.js",
        "README.md",
        "../graphiql.py",
        "..%2f..%2fgraphiql.py",
        "%2e%2e/%2e%2e/graphiql.py",
        "..%5cgraphiql.py",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "boot.js%00",
    ],
)
def test_any_other_name_is_not_found(client: TestClient, name: str) -> None:
    assert client.get(f"/graphql/static/{name}").status_code == 404


def test_the_vendored_files_are_those_their_readme_names() -> None:
    folder = STATIC / "graphiql"
    rows = re.findall(
        r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (folder / "README.md").read_text(encoding="utf-8"), re.M
    )
    files = [file for file in folder.iterdir() if file.suffix in (".js", ".css")]
    assert dict(rows) == {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
