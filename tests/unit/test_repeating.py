# SPDX-License-Identifier: EUPL-1.2
"""What is done again and again goes on after any trouble, ends when it is cancelled, and logs no message of an error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from structlog.testing import capture_logs

from hub.errors import Unavailable
from hub.repeating import repeat

SECRET = "RSSMRA85T10A562S"


class _Enough(BaseException):
    """Ends a test: no turn may raise it."""


def _counted(most: int, pauses: list[float]) -> Callable[[float], Awaitable[None]]:
    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == most:
            raise _Enough

    return sleep


@pytest.mark.parametrize(
    "trouble",
    [
        ZeroDivisionError(SECRET),
        KeyError(SECRET),
        OSError(SECRET),
        TimeoutError(SECRET),
        asyncpg.InterfaceError(SECRET),
        asyncpg.UniqueViolationError(SECRET),
        Unavailable(SECRET),
        ExceptionGroup(SECRET, [ValueError(SECRET)]),
        asyncio.CancelledError(SECRET),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
async def test_no_trouble_ends_it(trouble: BaseException) -> None:
    turns: list[int] = []
    pauses: list[float] = []

    async def work() -> None:
        turns.append(len(turns))
        if len(turns) == 2:
            raise trouble

    with capture_logs() as logs, pytest.raises(_Enough):
        await repeat(work, 7.0, "work.failed", sleep=_counted(4, pauses))
    assert len(turns) == 4
    assert pauses == [7.0] * 4
    assert logs == [
        {
            "event": "work.failed",
            "log_level": "error",
            "error": type(trouble).__name__,
            "sqlstate": getattr(trouble, "sqlstate", None),
        }
    ]


async def test_what_another_cancelled_does_not_end_it() -> None:
    """A turn that waits for a task that is cancelled hears of a cancellation that is not its own."""
    pauses: list[float] = []

    async def work() -> None:
        other = asyncio.create_task(asyncio.sleep(3_600))
        asyncio.get_running_loop().call_soon(other.cancel)
        await other

    with pytest.raises(_Enough):
        await repeat(work, 1.0, "work.failed", sleep=_counted(3, pauses))


@pytest.mark.parametrize("where", ["in a turn", "between two"])
async def test_cancellation_ends_it(where: str) -> None:
    reached = asyncio.Event()

    async def wait(_seconds: float = 0.0) -> None:
        reached.set()
        await asyncio.sleep(3_600)

    async def nothing() -> None: ...

    work = wait if where == "in a turn" else nothing
    task = asyncio.create_task(repeat(work, 1.0, "work.failed", sleep=wait))
    await reached.wait()
    task.cancel()
    with capture_logs() as logs, pytest.raises(asyncio.CancelledError):
        await task
    assert not logs
