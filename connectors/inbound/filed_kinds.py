# SPDX-License-Identifier: EUPL-1.2
"""The flows that come as files: the same kinds of records as by an agency's service, out of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from connectors.file_exchange.lines import Row
from connectors.file_exchange.shapes import ADMITTED_HOUSEHOLDS, JOB_OFFERS, PACTS, TRAINING_COURSES
from connectors.file_exchange.sources import FiledHouseholds, FiledRecords
from connectors.inbound.courses import TrainingCourses
from connectors.inbound.households import AdmittedHouseholds
from connectors.inbound.kinds import Kind
from connectors.inbound.offers import JobOffers
from connectors.inbound.pacts import Pacts

FILED_FLOWS: Mapping[str, Callable[[Iterator[Row]], Kind[Any]]] = MappingProxyType(
    {
        ADMITTED_HOUSEHOLDS: lambda rows: AdmittedHouseholds(FiledHouseholds(rows)),
        JOB_OFFERS: lambda rows: JobOffers(FiledRecords(rows)),
        TRAINING_COURSES: lambda rows: TrainingCourses(FiledRecords(rows)),
        PACTS: lambda rows: Pacts(FiledRecords(rows)),
    }
)
"""By the flow's name in the agency's file, in the order they land."""


def filed_kind(name: str, rows: Iterator[Row] | None = None) -> Kind[Any]:
    """The flow of this name over the rows of a file; without a file only what was kept can be read."""
    return FILED_FLOWS[name](iter(()) if rows is None else rows)
