# SPDX-License-Identifier: EUPL-1.2
"""A span for each HTTP request: what it was about is below it. Of its URL nothing but the route is told."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.spans import SPANS, Kind, Spans
from hub.trace import HEADER, RECEIVED, received

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "QUERY"})
"""Those that a span says; any other is the client's own word."""
_HEADER: Final = HEADER.encode()


class TracedRequests:
    """An ASGI application, each of whose requests is a span; what it does for a WebSocket goes under who opened it."""

    def __init__(self, app: ASGIApp, spans: Spans, route: str | None = None) -> None:
        """Take the application, who takes note, and its one route; None: starlette's router says which."""
        self._app = app
        self._spans = spans
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection of the ASGI server."""
        SPANS.set(self._spans)
        headers = [value for name, value in scope["headers"] if name == _HEADER]
        RECEIVED.set(headers[0] if len(headers) == 1 else None)
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        about = {"http.request.method": method}
        if self._route is not None:
            about["http.route"] = self._route
        asker = received()
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        name = method if self._route is None else f"{method} {self._route}"
        with self._spans.begin(name, Kind.SERVER, about, under=() if asker is None else (asker,)) as noted:
            try:
                await self._app(scope, receive, sent)
            finally:
                if self._route is None and (route := scope.get("route")) is not None:
                    noted.note({"http.route": route.path})  # as it was declared: no part of the address
                if status:
                    noted.note({"http.response.status_code": status})
                if status >= 500:
                    noted.fail(str(status))
