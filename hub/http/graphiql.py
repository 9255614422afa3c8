# SPDX-License-Identifier: EUPL-1.2
"""GraphiQL, served whole from the package: the page names nothing outside the hub, so it works on an air-gapped server.

The page holds no script of its own: what it is given is data, and `static/boot.js` reads it.
"""

from __future__ import annotations

import hashlib
import html
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}

# Scripts and styles only from the hub's own files. The nonce is for the one `<style>` element GraphiQL adds while a dialog
# is open; its fonts and its cursor's picture are data: URLs in its CSS.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; font-src data:; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Snodo · GraphiQL</title>
<link rel="icon" href="data:,">
{styles}
</head>
<body>
<div id="graphiql">GraphiQL needs JavaScript.</div>
<script type="application/json" id="given">{given}</script>
{scripts}
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab GraphiQL opens with. `variables` and `headers` are JSON texts, as the editors below the query show them.

    GraphiQL labels a tab by its operation's name; `title` is the sentence on the first line of the query.
    """

    title: str
    query: str
    variables: str = ""
    headers: str = ""


TabSource: TypeAlias = Callable[[], Awaitable[Sequence[Tab]]]
"""Makes the tabs anew for each page, since the tokens in their headers expire."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file, and the digest that stands in its URL: what a URL names never changes."""

    name: str
    body: bytes
    media_type: str
    digest: str

    @property
    def url_name(self) -> str:
        """The last part of its URL."""
        return f"{self.digest}-{self.name}"


def read_asset(path: str) -> Asset:
    """The file at `path` below `static/`."""
    file = STATIC / path
    body = file.read_bytes()
    return Asset(file.name, body, MEDIA_TYPES[file.suffix], hashlib.sha256(body).hexdigest()[:16])


STYLES = tuple(read_asset(path) for path in ("graphiql/graphiql.min.css", "page.css"))
# In the order they build upon each other.
SCRIPTS = tuple(
    read_asset(path)
    for path in (
        "graphiql/react.production.min.js",
        "graphiql/react-dom.production.min.js",
        "graphiql/graphiql.min.js",
        "boot.js",
    )
)
ASSETS = {asset.url_name: asset for asset in (*STYLES, *SCRIPTS)}


def graphiql_page(tabs: Sequence[Tab], nonce: str) -> bytes:
    """The HTML page with these tabs, the first of them open; `nonce` as in its policy. URLs are relative to `…/graphql`."""
    given = {
        "nonce": nonce,
        "tabs": [
            {
                "query": f"# {' '.join(tab.title.split())}\n{tab.query}",
                "variables": tab.variables,
                "headers": tab.headers,
            }
            for tab in tabs
        ],
    }
    return PAGE.format(
        styles="\n".join(f'<link rel="stylesheet" href="{static_url(asset)}">' for asset in STYLES),
        scripts="\n".join(f'<script src="{static_url(asset)}"></script>' for asset in SCRIPTS),
        given=json_for_script(given),
    ).encode()


def static_url(asset: Asset) -> str:
    """Where the page finds `asset`, ready for an attribute."""
    return html.escape(f"graphql/static/{asset.url_name}")


def json_for_script(value: object) -> str:
    """`value` as JSON that no `</script>` or `<!--` inside a string can end or open."""
    text = orjson.dumps(value).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def graphiql_routes(tabs: TabSource) -> list[BaseRoute]:
    """The routes of the page and its files; to stand before any other route for `/graphql`."""

    async def page(_request: Request) -> Response:
        nonce = secrets.token_urlsafe(16)
        return Response(
            graphiql_page(await tabs(), nonce),
            media_type="text/html",
            headers={
                "Cache-Control": "no-store",
                "Content-Security-Policy": CONTENT_SECURITY_POLICY.format(nonce=nonce),
                "Referrer-Policy": "no-referrer",
                "Vary": "Accept",
                "X-Content-Type-Options": "nosniff",
            },
        )

    return [
        BrowserRoute("/graphql", page, methods=["GET"]),
        Route("/graphql/static/{name}", static_file, methods=["GET"]),
    ]


class BrowserRoute(Route):
    """A route for people: it matches only what a browser's address bar sends, and leaves the rest to the next route."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As any route, and only when the request asks for a page."""
        match, child_scope = super().matches(scope)
        if match is not Match.FULL or not asks_for_page(Request(scope)):
            return Match.NONE, {}
        return match, child_scope


def asks_for_page(request: Request) -> bool:
    """Whether `Accept` names HTML and the URL holds no operation to run."""
    accept = ",".join(request.headers.getlist("accept")).lower()
    return "text/html" in accept and "query" not in request.query_params


async def static_file(request: Request) -> Response:
    """One of `ASSETS` by the name in its URL; 304 when the browser has it."""
    asset = ASSETS.get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{asset.digest}"',
        "X-Content-Type-Options": "nosniff",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.body, headers={**headers, "Content-Type": asset.media_type})
