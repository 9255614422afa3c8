# SPDX-License-Identifier: EUPL-1.2
"""What the runner must know of one kind of record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from connectors.inbound.runs import Landing
from connectors.records.delivery import Delivered, Page, Refusal
from hub.store.statement import Connection

R = TypeVar("R")


class KeptKind(Protocol[R]):
    """One kind of record: how one that was kept is read, how several land. It needs nobody to be asked."""

    @property
    def flow(self) -> str:
        """The flow's name in inbound_run and quarantined_record."""

    @property
    def is_told(self) -> bool:
        """Whether who sent a record may be told that it waits; not of a hire: that it could not be taken says that its worker is known."""

    def read(self, payload: object, /) -> Delivered[R]:
        """Read a record that was kept."""

    async def land(
        self, connection: Connection, landing: Landing, records: Sequence[R], /
    ) -> list[Refusal | None]:
        """Land records, each of another key, in the transaction that is open: per record why it does not, or None.

        Raises one of `violations.Refused` when the database refuses one of them; then none has landed.
        """

    async def versions(
        self, connection: Connection, agency_id: UUID, keys: Sequence[str], /
    ) -> dict[str, datetime]:
        """The versions that have landed, by record key."""


class Kind(KeptKind[R], Protocol[R]):
    """One flow: such records, and where they come from."""

    async def fetch(self, after: str | None, limit: int, /) -> Page[R]:
        """Ask the agency for a page."""
