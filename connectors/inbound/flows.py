# SPDX-License-Identifier: EUPL-1.2
"""The inbound flows by name: INPS's list of households; a region's offers, courses and pacts, or its people's records (SAP)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.cooperation import SapConnector
from connectors.inbound.courses import TrainingCourses
from connectors.inbound.flow import PAGE_SIZE, RunReport, run_flow
from connectors.inbound.households import AdmittedHouseholds
from connectors.inbound.kinds import Kind
from connectors.inbound.offers import JobOffers
from connectors.inbound.pacts import Pacts
from connectors.inbound.runs import Clock
from connectors.inbound.worker_records import PEOPLE, WorkerRecords
from connectors.inps import InpsConnector
from connectors.progress import Progress, unwatched
from connectors.regional import RegionalConnector
from hub.store.engine import Pool
from hub.store.reference.agency_codes import INPS_AGENCY_CODE


@dataclass(frozen=True, slots=True)
class RegionReport:
    """What the three runs of a region did."""

    job_offers: RunReport
    training_courses: RunReport
    pacts: RunReport


async def pull_admitted_households(
    pool: Pool,
    inps: InpsConnector,
    *,
    agency_code: str = INPS_AGENCY_CODE,
    clock: Clock,
    page_size: int = PAGE_SIZE,
    progress: Progress = unwatched,
) -> RunReport:
    """Pull what is new in INPS's list of admitted households; see `run_flow`."""
    kind = AdmittedHouseholds(inps)
    return await run_flow(
        pool, kind, agency_code=agency_code, clock=clock, page_size=page_size, progress=progress
    )


async def pull_region(
    pool: Pool,
    region: RegionalConnector,
    *,
    agency_code: str | None = None,
    clock: Clock,
    page_size: int = PAGE_SIZE,
    progress: Progress = unwatched,
) -> RegionReport:
    """Pull what is new in a region's offers, courses and pacts, in this order; see `run_flow`.

    The records are kept under the region's agency unless another is named.
    """
    code = agency_code or region.system.agency_code

    async def pull(kind: Kind[Any]) -> RunReport:
        return await run_flow(
            pool, kind, agency_code=code, clock=clock, page_size=page_size, progress=progress
        )

    return RegionReport(
        job_offers=await pull(JobOffers(region)),
        training_courses=await pull(TrainingCourses(region)),
        pacts=await pull(Pacts(region)),
    )


async def pull_worker_records(
    pool: Pool,
    region: SapConnector,
    *,
    clock: Clock,
    page_size: int = PEOPLE,
    progress: Progress = unwatched,
) -> RunReport:
    """Pull what the SAPs of a region's people say, from where its last round came to; see `run_flow`.

    `page_size`: people of a page, who are also what `progress` counts. The records are kept under the region's agency.
    """
    kind = WorkerRecords(pool, region)
    return await run_flow(
        pool,
        kind,
        agency_code=region.region.agency_code,
        clock=clock,
        page_size=page_size,
        progress=progress,
    )
