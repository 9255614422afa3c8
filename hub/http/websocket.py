# SPDX-License-Identifier: EUPL-1.2
"""GraphQL over WebSocket: the `graphql-transport-ws` protocol, several operations side by side on one socket.

One task reads; each operation has a task of its own, which ends with the socket. All of them wait when the client does not read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from starlette.types import Receive, Scope, Send

from hub.access.caller import Caller
from hub.errors import ClientError, InvalidInput, SnodoError
from hub.http.admission import Admission
from hub.http.answers import Reply, fault, refusal
from hub.http.authentication import Authenticator, Headers, headers_of
from hub.http.demands import Demands
from hub.http.graphql import GraphQLEndpoint
from hub.http.open_streams import CLOSING, OpenStreams
from hub.http.origins import Origins
from hub.http.request import GraphQLRequest, read_content
from hub.http.socket_messages import (
    SUBPROTOCOL,
    CloseCode,
    Closed,
    Complete,
    Init,
    Ping,
    Subscribe,
    ack,
    complete,
    error,
    next_,
    pong,
    read_message,
)
from hub.http.streams import Stream
from hub.http.subscriptions import AskAgain
from hub.http.tasks import first_of
from hub.http.watch import UnderWay, Watch
from hub.store.announcements import Word

IDENTITY = ("authorization", "dpop", "agid-jwt-trackingevidence", "agid-jwt-tracking-evidence")
"""What `connection_init` may say of who asks: headers a browser cannot send with an upgrade."""


class TooManyOperations(ClientError):
    """This socket has as many operations under way as it may; wait for one of them to end."""

    code = "TOO_MANY_OPERATIONS"
    status: ClassVar[int] = 429


@dataclass(frozen=True, slots=True)
class SocketRules:
    """How long a socket may wait for `connection_init`, in seconds, its operations at once, and the bytes of a message."""

    init_timeout: float
    most_operations: int
    max_message_bytes: int


class GraphQLSockets:
    """`/graphql`, by WebSocket."""

    def __init__(
        self,
        endpoint: GraphQLEndpoint,
        authenticator: Authenticator,
        admission: Admission,
        demands: Demands,
        granted: Word,
        opened: OpenStreams,
        origins: Origins,
        rules: SocketRules,
        watch: Watch,
    ) -> None:
        self._watch = watch
        self._endpoint = endpoint
        self._authenticator = authenticator
        self._admission = admission
        self._demands = demands
        self._granted = granted
        self._opened = opened
        self._origins = origins
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket, from the upgrade to its end."""
        headers = headers_of(scope["headers"])
        await receive()  # websocket.connect
        try:
            self._origins.check(headers)
            with self._opened.socket():
                taken = SUBPROTOCOL in scope["subprotocols"]
                await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if taken else None})
                socket = _Socket(
                    self._endpoint,
                    self._authenticator,
                    self._admission,
                    self._demands,
                    self._granted,
                    self._opened,
                    self._rules,
                    self._watch,
                    scope,
                    headers,
                    receive,
                    send,
                )
                await socket.serve(speaks=taken)
        except ClientError as refused:  # before it was accepted
            await _deny(scope, send, refusal(refused))


class _Gone(Exception):
    """The client has closed the socket, or is no longer there."""


class _Operation:
    """One operation of a socket, from its `subscribe` on."""

    __slots__ = ("id", "is_wanted", "task", "under_way")

    def __init__(self, id_: str) -> None:
        self.id = id_
        self.task: asyncio.Task[None] | None = None
        self.under_way: UnderWay | None = None
        """Until it has its answer, or the first piece of it."""
        self.is_wanted = True
        """Whether the client still waits for it."""

    def leave(self) -> bool:
        """Nobody waits for it any more: it ends, and gives True, unless it is a command, which is done to its end."""
        self.is_wanted = False
        if self.under_way is not None and self.under_way.is_command:
            return False
        assert self.task is not None
        self.task.cancel()
        return True


class _Socket:
    """One socket."""

    def __init__(
        self,
        endpoint: GraphQLEndpoint,
        authenticator: Authenticator,
        admission: Admission,
        demands: Demands,
        granted: Word,
        opened: OpenStreams,
        rules: SocketRules,
        watch: Watch,
        scope: Scope,
        headers: Headers,
        receive: Receive,
        send: Send,
    ) -> None:
        self._endpoint = endpoint
        self._authenticator = authenticator
        self._admission = admission
        self._demands = demands
        self._granted = granted
        self._opened = opened
        self._rules = rules
        self._watch = watch
        self._scope = scope
        self._caller: Caller | None = None
        """Who was acknowledged."""
        self._headers: Mapping[bytes, bytes] = headers
        self._receive = receive
        self._send = send
        self._operations: dict[str, _Operation] = {}
        self._unwaited: set[_Operation] = set()
        """Commands that are done to their end, though the client no longer waits for them."""
        self._identified = False
        """Whether it is known, or being established, who asks."""
        self._acknowledged = False

    async def serve(self, *, speaks: bool) -> None:
        """Converse until the client goes, breaks the protocol, or the hub closes. `speaks`: it knows the subprotocol."""
        try:
            if not speaks:
                raise Closed(CloseCode.SUBPROTOCOL_UNKNOWN, f"Speak the subprotocol {SUBPROTOCOL}.")
            await first_of(self._converse(), self._stay_granted(), self._opened.closing.wait())
            raise Closed(CloseCode.GOING_AWAY, "The hub is closing; connect again.")
        except Closed as closed:
            await self._stop()
            await self._close(closed)
        except _Gone:
            pass
        finally:
            await self._stop()
            await _ended(self._unwaited)
            if self._caller is not None:
                self._opened.socket_shares.give_back(self._caller)

    async def _converse(self) -> None:
        try:
            async with asyncio.timeout(self._rules.init_timeout) as limit:
                while True:
                    await self._answer(limit)
        except TimeoutError:
            if self._acknowledged:
                raise Closed(
                    CloseCode.FORBIDDEN, "The voucher has expired; connect again with another."
                ) from None
            raise Closed(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout") from None

    async def _stay_granted(self) -> None:
        """Ask again whenever a grant has changed: a socket whose purpose has none any more ends, with all that is on it."""
        heard = self._granted.heard
        while True:
            await self._granted.after(heard)
            heard = self._granted.heard
            if self._identified:
                try:
                    await self._authenticator.ask_again(self._headers)
                except ClientError as refused:
                    raise Closed(CloseCode.FORBIDDEN, refused.message) from refused
                except Exception as trouble:  # nobody was refused: the next operation asks again
                    fault(trouble)  # logs it

    async def _answer(self, limit: asyncio.Timeout) -> None:
        message = read_message(await self._next_text())
        match message:
            case Init(payload):
                if self._acknowledged:
                    raise Closed(CloseCode.TOO_MANY_INITS, "Too many initialisation requests")
                seconds = await self._authenticate(payload)
                # NOTE from here on the socket lives as long as its voucher: no right outlives it, whatever is under way.
                limit.reschedule(asyncio.get_running_loop().time() + seconds)
                self._acknowledged = True
                await self._say(ack())
            case Ping(payload):
                await self._say(pong(payload))
            case Subscribe():
                if not self._acknowledged:
                    raise Closed(CloseCode.UNAUTHORIZED, "Unauthorized: send connection_init first.")
                await self._subscribe(message)
            case Complete(id_):
                operation = self._operations.pop(id_, None)
                if operation is not None and not operation.leave():
                    self._unwaited.add(operation)

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
        self._identified = True
        try:
            caller, operator = await self._admission.identify(self._scope, self._headers)
            await self._demands.check_socket(caller, operator, self._headers)
            seconds = await self._authenticator.seconds_left(self._headers)
            self._opened.socket_shares.take(caller)
            self._caller = caller
            return seconds
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

    async def _subscribe(self, message: Subscribe) -> None:
        if message.id in self._operations:
            raise Closed(CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {message.id} already exists")
        under_way = len(self._operations) + len(self._unwaited)
        if under_way >= self._rules.most_operations:
            refused = TooManyOperations(
                f"This socket has {under_way} operations under way, and may have "
                f"{self._rules.most_operations}; wait for one of them to end.",
                limit=self._rules.most_operations,
            )
            await self._say(error(message.id, refusal(refused).body))
            return
        try:
            request = read_content(message.payload)
        except InvalidInput as unreadable:
            raise Closed(CloseCode.BAD_MESSAGE, unreadable.message) from unreadable
        operation = self._operations[message.id] = _Operation(message.id)
        operation.task = asyncio.create_task(self._operate(operation, request), name="operation")
        operation.task.add_done_callback(lambda _task: self._forget(operation))

    def _forget(self, operation: _Operation) -> None:
        self._unwaited.discard(operation)
        if self._operations.get(operation.id) is operation:
            del self._operations[operation.id]

    async def _operate(self, operation: _Operation, request: GraphQLRequest) -> None:
        ask_again = partial(self._authenticator.ask_again, self._headers)
        reply = await self._answered(operation, request, ask_again)
        try:
            try:
                last = await self._tell(operation, reply)
            except _Gone:
                raise
            except Exception as failure:
                last = error(operation.id, fault(failure).body)
            # NOTE the id is free before the client hears that it is: it may use it again at once.
            self._forget(operation)
            if operation.is_wanted:
                await self._say(last)
        except _Gone:
            pass

    async def _answered(
        self, operation: _Operation, request: GraphQLRequest, ask_again: AskAgain
    ) -> Reply | Stream:
        """The reply, or the refusal, by the deadline that every request has."""
        under_way = operation.under_way = self._watch.enter()
        under_way.receive = _nothing
        try:
            caller, operator = await ask_again()
            await self._admission.count(caller)
            return await self._endpoint.run(
                request, caller, operator, ask_again=ask_again, under_way=under_way
            )
        except asyncio.CancelledError:
            reason = under_way.reason()
            if reason is None:
                raise
            return refusal(reason)
        except Exception as failure:
            return fault(failure)
        finally:
            operation.under_way = None
            self._watch.leave(under_way)

    async def _tell(self, operation: _Operation, reply: Reply | Stream) -> bytes:
        """Send the responses, as long as they are wanted, and give the message that ends the operation."""
        if isinstance(reply, Stream):
            async with aclosing(reply):
                if operation.is_wanted:
                    async for response in reply.responses:
                        await self._say(next_(operation.id, response))
        elif reply.status >= 300:
            return error(operation.id, reply.body)
        elif operation.is_wanted:
            await self._say(next_(operation.id, reply.body))
        return complete(operation.id)

    async def _next_text(self) -> str | None:
        event = await self._receive()
        if event["type"] != "websocket.receive":
            raise _Gone
        text: str | None = event.get("text")
        if len(text or event.get("bytes") or ()) > self._rules.max_message_bytes:
            raise Closed(
                CloseCode.TOO_BIG, f"A message has at most {self._rules.max_message_bytes} bytes here."
            )
        return text

    async def _say(self, message: bytes) -> None:
        try:
            await self._send({"type": "websocket.send", "text": message.decode()})
        except OSError as gone:  # as ASGI says it (version 2.4 of its specification)
            raise _Gone from gone

    async def _stop(self) -> None:
        """End every operation but commands, and wait for it."""
        operations, self._operations = list(self._operations.values()), {}
        left = [operation for operation in operations if not operation.leave()]
        self._unwaited.update(left)
        await _ended(operation for operation in operations if operation not in left)

    async def _close(self, closed: Closed) -> None:
        try:
            async with asyncio.timeout(CLOSING):
                await self._send(
                    {"type": "websocket.close", "code": int(closed.code), "reason": closed.reason}
                )
        except (OSError, TimeoutError):
            pass  # it has gone, or does not read: the server drops the connection


async def _ended(operations: Iterable[_Operation]) -> None:
    tasks = [operation.task for operation in operations if operation.task is not None]
    await asyncio.gather(*tasks, return_exceptions=True)


async def _nothing() -> Any:
    """What the watch hears of an operation's client: that it has gone is heard by the socket."""
    await asyncio.get_running_loop().create_future()


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
