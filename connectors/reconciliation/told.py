# SPDX-License-Identifier: EUPL-1.2
"""A flow as its agency tells it: read from its beginning to its end, and nothing of it lands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from connectors.inbound.kinds import Kind
from connectors.reconciliation.comparison import Told, Unreadable
from connectors.reconciliation.written import Written
from connectors.records.delivery import Delivered, Refusal
from hub.ledger.communications import day_in_italy

R = TypeVar("R")


async def told(source: Kind[R], write: Callable[[R], Written], page_size: int) -> list[Told]:
    """All an agency tells: of each key the latest version, of two with one version the one that comes later.

    A version that cannot be read counts as later than those before it: no order of versions can be known then.

    Args:
        source: the flow.
        write: what is compared of a record.
        page_size: records of a page.

    Raises:
        UpstreamError: the agency does not give a page.

    """
    latest: dict[str, tuple[datetime | None, Told]] = {}
    after: str | None = None
    more = True
    while more:
        page = await source.fetch(after, page_size)
        for one in page.records:
            record = _read(one, write)
            known = latest.get(record.key)
            if known is None or _is_later(one.version, known[0]):
                latest[record.key] = (one.version, Told(record, one.key))
        after, more = page.watermark, page.more
    return [record for _, record in latest.values()]


def _is_later(version: datetime | None, known: datetime | None) -> bool:
    return version is None or known is None or version >= known


def _read(one: Delivered[R], write: Callable[[R], Written]) -> Written | Unreadable:
    if isinstance(one.content, Refusal):
        return Unreadable(one.key, None if one.version is None else day_in_italy(one.version))
    return write(one.content)
