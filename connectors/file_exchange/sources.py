# SPDX-License-Identifier: EUPL-1.2
"""The records of one file as the flows want a region's system, or INPS's service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from connectors.file_exchange.lines import Row
from connectors.file_exchange.records import FiledRows
from connectors.inps.admitted import read_household
from connectors.inps.codes import PROVISIONAL_CODES as INPS_CODES
from connectors.inps.records import AdmittedHousehold
from connectors.records.delivery import Delivered, Page
from connectors.regional.codes import PROVISIONAL_CODES as REGIONAL_CODES
from connectors.regional.codes import RegionalCodes
from connectors.regional.resources import Resource, read_record

R = TypeVar("R")


class FiledRecords:
    """A region's file."""

    def __init__(
        self,
        rows: Iterator[Row],
        codes: RegionalCodes = REGIONAL_CODES,
        names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._rows = FiledRows(rows)
        self._codes, self._names = codes, names

    async def page(self, resource: Resource[R], after: str | None, limit: int) -> Page[R]:
        """The next records of the file, which is of this resource, after so many."""
        return await self._rows.page(partial(self.read, resource), after, limit)

    def read(self, resource: Resource[R], raw: object) -> Delivered[R]:
        """Read one record, also one that was kept from an earlier file."""
        return read_record(resource, raw, self._codes, self._names)


class FiledHouseholds:
    """A file of INPS's list."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = FiledRows(rows)

    async def admitted_households(self, after: str | None, limit: int) -> Page[AdmittedHousehold]:
        """The next entries after so many."""
        return await self._rows.page(self.read, after, limit)

    def read(self, payload: object) -> Delivered[AdmittedHousehold]:
        """Read one entry, also one that was kept from an earlier file."""
        return read_household(payload, INPS_CODES)
