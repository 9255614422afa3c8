# SPDX-License-Identifier: EUPL-1.2
"""One WebSocket, by the `graphql-transport-ws` protocol: who asks is established once, then operations run side by side.

One task reads; each operation has a task of its own (`hub.http.socket_operations`). All of them wait when the client does not read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from starlette.types import Receive, Scope, Send

from hub.access.caller import Caller
from hub.errors import ClientError, SnodoError
from hub.http.answers import fault
from hub.http.authentication import Headers
from hub.http.open_streams import CLOSING, SocketPlace
from hub.http.socket_messages import (
    SUBPROTOCOL,
    CloseCode,
    Closed,
    Complete,
    Gone,
    Init,
    Ping,
    Subscribe,
    ack,
    pong,
    read_message,
)
from hub.http.socket_operations import SocketOperations
from hub.http.socket_parts import SocketParts
from hub.http.subscriptions import AskAgain
from hub.http.tasks import first_of

IDENTITY = ("authorization", "dpop", "agid-jwt-trackingevidence", "agid-jwt-tracking-evidence")
"""What `connection_init` may say of who asks: headers a browser cannot send with an upgrade."""


class Conversation:
    """What is said on one socket."""

    def __init__(
        self,
        parts: SocketParts,
        place: SocketPlace,
        scope: Scope,
        headers: Headers,
        receive: Receive,
        send: Send,
    ) -> None:
        """Take what all sockets share, and the place, the upgrade and the wire of this one."""
        self._parts = parts
        self._place = place
        self._scope = scope
        self._headers = headers
        self._receive = receive
        self._send = send
        self._operations = SocketOperations(parts, self._say)
        self._is_silent = True
        """Whether it has not even begun to say who asks."""
        self._caller: Caller | None = None
        """Who was acknowledged."""
        self._ask_again: AskAgain
        self._acknowledged = asyncio.Event()
        self._heard = 0
        """How much word of grants there was before it was asked who asks."""

    async def hold(self, *, speaks: bool) -> None:
        """Converse until the client goes, breaks the protocol, or the hub closes. `speaks`: it knows the subprotocol."""
        opened = self._parts.opened
        try:
            if not speaks:
                raise Closed(CloseCode.SUBPROTOCOL_UNKNOWN, f"Speak the subprotocol {SUBPROTOCOL}.")
            await first_of(self._converse(), self._stay_granted(), opened.closing.wait())
            raise Closed(CloseCode.GOING_AWAY, "The hub is closing; connect again.")
        except Closed as closed:
            await self._operations.stop()
            await self._close(closed)
        except Gone:
            pass
        finally:
            await self._operations.stop()
            await self._operations.unwaited()

    async def _converse(self) -> None:
        try:
            async with asyncio.timeout(self._parts.rules.init_timeout) as limit:
                while True:
                    await self._answer(limit)
        except TimeoutError:
            if self._caller is not None:
                raise Closed(
                    CloseCode.FORBIDDEN, "The voucher has expired; connect again with another."
                ) from None
            if self._is_silent:  # it held a place, for nobody: a failure like a voucher that is refused
                self._parts.admission.failed(self._scope, self._headers)
            raise Closed(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout") from None

    async def _stay_granted(self) -> None:
        """Ask again whenever a grant has changed.

        A socket whose purpose has none any more, or of whose consumer more is demanded than it met, ends with all that is on it.
        """
        await self._acknowledged.wait()
        while True:
            await self._parts.granted.after(self._heard)
            self._heard = self._parts.granted.heard
            try:
                await self._ask_again()
            except ClientError as refused:
                raise Closed(CloseCode.FORBIDDEN, refused.message) from refused
            except Exception as trouble:  # nobody was refused: the next operation asks again
                fault(trouble)  # logs it

    async def _answer(self, limit: asyncio.Timeout) -> None:
        message = read_message(await self._next_text())
        match message:
            case Init(payload):
                if self._caller is not None:
                    raise Closed(CloseCode.TOO_MANY_INITS, "Too many initialisation requests")
                self._is_silent = False
                seconds = await self._authenticate(payload)
                # NOTE from here on the socket lives as long as its voucher: no right outlives it, whatever is under way.
                limit.reschedule(asyncio.get_running_loop().time() + seconds)
                self._acknowledged.set()
                await self._say(ack())
            case Ping(payload):
                await self._say(pong(payload))
            case Subscribe():
                if self._caller is None:
                    raise Closed(CloseCode.UNAUTHORIZED, "Unauthorized: send connection_init first.")
                await self._operations.begin(message, self._ask_again)
            case Complete(id_):
                self._operations.complete(id_)

    async def _authenticate(self, payload: Mapping[str, object]) -> float:
        """Establish who asks, by the payload, or by the upgrade's headers; gives the seconds the voucher still holds."""
        said = {name.lower(): value for name, value in payload.items()}
        for name in IDENTITY:
            value = said.get(name)
            if value is None:
                continue
            # NOTE who says who they are is not taken for whom the upgrade's headers name.
            if not isinstance(value, str) or not value.isascii():
                raise Closed(
                    CloseCode.FORBIDDEN, f"`{name}` in connection_init's payload must be text, in ASCII."
                )
            self._headers = {**self._headers, name.encode(): value.encode()}
        self._heard = self._parts.granted.heard
        try:
            caller, operator = await self._parts.admission.identify(self._scope, self._headers)
            await self._parts.demands.check_socket(caller, operator, self._headers)
            seconds = await self._parts.authenticator.seconds_left(self._headers)
            self._place.acknowledge(caller)
        except ClientError as refused:
            code = CloseCode.TRY_LATER if refused.status == 429 else CloseCode.FORBIDDEN
            raise Closed(code, refused.message) from refused
        except SnodoError as trouble:
            raise Closed(CloseCode.TRY_LATER, trouble.message) from trouble
        except Exception as trouble:
            fault(trouble)  # logs it
            raise Closed(
                CloseCode.TRY_LATER, "Something is wrong inside the hub; try again in a moment."
            ) from trouble
        self._caller = caller
        self._ask_again = partial(self._parts.authenticator.ask_again, self._headers, caller.demands)
        return seconds

    async def _next_text(self) -> str | None:
        event = await self._receive()
        if event["type"] != "websocket.receive":
            raise Gone
        text: str | None = event.get("text")
        most = self._parts.rules.max_message_bytes
        if len(text or event.get("bytes") or ()) > most:
            raise Closed(CloseCode.TOO_BIG, f"A message has at most {most} bytes here.")
        return text

    async def _say(self, message: bytes) -> None:
        try:
            await self._send({"type": "websocket.send", "text": message.decode()})
        except OSError as gone:  # as ASGI says it (version 2.4 of its specification)
            raise Gone from gone

    async def _close(self, closed: Closed) -> None:
        try:
            async with asyncio.timeout(CLOSING):
                await self._send(
                    {"type": "websocket.close", "code": int(closed.code), "reason": closed.reason}
                )
        except (OSError, TimeoutError):
            pass  # it has gone, or does not read: the server drops the connection
