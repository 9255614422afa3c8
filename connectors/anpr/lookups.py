# SPDX-License-Identifier: EUPL-1.2
"""C030 asked once for a person and a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from connectors.anpr.records import IdAnpr


class Lookups:
    """The people one request has asked C030 about: each once, whichever of its questions came first, and for all what came of it.

    NOTE of one request, and so of one operator: ANPR records who asked, and nobody asks in another's name.
    """

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Task[IdAnpr | None]] = {}

    async def of(
        self, fiscal_code: str, ask: Callable[[], Coroutine[Any, Any, IdAnpr | None]]
    ) -> IdAnpr | None:
        """The id of the person with this fiscal code. Raises what `ask` does, to everybody who waits for it."""
        task = self._asked.get(fiscal_code)
        if task is None:
            task = self._asked[fiscal_code] = asyncio.create_task(ask())
        return await task
