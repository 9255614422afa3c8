# SPDX-License-Identifier: EUPL-1.2
"""The statements a hub sends to PostgreSQL, as its connections see them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.api.conftest import Service


@contextmanager
def counted(ask: Service) -> Iterator[list[str]]:
    """The statements the read pool runs while the block lasts."""
    seen: list[str] = []

    def note(record: Any) -> None:
        seen.append(record.query)

    pool: Any = ask.hub.database.read
    connections = [holder._con for holder in pool._holders if holder._con is not None]
    for connection in connections:
        connection.add_query_logger(note)
    try:
        yield seen
    finally:
        for connection in connections:
            connection.remove_query_logger(note)
