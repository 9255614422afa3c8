# SPDX-License-Identifier: EUPL-1.2
"""The flows that can be reconciled: INPS's list of households; offers, courses and pacts of a region by REST or by files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from connectors.file_exchange import FilingAgency
from connectors.file_exchange.folders import Folder
from connectors.file_exchange.shapes import ADMITTED_HOUSEHOLDS, JOB_OFFERS, PACTS, TRAINING_COURSES
from connectors.inbound.courses import TrainingCourses
from connectors.inbound.filed_kinds import filed_kind
from connectors.inbound.flow import PAGE_SIZE
from connectors.inbound.households import AdmittedHouseholds
from connectors.inbound.kinds import Kind
from connectors.inbound.offers import JobOffers
from connectors.inbound.pacts import Pacts
from connectors.inbound.runs import agency_id_of
from connectors.inps import AdmittedHousehold, InpsConnector
from connectors.progress import Progress, unwatched
from connectors.reconciliation.comparison import Files, FlowComparison, Period, Told, compare
from connectors.reconciliation.filed import told_in_files
from connectors.reconciliation.stored import (
    Stored,
    stored_courses,
    stored_households,
    stored_offers,
    stored_pacts,
    waiting_keys,
)
from connectors.reconciliation.told import Latest
from connectors.reconciliation.written import (
    HouseholdTerms,
    Written,
    written_course,
    written_household,
    written_offer,
    written_pact,
)
from connectors.regional import RegionalConnector
from hub.spans import span
from hub.store.engine import Pool
from hub.store.reference.agency_codes import INPS_AGENCY_CODE

R = TypeVar("R")
SPAN = "reconciliation"
"""What the span of one flow is called."""


async def reconcile_admitted_households(
    pool: Pool,
    inps: InpsConnector,
    period: Period,
    *,
    page_size: int = PAGE_SIZE,
    progress: Progress = unwatched,
) -> FlowComparison:
    """Compare INPS's list of admitted households with the hub's; see `_reconcile`."""
    kind = AdmittedHouseholds(inps)
    code = INPS_AGENCY_CODE
    return await _reconcile(pool, kind, _write_report, stored_households, code, period, page_size, progress)


async def reconcile_region(
    pool: Pool,
    region: RegionalConnector,
    period: Period,
    *,
    page_size: int = PAGE_SIZE,
    progress: Progress = unwatched,
) -> list[FlowComparison]:
    """Compare a region's offers, courses and pacts with the hub's; see `_reconcile`."""
    code = region.system.agency_code

    async def reconciled(kind: Kind[R], write: Callable[[R], Written], stored: Stored) -> FlowComparison:
        return await _reconcile(pool, kind, write, stored, code, period, page_size, progress)

    return [
        await reconciled(JobOffers(region), written_offer, stored_offers),
        await reconciled(TrainingCourses(region), written_course, stored_courses),
        await reconciled(Pacts(region), written_pact, stored_pacts),
    ]


async def reconcile_files(
    pool: Pool,
    agency: FilingAgency,
    folder: Folder,
    period: Period,
    *,
    page_size: int = PAGE_SIZE,
    progress: Progress = unwatched,
) -> list[FlowComparison]:
    """Compare what an agency's received files tell with what the hub holds, flow by flow, of those it sends.

    Nothing is changed, no receipt is written, and no connection is held while the folder is read.

    Raises:
        ConfigurationError: there is no such agency, or a file that was read cannot be read as its agency's TOML file is now.
        UpstreamError: the folder does not give a file.

    """
    code = agency.agency_code
    async with pool.acquire() as connection:
        agency_id = await agency_id_of(connection, code)
    found = []
    for name, write, stored in _FILED:
        if name in agency.files:
            flow = filed_kind(name).flow
            with span(SPAN, attributes={"snodo.agency": code, "snodo.flow": flow}) as noted:
                theirs, files = await told_in_files(
                    pool, agency, folder, agency_id, name, write, page_size, progress
                )
                found.append(await _compare(pool, flow, agency_id, code, stored, theirs, period, files))
                noted.note({"snodo.differs": found[-1].differs})
    return found


async def _reconcile(
    pool: Pool,
    kind: Kind[R],
    write: Callable[[R], Written],
    stored: Stored,
    agency_code: str,
    period: Period,
    page_size: int,
    progress: Progress,
) -> FlowComparison:
    """Compare one flow. Nothing is changed, and no connection is held while the agency is asked.

    Raises:
        ConfigurationError: there is no such agency.
        UpstreamError: the agency does not give a page.

    """
    with span(SPAN, attributes={"snodo.agency": agency_code, "snodo.flow": kind.flow}) as noted:
        async with pool.acquire() as connection:
            agency_id = await agency_id_of(connection, agency_code)
        latest = Latest(write)
        await latest.add(kind, page_size, partial(progress, f"{agency_code} {kind.flow}"))
        found = await _compare(pool, kind.flow, agency_id, agency_code, stored, latest.told, period)
        noted.note({"snodo.differs": found.differs})
    return found


async def _compare(
    pool: Pool,
    flow: str,
    agency_id: UUID,
    agency_code: str,
    stored: Stored,
    theirs: list[Told],
    period: Period,
    files: Files | None = None,
) -> FlowComparison:
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        ours = await stored(connection, agency_id)
        aside = await waiting_keys(connection, agency_id, flow)
    return compare(agency_code, flow, ours, theirs, aside, period, files)


def _write_report(report: AdmittedHousehold) -> Written:
    return written_household(HouseholdTerms.of(report))


_FILED: tuple[tuple[str, Callable[[Any], Written], Stored], ...] = (
    (ADMITTED_HOUSEHOLDS, _write_report, stored_households),
    (JOB_OFFERS, written_offer, stored_offers),
    (TRAINING_COURSES, written_course, stored_courses),
    (PACTS, written_pact, stored_pacts),
)
