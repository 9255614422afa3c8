# SPDX-License-Identifier: EUPL-1.2
"""What was raised while a request to another path than `/graphql` was answered, as a problem: nothing of it gets further."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.http.accept import PROBLEM
from hub.http.answers import fault
from hub.http.problems import plain_problem, problem


async def told_as_problem(_request: Request, error: Exception) -> Response:
    """The answer to a request that failed, whatever it failed by."""
    if isinstance(error, HTTPException):
        body, status = plain_problem(error.status_code, error.detail), error.status_code
        headers = [(name.encode(), value.encode()) for name, value in (error.headers or {}).items()]
    else:
        reply = fault(error)
        body, status, headers = problem(reply.body, reply.status), reply.status, list(reply.headers)
    response = Response(body, status, {"cache-control": "no-store"}, PROBLEM.decode())
    response.raw_headers += headers
    return response


class Faults:
    """Around an application: whatever it raises is told as a problem, and gets no further.

    What gets to the server is logged with its message, which may quote a row.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = False

        async def sent(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception as error:
            problem_told = await told_as_problem(Request(scope), error)
            # NOTE of an answer that had begun the server cuts the connection: nobody takes a part for the whole.
            if not started:
                await problem_told(scope, receive, send)
