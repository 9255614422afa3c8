# SPDX-License-Identifier: EUPL-1.2
"""A flow as its agency tells it: read from its beginning to its end, and nothing of it lands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

from connectors.inbound.flow import told_by_page
from connectors.inbound.kinds import Kind
from connectors.progress import Steps, unwatched_steps
from connectors.reconciliation.comparison import Told, Unreadable
from connectors.reconciliation.written import Written
from connectors.records.delivery import Delivered, Page, Refusal
from hub.ledger.communications import day_in_italy

R = TypeVar("R")


class Latest(Generic[R]):
    """Of each key the latest version that is told, of two with one version the one that comes later.

    A version that cannot be read counts as later than those before it: no order of versions can be known then.
    """

    def __init__(self, write: Callable[[R], Written]) -> None:
        """Take what is compared of a record."""
        self._write = write
        self._latest: dict[str, tuple[datetime | None, Told]] = {}

    async def add(self, source: Kind[R], page_size: int, steps: Steps = unwatched_steps) -> None:
        """Hear all that a source tells, `page_size` records at a time, after what was heard already; `steps` is told of each page.

        Raises:
            UpstreamError: the agency does not give a page.

        """
        heard: Callable[[Page[R]], None] = told_by_page(steps)
        after: str | None = None
        more = True
        while more:
            page = await source.fetch(after, page_size)
            for one in page.records:
                self._hear(one)
            heard(page)
            after, more = page.watermark, page.more

    @property
    def told(self) -> list[Told]:
        """What was told, each key once."""
        return [record for _, record in self._latest.values()]

    def _hear(self, one: Delivered[R]) -> None:
        record = self._read(one)
        known = self._latest.get(record.key)
        if known is None or _is_later(one.version, known[0]):
            self._latest[record.key] = (one.version, Told(record, one.key))

    def _read(self, one: Delivered[R]) -> Written | Unreadable:
        if isinstance(one.content, Refusal):
            return Unreadable(one.key, None if one.version is None else day_in_italy(one.version))
        return self._write(one.content)


def _is_later(version: datetime | None, known: datetime | None) -> bool:
    return version is None or known is None or version >= known
