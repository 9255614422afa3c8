# SPDX-License-Identifier: EUPL-1.2
"""GraphQL over WebSocket: the upgrade, which gives a socket its place, or is denied."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from hub.errors import ClientError
from hub.http.answers import Reply, refusal
from hub.http.authentication import headers_of
from hub.http.origins import Origins
from hub.http.socket_conversation import Conversation
from hub.http.socket_messages import SUBPROTOCOL
from hub.http.socket_parts import SocketParts


class GraphQLSockets:
    """`/graphql`, by WebSocket."""

    def __init__(self, parts: SocketParts, origins: Origins) -> None:
        self._parts = parts
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket, from the upgrade to its end."""
        headers = headers_of(scope["headers"])
        await receive()  # websocket.connect
        try:
            self._origins.check(headers)
            with self._parts.opened.socket(self._parts.admission.address(scope, headers)) as place:
                speaks = SUBPROTOCOL in scope["subprotocols"]
                await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if speaks else None})
                await Conversation(self._parts, place, scope, headers, receive, send).hold(speaks=speaks)
        except ClientError as refused:  # before it was accepted
            await _deny(scope, send, refusal(refused))


async def _deny(scope: Scope, send: Send, reply: Reply) -> None:
    """Answer the upgrade with an error, in words where the server can send them."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    await send(
        {
            "type": "websocket.http.response.start",
            "status": reply.status,
            "headers": [
                (b"content-type", b"application/json; charset=utf-8"),
                (b"content-length", str(len(reply.body)).encode()),
            ],
        }
    )
    await send({"type": "websocket.http.response.body", "body": reply.body})
