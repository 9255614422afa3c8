# SPDX-License-Identifier: EUPL-1.2
"""The operations of one WebSocket: each a task of its own, which ends with the socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Any, ClassVar

from hub.errors import ClientError, InvalidInput
from hub.http.answers import Reply, fault, refusal
from hub.http.request import GraphQLRequest, read_content
from hub.http.socket_messages import CloseCode, Closed, Gone, Subscribe, complete, error, next_
from hub.http.socket_parts import SocketParts
from hub.http.streams import Stream
from hub.http.subscriptions import AskAgain
from hub.http.watch import UnderWay


class TooManyOperations(ClientError):
    """This socket has as many operations under way as it may; wait for one of them to end."""

    code = "TOO_MANY_OPERATIONS"
    status: ClassVar[int] = 429


class _Operation:
    """One operation, from its `subscribe` on."""

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


class SocketOperations:
    """Runs them, by their ids."""

    def __init__(self, parts: SocketParts, say: Callable[[bytes], Awaitable[None]]) -> None:
        """`say` sends a message; raises Gone where there is nobody to hear it."""
        self._parts = parts
        self._say = say
        self._by_id: dict[str, _Operation] = {}
        self._unwaited: set[_Operation] = set()
        """Commands that are done to their end, though the client no longer waits for them."""

    async def begin(self, message: Subscribe, ask_again: AskAgain) -> None:
        """Begin an operation; one too many is refused to the client.

        Raises:
            Closed: its id is taken, or its payload is no request.

        """
        if message.id in self._by_id:
            raise Closed(CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {message.id} already exists")
        under_way, most = len(self._by_id) + len(self._unwaited), self._parts.rules.most_operations
        if under_way >= most:
            refused = TooManyOperations(
                f"This socket has {under_way} operations under way, and may have {most}; wait for one of them to end.",
                limit=most,
            )
            await self._say(error(message.id, refusal(refused).body))
            return
        try:
            request = read_content(message.payload)
        except InvalidInput as unreadable:
            raise Closed(CloseCode.BAD_MESSAGE, unreadable.message) from unreadable
        operation = self._by_id[message.id] = _Operation(message.id)
        operation.task = asyncio.create_task(self._run(operation, request, ask_again), name="operation")
        operation.task.add_done_callback(lambda _task: self._forget(operation))

    def complete(self, id_: str) -> None:
        """The client no longer wants this one, if it is under way."""
        operation = self._by_id.pop(id_, None)
        if operation is not None and not operation.leave():
            self._unwaited.add(operation)

    async def stop(self) -> None:
        """End every operation but commands, and wait for it."""
        operations, self._by_id = list(self._by_id.values()), {}
        left = [operation for operation in operations if not operation.leave()]
        self._unwaited.update(left)
        await _ended(operation for operation in operations if operation not in left)

    async def unwaited(self) -> None:
        """Wait for the commands that nobody else waits for."""
        await _ended(self._unwaited)

    def _forget(self, operation: _Operation) -> None:
        self._unwaited.discard(operation)
        if self._by_id.get(operation.id) is operation:
            del self._by_id[operation.id]

    async def _run(self, operation: _Operation, request: GraphQLRequest, ask_again: AskAgain) -> None:
        reply = await self._answered(operation, request, ask_again)
        try:
            try:
                last = await self._tell(operation, reply)
            except Gone:
                raise
            except Exception as failure:
                last = error(operation.id, fault(failure).body)
            # NOTE the id is free before the client hears that it is: it may use it again at once.
            self._forget(operation)
            if operation.is_wanted:
                await self._say(last)
        except Gone:
            pass

    async def _answered(
        self, operation: _Operation, request: GraphQLRequest, ask_again: AskAgain
    ) -> Reply | Stream:
        """The reply, or the refusal, by the deadline that every request has."""
        under_way = operation.under_way = self._parts.watch.enter()
        under_way.receive = _nothing
        try:
            caller, operator = await ask_again()
            await self._parts.admission.count(caller)
            return await self._parts.operations.run(
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
            self._parts.watch.leave(under_way)

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


async def _ended(operations: Iterable[_Operation]) -> None:
    tasks = [operation.task for operation in operations if operation.task is not None]
    await asyncio.gather(*tasks, return_exceptions=True)


async def _nothing() -> Any:
    """What the watch hears of an operation's client: that it has gone is heard by the socket."""
    await asyncio.get_running_loop().create_future()
