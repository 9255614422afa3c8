# SPDX-License-Identifier: EUPL-1.2
"""The national ids one request goes by: those that were kept from earlier, and C030 asked once for each other person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from connectors.anpr.records import IdAnpr

Ask = Callable[[], Coroutine[Any, Any, IdAnpr | None]]


class Lookups:
    """The people one request asks about, by fiscal code: C030 each once, whichever of its questions came first, and for all what came of it.

    NOTE of one request, and so of one operator: ANPR records who asked, and nobody asks in another's name.
    """

    def __init__(self, kept: Mapping[str, IdAnpr] | None = None) -> None:
        """Take the ids that are known from earlier."""
        self._kept = dict(kept or {})
        self._asked: dict[str, asyncio.Task[IdAnpr | None]] = {}

    def know(self, fiscal_code: str, kept: IdAnpr) -> None:
        """Go by an id of earlier, unless C030 has been asked about the person meanwhile."""
        self._kept[fiscal_code] = kept

    def knows(self, fiscal_code: str) -> bool:
        """Whether C030 need not be asked any more."""
        return fiscal_code in self._asked or fiscal_code in self._kept

    def goes_by_kept(self, fiscal_code: str) -> bool:
        """Whether the person is asked about by an id of earlier, which ANPR may have replaced."""
        return fiscal_code in self._kept and fiscal_code not in self._asked

    async def of(self, fiscal_code: str, ask: Ask) -> IdAnpr | None:
        """The id of the person with this fiscal code. Raises what `ask` does, to everybody who waits for it."""
        if self.goes_by_kept(fiscal_code):
            return self._kept[fiscal_code]
        return await self.anew(fiscal_code, ask)

    async def anew(self, fiscal_code: str, ask: Ask) -> IdAnpr | None:
        """The same, whatever was kept: ANPR did not know the person by it."""
        task = self._asked.get(fiscal_code)
        if task is None:
            task = self._asked[fiscal_code] = asyncio.create_task(ask())
        return await task

    def told(self, fiscal_code: str) -> IdAnpr | None:
        """What C030 said of the person in this request; None where it was not asked, or knew nobody."""
        task = self._asked.get(fiscal_code)
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()
