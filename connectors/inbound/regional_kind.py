# SPDX-License-Identifier: EUPL-1.2
"""What the three kinds of a region's records have in common: where they come from, and how their versions are found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from connectors.inbound.upserts import Versions
from connectors.records.delivery import Delivered, Page
from connectors.regional.resources import Resource
from hub.store.statement import Connection

R = TypeVar("R")


class RegionalRecords(Protocol):
    """Where a region's records are: its system (`RegionalConnector`), or a file of it (`FiledRecords`)."""

    async def page(self, resource: Resource[R], after: str | None, limit: int, /) -> Page[R]:
        """Give the records of a resource after a cursor."""

    def read(self, resource: Resource[R], raw: object, /) -> Delivered[R]:
        """Read one record, also one that was kept."""


class RegionalSource(Generic[R]):
    """One resource of one region, as `Kind` wants a source."""

    is_told = True

    def __init__(self, region: RegionalRecords, resource: Resource[R], flow: str, versions: Versions) -> None:
        self.flow = flow
        self._region = region
        self._resource = resource
        self._versions = versions

    async def fetch(self, after: str | None, limit: int) -> Page[R]:
        """See `Kind.fetch`."""
        return await self._region.page(self._resource, after, limit)

    def read(self, payload: object) -> Delivered[R]:
        """See `Kind.read`."""
        return self._region.read(self._resource, payload)

    async def versions(
        self, connection: Connection, agency_id: UUID, keys: Sequence[str]
    ) -> dict[str, datetime]:
        """See `Kind.versions`."""
        return await self._versions.of(connection, agency_id, keys)
