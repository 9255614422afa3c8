# SPDX-License-Identifier: EUPL-1.2
"""The regions of the demo's world that a file says how to reach: Piemonte by application cooperation, Lazio by files; and INPS's files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from connectors.file_exchange.configuration import Format
from connectors.file_exchange.shapes import ADMITTED_HOUSEHOLDS, JOB_OFFERS, PACTS, TRAINING_COURSES
from connectors.simulators.cooperating_region import NAMESPACE, PATH, CooperatingRegionSimulator, Parties
from connectors.simulators.demo_worker_records import SYSTEM, TRAINEESHIP, demo_worker_records
from connectors.simulators.demo_world import LAZIO, PIEMONTE, DemoWorld
from connectors.simulators.filing_simulator import FilingSimulator

PARTIES: Final = Parties("Nazionale", "PIEMONTE")
REASONS: Final = {"ACTIVITY_NOT_ATTENDED": "ASSENZA", "EVENT_WITHDRAWN": "ANNULLAMENTO"}
"""The words (MotivoNotifica) that were agreed with the region, by type of facts; invented, as all such words are until a region says its own."""


def demo_cooperating_region(world: DemoWorld, as_of: date) -> CooperatingRegionSimulator:
    """Piemonte's SAP service, with the records of the world's people who live there."""
    records = demo_worker_records(world.of_region(PIEMONTE), as_of)
    region = CooperatingRegionSimulator((one.document() for one in records), parties=PARTIES, region=SYSTEM)
    region.reasons = frozenset(REASONS.values())
    return region


def cooperating_region_file(address: str) -> str:
    """The TOML file by which a hub reaches it there."""
    words = "".join(f'{name} = "{word}"\n' for name, word in REASONS.items())
    return (
        f'kind = "application-cooperation"\nregion = "{PIEMONTE}"\n\n'
        f'[sap]\naddress = "{address}{PATH}"\nnamespace = "{NAMESPACE}"\n\n'
        f'[egov]\nsender = "{PARTIES.sender}"\ngateway = "SPCNazionale"\nrecipient = "{PARTIES.recipient}"\n\n'
        f'[activities]\n{TRAINEESHIP} = "PLACEMENT"\n\n[notifications]\n{words}'
    )


def demo_filing_region(world: DemoWorld, folder: Path) -> FilingSimulator:
    """Lazio, which sends as CSV what its service by REST would tell."""
    region = world.region
    records = {JOB_OFFERS: region.offers, TRAINING_COURSES: region.courses, PACTS: region.pacts}
    return FilingSimulator(folder, Format.CSV, f'region = "{LAZIO}"', records)


def demo_filing_inps(world: DemoWorld, folder: Path) -> FilingSimulator:
    """INPS, which sends as NDJSON what its service would list."""
    records = {ADMITTED_HOUSEHOLDS: world.inps.admissions}
    return FilingSimulator(folder, Format.NDJSON, 'agency = "inps"', records)
