# SPDX-License-Identifier: EUPL-1.2
"""Requests under way: each ends with its answer, at its deadline, or when its client has gone.

A fast request pays for an entry in a set. One timer for all looks twenty times a second, while there is something to look
at; only a request that was there at two looks gets somebody to wait for its client's leaving and for its deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from starlette.types import Receive

from hub.access.caller import Caller
from hub.errors import ClientError

LOOK = 0.05
"""Seconds between two looks."""


class RequestTimeout(ClientError):
    """The request did not come to its end in time."""

    code = "REQUEST_TIMEOUT"
    status: ClassVar[int] = 408


class DeadlineExceeded(ClientError):
    """The answer took longer than a request may; ask for less."""

    code = "DEADLINE_EXCEEDED"
    status: ClassVar[int] = 503


class Gone(ClientError):
    """The client has gone."""


class UnderWay:
    """One request, from its first byte to its answer. What most requests never need stands in the class until it is set."""

    seen: float = 0.0
    """When it was first looked at, by the loop's clock: at most `LOOK` after it began."""
    receive: Receive | None = None
    """Where the client's leaving is heard of; None while the body is still read from there."""
    caller: Caller | None = None
    """Who asks, once that is established."""
    is_command: bool = False
    """Whether it changes something: then it is done to its end, whether or not its client waits for the answer."""
    attendant: asyncio.Task[None] | None = None
    headers: Sequence[tuple[bytes, bytes]] = ()
    """What its answer says to whoever asked, whatever the answer is."""
    ended: ClientError | None = None

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.task = task

    def end(self, reason: ClientError) -> None:
        """Cancel it: its statements, its calls to agencies, and all that waits for them."""
        if self.ended is None:
            self.ended = reason
            self.task.cancel()

    def reason(self) -> ClientError | None:
        """Why it was ended from here; None when it was cancelled by somebody else, whose cancellation goes on."""
        return self.ended if self.ended is not None and self.task.uncancel() == 0 else None


class Watch:
    """The requests under way in one process."""

    def __init__(self, deadline: float) -> None:
        """Take the seconds a request may last."""
        self._deadline = deadline
        self._young: set[UnderWay] = set()
        self._old: set[UnderWay] = set()
        self._timer: asyncio.TimerHandle | None = None
        self.ended = {"deadline": 0, "disconnect": 0}
        """Requests ended so far, by reason."""

    def enter(self) -> UnderWay:
        """Begin to look after the current task, which answers a request."""
        one = UnderWay()
        self._young.add(one)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK, self._look)
        return one

    def leave(self, one: UnderWay) -> None:
        """It has its answer."""
        self._young.discard(one)
        self._old.discard(one)
        if one.attendant is not None:
            one.attendant.cancel()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for one in self._old:
            one.attendant = loop.create_task(self._attend(one), name="attendant")
        for one in self._young:
            one.seen = loop.time()
        # NOTE those with an attendant are seen by nobody else any more: the sets hold what is young.
        self._old, self._young = self._young, set()
        self._timer = loop.call_later(LOOK, self._look) if self._old else None

    async def _attend(self, one: UnderWay) -> None:
        try:
            async with asyncio.timeout_at(one.seen + self._deadline):
                await _departure(one)
        except TimeoutError:
            self.ended["deadline"] += 1
            one.end(self._overdue(one))
        else:
            self.ended["disconnect"] += 1
            one.end(Gone())

    def _overdue(self, one: UnderWay) -> ClientError:
        limit = {"limit": self._deadline}
        if one.receive is None:
            return RequestTimeout(
                f"The request's body did not come within the {self._deadline:g} seconds a request may last.",
                **limit,
            )
        if one.is_command:
            return DeadlineExceeded(
                f"The command took longer than the {self._deadline:g} seconds a request may last, and may have been done: "
                "send it again with the same idempotency key.",
                **limit,
            )
        return DeadlineExceeded(
            f"The answer took longer than the {self._deadline:g} seconds a request may last; ask for less.",
            **limit,
        )


async def _departure(one: UnderWay) -> None:
    """Until the client has gone, and what it asked for may be left undone."""
    while one.receive is None:  # noqa: ASYNC110 (an event would be made for every request; a body is seldom slow)
        await asyncio.sleep(LOOK)
    while (await one.receive())["type"] != "http.disconnect":
        pass
    if one.is_command:
        await (
            asyncio.get_running_loop().create_future()
        )  # for ever: its answer, or its deadline, ends this task
