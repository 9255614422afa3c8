# SPDX-License-Identifier: EUPL-1.2
"""Work that is done again and again, as long as the process lives: what goes wrong in one turn does not end it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

log = structlog.get_logger()

Sleep = Callable[[float], Awaitable[None]]


async def repeat(
    work: Callable[[], Awaitable[object]], every: float, trouble: str, *, sleep: Sleep = asyncio.sleep
) -> NoReturn:
    """Do something, and again some seconds after it was done, until cancelled.

    Args:
        work: one turn.
        every: seconds between the end of a turn and the beginning of the next.
        trouble: the event that is logged when a turn fails.
        sleep: as `asyncio.sleep`.

    Raises:
        asyncio.CancelledError: the task this runs in was cancelled; nothing else ends it.

    """
    while True:
        try:
            await work()
        except (Exception, asyncio.CancelledError) as error:
            # NOTE a turn may also wait for what somebody else cancelled: only its own cancellation ends it.
            if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                raise
            # NOTE its message may quote a row: only its class and code are logged.
            log.error(trouble, error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
        await sleep(every)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
