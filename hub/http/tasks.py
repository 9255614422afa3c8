# SPDX-License-Identifier: EUPL-1.2
"""Work that is done side by side, and never left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

T = TypeVar("T")


async def first_of(*works: Coroutine[Any, Any, Any]) -> int:
    """Run until one ends, and give its place; the others are cancelled, and over when this returns.

    Raises what the one that ended first raised; the one that stands first, if several have ended.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = next(place for place, task in enumerate(tasks) if task.done())
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    tasks[ended].result()
    return ended


async def with_silences(source: AsyncGenerator[T, None], seconds: float) -> AsyncGenerator[T | None, None]:
    """What comes from `source`, and None whenever nothing has come for so many seconds."""
    coming: asyncio.Future[T] | None = None
    async with aclosing(source):
        try:
            while True:
                coming = coming or asyncio.ensure_future(anext(source))
                if not (await asyncio.wait({coming}, timeout=seconds))[0]:
                    yield None
                    continue
                come, coming = coming, None
                try:
                    value = come.result()
                except StopAsyncIteration:
                    return
                yield value
        finally:
            if coming is not None:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
