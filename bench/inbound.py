# SPDX-License-Identifier: EUPL-1.2
"""What agencies tell, landed in the tables: records a second, by the code and through the checks that any of them passes.

A region's files of offers, courses and pacts, and INPS's of households, as `snodo sync files` takes them: copied, compared with their
checksum, read, landed, receipted. Each first as new records, then the same at a later version.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import asyncpg

from bench.cpu import seconds
from bench.figures import Figure
from bench.inbound_told import (
    MARK,
    changed_course,
    changed_household,
    changed_offer,
    changed_pact,
    courses,
    households,
    offers,
    pacts,
)
from bench.world import World
from connectors.file_exchange import FilingAgency
from connectors.file_exchange.configuration import Format
from connectors.file_exchange.opening import open_folder
from connectors.file_exchange.shapes import ADMITTED_HOUSEHOLDS, JOB_OFFERS, PACTS, TRAINING_COURSES
from connectors.inbound.files import pull_files
from connectors.simulators.filing_agency import FileSender
from connectors.simulators.region_world import SimulatedRecord
from hub.settings import Settings
from hub.store.engine import Pool, connection_arguments, open_database
from hub.store.reference.agency_codes import INPS_AGENCY_CODE, region_agency_code

AIM = 5_000
"""New records a second that should land, of the wall's time."""
BENEFICIARIES = 20_000
"""In the database, beside what lands."""
OFFERS = COURSES = 20_000
HOUSEHOLDS = 10_000
"""As many pacts: one of each applicant."""
REGION = region_agency_code("12")
_RELEASE = (
    "DELETE FROM pact_goal g USING pact p WHERE p.id = g.pact_id AND p.inbound_run_id IS NOT NULL",
    *(f"DELETE FROM {table} WHERE inbound_run_id IS NOT NULL" for table in ("pact", "job_offer", "training_course")),
    f"""DELETE FROM agency_answer a USING beneficiary b JOIN household h ON h.id = b.household_id
        WHERE a.beneficiary_id = b.id AND h.inps_protocol LIKE '{MARK}%'""",
    *(
        f"DELETE FROM {table} t USING household h WHERE h.id = t.household_id AND h.inps_protocol LIKE '{MARK}%'"
        for table in ("beneficiary", "benefit")
    ),
    f"DELETE FROM household WHERE inps_protocol LIKE '{MARK}%'",
    "DELETE FROM received_file_refusal",
    "DELETE FROM received_file",
    "DELETE FROM inbound_run",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Landed:
    """One run: its records; its seconds by the clock, and of CPU: this process's, and all of PostgreSQL's."""

    records: int
    wall: float
    client: float
    postgres: float

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.wall

    @property
    def cpu_rate(self) -> float:
        """Records for a second of CPU, whoever's."""
        return self.records / (self.client + self.postgres)


Rounds = dict[str, list[Landed]]
"""By flow and version: `offers.new`, `offers.changed`, …"""


def inbound(world: World, rounds: int) -> list[Figure]:
    """Medians of so many rounds; each takes out again what it has landed."""
    found: Rounds = {}
    for _ in range(rounds):
        for name, landed in asyncio.run(_round(world)).items():
            found.setdefault(name, []).append(landed)
    return [figure for name, each in found.items() for figure in told(name, each)]


def told(name: str, each: Sequence[Landed]) -> list[Figure]:
    """What a flow's rounds come to; new records alone have an aim."""
    aim = AIM if name.endswith(".new") else None
    base = f"inbound.{name}"
    client = median(one.client / one.records for one in each)
    postgres = median(one.postgres / one.records for one in each)
    return [
        Figure(f"{base}.rate", round(median(one.rate for one in each)), "records/s", aim, "higher"),
        Figure(f"{base}.cpu_rate", round(median(one.cpu_rate for one in each)), "records/s of CPU", None, "higher"),
        Figure(f"{base}.client_cpu", round(client * 1e3, 4), "ms", None, "lower"),
        Figure(f"{base}.postgres_cpu", round(postgres * 1e3, 4), "ms", None, "lower"),
    ]  # fmt: skip


async def _round(world: World) -> dict[str, Landed]:
    await forget_landed(world.url)
    places = await read_places(world.url)
    found = {}
    async with open_database(world.url, Settings()) as database:
        bench = Bench(world, database.write)
        for name, flow, new, changed in (
            ("offers", JOB_OFFERS, made := offers(OFFERS, places), [changed_offer(one) for one in made]),
            ("courses", TRAINING_COURSES, there := courses(COURSES, places), [changed_course(one) for one in there]),
        ):  # fmt: skip
            found[f"{name}.new"] = await bench.file(REGION, flow, new)
            found[f"{name}.changed"] = await bench.file(REGION, flow, changed)
        admissions = households(HOUSEHOLDS, places)
        found["households.new"] = await bench.file(INPS_AGENCY_CODE, ADMITTED_HOUSEHOLDS, admissions)
        of_applicants = pacts(admissions)
        found["pacts.new"] = await bench.file(REGION, PACTS, of_applicants)
        found["pacts.changed"] = await bench.file(REGION, PACTS, [changed_pact(one) for one in of_applicants])
        later = [changed_household(one) for one in admissions]
        found["households.changed"] = await bench.file(INPS_AGENCY_CODE, ADMITTED_HOUSEHOLDS, later)
    await forget_landed(world.url)
    return found


class Bench:
    """Lands what it is given and says what that took."""

    def __init__(self, world: World, pool: Pool) -> None:
        self._world = world
        self._pool = pool

    async def file(self, agency_code: str, flow: str, records: Sequence[SimulatedRecord]) -> Landed:
        """Records of an agency, as one file with its checksum."""
        with tempfile.TemporaryDirectory() as folder:
            FileSender(Path(folder), Format.NDJSON).send(f"{flow}.ndjson", flow, records)
            agency = FilingAgency(agency_code, Format.NDJSON, folder, {flow: "*.ndjson"})
            async with self._timed(len(records)) as timed, open_folder(agency) as opened:
                (report,) = await pull_files(self._pool, agency, opened, clock=_now)
        (landed,) = timed
        if (report.read, report.run.landed, report.run.quarantined) != (1, len(records), 0):
            raise SystemExit(f"Of the bench's {flow} not all have landed: {report}.")
        return landed

    @asynccontextmanager
    async def _timed(self, records: int) -> AsyncIterator[list[Landed]]:
        found: list[Landed] = []
        own, postmaster = os.getpid(), self._world.postmaster
        client, postgres, began = seconds(own), seconds(postmaster), time.perf_counter()
        yield found
        wall = time.perf_counter() - began
        found.append(Landed(records, wall, seconds(own) - client, seconds(postmaster) - postgres))


async def read_places(url: str) -> list[str]:
    """The Belfiore codes of the municipalities that are there today."""
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        rows = await connection.fetch(
            "SELECT belfiore_code FROM municipality WHERE valid_to IS NULL ORDER BY belfiore_code"
        )
    finally:
        await connection.close()
    return [row["belfiore_code"] for row in rows]


async def forget_landed(url: str) -> None:
    """Take out what runs have landed, and leave the tables as the seed did; nothing else runs on this database.

    Triggers and foreign keys do not hold a replica's session, which only a superuser can ask for: what refers to what is taken out first.
    """
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            for statement in _RELEASE:
                await connection.execute(statement)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")  # or what was written now would be while something is measured
    finally:
        await connection.close()


def _now() -> datetime:
    return datetime.now(UTC)
