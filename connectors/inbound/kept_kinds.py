# SPDX-License-Identifier: EUPL-1.2
"""How what lies in quarantine is read again, by its flow's name: no agency is asked for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from connectors.cooperation import CooperatingRegion
from connectors.file_exchange.sources import FiledRecords
from connectors.inbound import communications, courses, offers, pacts, worker_records
from connectors.inbound.courses import TrainingCourses
from connectors.inbound.filed_kinds import FILED_FLOWS, filed_kind
from connectors.inbound.kept_records import KeptRecord
from connectors.inbound.kinds import KeptKind
from connectors.inbound.offers import JobOffers
from connectors.inbound.pacts import Pacts
from connectors.inbound.regional_kind import RegionalRecords
from connectors.inbound.worker_records import KeptPolicies
from connectors.region_files import read_regions
from connectors.regional import RegionalSystem
from hub.errors import ConfigurationError, InvalidInput


class CannotBeTried(InvalidInput):
    """Nothing of this record can be tried again from what was kept."""


_ELSEWHERE: Final = {
    communications.FLOW: "Of the flow {flow} the folder keeps the documents: `snodo sync communications FOLDER --agency {agency}` tries them again.",
    communications.HTTP_FLOW: (
        "Of the flow {flow} no document is kept, and nothing can be tried again: "
        "once it is dealt with, `snodo sync dismiss` puts away what waits."
    ),
}
"""Why nothing of a flow is tried from what was kept."""
_OF_REGIONS: Final[Mapping[str, Callable[[RegionalRecords], KeptKind[Any]]]] = {
    offers.FLOW: JobOffers,
    courses.FLOW: TrainingCourses,
    pacts.FLOW: Pacts,
}
"""The flows whose records a region may have written with codes and names of its own."""


def kept_kind(flow: str, agency_code: str, regions: Path | None) -> KeptKind[Any]:
    """The kind of an agency's records of a flow.

    Args:
        flow: as `quarantined_record` has it.
        agency_code: of whoever sent the records.
        regions: the folder of the regions' files.

    Raises:
        CannotBeTried: nothing of this flow can be; says what to do instead.
        InvalidInput: there is no such flow.
        ConfigurationError: what its region agreed with the hub is in no file, or the file is wrong.

    """
    check_flow(flow)
    if flow in _ELSEWHERE:
        raise CannotBeTried(_ELSEWHERE[flow].format(flow=flow, agency=agency_code))
    if flow == worker_records.FLOW:
        return KeptPolicies(_region(agency_code, regions))
    of_region = _OF_REGIONS.get(flow)
    system = None if of_region is None else _system(agency_code, regions)
    if of_region is None or system is None:
        return _filed()[flow]
    return of_region(FiledRecords(iter(()), system.codes, system.names))


def check_flow(flow: str) -> None:
    """Pass the name of a flow from an agency.

    Raises:
        InvalidInput: it is none.

    """
    known = sorted({*_filed(), *_ELSEWHERE, worker_records.FLOW})
    if flow not in known:
        raise InvalidInput(f"No flow is called {flow}: there are {', '.join(known)}.")


def check_can_be_tried(record: KeptRecord) -> None:
    """Pass a record by which something can be tried.

    Raises:
        CannotBeTried: it says too little; says what to do instead.

    """
    if record.is_nameless:
        raise CannotBeTried(
            f"{record.name} cannot be tried again: it names no key of its own, by which it could land. "
            "Have its sender send it anew; once it is dealt with, `snodo sync dismiss` puts this one away."
        )


def _region(agency_code: str, regions: Path | None) -> CooperatingRegion:
    """What the region's types of policies are, the region's file says."""
    for one in () if regions is None else read_regions(regions):
        if isinstance(one, CooperatingRegion) and one.agency_code == agency_code:
            return one
    raise ConfigurationError(
        f"The records of {agency_code}, {worker_records.FLOW}, are read by its region's file: put it into the folder SNODO_REGIONS names."
    )


def _system(agency_code: str, regions: Path | None) -> RegionalSystem | None:
    """The region by REST whose file may have codes and names of its own; None where the agency has no such file."""
    for one in () if regions is None else read_regions(regions):
        if isinstance(one, RegionalSystem) and one.agency_code == agency_code:
            return one
    return None


@cache
def _filed() -> dict[str, KeptKind[Any]]:
    kinds = [filed_kind(name) for name in FILED_FLOWS]
    return {one.flow: one for one in kinds}
